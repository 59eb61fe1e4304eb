//! The output file of earlier runs: recognised under another name among files that look like it, and missed when somebody
//! has emptied, shortened or replaced it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};

use crate::support::program::{BINARY, Ended, Program};

/// The first half hour of the range.
const FIRST: &str = "2026-09-14T08:30:00Z";

/// The end of the range.
const LAST: &str = "2026-09-14T09:00:00Z";

/// A folder with outputs of the simulated organisation. The output and the checkpoint `x` are `x.jsonl` and `x.json`.
struct Folder(Program);

impl Folder {
    fn new() -> Self {
        Self(Program::bare())
    }

    /// Runs with the checkpoint of `name` until `end`, where `output` says where the lines go.
    fn print(&self, name: &str, end: &str, output: &str) -> Ended {
        let range = format!("--start 2026-09-14T08:00:00Z --end {end}");
        let pace = "--max-requests-per-minute 60000";
        self.sh(&format!(
            "exec {BINARY} --demo {pace} {range} --checkpoint {name}.json {output}"
        ))
    }

    /// Runs to the file of `name`.
    fn run(&self, name: &str, end: &str) -> Ended {
        self.print(name, end, &format!("--output {name}.jsonl"))
    }

    /// Runs a script of the shell.
    #[track_caller]
    fn sh(&self, script: &str) -> Ended {
        let ended = self.0.shell(script);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended
    }

    /// Leaves the file and the checkpoint of `name` as a run does that is killed before it has acknowledged anything of the
    /// second half hour.
    fn kill_in_second_half(&self, name: &str) {
        self.run(name, FIRST).quietly();
        self.sh(&format!("cp {name}.json {name}.before"));
        self.run(name, LAST).quietly();
        self.sh(&format!("mv {name}.before {name}.json"));
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path(name)).unwrap()
    }

    /// Changes the checkpoint of `name`.
    fn change(&self, name: &str, change: impl Fn(&mut Value)) {
        let path = format!("{name}.json");
        let mut state: Value = serde_json::from_str(&self.read(&path)).unwrap();
        change(&mut state);
        self.0.write(&path, state.to_string());
    }
}

/// All lines of the first half hour, and those of the second.
fn halves() -> (String, String) {
    let folder = Folder::new();
    folder.run("x", FIRST).quietly();
    let first = folder.read("x.jsonl");
    folder.run("x", LAST).quietly();
    let second = folder.read("x.jsonl")[first.len()..].to_owned();
    assert!(first.len() > 10_000 && second.len() > 10_000);
    (first, second)
}

/// The file of `y` is moved by `rotate` where others begin like it and hold more.
fn nothing_is_lost_beside(others: &str, rotate: &str) -> (Folder, Ended) {
    let (first, second) = halves();
    let folder = Folder::new();
    folder.run("y", FIRST).quietly();
    folder.run("x", FIRST).quietly();
    folder.run("x", LAST).quietly();
    folder.sh(others);
    folder.sh(rotate);
    let ended = folder.run("y", LAST);
    assert!(
        folder.read("y.jsonl") == second,
        "{rotate}: {}",
        ended.stderr
    );
    if folder.0.path("y.jsonl.1").exists() {
        assert!(folder.read("y.jsonl.1") == first);
    }
    folder.run("y", LAST).says(&["nothing to do"]);
    (folder, ended)
}

#[test]
fn a_file_that_was_renamed_is_not_taken_for_another_one_that_begins_like_it() {
    for others in [
        "true",
        "cat y.jsonl x.jsonl > all.jsonl",
        "cat y.jsonl x.jsonl > y-all.jsonl",
        "cat y.jsonl x.jsonl > y.jsonl.all",
        "cp x.jsonl y.jsonl.0",
    ] {
        for rotate in [
            "mv y.jsonl y.jsonl.1",
            "mv y.jsonl y-20261129.jsonl",
            "mv y.jsonl y.jsonl.1; : > y.jsonl",
        ] {
            nothing_is_lost_beside(others, rotate).1.quietly();
        }
    }
}

#[test]
fn a_file_that_is_gone_is_not_taken_for_another_one_that_begins_like_it() {
    for rotate in [
        "rm y.jsonl",
        "mv y.jsonl y.jsonl.1; rm y.jsonl.1",
        "mkdir old; mv y.jsonl old; : > y.jsonl",
        "gzip y.jsonl",
    ] {
        let (_, ended) = nothing_is_lost_beside("true", rotate);
        ended.says(&["x.jsonl", "printed twice"]);
    }
}

#[test]
fn a_copied_checkpoint_goes_on_from_its_own_file() {
    let (first, second) = halves();
    for rotate in ["true", "mv y.jsonl y.jsonl.1"] {
        let folder = Folder::new();
        folder.run("x", FIRST).quietly();
        folder.sh("cp x.json y.json; cp x.jsonl y.jsonl");
        folder.run("x", LAST).quietly();
        folder.sh(rotate);
        let ended = folder.run("y", LAST);
        if rotate == "true" {
            ended.quietly();
            assert!(folder.read("y.jsonl") == format!("{first}{second}"));
        } else {
            ended.says(&["x.jsonl", "y.jsonl.1", "printed twice"]);
            assert!(folder.read("y.jsonl") == second);
        }
        assert!(folder.read("x.jsonl") == format!("{first}{second}"));
    }
}

/// What a killed run has written stands in `old` after `rotate`, and is not printed again.
#[track_caller]
fn nothing_is_printed_twice(old: &str, rotate: &str, output: &str) -> Ended {
    let (first, second) = halves();
    let folder = Folder::new();
    folder.kill_in_second_half("y");
    folder.sh(rotate);
    let ended = folder.print("y", LAST, output);
    let in_new = folder.0.path("y.jsonl");
    let new = fs::read_to_string(in_new).unwrap_or_default();
    assert!(new.is_empty(), "{rotate}: {} lines", new.lines().count());
    assert!(folder.read(old) == format!("{first}{second}"));
    ended
}

#[test]
fn what_a_killed_run_wrote_is_found_in_the_rotated_file() {
    for (old, rotate) in [
        ("y.jsonl.1", "mv y.jsonl y.jsonl.1"),
        // A backup of it, made later, looks like it.
        (
            "y.jsonl.1",
            "mv y.jsonl y.jsonl.1; cp y.jsonl.1 y.jsonl.bak",
        ),
        (
            "y.jsonl-20261129",
            "mv y.jsonl y.jsonl-20261129; : > y.jsonl",
        ),
        (
            "y-20261129.jsonl",
            "mv y.jsonl y-20261129.jsonl; : > y.jsonl",
        ),
        // A second name of the same file.
        ("y.jsonl.1", "ln y.jsonl other.jsonl; mv y.jsonl y.jsonl.1"),
        ("y.jsonl.1", "cp y.jsonl y.jsonl.1; : > y.jsonl"),
        (
            "y.jsonl.1",
            "cp y.jsonl x.jsonl; cp y.jsonl y.jsonl.1; : > y.jsonl",
        ),
    ] {
        for output in ["--output y.jsonl", ">> y.jsonl"] {
            nothing_is_printed_twice(old, rotate, output).quietly();
        }
    }
}

#[test]
fn a_file_that_rotation_would_not_name_so_is_named_where_its_records_count_as_printed() {
    for (old, rotate, output) in [
        ("old.jsonl", "mv y.jsonl old.jsonl", "--output y.jsonl"),
        ("y.old", "mv y.jsonl y.old", "--output z.jsonl"),
    ] {
        let ended = nothing_is_printed_twice(old, rotate, output);
        ended.says(&["WARN", old, "before it had acknowledged them"]);
    }
}

#[test]
fn of_several_copies_none_is_taken_for_the_file() {
    let (_, second) = halves();
    let folder = Folder::new();
    folder.kill_in_second_half("y");
    folder.sh("cp y.jsonl y.jsonl.1; cp y.jsonl y.jsonl.2; : > y.jsonl");
    let ended = folder.run("y", LAST);
    ended.says(&["y.jsonl.1", "y.jsonl.2", "printed twice"]);
    assert!(folder.read("y.jsonl") == second);
    // Without anything in them that the checkpoint does not know, it does not matter which one is the file.
    folder.sh("cp y.jsonl y.jsonl.3; cp y.jsonl y.jsonl.4; : > y.jsonl");
    folder.run("y", "2026-09-14T09:15:00Z").quietly();
}

#[test]
fn a_file_that_was_left_in_the_middle_of_a_slice_is_read_back_once() {
    let folder = Folder::new();
    folder.kill_in_second_half("y");
    folder.sh("mv y.jsonl y.jsonl.1");
    folder.sh(": > y.jsonl");
    let of_new = fs::metadata(folder.0.path("y.jsonl")).unwrap().ino();
    folder.change("y", |state| {
        let left = state["output"].take();
        state["moved_outputs"] = json!([left]);
        let end = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        state["output"] = json!({"length": 0, "end": end, "number": of_new});
    });
    for _ in 0..2 {
        folder.run("y", LAST);
        assert_eq!(folder.read("y.jsonl"), "");
        folder.change("y", |state| {
            assert_eq!(state["moved_outputs"], json!([]));
            assert_eq!(state["recovered"], json!([]));
        });
    }
}

#[test]
fn an_output_that_is_a_link_is_found_where_the_link_leads() {
    for rotate in [
        "mv data/audit.jsonl data/audit.jsonl.1",
        "cp data/audit.jsonl data/audit.jsonl.1; : > data/audit.jsonl",
        "mv data/audit.jsonl data/audit.jsonl.1; ln -sfn data/audit-2.jsonl y.jsonl",
        "mv y.jsonl y.jsonl.1; mv data/audit.jsonl data/audit.jsonl.1; ln -sfn data/audit.jsonl.1 y.jsonl.1",
    ] {
        let (first, second) = halves();
        let folder = Folder::new();
        folder.sh("mkdir data; ln -s data/audit.jsonl y.jsonl");
        folder.kill_in_second_half("y");
        folder.sh(rotate);
        folder.run("y", LAST).says(&[""]);
        assert_eq!(folder.read("y.jsonl"), "", "{rotate}");
        assert!(folder.read("data/audit.jsonl.1") == format!("{first}{second}"));
    }
}

#[test]
fn a_mark_without_the_numbers_of_the_file_goes_by_the_names_that_rotation_gives() {
    let (_, second) = halves();
    for (old, is_taken) in [
        ("y.jsonl.1", true),
        ("y-20261129.jsonl", true),
        ("other.jsonl", false),
        ("y-eu.jsonl", false),
    ] {
        let folder = Folder::new();
        folder.kill_in_second_half("y");
        folder.change("y", |state| {
            let mark = state["output"].as_object_mut().unwrap();
            mark.retain(|name, _| ["length", "end"].contains(&name.as_str()));
        });
        folder.sh(&format!("mv y.jsonl {old}"));
        let ended = folder.run("y", LAST);
        if is_taken {
            ended.quietly();
            assert_eq!(folder.read("y.jsonl"), "", "{old}");
        } else {
            ended.says(&[old, "printed twice"]);
            assert!(folder.read("y.jsonl") == second, "{old}");
        }
    }
}

#[test]
fn an_output_that_was_emptied_shortened_or_changed_is_said_once() {
    const SHORTENED: &str = "y.jsonl was emptied or shortened since the last run wrote it";
    const REPLACED: &str = "y.jsonl is not the file that the last run wrote, or it was changed";
    for (script, said) in [
        (": > y.jsonl", SHORTENED),
        ("head -n 5 y.jsonl > some; cat some > y.jsonl", SHORTENED),
        ("sed -i 5d y.jsonl", REPLACED),
        (
            "sed 5d y.jsonl > some; cat some some some > y.jsonl",
            REPLACED,
        ),
        ("rm y.jsonl; echo '{}' > y.jsonl", REPLACED),
        ("mkdir old; mv y.jsonl old; echo '{}' > y.jsonl", REPLACED),
    ] {
        for output in ["--output y.jsonl", ">> y.jsonl"] {
            let folder = Folder::new();
            folder.run("y", FIRST).quietly();
            folder.sh(script);
            let ended = folder.print("y", LAST, output).says(&["WARN", said]);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
            folder.print("y", "2026-09-14T09:15:00Z", output).quietly();
        }
    }
}

#[test]
fn a_shell_that_empties_the_output_for_each_run_is_said_each_time() {
    let folder = Folder::new();
    folder.print("y", FIRST, "> y.jsonl").quietly();
    for end in [LAST, "2026-09-14T09:15:00Z"] {
        let ended = folder.print("y", end, "> y.jsonl");
        ended.says(&["y.jsonl was emptied or shortened", ">>"]);
    }
}

#[test]
fn an_output_that_was_taken_away_or_rotated_is_not_worth_a_word() {
    let (_, second) = halves();
    for script in [
        "true",
        "rm y.jsonl",
        "rm y.jsonl; : > y.jsonl",
        "mkdir old; mv y.jsonl old",
        "mkdir old; mv y.jsonl old; : > y.jsonl",
        "gzip y.jsonl",
        "mv y.jsonl y.jsonl.1; : > y.jsonl; gzip y.jsonl.1",
        "mv y.jsonl y.jsonl.1; echo '{}' > y.jsonl",
        "cp y.jsonl y.jsonl.1; : > y.jsonl",
        "mv y.jsonl some; cp some y.jsonl",
    ] {
        for output in ["--output y.jsonl", ">> y.jsonl"] {
            let folder = Folder::new();
            folder.run("y", FIRST).quietly();
            folder.sh(script);
            folder.print("y", LAST, output).quietly();
            assert!(folder.read("y.jsonl").ends_with(&second), "{script}");
        }
    }
}

#[test]
fn a_new_output_is_not_worth_a_word() {
    let folder = Folder::new();
    folder.0.write("z.jsonl", "{}\n");
    folder.run("y", FIRST).quietly();
    folder.print("y", LAST, "--output z.jsonl").quietly();
    folder
        .print("y", "2026-09-14T09:15:00Z", "| cat > y.jsonl")
        .quietly();
    folder
        .print("y", "2026-09-14T09:30:00Z", "> y.jsonl")
        .quietly();
}

#[test]
fn doctor_says_the_same_and_changes_nothing() {
    let doctor = |folder: &Folder, output: &str| {
        let command = "doctor --demo --max-requests-per-minute 60000 --checkpoint y.json";
        let found = folder.0.shell(&format!("exec {BINARY} {command} {output}"));
        let lines = found.stdout.lines();
        let mut lines = lines.skip_while(|line| !line.contains(" output "));
        format!(
            "{}\n{}",
            lines.next().unwrap(),
            lines.next().unwrap_or_default()
        )
    };
    let folder = Folder::new();
    folder.run("y", FIRST).quietly();
    let output = "--output y.jsonl";
    assert!(doctor(&folder, output).starts_with("ok"));
    folder.sh(": > y.jsonl");
    for _ in 0..2 {
        let found = doctor(&folder, output);
        assert!(found.starts_with("warn"), "{found}");
        assert!(
            found.contains("was emptied or shortened") && found.contains(">>"),
            "{found}"
        );
    }
    folder.0.write("y.jsonl", "{}\n".repeat(9));
    folder.run("y", LAST).says(&["was emptied or shortened"]);
    assert!(doctor(&folder, output).starts_with("ok"));
    folder.sh("sed -i 1d y.jsonl");
    let found = doctor(&folder, output);
    assert!(
        found.starts_with("warn") && found.contains("is not the file"),
        "{found}"
    );
    folder.sh("rm y.jsonl");
    assert!(doctor(&folder, output).starts_with("ok"));
    assert_eq!(folder.0.files(), ["y.json", "y.json.lock"]);
}
