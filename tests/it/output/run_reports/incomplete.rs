//! The counts of a run that did not print all of its window, for a person at a terminal.

use rustix::process::Signal;

use super::on_a_terminal::lines;
use super::without_audit_logs;
use crate::support::program::{Program, RANGE};
use crate::support::raw_server::{RawServer, Reply};
use crate::support::signals::{send, wait_until};
use crate::support::terminal::{Stdout, run_on_terminal, start_on_terminal};

/// One line of counts, which the other lines stand before.
#[track_caller]
fn counts(lines: &[String]) -> &str {
    let (last, others) = lines.split_last().expect("a line");
    assert!(
        others.iter().all(|line| !line.starts_with("incomplete")),
        "{lines:?}"
    );
    last
}

#[test]
fn a_run_that_fails_in_mid_read_says_what_it_printed_before() {
    let server = RawServer::issuing_tokens(|request, _| {
        let start = request.parameter("start_time").unwrap();
        match start.parse::<i64>().unwrap() {
            ..1_789_401_800 => Reply::only_page(
                request,
                r#"{"timestamp":1789401700,"event_name":"Login"},{"timestamp":1789401650,"event_name":"Live Stream Started"}"#,
            ),
            _ => Reply::error(404, "gone"),
        }
    });
    let program = Program::asking_raw(&server);
    let arguments = ["--only", "audit-logs", "--interval-minutes", "5"];
    let arguments = [&RANGE[..], &arguments].concat();
    let ended = run_on_terminal(&program, &arguments, Stdout::Piped);
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert_eq!(ended.lines().len(), 1);
    let lines = lines(&ended);
    assert!(lines[0].starts_with("error: "), "{lines:?}");
    let before = "incomplete: printed 1 of 2 audit logs (1 has another name; --all-events keeps it) of 2026-09-14T16:00:00Z to 2026-09-14T16:10:00Z; ";
    assert!(counts(&lines).starts_with(before), "{lines:?}");
    let quiet = [&["-q"], &arguments[..]].concat();
    let ended = run_on_terminal(&program, &quiet, Stdout::Piped);
    assert!(!ended.stderr.contains("incomplete"), "{}", ended.stderr);
    // Neither where no person looks.
    let ended = program.run(&arguments);
    assert!(!ended.stderr.contains("incomplete"), "{}", ended.stderr);
}

#[test]
fn a_source_that_went_well_is_counted_beside_one_that_failed() {
    let server = without_audit_logs();
    let program = Program::asking_raw(&server);
    let ended = run_on_terminal(&program, &RANGE, Stdout::Piped);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let lines = lines(&ended);
    let words = "incomplete: printed 0 audit logs and 1 notification of ";
    assert!(counts(&lines).starts_with(words), "{lines:?}");
}

#[test]
fn a_run_that_is_stopped_says_it_too() {
    let server = RawServer::issuing_tokens(|request, _| {
        if request.is_for_audit_logs() {
            Reply::only_page(request, r#"{"timestamp":1789401700,"event_name":"Login"}"#)
        } else {
            Reply::Stall(Vec::new())
        }
    });
    let program = Program::asking_raw(&server);
    let running = start_on_terminal(&program, &RANGE, Stdout::Piped);
    let is_asked = |only| {
        server
            .seen()
            .iter()
            .any(|one| one.is_for_audit_logs() == only && one.method == "GET")
    };
    wait_until(|| is_asked(true) && is_asked(false));
    send(Signal::TERM, running.child());
    let ended = running.finish();
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    let lines = lines(&ended);
    assert!(
        counts(&lines).starts_with("incomplete: printed "),
        "{lines:?}"
    );
}

#[test]
fn a_run_that_read_nothing_has_nothing_to_count() {
    let program = Program::bare();
    let ended = run_on_terminal(&program, &RANGE, Stdout::Piped);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(!ended.stderr.contains("printed"), "{}", ended.stderr);
}

#[test]
fn a_run_whose_reader_went_away_claims_no_counts() {
    let records = vec![r#"{"timestamp":1789401700}"#; 200].join(",");
    let server = RawServer::holding(&records, "");
    let program = Program::asking_raw(&server);
    let mut running = start_on_terminal(&program, &RANGE, Stdout::Piped);
    drop(running.take_stdout());
    let ended = running.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("printed"), "{}", ended.stderr);
}
