//! A filter that changes between runs: what only the new one keeps was passed over, which is said once.

use std::fs;

use super::{END, MIDDLE, START, range, server, sorted};
use crate::support::program::{Ended, Program};
use crate::support::raw_server::AUDIT_LOGS;

/// A range with the filter that `more` gives.
fn filtered(program: &Program, end: i64, more: &[&str]) -> Ended {
    let start = START.to_string();
    let end = end.to_string();
    let arguments = [
        "--checkpoint",
        "progress.json",
        "--start",
        &start,
        "--end",
        &end,
    ];
    program.run(arguments.iter().chain(more))
}

#[test]
fn a_changed_filter_is_said_once_with_the_command_that_reads_the_past() {
    let server = server();
    let one = ["--event", "Live Stream Started"];
    let same = ["--event", " LIVE stream started,Live Stream Started"];
    let two = ["--event", "Live Stream Started,Archive Action Taken"];
    let motion = [
        "--event",
        "Live Stream Started",
        "--notification-type",
        "motion",
    ];
    for (changed, source, words) in [
        (
            &two[..],
            "audit-logs",
            ["live stream started", "archive action taken"],
        ),
        (
            &["--all-events"],
            "audit-logs",
            ["live stream started", "every event"],
        ),
        (
            &[],
            "audit-logs",
            ["live stream started", "video history streamed"],
        ),
        (&motion, "notifications", ["every type", "types motion"]),
    ] {
        let program = Program::asking_demo(&server);
        filtered(&program, MIDDLE, &one).quietly();
        filtered(&program, MIDDLE + 900, &same).quietly();
        let ended = filtered(&program, MIDDLE + 1_800, changed);
        assert_eq!(
            (ended.code, ended.stderr.lines().count()),
            (Some(0), 1),
            "{}",
            ended.stderr
        );
        let past = format!("--only {source} --start {START} --end {}", MIDDLE + 900);
        let ended = ended.says(&words).says(&["the filter has changed", &past]);
        assert!(!ended.lines().is_empty());
        filtered(&program, END, changed).quietly();
        // The command prints what was passed over.
        let start = START.to_string();
        let end = (MIDDLE + 900).to_string();
        let past = ["--only", source, "--start", &start, "--end", &end];
        let past = program.run(past.iter().chain(changed));
        assert_eq!(past.code, Some(0), "{}", past.stderr);
        assert!(!past.lines().is_empty());
    }
}

#[test]
fn a_change_is_said_again_until_a_run_has_read_with_it() {
    let server = super::Switch::on();
    let failing = server.clone();
    failing.off();
    let demo = server.server(AUDIT_LOGS);
    let program = Program::asking_demo(&demo);
    filtered(&program, MIDDLE, &[]).quietly();
    // Nothing to read, so nothing is changed.
    filtered(&program, MIDDLE, &["--all-events"]).says(&["nothing to do"]);
    failing.0.store(true, std::sync::atomic::Ordering::SeqCst);
    let changed = ["--all-events", "--only", "audit-logs"];
    let ended = filtered(&program, END, &changed);
    assert_eq!(ended.code, Some(5));
    ended.says(&["the filter has changed"]);
    failing.off();
    filtered(&program, END, &changed).says(&["the filter has changed"]);
    filtered(&program, END + 900, &changed).quietly();
}

#[test]
fn a_source_that_was_left_out_until_now_is_said_and_one_that_comes_back_catches_up() {
    let server = server();
    let program = Program::asking_demo(&server);
    let now = chrono::Utc::now().timestamp();
    let scheduled = |more: &[&str]| {
        let fixed = ["--all-events", "--checkpoint", "progress.json"];
        program.run(fixed.iter().chain(more))
    };
    program
        .run(range(now - 7_200, now - 3_600, &["--only", "audit-logs"]))
        .quietly();
    let ended = scheduled(&[]);
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(0), 1));
    let past = format!("--only notifications --start {} --end", now - 7_200);
    ended.says(&[&past]);
    scheduled(&[]).quietly();

    let program = Program::asking_demo(&server);
    let first = program.run(range(START, MIDDLE, &[])).quietly();
    let only = program.run(range(START, END, &["--only", "audit-logs"]));
    let only = only.quietly();
    let both = program.run(range(START, END, &[]));
    assert!(!both.stderr.contains("filter"), "{}", both.stderr);
    let printed = sorted(&[&first.stdout, &only.stdout, &both.stdout]);
    assert_eq!(printed, super::everything(&server, START, END));
    let text = fs::read_to_string(program.path("progress.json")).unwrap();
    assert!(text.contains("\"filter\":\"every event\""), "{text}");
}
