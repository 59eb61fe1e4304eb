//! Repair: what is missing is appended, and no run prints it again.

use std::fs;

use verkada_audit_logs::pull::Checkpoint;

use super::{archive, archive_in, program, server, sorted, verify, verify_in, week, write_lines};
use crate::support::program::Program;

/// Loses some lines of the archive, and returns all of them.
fn lose_lines(program: &Program) -> Vec<String> {
    let lines = archive(program);
    let left = lines.iter().enumerate().filter(|(at, _)| at % 50 != 7);
    let left: Vec<_> = left.map(|(_, line)| line.clone()).collect();
    write_lines(program, "audit.jsonl", &left);
    lines
}

fn assert_whole(program: &Program, lines: &[String]) {
    let text = fs::read_to_string(program.path("audit.jsonl")).unwrap();
    let repaired: Vec<_> = text.lines().map(str::to_owned).collect();
    assert_eq!(sorted(repaired), sorted(lines.to_vec()));
    let again = verify(program, &["audit.jsonl"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""));
}

#[test]
fn appending_what_is_printed_repairs_the_file() {
    let server = server();
    let program = program(&server);
    let lines = lose_lines(&program);
    let binary = env!("CARGO_BIN_EXE_verkada-audit-logs");
    let week = super::week().join(" ");
    let ended = program.shell(&format!(
        "{binary} verify {week} audit.jsonl >> audit.jsonl"
    ));
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    assert_whole(&program, &lines);
}

#[test]
fn an_output_is_repaired_without_a_checkpoint_too() {
    let server = server();
    let program = program(&server);
    let lines = lose_lines(&program);
    let ended = verify(&program, &["--output", "audit.jsonl", "audit.jsonl"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(6), ""));
    assert_whole(&program, &lines);
}

#[test]
fn a_scheduled_run_does_not_print_again_what_verify_has_printed() {
    let server = server();
    let program = program(&server);
    let now = chrono::Utc::now().timestamp();
    let keep = ["--checkpoint", "c", "--output", "audit.jsonl"];
    let scheduled = ["--all-events", "--overlap-minutes", "10080"];
    let run = || program.run(scheduled.iter().chain(&keep));
    // The first run begins with the last interval, but looks back from then on.
    let start = (now - 5 * 86_400).to_string();
    let end = (now - 3_600).to_string();
    let range = ["--all-events", "--start", &start, "--end", &end];
    program.run(range.iter().chain(&keep)).quietly();
    assert_eq!(run().code, Some(0));
    let text = fs::read_to_string(program.path("audit.jsonl")).unwrap();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    // The end of the file stays, by which the next run recognises it.
    let left = lines.iter().enumerate();
    let is_left = |at: usize| at % 30 != 3 || at + 20 > lines.len();
    let left: Vec<_> = left
        .filter(|(at, _)| is_left(*at))
        .map(|(_, line)| line.clone())
        .collect();
    assert!(left.len() < lines.len());
    write_lines(&program, "audit.jsonl", &left);
    let verify = || {
        let arguments = ["verify"].iter().chain(&range).chain(&keep);
        program.run(arguments.chain(&["audit.jsonl"]))
    };
    assert_eq!(verify().code, Some(6));
    let repaired = fs::read_to_string(program.path("audit.jsonl")).unwrap();
    assert_eq!(repaired.lines().count(), lines.len());
    assert_eq!(run().code, Some(0));
    let text = fs::read_to_string(program.path("audit.jsonl")).unwrap();
    let mut after: Vec<_> = text.lines().map(str::to_owned).collect();
    // What has happened since is new.
    after.retain(|line| lines.contains(line));
    assert_eq!(sorted(after), sorted(lines));
    assert_eq!(verify().code, Some(0));
}

#[test]
fn the_checkpoint_is_locked_while_files_are_compared() {
    let server = server();
    let program = program(&server);
    let now = chrono::Utc::now().timestamp();
    let (start, end) = ((now - 7_200).to_string(), (now - 3_600).to_string());
    let range = ["--start", &start, "--end", &end];
    let keep = ["--checkpoint", "c", "--output", "audit.jsonl"];
    program.run(range.iter().chain(&keep)).quietly();
    let held = Checkpoint::open(&program.path("c"), "any").unwrap();
    let busy = program.run(
        ["verify"]
            .iter()
            .chain(&range)
            .chain(&keep)
            .chain(&["audit.jsonl"]),
    );
    busy.refuses(75, &["another run"]);
    drop(held);
}

#[test]
fn missing_records_are_printed_in_the_format_of_the_files() {
    let server = server();
    let program = program(&server);
    let verify = |files: &[&str]| {
        let week = week();
        let words = week.iter().map(String::as_str);
        program.run(["verify"].into_iter().chain(words).chain(files.to_vec()))
    };
    for format in ["raw", "envelope", "ocsf"] {
        let lines = archive_in(format, &program);
        // Lines of other programs do not count, nor do a few of an earlier format.
        program.write("others.jsonl", "{}\n".repeat(lines.len()));
        let mut earlier = archive_in("raw", &program);
        earlier.truncate(20);
        earlier.remove(0);
        write_lines(&program, "earlier.jsonl", &earlier);
        write_lines(&program, "audit.jsonl", &lines[20..]);
        let ended = verify(&["audit.jsonl", "others.jsonl", "earlier.jsonl"]);
        assert_eq!(ended.lines(), [&lines[0]], "{format}");
    }
}

#[test]
fn a_format_that_is_asked_for_wins_over_that_of_the_files() {
    let server = server();
    let program = program(&server);
    let raw = archive(&program);
    let envelopes = archive_in("envelope", &program);
    write_lines(&program, "audit.jsonl", &envelopes[1..]);
    let asked = verify_in("raw", &program, &["audit.jsonl"]);
    assert_eq!(asked.lines(), [&raw[0]]);
}
