//! A run that a second signal ends while it stops in good order.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::last_line;
use crate::support::program::{Ended, Program, RANGE};
use crate::support::raw_server::RawServer;
use crate::support::signals::{send, wait_for_end, wait_until};

/// A page that no pipe takes whole.
fn server() -> RawServer {
    let padding = "x".repeat(4_096);
    let record = format!(r#"{{"timestamp":1789401700,"padding":"{padding}"}}"#);
    RawServer::holding(&vec![record; 100].join(","), "")
}

/// Starts a run of which one line is read, so that it is blocked on the full pipe soon.
fn blocked(command: Command) -> (Child, BufReader<impl std::io::Read>) {
    blocked_after(1, command)
}

/// The same after `lines` that were read.
pub(super) fn blocked_after(
    lines: usize,
    mut command: Command,
) -> (Child, BufReader<impl std::io::Read>) {
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::with_capacity(16, child.stdout.take().unwrap());
    for _ in 0..lines {
        stdout.read_line(&mut String::new()).unwrap();
    }
    (child, stdout)
}

/// Sends `signal` twice. The second one must not be merged with a first that is not delivered yet.
pub(super) fn send_twice(signal: Signal, child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let bit = 1_u64 << (signal.as_raw() - 1);
    let is_pending = || {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let mut masks = status
            .lines()
            .filter_map(|line| line.strip_prefix("ShdPnd:"));
        masks.any(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & bit != 0)
    };
    send(signal, child);
    wait_until(|| !is_pending());
    send(signal, child);
}

#[test]
fn a_second_signal_is_said_and_the_last_line_and_the_metrics_have_its_exit_code() {
    let server = server();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let program = Program::asking_raw(&server);
        let files = ["--checkpoint", "c", "--metrics-file", "acme.prom"];
        let before = "verkada_audit_logs_printed_through_timestamp_seconds{name=\"acme\",source=\"audit_logs\"} 1789401600";
        program.write(
            "acme.prom",
            format!("# HELP verkada_audit_logs_x\n{before}\n"),
        );
        let arguments = [
            &["--all-events", "--log-format", "json"],
            &RANGE[..],
            &files,
        ]
        .concat();
        let (child, stdout) = blocked(program.command_stoppable(arguments));
        send_twice(signal, &child);
        let ended = Ended::from(child.wait_with_output().unwrap());
        drop(stdout);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        last_line(&ended);
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
        let metrics = fs::read_to_string(program.path("acme.prom")).unwrap();
        let exit_code = format!("verkada_audit_logs_exit_code{{name=\"acme\"}} {code}");
        assert!(metrics.lines().any(|line| line == exit_code), "{metrics}");
        assert!(metrics.lines().any(|line| line == before), "{metrics}");
        ended.says(&["ended at once by a second signal"]);
    }
}

#[test]
fn without_a_checkpoint_it_is_one_line_of_text() {
    let server = server();
    let program = Program::asking_raw(&server);
    let arguments = [&["--all-events"], &RANGE[..]].concat();
    let (child, _stdout) = blocked(program.command_stoppable(arguments));
    send_twice(Signal::TERM, &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(143));
    assert!(
        ended.stderr.starts_with("error: ended at once"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}

#[test]
fn a_run_whose_messages_are_blocked_as_well_ends_all_the_same() {
    let server = server();
    let program = Program::asking_raw(&server);
    let arguments = [&["--all-events"], &RANGE[..]].concat();
    let (messages, records) = std::io::pipe().unwrap();
    let mut command = program.command_stoppable(arguments);
    command.stdout(records.try_clone().unwrap()).stderr(records);
    command.stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut messages = BufReader::with_capacity(16, messages);
    messages.read_line(&mut String::new()).unwrap();
    send_twice(Signal::TERM, &child);
    assert_eq!(wait_for_end(&mut child).code(), Some(143));
}

#[test]
fn a_comparison_says_it_once() {
    let server = server();
    let program = Program::asking_raw(&server);
    program.write("audit.jsonl", "");
    let arguments = [
        "verify",
        "--all-events",
        "--log-format",
        "json",
        "audit.jsonl",
    ];
    let (child, stdout) = blocked(program.command_stoppable([&arguments[..], &RANGE].concat()));
    send_twice(Signal::TERM, &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    drop(stdout);
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    last_line(&ended);
    assert_eq!(
        ended.stderr.matches("ended at once").count(),
        1,
        "{}",
        ended.stderr
    );
}
