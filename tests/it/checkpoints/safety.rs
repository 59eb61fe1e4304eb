//! Checkpoint, lock and token file where the system or other users get in the way: mounted files, planted links and
//! pipes, folders without permission, files that vanish, and what killed runs leave.
//!
//! Some of it takes a superuser, who alone can mount files and own files of others, or a second user, who is bound by
//! permissions. Scenarios that cannot run say so and pass.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use verkada_audit_logs::demo::{DemoServer, Profile};

use crate::support::program::{BINARY, Ended, Program, RANGE};
use crate::support::raw_server::{RawServer, Reply};
use crate::support::say_left_out;
use crate::support::signals::wait_until;

/// A user that owns nothing.
const OTHER_USER: u32 = 65_534;

/// One audit log of the range.
const ONE_LOG: &str = r#"{"event_name":"Live Stream Started","timestamp":"2026-09-14T13:10:00Z"}"#;

const CHECKPOINT: [&str; 2] = ["--checkpoint", "shared/c"];

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Reports whether this is the superuser; if not, says why the scenario is left out.
fn is_superuser(program: &Program) -> bool {
    let is_superuser = fs::metadata(program.path(".")).unwrap().uid() == 0;
    if !is_superuser {
        say_left_out("only the superuser can make files of another user");
    }
    is_superuser
}

/// A program with a folder `shared` that belongs to a user whom permissions bind.
struct PlainUser {
    program: Program,
    /// The command that turns the superuser into that user.
    prefix: &'static str,
}

impl PlainUser {
    /// `None`, with a reason, where the superuser cannot become another user.
    fn new() -> Option<Self> {
        let program = Program::bare();
        mode(&program.path("."), 0o755);
        fs::create_dir(program.path("shared")).unwrap();
        let mut prefix = "";
        if fs::metadata(program.path(".")).unwrap().uid() == 0 {
            prefix = "setpriv --reuid=65534 --regid=65534 --clear-groups";
            chown(program.path("shared"), Some(OTHER_USER), Some(OTHER_USER)).unwrap();
            let tried = program.shell(&format!("{prefix} {BINARY} --version"));
            if tried.code != Some(0) {
                say_left_out(&format!(
                    "no other user can run the program: {}",
                    tried.stderr
                ));
                return None;
            }
        }
        Some(Self { program, prefix })
    }

    /// Reads the simulated organisation.
    fn run(&self, arguments: &[&str]) -> Ended {
        let arguments = arguments.join(" ");
        self.program.shell(&format!(
            "{} {BINARY} --demo --only notifications {arguments}",
            self.prefix
        ))
    }
}

/// A program with a folder `shared` in which every user may create files, as in `/tmp`.
fn in_shared_folder(program: Program) -> Program {
    fs::create_dir(program.path("shared")).unwrap();
    mode(&program.path("shared"), 0o1777);
    program
}

/// A server that answers the first request for audit logs only when `released`.
fn holding_back(released: &Arc<AtomicBool>) -> RawServer {
    let released = Arc::clone(released);
    RawServer::issuing_tokens(move |request, number| {
        if !request.is_for_audit_logs() {
            return Reply::only_page(request, "");
        }
        while number == 0 && !released.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Reply::only_page(request, ONE_LOG)
    })
}

/// Starts a run, and returns when it has asked for audit logs.
fn start_and_wait(program: &Program, arguments: &[&str], server: &RawServer) -> Child {
    let child = program.spawn(arguments);
    wait_until(|| server.seen().iter().any(|seen| seen.is_for_audit_logs()));
    child
}

#[test]
fn a_file_that_is_mounted_by_itself_is_refused_before_anything_is_printed() {
    let server = DemoServer::builder(Profile::demo()).start().unwrap();
    let program = Program::asking_demo(&server);
    fs::create_dir(program.path("a folder")).unwrap();
    program.write("a folder/mounted", "");
    program.write("source", "");
    symlink("a folder/mounted", program.path("link")).unwrap();
    let Some(with_file) = program.mounting(r#"--bind source "a folder/mounted""#) else {
        return;
    };
    for path in [
        r#""a folder/mounted""#,
        r#""./a folder/../a folder/mounted""#,
        "link",
    ] {
        for (flag, name) in [
            ("--checkpoint", "checkpoint"),
            ("--token-file", "token file"),
        ] {
            let ended = with_file(&format!("{flag} {path}"));
            ended.refuses(2, &[name, "is a mount point", "mount its folder instead"]);
        }
    }
    assert_eq!(server.stats().requests(), 0);
    assert_eq!(program.files(), ["a folder", "link", "source"]);
    assert_eq!(fs::read_dir(program.path("a folder")).unwrap().count(), 1);

    let Some(with_folder) = program.mounting(r#"--bind "a folder" "a folder""#) else {
        return;
    };
    with_folder(r#"--checkpoint "a folder/c" --token-file "a folder/t""#).quietly();
    assert!(program.path("a folder/c").exists() && program.path("a folder/t").exists());
}

#[test]
fn a_run_whose_lock_file_is_gone_prints_nothing_more() {
    type Lose = fn(&Program);
    let removed: Lose = |program| fs::remove_file(program.path("c.lock")).unwrap();
    let renamed: Lose = |program| {
        fs::rename(program.path("c.lock"), program.path("c.lock.old")).unwrap();
    };
    let replaced: Lose = |program| {
        fs::rename(program.path("c.lock"), program.path("c.lock.old")).unwrap();
        program.write("c.lock", "process 1\n");
    };
    for lose in [removed, renamed, replaced] {
        for more in [&[][..], &["--output", "records.jsonl"]] {
            let released = Arc::new(AtomicBool::new(false));
            let server = holding_back(&released);
            let program = Program::asking_raw(&server);
            let arguments = [&RANGE[..], &["--checkpoint", "c"], more].concat();
            let first = start_and_wait(&program, &arguments, &server);
            let busy = program.run(&arguments);
            busy.refuses(75, &["another run (process ", "holds the checkpoint c"]);
            lose(&program);
            let second = program.run(&arguments).quietly();
            released.store(true, Ordering::SeqCst);
            let first = Ended::from(first.wait_with_output().unwrap());
            first.refuses(75, &["the lock file c.lock was removed or replaced"]);
            let output = fs::read_to_string(program.path("records.jsonl"));
            let printed = output.unwrap_or(second.stdout);
            assert_eq!(printed, format!("{ONE_LOG}\n"));
            program.run(&arguments).says(&["nothing to do"]);
        }
    }
}

#[test]
fn a_link_of_another_user_in_a_shared_folder_is_not_followed() {
    let server = RawServer::holding(ONE_LOG, "");
    for (planted, word) in [
        ("shared/c.lock", "shared/c.lock"),
        ("shared/c", "shared/c"),
        ("shared/token.json", "shared/token.json"),
    ] {
        for exists in [true, false] {
            let program = in_shared_folder(Program::asking_raw(&server));
            if !is_superuser(&program) {
                let _ = program.run(RANGE);
                return;
            }
            if exists {
                program.write("precious", "of the superuser");
            }
            symlink("../precious", program.path(planted)).unwrap();
            lchown(program.path(planted), Some(OTHER_USER), Some(OTHER_USER)).unwrap();
            let token_file = ["--token-file", "shared/token.json"];
            let arguments = [&RANGE[..], &CHECKPOINT, &token_file].concat();
            let ended = program.run(&arguments);
            let words = [word, "is a link of another user"];
            if planted.ends_with("token.json") {
                assert_eq!(ended.code, Some(0), "{}", ended.stderr);
                assert_eq!(ended.lines(), [ONE_LOG]);
                assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
                ended
                    .says(&words)
                    .says(&["WARN", "token file cannot be written"]);
            } else {
                ended.refuses(2, &[&words[..], &["remove it"]].concat());
            }
            let precious = fs::read_to_string(program.path("precious")).ok();
            assert_eq!(precious.as_deref(), exists.then_some("of the superuser"));
        }
    }
}

#[test]
fn links_of_ours_and_links_in_a_folder_of_ours_are_followed() {
    let server = RawServer::holding(ONE_LOG, "");
    let names = ["shared/c", "shared/c.lock", "shared/token.json"];
    for (folder_mode, owner) in [(0o1777, 0), (0o755, OTHER_USER)] {
        let program = in_shared_folder(Program::asking_raw(&server));
        mode(&program.path("shared"), folder_mode);
        let arguments = ["--token-file", "shared/token.json"];
        let arguments = [&RANGE[..], &CHECKPOINT, &arguments].concat();
        program.run(&arguments).quietly();
        for name in names {
            let target = name.replace("shared/", "target-of-");
            fs::rename(program.path(name), program.path(&target)).unwrap();
            symlink(format!("../{target}"), program.path(name)).unwrap();
            if is_superuser(&program) {
                lchown(program.path(name), Some(owner), Some(owner)).unwrap();
            }
        }
        program.run(&arguments).says(&["nothing to do"]);
        assert!(names.iter().all(|name| program.path(name).is_symlink()));
    }
}

#[test]
fn files_that_another_user_has_planted_are_refused() {
    let server = DemoServer::builder(Profile::demo()).start().unwrap();
    for name in ["shared/c", "shared/c.lock"] {
        let program = in_shared_folder(Program::asking_demo(&server));
        if !is_superuser(&program) {
            return;
        }
        let path = program.write(name, "");
        mode(&path, 0o666);
        chown(&path, Some(OTHER_USER), Some(OTHER_USER)).unwrap();
        let ended = program.run(CHECKPOINT);
        ended.refuses(2, &[name, "belongs to another user", "remove it"]);
    }
    let program = in_shared_folder(Program::asking_demo(&server));
    program.write("precious", "of the superuser");
    fs::hard_link(program.path("precious"), program.path("shared/c.lock")).unwrap();
    let ended = program.run(CHECKPOINT);
    ended.refuses(2, &["shared/c.lock has a second name", "remove it"]);
    let precious = fs::read_to_string(program.path("precious")).unwrap();
    assert_eq!(precious, "of the superuser");
    assert_eq!(server.stats().requests(), 0);
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_without_waiting() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    for (name, words) in [
        ("c", "c is not a regular file"),
        ("c.lock", "c.lock is not a regular file"),
    ] {
        program.make_pipe(name);
        let ended = program.run(["--checkpoint", "c"]);
        ended.refuses(2, &[words]);
        fs::remove_file(program.path(name)).unwrap();
    }
}

#[test]
fn the_folder_is_named_where_a_new_checkpoint_cannot_be_created() {
    let Some(user) = PlainUser::new() else { return };
    let folder = user.program.path("shared");
    for folder_mode in [0o555, 0o444, 0o000] {
        mode(&folder, folder_mode);
        let ended = user.run(&CHECKPOINT);
        let words = format!("in the folder {}: Permission denied", folder.display());
        ended.refuses(2, &["checkpoint shared/c cannot", &words, "let this user"]);
    }
    mode(&folder, 0o755);
    fs::write(folder.join("file"), "").unwrap();
    let long = format!("shared/{}", "x".repeat(252));
    for (path, words) in [
        (
            "shared/file/c",
            ["/shared/file: Not a directory", "name a path"],
        ),
        (
            "shared/no/c",
            ["/shared/no: No such file", "create the folder"],
        ),
        (&long, ["File name too long", "choose a shorter name"]),
    ] {
        let ended = user.run(&["--checkpoint", path]);
        ended.refuses(2, &[path, words[0], words[1]]);
    }
}

#[test]
fn a_file_system_that_is_read_only_is_named() {
    let program = Program::bare();
    fs::create_dir(program.path("shared")).unwrap();
    let Some(mounted) = program.mounting("-t tmpfs -o ro none shared") else {
        return;
    };
    let ended = mounted("--demo --checkpoint shared/c");
    ended.refuses(
        2,
        &[
            "/shared: Read-only file system",
            "where files can be written",
        ],
    );
}

#[test]
fn a_folder_that_may_be_written_to_but_not_listed_is_enough() {
    let Some(user) = PlainUser::new() else { return };
    mode(&user.program.path("shared"), 0o300);
    for _ in 0..2 {
        user.run(&[&CHECKPOINT[..], &["--output", "shared/records"]].concat())
            .quietly();
    }
    mode(&user.program.path("shared"), 0o700);
    let names = ["c", "c.lock", "records"];
    assert!(
        names
            .iter()
            .all(|name| user.program.path("shared").join(name).is_file())
    );
}

#[test]
fn a_file_that_this_user_may_not_read_or_replace_is_named() {
    let Some(user) = PlainUser::new() else { return };
    user.run(&CHECKPOINT).quietly();
    for (name, words) in [
        (
            "shared/c",
            [
                "cannot be read: opening shared/c: Permission denied",
                "can read",
            ],
        ),
        (
            "shared/c.lock",
            ["opening shared/c.lock: Permission denied", "let this user"],
        ),
    ] {
        mode(&user.program.path(name), 0o200);
        user.run(&CHECKPOINT).refuses(2, &words);
        mode(&user.program.path(name), 0o600);
    }
    user.run(&CHECKPOINT).quietly();
    if is_superuser(&user.program) {
        // As in /tmp: the file may be written to, but only root may rename onto it.
        let shared = user.program.path("shared");
        for path in [&shared, &shared.join("c")] {
            chown(path, Some(0), Some(0)).unwrap();
        }
        mode(&shared, 0o1777);
        mode(&shared.join("c"), 0o666);
        let ended = user.run(&CHECKPOINT);
        ended.refuses(
            2,
            &[
                "shared/c belongs to another user",
                "only that user may replace it",
            ],
        );
    }
}

#[test]
fn tokens_that_killed_runs_have_left_are_removed() {
    let server = RawServer::holding(ONE_LOG, "");
    let program = Program::asking_raw(&server);
    let left_over = "token.json.0123456789abcdef.tmp";
    let being_written = "token.json.fedcba9876543210.tmp";
    let others = [
        "token.json.0123456789abcdef.tmp.bak",
        "token.json.tmp",
        "token2.json.0123456789abcdef.tmp",
    ];
    for name in others.iter().chain(&[left_over, being_written]) {
        let path = program.write(name, "a token");
        if *name != being_written {
            let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_modified(hour_ago)
                .unwrap();
        }
    }
    program.run(RANGE).quietly();
    let files = program.files();
    assert!(files.contains(&"token.json".to_owned()));
    assert!(!files.contains(&left_over.to_owned()), "{files:?}");
    assert!(files.contains(&being_written.to_owned()), "{files:?}");
    for name in others {
        assert!(files.contains(&name.to_owned()), "{name}: {files:?}");
    }
}

#[test]
fn a_failed_save_says_what_failed_and_what_comes_again() {
    for more in [&[][..], &["--output", "records.jsonl"]] {
        let released = Arc::new(AtomicBool::new(false));
        let server = holding_back(&released);
        let program = Program::asking_raw(&server);
        let arguments = [&RANGE[..], &["--checkpoint", "c"], more].concat();
        let first = start_and_wait(&program, &arguments, &server);
        // Stands for a folder that has become read-only, which binds no superuser.
        fs::create_dir(program.path("c.tmp")).unwrap();
        released.store(true, Ordering::SeqCst);
        let first = Ended::from(first.wait_with_output().unwrap());
        assert_eq!(first.code, Some(1), "{}", first.stderr);
        assert_eq!(first.stderr.lines().count(), 1, "{}", first.stderr);
        let first = first.says(&["checkpoint c cannot be saved: removing c.tmp: Is a directory"]);
        let repeats = first.stderr.contains("prints again what the output took");
        assert_eq!(repeats, more.is_empty(), "{}", first.stderr);
        assert!(!first.stderr.contains("make room"), "{}", first.stderr);
        fs::remove_dir(program.path("c.tmp")).unwrap();
        let second = program.run(&arguments).quietly();
        let record = format!("{ONE_LOG}\n");
        if more.is_empty() {
            assert_eq!([first.stdout, second.stdout], [record.clone(), record]);
        } else {
            let records = fs::read_to_string(program.path("records.jsonl")).unwrap();
            assert_eq!(records, record, "each record once");
        }
    }
}
