//! The checkpoint's own files, and the output file that it knows.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use verkada_audit_logs::pull::Checkpoint;

use super::{END, MIDDLE, START, everything, range, server, sorted};
use crate::support::program::Program;

const APPEND: [&str; 2] = ["--output", "records.jsonl"];

#[test]
fn checkpoint_and_lock_are_the_owners_alone() {
    let server = server();
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &[])).quietly();
    for name in ["progress.json", "progress.json.lock"] {
        let mode = fs::metadata(program.path(name)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_linked_checkpoint_is_locked_and_replaced_where_the_link_leads() {
    let server = server();
    let program = Program::asking_demo(&server);
    let target = program.path("target.json");
    let first = program.run([
        "--all-events",
        "--checkpoint",
        "target.json",
        "--start",
        &START.to_string(),
        "--end",
        &MIDDLE.to_string(),
    ]);
    let first = first.quietly();
    symlink("target.json", program.path("progress.json")).unwrap();
    let held = Checkpoint::open(&target, "any").unwrap();
    let busy = program.run(range(START, END, &[]));
    busy.refuses(75, &["another run", "target.json"]);
    drop(held);
    let before = fs::read(&target).unwrap();
    let second = program.run(range(START, END, &[])).quietly();
    assert!(program.path("progress.json").is_symlink());
    assert!(fs::read(&target).unwrap() != before);
    let printed = sorted(&[&first.stdout, &second.stdout]);
    assert_eq!(printed, everything(&server, START, END));
}

#[test]
fn only_the_lines_of_a_killed_run_are_cut_off() {
    let server = server();
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &APPEND)).quietly();
    let path = program.path("records.jsonl");
    let mut torn = fs::read(&path).unwrap();
    let announcement = format!("process 1\nwrites 700 bytes at {}\n", torn.len());
    program.write("progress.json.lock", announcement);
    torn.extend(b"{\"half a reco");
    fs::write(&path, torn).unwrap();
    program.run(range(START, END, &APPEND)).quietly();
    let records = fs::read_to_string(&path).unwrap();
    assert_eq!(sorted(&[&records]), everything(&server, START, END));
}

#[test]
fn lines_of_another_program_are_never_cut_off() {
    let server = server();
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &APPEND)).quietly();
    let path = program.path("records.jsonl");
    let mut shared = fs::read(&path).unwrap();
    // A run to standard output in between says nothing about the file.
    program.run(range(START, MIDDLE + 300, &[])).quietly();
    shared.extend(b"somebody else's line\n");
    fs::write(&path, &shared).unwrap();
    let ended = program.run(range(START, END, &APPEND));
    assert_eq!(ended.code, Some(0));
    ended.says(&["another program has written", "--output"]);
    assert!(fs::read(&path).unwrap().starts_with(&shared));
}

#[test]
fn an_announcement_is_about_one_file_and_one_run_only() {
    let server = server();
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &APPEND)).quietly();
    // As the first slice leaves it.
    program.write("progress.json.lock", "process 1\nwrites 700 bytes at 0\n");
    let path = program.path("records.jsonl");
    fs::rename(&path, program.path("old.jsonl")).unwrap();
    // Nothing is left to print, but the new file is made known.
    let ended = program.run(range(START, MIDDLE, &APPEND));
    ended.says(&["nothing to do"]);
    fs::write(&path, "somebody else's line\n").unwrap();
    let ended = program.run(range(START, END, &APPEND));
    ended.says(&["another program has written", "--output"]);
    let records = fs::read_to_string(&path).unwrap();
    assert!(records.starts_with("somebody else's line\n"));
}

#[test]
fn lines_appended_after_a_full_disk_are_never_cut_off() {
    let server = server();
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &APPEND)).quietly();
    let path = program.path("records.jsonl");
    let before = fs::read(&path).unwrap();
    let arguments = range(START, END, &APPEND).join(" ");
    let binary = env!("CARGO_BIN_EXE_verkada-audit-logs");
    // In blocks of 512 bytes: room for a part of what is new.
    let blocks = before.len() / 512 + 100;
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {binary} {arguments}");
    let limited = program.shell(&script);
    assert_eq!(limited.code, Some(1), "{}", limited.stderr);
    assert!(fs::read(&path).unwrap() == before);
    let shared = [&before[..], b"somebody else's line\n"].concat();
    fs::write(&path, &shared).unwrap();
    let ended = program.run(range(START, END, &APPEND));
    ended.says(&["another program has written"]);
    let records = fs::read(&path).unwrap();
    assert!(records.starts_with(&shared));
    let records = String::from_utf8(records).unwrap();
    let records = records.replace("somebody else's line\n", "");
    assert_eq!(sorted(&[&records]), everything(&server, START, END));
}

#[test]
fn a_file_that_was_renamed_after_a_killed_run_is_reported() {
    let server = server();
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &APPEND)).quietly();
    let path = program.path("records.jsonl");
    let length = fs::metadata(&path).unwrap().len();
    program.write(
        "progress.json.lock",
        format!("process 1\nwrites 700 bytes at {length}\n"),
    );
    fs::rename(&path, program.path("old.jsonl")).unwrap();
    let ended = program.run(range(START, END, &APPEND));
    assert_eq!(ended.code, Some(0));
    ended.says(&["not the one that a killed run was writing to", "bytes=700"]);
}

#[test]
fn one_file_never_serves_two_purposes() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    for (arguments, words) in [
        (
            ["--checkpoint", "a", "--output", "./a"],
            ["--checkpoint", "--output"],
        ),
        (
            ["--token-file", "a", "--output", "a"],
            ["--token-file", "--output"],
        ),
        (
            ["--checkpoint", "a", "--token-file", "a"],
            ["--checkpoint", "--token-file"],
        ),
        (
            ["--checkpoint", "a", "--output", "a.lock"],
            ["--checkpoint", "--output"],
        ),
    ] {
        program.run(arguments).refuses(2, &words);
    }
    assert!(program.files().is_empty());
}

/// A change of the output file between two runs.
type Rotate = fn(&Program);

#[test]
fn a_rotated_output_is_never_cut_and_the_run_goes_on() {
    let renamed: Rotate = |program| {
        fs::rename(program.path("records.jsonl"), program.path("old.jsonl")).unwrap();
    };
    let renamed_and_created: Rotate = |program| {
        fs::rename(program.path("records.jsonl"), program.path("old.jsonl")).unwrap();
        program.write("records.jsonl", "");
    };
    let copied_and_emptied: Rotate = |program| {
        fs::copy(program.path("records.jsonl"), program.path("old.jsonl")).unwrap();
        program.write("records.jsonl", "");
    };
    let replaced_by_a_longer_one: Rotate = |program| {
        let old = fs::read(program.path("records.jsonl")).unwrap();
        let lines = old.len() / "somebody else's\n".len() + 10;
        program.write("records.jsonl", "somebody else's\n".repeat(lines));
        program.write("old.jsonl", old);
    };
    let server = server();
    let whole = everything(&server, START, END);
    for rotate in [
        renamed,
        renamed_and_created,
        copied_and_emptied,
        replaced_by_a_longer_one,
    ] {
        let program = Program::asking_demo(&server);
        program.run(range(START, MIDDLE, &APPEND)).quietly();
        let before = fs::read_to_string(program.path("records.jsonl")).unwrap();
        rotate(&program);
        let found = fs::read_to_string(program.path("records.jsonl")).unwrap_or_default();
        program.run(range(START, END, &APPEND)).quietly();
        let old = fs::read_to_string(program.path("old.jsonl")).unwrap();
        assert!(old == before, "the rotated file has changed");
        let new = fs::read_to_string(program.path("records.jsonl")).unwrap();
        let new = new.strip_prefix(&found).expect("what was found is kept");
        assert_eq!(sorted(&[&old, new]), whole);
    }
}
