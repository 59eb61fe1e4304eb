//! The last line of JSON messages, however a run ends.

use std::process::Stdio;

use rustix::process::Signal;
use verkada_audit_logs::pull::Checkpoint;

use super::{END, START, counts, last_line, range, server, without_audit_logs};
use crate::support::program::{Ended, Program, RANGE};
use crate::support::raw_server::{RawServer, Reply};
use crate::support::signals::{send, wait_until};

#[test]
fn a_failed_source_says_so_beside_one_that_went_well() {
    let server = without_audit_logs();
    let program = Program::asking_raw(&server);
    let ended = program.run([&RANGE[..], &["--log-format", "json"]].concat());
    assert_eq!(ended.code, Some(3));
    let line = last_line(&ended);
    assert_eq!(line["audit_logs"]["outcome"], "failed");
    assert_eq!(counts(&line, "notifications"), [1, 1, 0, 0]);
    assert_eq!(line["requests"].as_u64(), Some(server.seen().len() as u64));
    assert_eq!(line["target"], "verkada_audit_logs");
    assert_eq!(line["level"], "INFO");
}

#[test]
fn retries_and_rate_limits_are_counted() {
    let server = RawServer::issuing_tokens(|request, number| match number {
        0 => Reply::with(429, "retry-after: 0\r\n", ""),
        1 => Reply::with(503, "retry-after: 0\r\n", ""),
        _ => Reply::only_page(request, ""),
    });
    let program = Program::asking_raw(&server);
    let arguments = ["--log-format", "json", "--only", "audit-logs"];
    let ended = program.run([&RANGE[..], &arguments].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let line = last_line(&ended);
    let number = |name: &str| line[name].as_u64();
    assert_eq!(
        [
            number("requests"),
            number("retries"),
            number("rate_limited")
        ],
        [Some(4), Some(2), Some(1)]
    );
    assert!(line.get("notifications").is_none(), "{line}");
}

#[test]
fn wrong_usage_ends_with_it_too() {
    let program = Program::bare();
    for wrong in [
        &["--log-format", "json"][..],
        &["--log-format=json", "--evnt", "x"],
        &["--log-format", "json", "--start", "yesterday"],
        &["--log-format", "json", "-q", "--only", "neither"],
        &["verify", "--log-format", "json"],
        &["verify", "--log-format", "json", "audit.jsonl"],
    ] {
        let ended = program.run(wrong);
        assert_eq!(ended.code, Some(2), "{wrong:?}");
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
        let line = last_line(&ended);
        assert_eq!(line["requests"], 0);
        assert!(line.get("audit_logs").is_none());
    }
    // What is no run has none.
    let ended = program.run(["doctor", "--log-format", "json", "--evnt", "x"]);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    program.run(["--help", "--log-format", "json"]).quietly();
}

#[test]
fn a_run_beside_another_one_ends_with_it_too() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    let held = Checkpoint::open(&program.path("progress.json"), "any").unwrap();
    let ended = program.run(range(START, END, &["--checkpoint", "progress.json"]));
    drop(held);
    assert_eq!(ended.code, Some(75), "{}", ended.stderr);
    last_line(&ended);
}

#[test]
fn a_stopped_run_says_how_far_it_came() {
    let server = RawServer::issuing_tokens(|request, _| {
        if request.is_for_audit_logs() {
            Reply::only_page(request, r#"{"timestamp":1789401700}"#)
        } else {
            Reply::Stall(Vec::new())
        }
    });
    let program = Program::asking_raw(&server);
    let child = program.spawn_stoppable([&RANGE[..], &["--log-format", "json"]].concat());
    // Both sources are asked at the same time, so the audit logs are there soon.
    wait_until(|| {
        server
            .seen()
            .iter()
            .filter(|one| one.method == "GET")
            .count()
            == 2
    });
    send(Signal::TERM, &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    let line = last_line(&ended);
    assert_eq!(line["notifications"]["printed"], 0);
    assert_ne!(line["notifications"]["outcome"], "done");
}

#[test]
fn a_reader_that_has_left_is_no_failure() {
    let server = server();
    let program = Program::asking_demo(&server);
    let mut command = program.command(range(START, END, &["--all-events"]));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(last_line(&ended)["audit_logs"]["outcome"], "reader gone");
}
