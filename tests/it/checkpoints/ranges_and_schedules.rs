//! Ranges and scheduled runs with one checkpoint: a range may come first, and never after.

use std::fs;

use super::{range, server, watermark};
use crate::support::program::Program;

const SCHEDULED: [&str; 3] = ["--all-events", "--checkpoint", "progress.json"];

#[test]
fn a_range_on_a_checkpoint_that_scheduled_runs_use_is_refused() {
    let server = server();
    let now = chrono::Utc::now().timestamp();
    let refused = |program: &Program| {
        let before = fs::read(program.path("progress.json")).unwrap();
        let requests = server.stats().requests();
        let (_, through) = watermark(program, "audit_logs");
        for (start, end) in [
            (through - 600, through + 300),
            (through, through + 900),
            (through - 90_000, through),
            (through - 86_400, through - 80_000),
        ] {
            for more in [&[][..], &["--accept-gap"]] {
                let words = [
                    "progress.json is used by scheduled runs",
                    "catch up by themselves",
                    "leave out --checkpoint",
                    "--accept-gap and --start without --end",
                ];
                program.run(range(start, end, more)).refuses(2, &words);
            }
        }
        assert_eq!(server.stats().requests(), requests);
        assert_eq!(fs::read(program.path("progress.json")).unwrap(), before);
    };
    // One that a scheduled run has begun.
    let program = Program::asking_demo(&server);
    program.run(SCHEDULED).quietly();
    refused(&program);
    // One that a range has begun, which scheduled runs have taken over.
    let program = Program::asking_demo(&server);
    program.run(range(now - 9_000, now - 7_000, &[])).quietly();
    program.run(range(now - 9_000, now - 6_000, &[])).quietly();
    program.run(SCHEDULED).quietly();
    refused(&program);
    program.run(SCHEDULED).quietly();
}

#[test]
fn a_checkpoint_of_the_first_format_is_read_and_saved_in_the_present_one() {
    let server = server();
    let now = chrono::Utc::now().timestamp();
    let program = Program::asking_demo(&server);
    let (start, middle, end) = (now - 9_000, now - 7_000, now - 6_000);
    let first = program.run(range(start, middle, &[])).quietly();
    let text = fs::read_to_string(program.path("progress.json")).unwrap();
    let old = text
        .replace("\"version\":2", "\"version\":1")
        .replace("\"used_by_schedule\":false,", "")
        .replace(",\"moved_outputs\":[],\"recovered\":[]", "")
        .replace(
            "\"provisional\":false,\"filter\":\"every event\",\"gaps\":[],",
            "",
        )
        .replace(
            "\"provisional\":false,\"filter\":\"every type\",\"gaps\":[],",
            "",
        );
    for new in [
        "schedule",
        "provisional",
        "filter",
        "gaps",
        "moved",
        "recovered",
    ] {
        assert!(!old.contains(new), "{old}");
    }
    program.write("progress.json", &old);
    // Another filter than an old format could know of is no change.
    let second = program.run(range(start, end, &["--notification-type", "motion"]));
    let second = second.quietly();
    assert!(!first.lines().is_empty() && !second.lines().is_empty());
    let saved = fs::read_to_string(program.path("progress.json")).unwrap();
    assert!(saved.starts_with("{\"version\":2,"), "{saved}");
    for line in second.lines() {
        assert!(!first.lines().contains(&line), "again: {line}");
    }
    // Nobody knows who used it, so ranges were allowed; after a scheduled run they are not.
    program.run(SCHEDULED);
    program
        .run(range(start, now, &[]))
        .refuses(2, &["catch up by themselves"]);
}
