//! The files that a run would write: looked at, and left as they are.
//!
//! Some scenarios need a superuser, because nobody else can mount files. One that cannot run says so and passes.

use std::fs;
use std::path::Path;

use verkada_audit_logs::demo::{DemoServer, Profile};

use super::{Examined, examine};
use crate::support::program::Program;

const RANGE: [&str; 4] = [
    "--start",
    "2026-09-14T08:00:00Z",
    "--end",
    "2026-09-14T09:00:00Z",
];

/// A program with a checkpoint that a run has left.
fn with_checkpoint() -> Program {
    let program = Program::bare();
    let arguments = [
        &["--demo", "--checkpoint", "c", "--output", "o"],
        &RANGE[..],
    ]
    .concat();
    program.run(arguments).quietly();
    program
}

/// The names in the folder with the contents.
fn contents(program: &Program) -> Vec<(String, Vec<u8>)> {
    let names = program.files().into_iter();
    names
        .map(|name| {
            let content = fs::read(program.path(&name)).unwrap();
            (name, content)
        })
        .collect()
}

#[test]
fn a_checkpoint_is_read_and_everything_stays_as_it_is() {
    let program = with_checkpoint();
    let before = contents(&program);
    let examined = examine(&program, &["--demo", "--checkpoint", "c", "--output", "o"]);
    let through = "printed through 2026-09-14T09:00:00Z";
    examined
        .finds(
            "checkpoint",
            "ok",
            &[&format!("c: audit logs {through}, notifications {through}")],
        )
        .finds("output", "ok", &["o can be appended to"])
        .has_only("fail", &[])
        .ends_with(0);
    assert!(contents(&program) == before, "a file was changed");
}

#[test]
fn a_checkpoint_that_a_run_would_refuse_fails_with_its_reason() {
    let program = with_checkpoint();
    let good = fs::read_to_string(program.path("c")).unwrap();
    for (text, words) in [
        (String::new(), ["is empty", "restore it from a backup"]),
        (
            "garbage".to_owned(),
            ["is corrupt", "restore it from a backup"],
        ),
        (
            good.replacen(r#""version":"#, r#""version":9"#, 1),
            ["newer version", "run the version that wrote it"],
        ),
        (
            good.replace(
                r#""base_url":"demo""#,
                r#""base_url":"https://api.verkada.com""#,
            ),
            [
                "belongs to https://api.verkada.com",
                "a --checkpoint of its own",
            ],
        ),
        (
            good.replace("64646b7c-d4c5-43e1-8da5-e04d490ea122", "00000000-aaaa"),
            [
                "belongs to organisation 00000000-aaaa",
                "a --checkpoint of its own",
            ],
        ),
    ] {
        assert!(text != good);
        program.write("c", &text);
        let examined = examine(&program, &["--demo", "--checkpoint", "c"]);
        examined
            .finds("checkpoint", "fail", &words)
            .has_only("fail", &["checkpoint"])
            .ends_with(2);
        assert_eq!(fs::read_to_string(program.path("c")).unwrap(), text);
    }
    fs::remove_file(program.path("c")).unwrap();
    fs::create_dir(program.path("c")).unwrap();
    let examined = examine(&program, &["--demo", "--checkpoint", "c"]);
    examined
        .finds("checkpoint", "fail", &["is a folder"])
        .ends_with(2);
}

#[test]
fn an_output_that_cannot_be_written_fails_with_the_code_of_a_run() {
    let program = Program::bare();
    fs::create_dir(program.path("folder")).unwrap();
    for (path, words) in [
        ("missing/o", ["--output missing/o", "create the folder"]),
        ("folder", ["--output folder", "directory"]),
    ] {
        let examined = examine(&program, &["--demo", "--output", path]);
        examined
            .finds("output", "fail", &words)
            .has_only("fail", &["output"])
            .ends_with(1);
        let run = program.run(["--demo", "--output", path]);
        assert_eq!(run.code, Some(1), "{}", run.stderr);
    }
    assert_eq!(program.files(), ["folder"]);
    examine(&program, &["--demo", "--output", "folder/o"]).finds(
        "output",
        "ok",
        &["folder/o can be created"],
    );
    assert!(!program.path("folder/o").exists());
}

#[test]
fn the_first_failure_decides_the_exit_code() {
    let program = Program::bare();
    program.write("c", "garbage");
    let arguments = ["--demo", "--checkpoint", "c", "--output", "missing/o"];
    let examined = examine(&program, &arguments);
    examined
        .has_only("fail", &["checkpoint", "output"])
        .ends_with(2);
}

#[test]
fn a_token_file_that_cannot_be_written_is_a_warning() {
    let server = DemoServer::builder(Profile::demo()).start().unwrap();
    let program = Program::asking_demo(&server);
    fs::create_dir(program.path("token.json")).unwrap();
    let examined = examine(&program, &[]);
    examined
        .finds("token", "ok", &["new token"])
        .finds(
            "token file",
            "warn",
            &["token.json cannot be written", "--token-file"],
        )
        .has_only("warn", &["token file"])
        .ends_with(0);
    // Without a connection nothing is stored, so it is looked at.
    let offline = Program::asking("http://127.0.0.1:1", "key");
    fs::create_dir(offline.path("token.json")).unwrap();
    examine(&offline, &[]).finds("token file", "warn", &["is not a regular file"]);
}

#[test]
fn a_folder_that_is_read_only_is_named() {
    let program = Program::bare();
    fs::create_dir(program.path("shared")).unwrap();
    let Some(mounted) = program.mounting("-t tmpfs -o ro none shared") else {
        return;
    };
    let arguments = "doctor --demo --checkpoint shared/c --output shared/o";
    let examined = Examined::of(mounted(arguments));
    let words = ["/shared: Read-only file system"];
    examined
        .finds("checkpoint", "fail", &words)
        .finds("checkpoint", "fail", &["where files can be written"])
        .finds("output", "fail", &words)
        .has_only("fail", &["checkpoint", "output"])
        .ends_with(2);
}

#[test]
fn a_file_that_is_mounted_by_itself_is_named() {
    let server = DemoServer::builder(Profile::demo()).start().unwrap();
    let program = Program::asking_demo(&server);
    program.write("source", "");
    program.write("mounted", "");
    let Some(mounted) = program.mounting("--bind source mounted") else {
        return;
    };
    for (flag, subject) in [
        ("--token-file", "token file"),
        ("--checkpoint", "checkpoint"),
    ] {
        let examined = Examined::of(mounted(&format!("doctor {flag} mounted")));
        let words = ["is a mount point", "mount its folder instead"];
        examined
            .finds(subject, "fail", &words)
            .finds("audit logs", "ok", &["readable"])
            .has_only("fail", &[subject])
            .ends_with(2);
    }
    assert!(
        fs::read(Path::new(&program.path("source")))
            .unwrap()
            .is_empty()
    );
}
