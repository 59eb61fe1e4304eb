//! Flags that are given twice, and words that a flag does not take.

use crate::support::program::{Program, RANGE};
use crate::support::raw_server::{AUDIT_LOGS, RawServer};

#[test]
fn of_a_flag_with_one_value_the_last_one_counts_and_the_help_says_so() {
    let server = RawServer::holding("", r#"{"created":1789401700}"#);
    let program = Program::asking_raw(&server);
    let twice = ["--output", "a", "--output", "b"];
    program.run([&RANGE[..], &twice].concat()).quietly();
    assert!(program.files().contains(&"b".to_owned()));
    assert!(!program.files().contains(&"a".to_owned()));
    let arguments = ["--only", "audit-logs", "--only", "notifications", "b"];
    program.run([&["verify"], &RANGE[..], &arguments].concat());
    assert_eq!(server.seen_at(AUDIT_LOGS).len(), 1, "that of the first run");
    let help = program.run(["--help"]).quietly().stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains("Of a flag that is given twice the last one counts"),
        "{help}"
    );
}

#[test]
fn the_rest_of_a_span_is_not_taken_for_a_file() {
    let program = Program::bare().with("VERKADA_API_KEY", "key");
    program.write("audit.jsonl", "");
    let verify = |words: &[&str]| program.run([&["verify"], words].concat());
    let hint = "--since '1d 12h'";
    for words in [
        &["--since", "1d", "12h", "audit.jsonl"][..],
        &["audit.jsonl", "--since", "1d", "12h"],
        &["--since=1d", "12h", "audit.jsonl"],
    ] {
        verify(words).refuses(2, &["12h", "no such file", hint]);
    }
    // Another file that is missing has nothing to do with it.
    verify(&["--since", "1d", "missing"]).refuses(2, &["missing cannot be read"]);
    // Nor has one of that name.
    program.write("12h", "");
    let ended = verify(&[
        "--since",
        "1d",
        "12h",
        "audit.jsonl",
        "--base-url",
        "http://127.0.0.1:1",
    ]);
    assert!(!ended.stderr.contains("--since '"), "{}", ended.stderr);
}
