//! The end of a comparison: what it says of the repair, and which exit code it has.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use rustix::process::Signal;
use verkada_audit_logs::demo::{DemoServer, Fault, Profile};

use super::{START, program, server, verify};
use crate::support::program::Program;
use crate::support::signals::send;

#[test]
fn only_what_was_printed_is_called_printed() {
    let server = server();
    let program = program(&server);
    program.write("audit.jsonl", "");
    let printed = verify(&program, &["--only", "audit-logs", "audit.jsonl"]);
    assert_eq!(printed.code, Some(6));
    printed.says(&["are missing from the files, and were printed"]);

    let appended = [
        "--only",
        "audit-logs",
        "--output",
        "repaired.jsonl",
        "audit.jsonl",
    ];
    let ended = verify(&program, &appended);
    assert_eq!(ended.code, Some(6));
    ended.says(&["are missing from the files, and were appended to repaired.jsonl"]);

    let binary = env!("CARGO_BIN_EXE_verkada-audit-logs");
    let week = super::week().join(" ");
    let full = program.shell(&format!("{binary} verify {week} audit.jsonl > /dev/full"));
    assert_eq!(full.code, Some(1), "{}", full.stderr);
    full.says(&["are missing from the files; none was printed"]);
}

#[test]
fn a_comparison_that_is_stopped_ends_with_the_code_of_the_signal() {
    let profile = Profile {
        audit_logs_per_day: 200.0,
        ..Profile::demo()
    };
    // Audit logs are compared first; then the program waits.
    let server = DemoServer::builder(profile)
        .fault(Arc::new(|request| {
            (request.path == "/cameras/v1/alerts").then(|| Fault::StatusWith {
                status: 429,
                headers: vec![("retry-after".to_owned(), "60".to_owned())],
                body: String::new(),
            })
        }))
        .start()
        .unwrap();
    let program = Program::asking_demo(&server);
    program.write("audit.jsonl", "");
    let (start, end) = (START.to_string(), (START + 3_600).to_string());
    let range = ["verify", "--all-events", "--start", &start, "--end", &end];
    let mut child = program.spawn_stoppable(range.iter().chain(&["audit.jsonl"]));
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.starts_with('{'), "{first}");
    send(Signal::TERM, &child);
    lines.read_to_string(&mut first).unwrap();
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(143), "{stderr}");
    assert!(stderr.contains("that were read before the end"), "{stderr}");
}
