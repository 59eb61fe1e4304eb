//! A checkpoint that a run holds: usual while a run is under way, and trouble when that takes longer than the interval.

use std::fs::{self, File};

use verkada_audit_logs::pull::Checkpoint;

use super::examine;
use crate::support::now;
use crate::support::program::Program;

const DEMO: [&str; 3] = ["--demo", "--checkpoint", "c"];

/// A program with a checkpoint that a run has left.
fn with_checkpoint() -> Program {
    let program = Program::bare();
    program.run(DEMO);
    program
}

/// Holds the lock as a run does that says `text` of itself.
fn hold(program: &Program, text: &str) -> File {
    let path = program.write("c.lock", format!("{text:<127}\n"));
    let lock = File::options().read(true).write(true).open(path).unwrap();
    lock.lock().unwrap();
    lock
}

/// The text of a run that began so many seconds ago.
fn since(seconds_ago: i64) -> String {
    let since = chrono::DateTime::from_timestamp(now() - seconds_ago, 0).unwrap();
    format!("process 42 since {}", since.format("%Y-%m-%dT%H:%M:%SZ"))
}

#[test]
fn a_run_under_way_is_as_it_should_be_and_is_not_disturbed() {
    let program = with_checkpoint();
    let held = Checkpoint::open(&program.path("c"), "demo").unwrap();
    let contents = |name: &str| fs::read(program.path(name)).unwrap();
    let before = [contents("c"), contents("c.lock")];
    let process = format!("process {} since 2", std::process::id());
    let examined = examine(&program, &DEMO);
    examined
        .finds(
            "checkpoint",
            "ok",
            &["printed through", "a run is under way", &process],
        )
        .has_only("warn", &[])
        .ends_with(0);
    assert!(
        [contents("c"), contents("c.lock")] == before,
        "a file was changed"
    );
    // A run that begins now is told the same.
    program.run(DEMO).refuses(75, &["another run", &process]);
    drop(held);
    let examined = examine(&program, &DEMO);
    assert!(
        !examined.line("checkpoint").1.contains("process"),
        "{}",
        examined.text
    );
}

#[test]
fn a_lock_that_is_held_for_longer_than_the_interval_is_a_warning() {
    let program = with_checkpoint();
    for (text, words) in [
        (
            since(901 + 60),
            [
                "process 42 since ",
                "longer than the interval of 15 minutes",
            ],
        ),
        // Older versions wrote no time.
        ("process 42".to_owned(), ["process 42", "holds it"]),
        ("anything".to_owned(), ["process unknown", "holds it"]),
    ] {
        let held = hold(&program, &text);
        let examined = examine(&program, &DEMO);
        examined
            .finds("checkpoint", "warn", &words)
            .finds("checkpoint", "warn", &["printed through", "exit code 75"])
            .has_only("warn", &["checkpoint"])
            .ends_with(0);
        drop(held);
    }
    let _held = hold(&program, &since(901 + 60));
    let longer = [&DEMO[..], &["--interval-minutes", "20"]].concat();
    examine(&program, &longer).finds("checkpoint", "ok", &["process 42 since "]);
}

#[test]
fn a_checkpoint_that_a_run_would_refuse_names_the_run_that_holds_it_too() {
    let program = with_checkpoint();
    let good = fs::read_to_string(program.path("c")).unwrap();
    for (text, words) in [
        ("garbage".to_owned(), "is corrupt"),
        (
            good.replace("\"demo\"", "\"https://api.verkada.com\""),
            "belongs to https://api.verkada.com",
        ),
    ] {
        assert!(text != good);
        program.write("c", text);
        let _held = hold(&program, &since(0));
        let examined = examine(&program, &DEMO);
        examined
            .finds(
                "checkpoint",
                "fail",
                &[words, "; a run is under way (process 42 since "],
            )
            .ends_with(2);
    }
}
