//! The checkpoint's own files, and the output file that it knows.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use verkada_audit_logs::demo::DemoServer;
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

/// A run through `MIDDLE`, and what its program then needs to be put back there.
struct Half {
    program: Program,
    checkpoint: Vec<u8>,
    /// The output file so far, and as one more run would leave it.
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Half {
    fn run(server: &DemoServer) -> Self {
        let program = Program::asking_demo(server);
        program.run(range(START, MIDDLE, &APPEND)).quietly();
        let read = |name| fs::read(program.path(name)).unwrap();
        let (checkpoint, before) = (read("progress.json"), read("records.jsonl"));
        program.run(range(START, END, &APPEND)).quietly();
        let after = read("records.jsonl");
        let half = Self {
            program,
            checkpoint,
            before,
            after,
        };
        half.put_back();
        half
    }

    fn put_back(&self) {
        self.program.write("progress.json", &self.checkpoint);
        self.program.write("records.jsonl", &self.before);
    }

    /// Leaves the output as a run that was killed after it had written so much of what is new.
    fn write_and_kill(&self, bytes: usize) {
        self.put_back();
        let killed = &self.after[..self.before.len() + bytes];
        self.program.write("records.jsonl", killed);
    }

    /// The number of bytes that the second run writes.
    fn new_bytes(&self) -> usize {
        self.after.len() - self.before.len()
    }
}

#[test]
fn what_a_killed_run_has_written_is_completed_and_never_cut() {
    let server = server();
    let half = Half::run(&server);
    let new = half.new_bytes();
    let first_line = half.after[half.before.len()..]
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap();
    for bytes in [
        1,
        first_line,
        first_line + 1,
        first_line + 2,
        new / 2,
        new - 1,
        new,
    ] {
        half.write_and_kill(bytes);
        half.program.run(range(START, END, &APPEND)).quietly();
        let records = fs::read(half.program.path("records.jsonl")).unwrap();
        assert!(records == half.after, "{bytes} of {new} bytes");
    }
}

#[test]
fn a_file_is_recognised_by_its_content_whatever_its_number_is() {
    let server = server();
    let half = Half::run(&server);
    half.write_and_kill(half.new_bytes() / 2);
    let (path, copy) = (
        half.program.path("records.jsonl"),
        half.program.path("copy"),
    );
    fs::copy(&path, &copy).unwrap();
    fs::rename(&copy, &path).unwrap();
    // As an older version has written it, numbers included.
    let numbers = "\"output\":{\"device\":1,\"inode\":2,\"created\":3,";
    let checkpoint = String::from_utf8(half.checkpoint.clone()).unwrap();
    half.program
        .write("progress.json", checkpoint.replace("\"output\":{", numbers));
    half.program.run(range(START, END, &APPEND)).quietly();
    assert!(fs::read(&path).unwrap() == half.after);
}

#[test]
fn a_torn_line_that_no_record_completes_is_ended_with_a_warning() {
    let server = server();
    let half = Half::run(&server);
    let torn = [&half.before[..], b"{\"half a reco"].concat();
    half.program.write("records.jsonl", &torn);
    let ended = half.program.run(range(START, END, &APPEND));
    assert_eq!(ended.code, Some(0));
    ended.says(&["the last line of the output was torn"]);
    let records = fs::read(half.program.path("records.jsonl")).unwrap();
    let new = &half.after[half.before.len()..];
    assert!(records == [&torn[..], b"\n", new].concat());
}

#[test]
fn lines_of_another_program_stay_with_a_warning() {
    let server = server();
    let half = Half::run(&server);
    let foreign = b"somebody else's line\n{\"json\":\"too\"}\n\xff\n";
    let shared = [&half.before[..], foreign].concat();
    half.program.write("records.jsonl", &shared);
    let ended = half.program.run(range(START, END, &APPEND));
    assert_eq!(ended.code, Some(0));
    ended.says(&["another program has written", "lines=2"]);
    let records = fs::read(half.program.path("records.jsonl")).unwrap();
    let new = &half.after[half.before.len()..];
    assert!(records == [&shared[..], new].concat());
}

#[test]
fn after_a_limit_on_the_size_of_files_the_next_run_completes_the_line() {
    let server = server();
    let half = Half::run(&server);
    let arguments = range(START, END, &APPEND).join(" ");
    let binary = env!("CARGO_BIN_EXE_verkada-audit-logs");
    // In blocks of 512 bytes: room for a part of what is new, and for the checkpoint.
    let blocks = half.before.len() / 512 + 100;
    let script = format!("ulimit -f {blocks}; exec {binary} {arguments}");
    let limited = half.program.shell(&script);
    assert_eq!(limited.code, Some(1), "{}", limited.stderr);
    limited.says(&["records.jsonl", "limit on file sizes"]);
    let part = fs::read(half.program.path("records.jsonl")).unwrap();
    assert_eq!(part.len(), blocks * 512);
    assert!(half.after.starts_with(&part) && !part.ends_with(b"\n"));
    half.program.run(range(START, END, &APPEND)).quietly();
    let records = fs::read(half.program.path("records.jsonl")).unwrap();
    assert!(records == half.after);
}

#[test]
fn lines_of_a_killed_run_are_found_in_the_file_that_was_rotated_since() {
    let server = server();
    let half = Half::run(&server);
    for (name, is_copied) in [
        ("records.jsonl.1", false),
        ("records-20260914.jsonl", false),
        ("records.jsonl.1", true),
    ] {
        half.write_and_kill(half.new_bytes() / 2);
        let (path, old) = (half.program.path("records.jsonl"), half.program.path(name));
        if is_copied {
            fs::copy(&path, &old).unwrap();
            half.program.write("records.jsonl", "");
        } else {
            fs::rename(&path, &old).unwrap();
        }
        let ended = half.program.run(range(START, END, &APPEND));
        assert_eq!(ended.code, Some(0));
        ended.says(&["the last line of the old file is torn", name]);
        let (old, new) = (fs::read(&old).unwrap(), fs::read(&path).unwrap());
        let torn = old.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        assert!(
            [&old[..torn], &new].concat() == half.after,
            "{name} {is_copied}"
        );
        fs::remove_file(half.program.path(name)).unwrap();
    }
}

#[test]
fn a_file_that_may_only_be_appended_to_is_refused_only_with_a_checkpoint() {
    let server = server();
    let program = Program::asking_demo(&server);
    let path = program.write("records.jsonl", "");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o222)).unwrap();
    if fs::File::open(&path).is_ok() {
        // The user of this test may read everything.
        return;
    }
    let refused = program.run(range(START, MIDDLE, &APPEND));
    refused.refuses(1, &["records.jsonl", "may be appended to and not read"]);
    let arguments = range(START, MIDDLE, &APPEND);
    let without = arguments
        .iter()
        .filter(|argument| !["--checkpoint", "progress.json"].contains(&argument.as_str()));
    program.run(without).quietly();
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
