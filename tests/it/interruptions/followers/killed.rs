//! Runs that are killed while somebody follows.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::{Duration, Instant};

use super::archive::{Archive, FILE, Way, assert_complete};
use super::stream::Stream;
use super::tail;
use crate::support::{say, say_left_out};

/// Less than what writing a slice and acknowledging it takes.
const WRITING: Duration = Duration::from_millis(3);

/// Kills after which no other round begins, and the limit for rounds with fewer.
const KILLS: usize = 12;
const MOST_ROUNDS: usize = 8;

/// Limit for the kills in a round: after that a run is left alone.
const MOST_IN_A_ROUND: usize = 15;

/// Kills, and where they hit.
#[derive(Debug, Default)]
struct Kills {
    all: usize,
    /// With some lines written and others not.
    on_the_way: usize,
    /// With lines that were written and not acknowledged.
    unacknowledged: usize,
    /// Followed by a rotation, before the next run.
    rotated: usize,
}

impl Kills {
    /// On a slow machine many runs end before they are killed.
    #[track_caller]
    fn assert_enough(&self, name: &str) {
        say(&format!("{name}: {self:?}"));
        assert!(self.all >= 5 && self.on_the_way >= 3, "{self:?}");
    }
}

/// Kills `child` at any time of its run, and as often right after it has begun to write. Returns whether it did not end
/// by itself before.
fn kill(archive: &Archive, mut child: Child, usual: Duration, dice: &mut fastrand::Rng) -> bool {
    let mut within = usual;
    if dice.bool() {
        let before = archive.length();
        while archive.length() == before && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(100));
        }
        within = WRITING;
    }
    std::thread::sleep(within.mul_f64(dice.f64()));
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.success() || status.signal() == Some(9), "{status}");
    !status.success()
}

/// Follows runs that are killed again and again, until one is left alone.
fn follow_killed_runs(way: Way, is_rotated: bool) -> Kills {
    let stream = Stream::start();
    let mut kills = Kills::default();
    let mut dice = fastrand::Rng::with_seed(35);
    let began = Instant::now();
    Archive::new(&stream, way).complete();
    let usual = began.elapsed();
    for _ in 0..MOST_ROUNDS {
        if kills.all >= KILLS {
            break;
        }
        let mut archive = Archive::new(&stream, way);
        let tail = archive.follow();
        for _ in 0..MOST_IN_A_ROUND {
            if !kill(&archive, archive.spawn(), usual, &mut dice) {
                break;
            }
            let content = archive.content();
            kills.all += 1;
            kills.on_the_way += usize::from(!content.is_empty());
            kills.unacknowledged += usize::from(archive.has_unacknowledged_bytes());
            // A line that was torn would stay torn in the old file.
            if is_rotated && kills.on_the_way % 3 != 0 && content.ends_with('\n') {
                tail.wait_for(archive.everything().len());
                archive.rename();
                kills.rotated += 1;
                if dice.bool() {
                    File::create_new(archive.path()).unwrap();
                }
            }
        }
        archive.complete();
        let everything = archive.everything();
        assert_complete(&everything);
        assert!(
            tail.finish(&archive.program, FILE) == everything,
            "something else was shown"
        );
    }
    kills
}

#[test]
fn a_follower_sees_each_line_of_killed_runs_once() {
    if let Some(obstacle) = tail::obstacle() {
        return say_left_out(obstacle);
    }
    for way in [Way::Output, Way::Redirection] {
        follow_killed_runs(way, false).assert_enough(&format!("{way:?}"));
    }
}

#[test]
fn a_follower_sees_each_line_once_although_the_file_is_rotated_after_a_kill() {
    if let Some(obstacle) = tail::obstacle() {
        return say_left_out(obstacle);
    }
    for way in [Way::Output, Way::Redirection] {
        let kills = follow_killed_runs(way, true);
        kills.assert_enough(&format!("{way:?}, rotated after a kill"));
        assert!(kills.rotated > 0, "{kills:?}");
    }
}
