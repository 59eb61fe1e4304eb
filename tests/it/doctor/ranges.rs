//! Ranges that a run refuses or warns of: the doctor says so in the same words.

use super::examine;
use crate::support::program::Program;

#[test]
fn a_range_that_a_run_refuses_fails_with_the_words_of_the_run() {
    let demo = ["--demo", "--checkpoint", "c.json", "--output", "a.jsonl"];
    let program = Program::bare();
    program.run(demo).quietly();
    let now = chrono::Utc::now().timestamp();
    let (past, future) = ((now - 86_400).to_string(), (now + 86_400).to_string());
    let cases = [
        (
            vec!["--since", "1h"],
            "c.json is used by scheduled runs, which catch up by themselves; to read a range, leave out --checkpoint",
        ),
        (
            vec!["--start", &past, "--end", &future],
            "is used by scheduled runs",
        ),
        (
            vec!["--accept-gap", "--start", &future],
            "is not before the end of the last whole interval",
        ),
    ];
    for (range, words) in cases {
        let arguments = [&demo[..], &range].concat();
        program.run(&arguments).refuses(2, &[words]);
        let examined = examine(&program, &arguments);
        examined.finds("checkpoint", "fail", &[words]);
        examined.ends_with(2);
    }
    examine(&program, &demo).has_only("fail", &[]).ends_with(0);
}

#[test]
fn a_range_that_leaves_a_gap_or_begins_in_the_future_fails() {
    let demo = ["--demo", "--checkpoint", "c.json", "--output", "a.jsonl"];
    let now = chrono::Utc::now().timestamp();
    let range = |start: i64, end: i64| {
        let [start, end] = [start, end].map(|offset| (now + offset).to_string());
        ["--start".to_owned(), start, "--end".to_owned(), end]
    };
    let program = Program::bare();
    let check = |range: &[String], is_refused: bool, words: &str| {
        let range = range.iter().map(String::as_str).collect::<Vec<_>>();
        let arguments = [&demo[..], &range].concat();
        let code = if is_refused { 2 } else { 0 };
        let examined = examine(&program, &arguments);
        let outcome = if is_refused { "fail" } else { "ok" };
        examined
            .finds("checkpoint", outcome, &[words])
            .ends_with(code);
        let ended = program.run(&arguments);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    };
    check(
        &range(86_400, 90_000),
        true,
        "a checkpoint cannot begin there",
    );
    check(&range(-9_000, -7_200), false, "does not exist yet");
    check(&range(-3_600, -1_800), true, "would leave a gap");
    check(&range(-7_200, -1_800), false, "printed through");
}

#[test]
fn a_range_that_ends_in_the_future_is_a_warning_in_the_words_of_a_run() {
    let future = ["--demo", "--start", "4102444800", "--end", "4102445400"];
    let program = Program::bare();
    let words = "the range ends in the future; what happens after this run is not in its output";
    program.run(future).says(&[words]);
    let examined = examine(&program, &future);
    examined.finds("settings", "warn", &["--start", words]);
    examined.has_only("warn", &["settings"]).ends_with(0);
}
