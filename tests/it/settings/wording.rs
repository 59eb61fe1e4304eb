//! The words of refusals and warnings: they name the flag that was meant, and say what to do.

use std::fs;

use crate::support::program::{KEY, Program, RANGE};

#[track_caller]
fn refuses(arguments: &[&str], words: &[&str], others: &[&str]) {
    let program = Program::bare().with("VERKADA_API_KEY", KEY);
    program.write("two-lines", "a-key\nanother\n");
    let ended = program.run(arguments).refuses(2, words);
    for other in others {
        assert!(!ended.stderr.contains(other), "{}", ended.stderr);
    }
}

#[test]
fn a_flag_of_other_programs_is_answered_with_the_one_to_give() {
    for (arguments, flag) in [
        (&["--from", "2026-09-14"][..], "--start"),
        (&["--from=2026-09-14"], "--start"),
        (&["verify", "--from", "2026-09-14", "f"], "--start"),
        (&["--to", "2026-09-14"], "--end"),
        (&["doctor", "--until", "2026-09-14"], "--end"),
    ] {
        let given = arguments.iter().find(|word| word.starts_with("--"));
        let given = given.unwrap().split('=').next().unwrap();
        refuses(arguments, &[given, flag], &["--format", "--region"]);
    }
    for command in ["verify", "doctor", "man"] {
        let version = "'verkada-audit-logs --version'";
        refuses(&[command, "--version"], &[version], &["--region"]);
    }
    // Anything else is answered with the most similar flag.
    refuses(&["--formt", "raw"], &["--formt", "--format"], &[]);
}

#[test]
fn a_span_in_several_words_is_answered_with_quotes() {
    let hint = "quote a span with a space: --since '1d 12h'";
    for command in [&[][..], &["doctor"]] {
        let arguments = [command, &["--since", "1d", "12h"]].concat();
        refuses(&arguments, &["unexpected argument '12h'", hint], &[]);
    }
    let surplus = ["--since", "1d", "surplus"];
    refuses(&surplus, &["'surplus'"], &["quote"]);
    refuses(&["--quiet", "12h"], &["'12h'"], &["quote"]);
}

#[test]
fn a_format_is_quoted_where_it_is_none_and_taken_in_any_case() {
    let words = ["--format: “csv” is not a format", "raw, envelope or ocsf"];
    refuses(&["--format", "csv"], &words, &[]);
    let program = Program::bare();
    let read = |format| {
        let arguments = [&["--demo", "--format", format][..], &RANGE].concat();
        program.run(arguments).quietly().stdout
    };
    assert_eq!(read("OCSF"), read("ocsf"));
    assert!(read("OCSF").contains("class_uid"));
}

#[test]
fn an_accepted_gap_needs_a_checkpoint_and_a_start() {
    let words = ["--accept-gap", "--checkpoint", "--start"];
    refuses(&["--accept-gap"], &words, &[]);
    refuses(&["--accept-gap", "--checkpoint", "c"], &words, &[]);
    refuses(&["--accept-gap", "--start", "2026-09-14"], &words, &[]);
}

#[test]
fn a_key_file_with_two_lines_is_called_one() {
    let words = ["--api-key-file", "more than one line"];
    refuses(&["--api-key-file", "two-lines"], &words, &["ASCII"]);
}

#[test]
fn a_file_for_two_purposes_is_named_by_both() {
    for (arguments, words) in [
        (
            ["--output", "f", "--metrics-file", "f"],
            "--output and --metrics-file are the same file",
        ),
        (
            ["--output", "c.lock", "--checkpoint", "c"],
            "--output and the lock file of --checkpoint are the same file",
        ),
        (
            ["--checkpoint", "c", "--metrics-file", "c.tmp"],
            "the temporary file of --checkpoint and --metrics-file are the same file",
        ),
    ] {
        refuses(&arguments, &[words], &["needs"]);
    }
}

#[test]
fn flags_of_a_source_that_is_not_read_are_reported() {
    for (only, flags) in [
        ("audit-logs", &[&["--notification-type", "motion"][..]][..]),
        (
            "notifications",
            &[&["--event", "x"], &["--exclude-event", "x"]],
        ),
    ] {
        for flag in flags {
            let arguments = [&["--demo", "--only", only], *flag, &RANGE].concat();
            let ended = Program::bare().run(arguments);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            let words = format!("{} does nothing where ", flag[0]);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
            ended.says(&[&words]);
            let arguments = [&["--demo"], *flag, &RANGE].concat();
            Program::bare().run(arguments).quietly();
        }
    }
}

#[test]
fn verify_warns_of_late_records_where_the_range_has_just_ended() {
    let program = Program::bare();
    fs::write(program.path("f"), "").unwrap();
    let verify = |start: i64, end: i64| {
        let now = chrono::Utc::now().timestamp();
        let [start, end] = [start, end].map(|offset| (now + offset).to_string());
        let range = ["--start", &start, "--end", &end];
        let arguments = [&["verify", "--demo", "f"], &range[..]].concat();
        program.run(arguments).stderr
    };
    let (recent, future) = ("ends less than 30 minutes ago", "ends in the future");
    for (start, end, is_recent, is_future) in [
        (-900, -300, true, false),
        (-9_000, -3_600, false, false),
        (3_600, 7_200, false, true),
    ] {
        let said = verify(start, end);
        assert_eq!(said.contains(recent), is_recent, "{said}");
        assert_eq!(said.contains(future), is_future, "{said}");
    }
}
