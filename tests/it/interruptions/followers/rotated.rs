//! An output that is rotated while runs write to it.

use std::fs::{self, File};
use std::io::Read;
use std::process::Command;
use std::time::Duration;

use super::archive::{Archive, FILE, Way, assert_complete, assert_none_missing};
use super::stream::Stream;
use super::tail;
use crate::support::program::Ended;
use crate::support::{say, say_left_out};

/// Lets `rotate` at the file when half of the records are written and the run waits for the others. Everything must be in
/// the files afterwards, and nothing be left for the next run.
fn rotate_on_the_way(stream: &Stream, rotate: fn(&mut Archive)) -> (Archive, String) {
    let mut archive = Archive::new(stream, Way::Output);
    let tail = archive.follow();
    stream.hold_notifications_back();
    let child = archive.spawn();
    archive.wait_until_idle();
    assert!(!archive.content().is_empty());
    tail.wait_for(archive.content().len());
    rotate(&mut archive);
    stream.let_notifications_through();
    Ended::from(child.wait_with_output().unwrap()).quietly();
    let everything = archive.everything();
    assert_complete(&everything);
    archive.complete();
    assert!(archive.everything() == everything, "the next run prints");
    let shown = tail.finish(&archive.program, FILE);
    (archive, shown)
}

/// The same, and the follower must see every line of it once.
fn follow_through(rotate: fn(&mut Archive)) {
    if let Some(obstacle) = tail::obstacle() {
        return say_left_out(obstacle);
    }
    let stream = Stream::start();
    let (archive, shown) = rotate_on_the_way(&stream, rotate);
    let everything = archive.everything();
    // The follower's own last line.
    let written = everything.strip_suffix(tail::LAST_LINE).unwrap();
    assert!(shown == written, "something else was shown");
}

#[test]
fn a_follower_misses_nothing_when_the_file_is_renamed() {
    follow_through(Archive::rename);
}

#[test]
fn a_follower_misses_nothing_when_the_file_is_renamed_and_created() {
    follow_through(|archive| {
        archive.rename();
        File::create_new(archive.path()).unwrap();
    });
}

#[test]
fn a_follower_misses_nothing_when_the_file_is_deleted() {
    follow_through(|archive| {
        archive.rename();
        fs::remove_file(archive.rotated_path(1)).unwrap();
    });
}

#[test]
fn a_follower_misses_nothing_when_the_file_is_renamed_and_compressed() {
    follow_through(|archive| {
        archive.rename();
        let compressed = Command::new("gzip").arg(archive.rotated_path(1)).status();
        assert!(compressed.unwrap().success());
    });
}

/// A follower notices this by the size of the file, which may have grown again by then, so none takes part here.
#[test]
fn a_file_that_is_copied_and_emptied_is_written_to_from_its_beginning() {
    if let Some(obstacle) = tail::obstacle() {
        return say_left_out(obstacle);
    }
    rotate_on_the_way(&Stream::start(), |archive| {
        archive.rotated.push(archive.content());
        let file = File::options().write(true).open(archive.path());
        file.unwrap().set_len(0).unwrap();
    });
}

/// Rotates the file at random moments, writes under way among them, and kills some of the runs. A follower may miss what
/// is written in the instant between a look at the path and the write, but the files together hold each line once.
#[test]
fn files_that_are_rotated_at_any_moment_hold_each_line_once() {
    let stream = Stream::start();
    let mut dice = fastrand::Rng::with_seed(7);
    let (mut rotations, mut kills) = (0, 0);
    for _ in 0..4 {
        let mut archive = Archive::new(&stream, Way::Output);
        for attempt in 0.. {
            let mut child = archive.spawn();
            let kill_after = dice.usize(1..20);
            for number in 0.. {
                std::thread::sleep(Duration::from_micros(dice.u64(0..8_000)));
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                if number == kill_after && attempt < 5 {
                    child.kill().unwrap();
                    kills += 1;
                }
                if dice.bool() && archive.path().exists() {
                    archive.rename();
                    rotations += 1;
                }
            }
            if child.wait().unwrap().success() {
                break;
            }
        }
        assert_complete(&archive.whole_lines());
    }
    say(&format!("{rotations} rotations, {kills} kills"));
    assert!(rotations >= 8, "{rotations}");
}

/// Deletions in one run.
const MOST_DELETIONS: usize = 4;

/// Deletes the file at random moments. What was in it before is gone, whether acknowledged or not, and need not come again;
/// but nothing may be lost that went into it afterwards.
#[test]
fn what_goes_into_a_file_after_it_was_deleted_is_written_again() {
    let stream = Stream::start();
    let mut dice = fastrand::Rng::with_seed(8);
    let (mut deletions, mut written_afterwards) = (0, 0);
    for _ in 0..5 {
        let archive = Archive::new(&stream, Way::Output);
        let mut child = archive.spawn();
        let mut deleted = Vec::new();
        while child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(dice.u64(0..8_000)));
            // What is deleted again and again never ends.
            if deleted.len() < MOST_DELETIONS
                && let Ok(file) = File::open(archive.path())
            {
                fs::remove_file(archive.path()).unwrap();
                deleted.push((file.metadata().unwrap().len() as usize, file));
            }
        }
        assert!(child.wait().unwrap().success());
        let mut before = String::new();
        for (length, mut file) in deleted {
            let mut content = String::new();
            file.read_to_string(&mut content).unwrap();
            deletions += 1;
            written_afterwards += usize::from(content.len() > length);
            content.truncate(length);
            before.push_str(&content);
        }
        assert_none_missing(&archive.content(), &before);
    }
    say(&format!(
        "{deletions} deletions, {written_afterwards} of them in the middle of a slice"
    ));
    assert!(deletions >= 5, "{deletions}");
}
