//! Power cuts: whatever part of the unsynced writes has reached the disk, the next run completes the output.
//!
//! Real runs are logged call by call. From the log follows what a power cut may leave at each moment of the files and
//! their names, and the real program is started on every disk of that kind.
//!
//! ```text
//! search ---> trace                  the calls of a run, from strace
//!   |-------> disk ---> file, names  what they leave
//!   `-------> trial                  the runs after it
//! ```

mod disk;
mod file;
mod names;
mod search;
mod trace;
mod trial;

use std::time::Duration;

use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile};

use crate::support::{say, say_left_out};
use disk::{Disk, Image};
use search::{Tally, search};
use trace::traced;
use trial::{FOLDER, Job, LOCK, OUTPUT};

/// The first of two runs reads the range up to here, in seconds.
const FIRST_RUN: i64 = 2_000;

/// The second goes on to here.
const BOTH_RUNS: i64 = 3_600;

/// Returns true, and says why, if no run can be traced here.
fn is_left_out() -> bool {
    let obstacle = trace::obstacle();
    if let Some(obstacle) = &obstacle {
        say_left_out(obstacle);
    }
    obstacle.is_some()
}

/// A disk as a run finds it. The text of the lock file is certain here: it only tells a second run who holds the lock.
fn disk() -> Disk {
    Disk::new(&[FOLDER]).with_certain(LOCK)
}

/// Cuts the power at every moment of two runs, the second of which goes on where the first one stopped.
fn cut_during_two_runs(job: &Job, mut disk: Disk) -> Tally {
    let program = job.program(&Image::new());
    let runs = [FIRST_RUN, BOTH_RUNS].map(|seconds| traced(&program, &job.script(seconds)));
    search(job, |power_cuts| {
        for calls in &runs {
            power_cuts.during(&mut disk, &program.path(""), calls);
        }
    })
}

impl Tally {
    #[track_caller]
    fn assert_whole(&self, name: &str, least: usize) {
        let Self {
            moments,
            images,
            torn_lines,
            failures,
        } = self;
        say(&format!(
            "{name}: {images} disks at {moments} moments, {torn_lines} of them with a torn line"
        ));
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        assert!(*images >= least, "{images} disks");
    }
}

#[test]
fn after_a_power_cut_the_file_of_output_is_completed() {
    if is_left_out() {
        return;
    }
    let job = Job::with_output(BOTH_RUNS);
    cut_during_two_runs(&job, disk()).assert_whole("--output", 100);
}

#[test]
fn after_a_power_cut_a_redirected_output_is_completed() {
    if is_left_out() {
        return;
    }
    let job = Job::redirected(BOTH_RUNS);
    cut_during_two_runs(&job, disk()).assert_whole(">>", 100);
}

#[test]
fn after_a_power_cut_each_twin_is_there_once() {
    if is_left_out() {
        return;
    }
    let profile = Profile {
        twins_per_mille: 400,
        daily_cycle: DailyCycle::Flat,
        ..Profile::demo()
    };
    let server = DemoServer::builder(profile)
        .latency(Duration::ZERO)
        .start()
        .unwrap();
    let job = Job::asking(server, BOTH_RUNS);
    cut_during_two_runs(&job, disk()).assert_whole("twins", 100);
}

/// Kills a run after a third of its writes, also when half of a write is done, and cuts the power during the next run.
#[test]
fn after_a_kill_and_a_power_cut_the_output_is_completed() {
    if is_left_out() {
        return;
    }
    let job = Job::with_output(BOTH_RUNS);
    let program = job.program(&Image::new());
    let calls = traced(&program, &job.script(BOTH_RUNS));
    let tally = search(&job, |power_cuts| {
        let mut disk = disk();
        disk.begin_process(&program.path(""));
        let mut writes = 0;
        for call in &calls {
            if disk.writes_to(call, OUTPUT) {
                writes += 1;
                let cut_short = call.cut_short();
                let last_call = match writes % 6 {
                    2 => Some(call),
                    5 => Some(&cut_short),
                    _ => None,
                };
                if let Some(last_call) = last_call {
                    let mut disk = disk.clone();
                    disk.apply(last_call);
                    let next = job.program(&disk.cached());
                    let calls = traced(&next, &job.script(BOTH_RUNS));
                    power_cuts.during(&mut disk, &next.path(""), &calls);
                }
            }
            disk.apply(call);
        }
    });
    tally.assert_whole("after a kill", 100);
}

#[test]
fn a_missing_sync_is_noticed() {
    if is_left_out() {
        return;
    }
    let job = Job::with_output(BOTH_RUNS);
    for (unsynced, problem) in [
        (OUTPUT, "records are missing"),
        // The output's own name.
        (FOLDER, "records are missing"),
        ("progress.json.tmp", "the checkpoint progress.json is"),
    ] {
        let disk = disk().without_syncs_of(unsynced);
        let tally = cut_during_two_runs(&job, disk);
        assert!(
            tally
                .failures
                .iter()
                .any(|failure| failure.contains(problem)),
            "{unsynced}: {tally:?}"
        );
    }
}
