//! A checkpoint that cannot be used is refused with the reason: nothing is printed, and the file stays as it is.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use verkada_audit_logs::demo::DemoServer;

use super::{END, MIDDLE, START, profile, range, server};
use crate::support::program::Program;
use crate::support::raw_server::{RawServer, Reply, Request};

/// A good checkpoint, made by a run.
fn good(program: &Program, more: &[&str]) -> String {
    program.run(range(START, MIDDLE, more)).quietly();
    fs::read_to_string(program.path("progress.json")).unwrap()
}

#[track_caller]
fn assert_refused(program: &Program, more: &[&str], words: &[&str]) {
    let path = program.path("progress.json");
    let before = fs::read(&path).unwrap();
    program.run(range(START, END, more)).refuses(2, words);
    assert!(fs::read(&path).unwrap() == before, "the file has changed");
    assert!(!program.files().contains(&"progress.json.tmp".to_owned()));
}

#[test]
fn a_file_that_no_run_wrote_is_refused_and_left_alone() {
    let server = server();
    let program = Program::asking_demo(&server);
    let text = good(&program, &[]);
    let cut = &text[..text.len() / 2];
    let newer = text.replacen("\"version\":2", "\"version\":3", 1);
    let backup = "restore it from a backup";
    // One digit of the first time, the beginning of the audit logs.
    let impossible = text.replacen("\"since\":1", "\"since\":9", 1);
    let cases: [(&[u8], [&str; 2]); 9] = [
        (b"", ["is empty", backup]),
        (b"\n", ["is empty", backup]),
        (cut.as_bytes(), ["is corrupt (at line 1, column", backup]),
        (b"garbage", ["is corrupt (at line 1, column 1)", backup]),
        (b"[]", ["is corrupt", backup]),
        (&[0; 512], ["is corrupt", backup]),
        (&[0xff, 0xfe, 0x80], ["is corrupt (it is not text)", backup]),
        (
            impossible.as_bytes(),
            ["is corrupt (its times contradict each other)", backup],
        ),
        (
            newer.as_bytes(),
            [
                "newer version of this program (format 3)",
                "run the version that wrote it",
            ],
        ),
    ];
    for (content, words) in cases {
        program.write("progress.json", content);
        assert_refused(&program, &[], &[&words[..], &["progress.json"]].concat());
    }
    program.write("progress.json", &text);
    program.run(range(START, END, &[])).quietly();
}

#[test]
fn a_checkpoint_that_cannot_be_replaced_is_refused_before_anything_is_printed() {
    let server = server();
    let program = Program::asking_demo(&server);
    good(&program, &[]);
    let path = program.path("progress.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_refused(&program, &[], &["is read-only", "read and write"]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();

    // Stands for a folder in which no file can be created, because the superuser can create one anywhere.
    fs::create_dir(program.path("progress.json.tmp")).unwrap();
    let before = fs::read(&path).unwrap();
    let ended = program.run(range(START, END, &[]));
    ended.refuses(2, &["could not be saved: removing", "progress.json.tmp"]);
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_dir(program.path("progress.json.tmp")).unwrap();

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let ended = program.run(range(START, END, &[]));
    ended.refuses(2, &["is a folder", "name a file"]);
    assert!(path.is_dir());

    fs::remove_dir(&path).unwrap();
    symlink("nowhere/progress.json", &path).unwrap();
    let ended = program.run(range(START, END, &[]));
    ended.refuses(2, &["is a link to nothing"]);
}

#[test]
fn a_missing_folder_is_an_error_and_is_not_created() {
    let server = server();
    let program = Program::asking_demo(&server);
    let ended = program.run(["--checkpoint", "missing/progress.json"]);
    ended.refuses(2, &["missing/progress.json", "create the folder"]);
    let ended = program.run(["--checkpoint", "progress/"]);
    ended.refuses(2, &["progress/", "names a folder"]);
    assert!(program.files().is_empty());
    assert_eq!(server.stats().requests(), 0);
}

#[test]
fn another_host_is_refused() {
    let (server, other) = (server(), server());
    let program = Program::asking_demo(&server);
    good(&program, &[]);
    let program = program.with("VERKADA_BASE_URL", &other.base_url());
    let (server, other) = (server.base_url(), other.base_url());
    assert_refused(
        &program,
        &[],
        &["belongs to", &server, &other, "of its own"],
    );
}

#[test]
fn a_clock_before_the_watermark_is_refused() {
    let server = server();
    let program = Program::asking_demo(&server);
    let text = good(&program, &[]);
    let future = text.replace(&MIDDLE.to_string(), "33000000000");
    program.write("progress.json", future);
    assert_refused(
        &program,
        &[],
        &["is in the future", "Verkada's clock says", "restore it"],
    );
    let future = (chrono::Utc::now().timestamp() + 3_600).to_string();
    let later = (chrono::Utc::now().timestamp() + 7_200).to_string();
    let program = Program::asking_demo(&server);
    let arguments = [
        "--checkpoint",
        "new.json",
        "--start",
        &future,
        "--end",
        &later,
    ];
    program
        .run(arguments)
        .refuses(2, &["--start", "is in the future"]);
}

/// One host that passes requests on to one of several organisations.
fn front(servers: &Arc<Vec<DemoServer>>, chosen: &Arc<AtomicUsize>) -> RawServer {
    let (servers, chosen) = (Arc::clone(servers), Arc::clone(chosen));
    RawServer::start(move |request, _| {
        let server = &servers[chosen.load(Ordering::SeqCst)];
        Reply::Bytes(pass_on(request, &server.base_url()))
    })
}

fn pass_on(request: &Request, base_url: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(base_url.trim_start_matches("http://")).unwrap();
    let question_mark = if request.query.is_empty() { "" } else { "?" };
    let mut head = format!(
        "{} {}{question_mark}{} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n",
        request.method, request.path, request.query
    );
    for name in ["x-api-key", "x-verkada-auth"] {
        if let Some(value) = request.header(name) {
            head += &format!("{name}: {value}\r\n");
        }
    }
    stream.write_all((head + "\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn another_organisation_is_refused_and_a_new_key_of_the_same_one_goes_on() {
    let organisation = |seed, key: &str| {
        let builder = DemoServer::builder(profile(seed)).api_key(key);
        builder.start().unwrap()
    };
    let servers = Arc::new(vec![
        organisation(1, "first"),
        organisation(2, "second"),
        organisation(1, "rotated"),
        organisation(2, "first"),
    ]);
    for only in [&[][..], &["--only", "notifications"]] {
        let chosen = Arc::new(AtomicUsize::new(0));
        let front = front(&servers, &chosen);
        let asking = |key: &str| Program::asking(front.base_url(), key);
        let program = asking("first");
        let text = good(&program, only);
        let with_key = |number, key: &str| {
            chosen.store(number, Ordering::SeqCst);
            let program = asking(key);
            program.write("progress.json", &text);
            program
        };
        let words = ["belongs to organisation", "this key reads", "of its own"];
        assert_refused(&with_key(1, "second"), only, &words);
        if only.is_empty() {
            assert_refused(&with_key(3, "first"), only, &words);
        }
        with_key(2, "rotated")
            .run(range(START, END, only))
            .quietly();
    }
}
