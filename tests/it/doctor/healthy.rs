//! A set-up with which nothing is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use verkada_audit_logs::demo::{DemoServer, Profile};

use super::{SUBJECTS, examine};
use crate::support::program::Program;

#[test]
fn the_demo_is_well_and_nothing_is_created() {
    let program = Program::bare();
    for arguments in [
        &[][..],
        &["--all-events", "--checkpoint", "c", "--output", "o"],
        &["--start", "2026-09-14", "--end", "2026-09-15"],
        &["--since", "2h", "--page-size", "7"],
        &["--all-events", "--quiet", "--log-format", "json"],
    ] {
        let examined = examine(&program, &[&["--demo"], arguments].concat());
        examined.has_only("ok", &SUBJECTS).ends_with(0);
    }
    assert!(program.files().is_empty(), "{:?}", program.files());
}

#[test]
fn at_most_ten_requests_are_sent_and_only_the_token_file_is_written() {
    let server = DemoServer::builder(Profile::demo()).start().unwrap();
    let program = Program::asking_demo(&server);
    for round in 1..=2 {
        let before = server.requests().len();
        let examined = examine(&program, &["--checkpoint", "c", "--output", "o"]);
        examined.has_only("ok", &SUBJECTS).ends_with(0);
        examined.finds("token file", "ok", &["token.json", "new token"]);
        assert!(!examined.text.contains(server.api_key()));
        assert!(server.requests().len() - before <= 10);
        // A cached token would hide a key that has expired since.
        assert_eq!(server.stats().token_requests, round);
        assert_eq!(program.files(), ["token.json"]);
        let mode = fs::metadata(program.path("token.json")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    // The first request carries neither key nor token.
    let first = &server.requests()[0];
    assert!(!first.has_api_key && !first.has_token);
    // A run goes on with the token that was stored.
    program.run(["--only", "audit-logs"]).quietly();
    assert_eq!(server.stats().token_requests, 2);
}

#[test]
fn the_facts_of_the_organisation_are_told() {
    let program = Program::bare();
    let range = ["--demo", "--start", "2026-09-14", "--end", "2026-09-15"];
    let examined = examine(&program, &range);
    examined
        .finds("connection", "ok", &["http://127.0.0.1:", "HTTP 403"])
        .finds(
            "audit logs",
            "ok",
            &[
                "a page of 200",
                "2026-09-14T00:00:00Z to 2026-09-15T00:00:00Z",
            ],
        )
        .finds(
            "organisation",
            "ok",
            &["64646b7c-d4c5-43e1-8da5-e04d490ea122", "200 of 200"],
        )
        .finds("processed time", "ok", &["each of 200"])
        .finds(
            "lateness",
            "ok",
            &[
                "2 s (median)",
                "840 s (largest of 200)",
                "overlap is 1800 s",
            ],
        )
        .finds(
            "event names",
            "ok",
            &["the three of the default", "of the 200"],
        )
        .finds(
            "order",
            "ok",
            &["audit logs newest first by event time, notifications newest first"],
        )
        .finds("page token", "ok", &["audit logs 64 hexadecimal digits"])
        .finds("window ends", "ok", &["both count"]);
    let examined = examine(&program, &["--demo"]);
    examined.finds("order", "ok", &["newest first by processed time"]);
}

#[test]
fn a_source_that_is_not_read_is_skipped() {
    let program = Program::bare();
    let examined = examine(&program, &["--demo", "--only", "notifications"]);
    examined
        .finds("audit logs", "skip", &["--only"])
        .finds("notifications", "ok", &["readable"])
        .finds("lateness", "skip", &["no audit logs were read"])
        .has_only("fail", &[])
        .ends_with(0);
    let examined = examine(&program, &["--demo", "--only", "audit-logs"]);
    examined.has_only("skip", &["notifications"]).ends_with(0);
}

#[test]
fn a_standard_output_that_cannot_be_written_is_a_failure() {
    let binary = crate::support::program::BINARY;
    let program = Program::bare();
    for command in ["doctor --demo", "man", "completions bash"] {
        let ended = program.shell(&format!("exec {binary} {command} > /dev/full"));
        ended.refuses(1, &["standard output: No space left"]);
    }
}

#[test]
fn a_reader_that_goes_away_has_seen_enough() {
    let program = Program::bare();
    let ended = program.shell(&format!(
        "{{ {} doctor --demo; echo $? >code; }} | head -n 1",
        crate::support::program::BINARY
    ));
    assert_eq!((ended.lines().len(), ended.stderr.as_str()), (1, ""));
    assert_eq!(fs::read_to_string(program.path("code")).unwrap(), "0\n");
}
