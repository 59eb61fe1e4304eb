//! The counts of a run that a second signal ends: those of what had been printed by then.

use std::fs;

use rustix::process::Signal;

use super::ended_at_once::{blocked_after, send_twice};
use super::{counts, last_line};
use crate::support::program::{Ended, Program};
use crate::support::raw_server::{RawServer, Reply};

/// Two hours, of which the first slice has five minutes.
const RANGE: [&str; 8] = [
    "--start",
    "1789401600",
    "--end",
    "1789408800",
    "--interval-minutes",
    "5",
    "--overlap-minutes",
    "0",
];

/// Has two audit logs in the first minutes, and after them more than a pipe takes.
fn server() -> RawServer {
    let padding = "x".repeat(4_096);
    RawServer::issuing_tokens(move |request, _| {
        if !request.is_for_audit_logs() {
            return Reply::only_page(request, "");
        }
        let number = |name: &str| request.parameter(name).unwrap().parse::<i64>().unwrap();
        let window = number("start_time")..number("end_time");
        let early = [
            (1_789_401_700, "Live Stream Started"),
            (1_789_401_650, "Login"),
        ];
        let late = (1..=100)
            .rev()
            .map(|second| (1_789_402_000 + second, "Live Stream Started"));
        let records = late.chain(early).filter(|(time, _)| window.contains(time));
        let records = records.map(|(time, name)| {
            let padding = if time > 1_789_402_000 { &padding } else { "" };
            format!(
                r#"{{"timestamp":{time},"processed_timestamp":{},"event_name":"{name}","padding":"{padding}"}}"#,
                time + 7
            )
        });
        Reply::only_page(request, &records.collect::<Vec<_>>().join(","))
    })
}

/// Runs until a pipe is full of the second slice that has records, and ends the run with two signals.
fn end_while_blocked(program: &Program, files: &[&str]) -> Ended {
    let arguments = [&RANGE[..], &["--log-format", "json"], files].concat();
    // With a line of the second, the first has been acknowledged.
    let (child, stdout) = blocked_after(2, program.command_stoppable(arguments));
    send_twice(Signal::TERM, &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    drop(stdout);
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    ended
}

#[test]
fn the_slices_that_were_printed_by_then_are_counted() {
    let server = server();
    for files in [&[][..], &["--checkpoint", "c"]] {
        let program = Program::asking_raw(&server);
        let files = [&["--metrics-file", "acme.prom"], files].concat();
        let ended = end_while_blocked(&program, &files);
        let line = last_line(&ended);
        assert_eq!(counts(&line, "audit_logs"), [2, 1, 1, 0]);
        assert_eq!(line["audit_logs"]["outcome"], "stopped");
        assert_eq!(line["audit_logs"]["end"], "2026-09-14T18:00:00Z");
        assert_eq!(line["audit_logs"]["max_processing_seconds"], 7);
        // Nothing of them has been printed, and nobody has said that nothing will be.
        assert!(line.get("notifications").is_none(), "{line}");
        assert!(line["requests"].as_u64() > Some(2), "{line}");
        assert!(line["duration_seconds"].as_f64() > Some(0.0), "{line}");
        let metrics = fs::read_to_string(program.path("acme.prom")).unwrap();
        let has = |sample: &str| {
            metrics
                .lines()
                .any(|line| line == format!("verkada_audit_logs_{sample}"))
        };
        assert!(
            has(r#"records{name="acme",source="audit_logs",outcome="printed"} 1"#),
            "{metrics}"
        );
        assert!(!metrics.contains("notifications"), "{metrics}");
        let has_checkpoint = files.contains(&"--checkpoint");
        let through = line["audit_logs"].get("printed_through");
        assert_eq!(through.is_some(), has_checkpoint, "{line}");
        assert_eq!(
            metrics.contains("printed_through"),
            has_checkpoint,
            "{metrics}"
        );
    }
}

#[test]
fn a_source_that_is_done_keeps_its_outcome() {
    // The audit logs fail at once, and then a full pipe blocks the notifications.
    let padding = "x".repeat(4_096);
    let notification = format!(r#"{{"created":1789401700,"padding":"{padding}"}}"#);
    let notifications = vec![notification; 100].join(",");
    let server = RawServer::issuing_tokens(move |request, _| {
        if request.is_for_audit_logs() {
            Reply::error(403, "no")
        } else {
            Reply::only_page(request, &notifications)
        }
    });
    let program = Program::asking_raw(&server);
    let arguments = [
        &RANGE[..4],
        &["--log-format", "json", "--interval-minutes", "120"],
    ]
    .concat();
    let (child, stdout) = blocked_after(1, program.command_stoppable(arguments));
    send_twice(Signal::INT, &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    drop(stdout);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    let line = last_line(&ended);
    assert_eq!(line["audit_logs"]["outcome"], "failed");
    assert_eq!(counts(&line, "audit_logs"), [0; 4]);
    // The pipe took an unknown part of its only slice, so no count would be true.
    assert!(line.get("notifications").is_none(), "{line}");
}
