//! Twins: of identical records, exactly the lost one is printed, with the id that it had.

use std::fs;

use super::{archive_in, program, server, verify_in, write_lines};
use crate::support::program::Program;

/// The formats whose lines have ids.
const WITH_IDS: [&str; 2] = ["envelope", "ocsf"];

/// The week in `format`, and where in it the two lines of a pair of twins are.
struct Week {
    lines: Vec<String>,
    first: usize,
    second: usize,
}

impl Week {
    fn of(program: &Program, format: &str) -> Self {
        let lines = archive_in(format, program);
        let is_second = |line: &&String| id(line).ends_with("-2");
        let twin = lines.iter().find(is_second).unwrap();
        let position = |line: &str| lines.iter().position(|other| other == line).unwrap();
        let own_id = id(twin);
        let first_id = own_id.replace("-2", "-1");
        let (first, second) = (position(&twin.replace(&own_id, &first_id)), position(twin));
        Self {
            lines,
            first,
            second,
        }
    }
}

/// The id in a line.
fn id(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let id = line.get("id").unwrap_or(&line["metadata"]["uid"]);
    id.as_str().unwrap().to_owned()
}

#[test]
fn of_two_identical_records_exactly_the_lost_one_is_printed() {
    let server = server();
    let program = program(&server);
    for format in WITH_IDS {
        let week = Week::of(&program, format);
        for lost in [week.first, week.second] {
            let mut left = week.lines.clone();
            let lost = left.remove(lost);
            write_lines(&program, "audit.jsonl", &left);
            let ended = verify_in(format, &program, &["audit.jsonl"]);
            assert_eq!(ended.code, Some(6), "{}", ended.stderr);
            assert_eq!(ended.lines(), [&lost]);
            assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_repeated_line_with_an_id_does_not_stand_for_its_lost_twin() {
    let server = server();
    let program = program(&server);
    for format in WITH_IDS {
        let week = Week::of(&program, format);
        for (lost, repeated) in [(week.first, week.second), (week.second, week.first)] {
            let mut left = week.lines.clone();
            left.push(left[repeated].clone());
            let lost = left.remove(lost);
            write_lines(&program, "audit.jsonl", &left);
            let ended = verify_in(
                format,
                &program,
                &["--output", "audit.jsonl", "audit.jsonl"],
            );
            assert_eq!(ended.code, Some(6), "{}", ended.stderr);
            assert!(!ended.stderr.contains("identical"), "{}", ended.stderr);
            let repaired = fs::read_to_string(program.path("audit.jsonl")).unwrap();
            assert_eq!(repaired.lines().last(), Some(lost.as_str()));
            assert_eq!(repaired.lines().count(), left.len() + 1);
            ended.says(&["more than once", "records=1"]);
            let again = verify_in(format, &program, &["audit.jsonl"]);
            assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""));
        }
    }
}

#[test]
fn a_repeated_raw_line_may_stand_for_its_lost_twin_and_a_warning_says_so() {
    let server = server();
    let program = program(&server);
    let mut lines = archive_in("raw", &program);
    let is_twin = |at: &usize| lines[at + 1..].contains(&lines[*at]);
    let twin = (0..lines.len()).find(is_twin).unwrap();
    lines.push(lines[twin].clone());
    write_lines(&program, "audit.jsonl", &lines);
    let ended = verify_in("raw", &program, &["audit.jsonl"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    ended.says(&[
        "lines without an id may then stand for identical ones",
        "records=1 without_id=1",
    ]);
}

#[test]
fn a_record_that_a_raw_archive_lacks_is_printed_with_an_id_if_asked_for() {
    let server = server();
    let program = program(&server);
    let week = Week::of(&program, "envelope");
    let mut raw = archive_in("raw", &program);
    // Which of two raw twins is lost cannot be told, so the later one is taken for it.
    raw.remove(week.first);
    write_lines(&program, "audit.jsonl", &raw);
    let ended = verify_in("envelope", &program, &["audit.jsonl"]);
    assert_eq!(ended.lines(), [&week.lines[week.second]]);
}
