//! The small run, and what the checkpoint adds to it.
//!
//! `cargo bench --bench run`, or `-- --quick` for fewer repeats.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::server::{self, Server};
use support::{
    MIDNIGHT, Usage, is_installed, is_quick, measure, median, medians, milliseconds, program,
    ratio, row,
};

const PACE: &str = "--max-requests-per-minute 1000000";

fn main() {
    server::serve_if_asked();
    let repeats = if is_quick() { 11 } else { 101 };
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path(), repeats);
    end_to_end(folder.path());
    quiet_checkpoint(folder.path(), repeats);
    fingerprints(folder.path(), repeats.min(15));
}

/// One page a source and a token from the file.
fn small_run(folder: &Path, repeats: usize) {
    let server = Server::start("per_day=4000 notifications=1000");
    let run = || measure(&mut program(&server.base_url, folder, "--all-events"));
    run();
    let small = if is_installed("curl") {
        let url = format!("{}/core/v1/audit_log", server.base_url);
        let curl = || measure(Command::new("curl").args(["--silent", &url, &url]));
        let [small, curl] = medians(repeats, [&mut { run }, &mut { curl }]);
        row(
            "small run: CPU / curl asking twice",
            ratio(small.cpu, curl.cpu),
            "times",
            None,
        );
        row(
            "small run: memory / curl asking twice",
            small.peak / curl.peak,
            "times",
            None,
        );
        small
    } else {
        median(repeats, run)
    };
    row("small run: CPU", milliseconds(small.cpu), "ms", Some(10.0));
    row("small run: peak memory", small.peak, "MiB", Some(16.0));
    let binary = fs::metadata(env!("CARGO_BIN_EXE_verkada-audit-logs")).unwrap();
    row(
        "program file, stripped",
        binary.len() as f64 / 1_048_576.0,
        "MiB",
        Some(8.0),
    );
}

/// A day, in slices side by side and one page after the other.
fn end_to_end(folder: &Path) {
    let server = Server::start("per_day=30000 notifications=5000 latency=20");
    let day = format!(
        "--start {} --end {} --page-size 200 --all-events {PACE}",
        MIDNIGHT - 86_400,
        MIDNIGHT
    );
    let read = |arguments: &str| {
        let mut command = program(&server.base_url, folder, &day);
        measure(command.args(arguments.split_whitespace()))
    };
    let [sliced, undivided] = medians(
        3,
        [&mut || read(""), &mut || read("--interval-minutes 1440")],
    );
    row(
        "a day of 35,000 records at 20 ms: time / one after the other",
        ratio(sliced.elapsed, undivided.elapsed),
        "times",
        None,
    );
    row(
        "a day of 35,000 records at 20 ms: memory / in one piece",
        sliced.peak / undivided.peak,
        "times",
        None,
    );
}

/// The same hour with a checkpoint that ends where it begins, and without one.
fn quiet_checkpoint(folder: &Path, repeats: usize) {
    let server = Server::start("per_day=330 notifications=40");
    let range = |start: i64, end: i64| {
        format!("--start {start} --end {end} --interval-minutes 60 --all-events {PACE}")
    };
    let (before, start, end) = (MIDNIGHT - 7_200, MIDNIGHT - 3_600, MIDNIGHT);
    let saved = save(&server, folder, &range(before, start));
    let [with, without] = medians(
        repeats,
        [
            &mut || {
                fs::copy(&saved, folder.join("in-use")).unwrap();
                let asked = format!(
                    "{} --checkpoint in-use --overlap-minutes 0",
                    range(before, end)
                );
                measure(&mut program(&server.base_url, folder, &asked))
            },
            &mut || measure(&mut program(&server.base_url, folder, &range(start, end))),
        ],
    );
    let more = milliseconds(with.elapsed) - milliseconds(without.elapsed);
    row(
        "quiet run with a checkpoint: more time than without",
        more,
        "ms",
        Some(5.0),
    );
}

fn save(server: &Server, folder: &Path, range: &str) -> PathBuf {
    let saved = folder.join("saved");
    let _ = fs::remove_file(&saved);
    let asked = format!("{range} --checkpoint saved --page-size 200");
    measure(&mut program(&server.base_url, folder, &asked));
    saved
}

/// Half an hour of 56 records a second is remembered; the run after it reads an hour in which nothing happens.
fn fingerprints(folder: &Path, repeats: usize) {
    let mut remembered = Remembered::new(folder);
    carried_along(&remembered, repeats);
    compared(&remembered, repeats.min(5));
    println!(
        "{} and {} requests",
        remembered.server.asked().requests,
        remembered.quiet.asked().requests
    );
}

/// A checkpoint of many fingerprints, and one of none, each with the server that it is for.
struct Remembered<'a> {
    folder: &'a Path,
    server: Server,
    kept: PathBuf,
    quiet: Server,
    empty: PathBuf,
    end: i64,
}

impl<'a> Remembered<'a> {
    fn new(folder: &'a Path) -> Self {
        let server = Server::start("burst=56 burst_seconds=1790");
        let half_an_hour = MIDNIGHT + 1_795;
        let range = format!("--start {MIDNIGHT} --end {half_an_hour} --all-events {PACE}");
        let saved = save(&server, folder, &range);
        let size = fs::metadata(&saved).unwrap().len() as f64 / 1_048_576.0;
        row("checkpoint of 100,240 fingerprints", size, "MiB", None);
        let (kept, empty) = (folder.join("kept"), folder.join("empty"));
        fs::rename(&saved, &kept).unwrap();
        let quiet = Server::start("per_day=0");
        fs::rename(save(&quiet, folder, &range), &empty).unwrap();
        Self {
            folder,
            server,
            kept,
            quiet,
            empty,
            end: half_an_hour + 3_600,
        }
    }

    /// Measures the next run with a copy of `checkpoint`.
    fn next(&self, server: &Server, checkpoint: &Path, arguments: &str) -> Usage {
        fs::copy(checkpoint, self.folder.join("in-use")).unwrap();
        let asked = format!(
            "--start {MIDNIGHT} --end {} --checkpoint in-use --all-events {PACE} {arguments}",
            self.end
        );
        measure(&mut program(&server.base_url, self.folder, &asked))
    }
}

/// Nothing new, nothing looked at again: the cost of loading, keeping and saving the fingerprints.
fn carried_along(remembered: &Remembered<'_>, repeats: usize) {
    let Remembered {
        server,
        kept,
        quiet,
        empty,
        ..
    } = remembered;
    let arguments = "--overlap-minutes 0 --only notifications";
    let [with, without] = medians(
        repeats,
        [
            &mut || remembered.next(server, kept, arguments),
            &mut || remembered.next(quiet, empty, arguments),
        ],
    );
    compare("100,240 fingerprints carried along", with, without);
}

/// The records themselves looked at again, all of them known; beside it the same without a checkpoint.
fn compared(remembered: &Remembered<'_>, repeats: usize) {
    let Remembered {
        folder,
        server,
        kept,
        end,
        ..
    } = remembered;
    let again = format!("--start {MIDNIGHT} --end {end} --all-events --page-size 200 {PACE}");
    let [with, without] = medians(
        repeats,
        [
            &mut || remembered.next(server, kept, "--page-size 200"),
            &mut || measure(&mut program(&server.base_url, folder, &again)),
        ],
    );
    compare("100,240 records compared with them", with, without);
    row(
        "100,240 records compared with them: more CPU",
        milliseconds(with.cpu) - milliseconds(without.cpu),
        "ms",
        None,
    );
}

/// Rows for the time and memory that a run takes more than another.
fn compare(what: &str, with: Usage, without: Usage) {
    row(
        &format!("{what}: more time"),
        milliseconds(with.elapsed) - milliseconds(without.elapsed),
        "ms",
        Some(100.0),
    );
    row(
        &format!("{what}: more memory"),
        with.peak - without.peak,
        "MiB",
        Some(20.0),
    );
}
