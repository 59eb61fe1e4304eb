//! Standard output and its readers, and two sources side by side.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Output;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::support::program::{BINARY, Ended, Program, RANGE};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS, RawServer, Reply};

const ALL_EVENTS: [&str; 5] = [RANGE[0], RANGE[1], RANGE[2], RANGE[3], "--all-events"];

/// Records with a text of 200 bytes each; 5,000 of them are more than any pipe holds.
fn many(count: usize) -> String {
    let filling = "x".repeat(200);
    let records = (0..count).map(|n| format!(r#"{{"n":{n},"s":"{filling}"}}"#));
    records.collect::<Vec<_>>().join(",")
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let server = RawServer::holding(&many(5_000), &many(10));
    for lines in [0, 1, 100] {
        let program = Program::asking_raw(&server);
        let mut child = program.spawn(ALL_EVENTS);
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..lines {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 200);
        }
        drop(reader);
        Ended::from(child.wait_with_output().unwrap()).quietly();
    }
}

#[test]
fn a_reader_that_goes_away_before_the_notifications_ends_the_run_quietly() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let opened = Arc::clone(&gate);
    let server = RawServer::issuing_tokens(move |request, _| {
        if request.is_for_audit_logs() {
            return Reply::only_page(request, r#"{"n":1}"#);
        }
        let open = opened.0.lock().unwrap();
        let _open = opened.1.wait_while(open, |open| !*open).unwrap();
        Reply::only_page(request, r#"{"n":2}"#)
    });
    let program = Program::asking_raw(&server);
    let mut child = program.spawn(ALL_EVENTS);
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    drop(reader);
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    Ended::from(child.wait_with_output().unwrap()).quietly();
    assert_eq!(line, "{\"n\":1}\n");
}

#[test]
fn a_nonblocking_stream_gets_everything() {
    let server = RawServer::holding(&many(5_000), "");
    let program = Program::asking_raw(&server);
    let (mut reader, stream) = UnixStream::pair().unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut child = {
        let mut command = program.command(ALL_EVENTS);
        command.stdout(OwnedFd::from(stream)).spawn().unwrap()
    };
    // The stream is full before it is read, so the program has to wait for it.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(child.try_wait().unwrap(), None);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    Ended::from(child.wait_with_output().unwrap()).quietly();
    assert_eq!(text.lines().count(), 5_000);
    assert!(text.ends_with("}\n"));
}

#[test]
fn a_slow_reader_gets_everything() {
    let server = RawServer::holding(&many(3_000), &many(3));
    let program = Program::asking_raw(&server);
    let mut child = program.spawn(ALL_EVENTS);
    let mut stdout = child.stdout.take().unwrap();
    let (mut text, mut part) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        std::thread::sleep(Duration::from_millis(5));
        match stdout.read(&mut part).unwrap() {
            0 => break,
            length => text.extend_from_slice(&part[..length]),
        }
    }
    Ended::from(child.wait_with_output().unwrap()).quietly();
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 3_003);
    assert!(text.ends_with(b"\"}\n"));
}

#[test]
fn a_full_disk_is_an_error() {
    let server = RawServer::holding(r#"{"n":1}"#, "");
    let program = Program::asking_raw(&server);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program.command(ALL_EVENTS).stdout(full).output().unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.code, Some(1));
    ended.says(&["could not be written", "No space left"]);
    let to_file = [&ALL_EVENTS[..], &["--output", "/dev/full"]].concat();
    let ended = program.run(to_file);
    assert_eq!(ended.code, Some(1));
    ended.says(&["could not be written", "--output"]);
}

#[test]
fn an_output_file_that_cannot_be_opened_is_named_before_any_request() {
    let program = Program::asking("http://127.0.0.1:9", "key");
    for path in ["missing/out.jsonl", "."] {
        program
            .run(["--output", path])
            .refuses(1, &["--output", path]);
    }
    assert_eq!(program.files(), [""; 0]);
}

#[test]
fn help_on_a_full_disk_is_an_error() {
    for argument in ["--help", "--version"] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let program = Program::bare();
        let output = program.command([argument]).stdout(full).output();
        let ended = Ended::from(output.unwrap());
        ended.refuses(1, &["No space left"]);
    }
}

#[test]
fn a_standard_error_that_cannot_be_written_does_not_change_the_exit_code() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let code = |program: &Program, arguments: &[&str]| {
        let output: Output = program.command(arguments).stderr(full()).output().unwrap();
        output.status.code()
    };
    assert_eq!(code(&Program::bare(), &[]), Some(2));
    assert_eq!(code(&Program::bare(), &["--unknown"]), Some(2));
    let server = RawServer::start(|_, _| Reply::error(401, "no"));
    let program = Program::asking_raw(&server);
    assert_eq!(code(&program, &[]), Some(3));
    assert_eq!(code(&program, &["-vvv"]), Some(3));
    assert_eq!(code(&program, &["--log-format", "json"]), Some(3));
}

#[test]
fn output_to_a_file_is_appended() {
    let server = RawServer::holding(r#"{"n":1}"#, r#"{"n":2}"#);
    let program = Program::asking_raw(&server);
    let path = program.write("out.jsonl", "{\"n\":0}\n");
    let to_file = [&ALL_EVENTS[..], &["--output", "out.jsonl"]].concat();
    let mut expected = "{\"n\":0}\n".to_owned();
    for _ in 0..2 {
        assert_eq!(program.run(&to_file).quietly().stdout, "");
        expected += "{\"n\":1}\n{\"n\":2}\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}

#[test]
fn the_failure_of_one_source_does_not_hold_back_the_other() {
    for (failing, printed) in [(AUDIT_LOGS, NOTIFICATIONS), (NOTIFICATIONS, AUDIT_LOGS)] {
        let server = RawServer::issuing_tokens(move |request, number| {
            if request.path != failing {
                return Reply::only_page(request, &format!(r#"{{"of":"{}"}}"#, request.path));
            }
            match number {
                0 => Reply::page(request, r#"{"n":0}"#, r#""2""#),
                _ => Reply::error(400, "no such page"),
            }
        });
        let ended = Program::asking_raw(&server).run(ALL_EVENTS);
        assert_eq!(ended.code, Some(5));
        // Nothing of the page that was read before the failure.
        assert_eq!(ended.stdout, format!("{{\"of\":\"{printed}\"}}\n"));
        let only = if failing == AUDIT_LOGS {
            "audit-logs"
        } else {
            "notifications"
        };
        let carry_on = format!("--only {only} --start 1789401600 --end 1789402200");
        ended.says(&["no such page", &carry_on]);
    }
}

#[test]
fn of_two_failures_the_smallest_code_wins() {
    for (audit_logs, notifications, code) in [(400, 403, 3), (403, 400, 3), (404, 404, 5)] {
        let server = RawServer::issuing_tokens(move |request, _| {
            let status = if request.is_for_audit_logs() {
                audit_logs
            } else {
                notifications
            };
            Reply::with(status, "", "no")
        });
        let ended = Program::asking_raw(&server).run(ALL_EVENTS);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""));
        ended.says(&[
            &format!("HTTP {audit_logs}"),
            &format!("HTTP {notifications}"),
        ]);
    }
}

#[test]
fn both_sources_are_asked_for_at_the_same_time() {
    for held_back in [AUDIT_LOGS, NOTIFICATIONS] {
        let other_came = Arc::new((Mutex::new(false), Condvar::new()));
        let server = RawServer::issuing_tokens(move |request, _| {
            let (came, changed) = &*other_came;
            if request.path != held_back {
                *came.lock().unwrap() = true;
                changed.notify_all();
                return Reply::only_page(request, "");
            }
            let limit = Duration::from_secs(10);
            let waited = changed.wait_timeout_while(came.lock().unwrap(), limit, |came| !*came);
            if waited.unwrap().1.timed_out() {
                Reply::error(400, "the other source was not asked for meanwhile")
            } else {
                Reply::only_page(request, "")
            }
        });
        Program::asking_raw(&server).run(ALL_EVENTS).quietly();
    }
}

#[test]
fn a_proxy_is_not_asked_for_this_machine() {
    let server = RawServer::holding(r#"{"n":1}"#, "");
    // Nobody listens on the discard port.
    let program = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"]
        .into_iter()
        .fold(Program::asking_raw(&server), |program, name| {
            program.with(name, "http://127.0.0.1:9")
        });
    assert_eq!(program.run(ALL_EVENTS).quietly().stdout, "{\"n\":1}\n");
}

#[test]
fn the_demo_needs_no_key_touches_no_files_and_repeats_itself() {
    let program = Program::bare()
        .with("VERKADA_BASE_URL", "http://api.verkada.com")
        .with("VERKADA_PAGE_SIZE", "x")
        .with("VERKADA_CHECKPOINT", "checkpoint.json")
        .with("VERKADA_TOKEN_FILE", "token-of-the-demo.json");
    program.write(".env", "not a line of a .env file");
    let hour = [
        "--demo",
        "--start",
        "1789398000",
        "--end",
        "1789401600",
        "--max-requests-per-minute",
        "60000",
    ];
    let first = program.run(hour).quietly();
    let second = program.run(hour).quietly();
    assert!(first.lines().len() > 50);
    assert!(first.stdout == second.stdout);
    assert_eq!(program.files(), [".env"]);
    let scheduled = program
        .run(["--demo", "--max-requests-per-minute", "60000"])
        .quietly();
    assert!(!scheduled.stdout.is_empty());
    for line in scheduled.lines() {
        assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    }
}

#[test]
fn help_survives_a_reader_that_goes_away() {
    let mut child = Program::bare().spawn(["--help"]);
    drop(child.stdout.take());
    Ended::from(child.wait_with_output().unwrap()).quietly();
}

#[test]
fn a_closed_standard_output_is_an_error_that_moves_no_checkpoint() {
    let program = Program::bare();
    let ended = program.shell(&format!("{BINARY} --demo --checkpoint progress.json >&-"));
    ended.refuses(1, &["standard output is closed"]);
    assert!(!program.path("progress.json").exists());
    for command in ["doctor --demo --output o", "man", "completions bash"] {
        let ended = program.shell(&format!("{BINARY} {command} >&-"));
        ended.refuses(1, &["standard output is closed"]);
    }
    assert_eq!(program.files(), ["progress.json.lock"]);
}

#[test]
fn an_output_that_is_a_pipe_ends_with_its_reader() {
    let program = Program::bare();
    program.make_pipe("pipe");
    let reader = std::thread::spawn({
        let path = program.path("pipe");
        move || {
            let mut line = String::new();
            let mut reader = BufReader::new(fs::File::open(path).unwrap());
            reader.read_line(&mut line).unwrap();
            line
        }
    });
    let range = [
        "--start",
        "2026-09-14T08:00:00Z",
        "--end",
        "2026-09-14T10:00:00Z",
    ];
    let arguments = ["--demo", "--output", "pipe"].into_iter().chain(range);
    program.run(arguments).quietly();
    assert!(reader.join().unwrap().starts_with('{'));
}

#[test]
fn a_dash_is_standard_output() {
    let program = Program::bare();
    let ended = program.run(["--demo", "--output", "-"]).quietly();
    assert!(!ended.stdout.is_empty());
    assert!(program.files().is_empty());
}

#[test]
fn after_a_full_disk_the_message_says_how_to_append_the_rest() {
    let program = Program::bare();
    let demo = "--demo --all-events --only audit-logs --start 1789372800 --end 1789380000";
    let whole = program.run(demo.split(' ')).quietly().stdout;
    let to_file = |limits: &str, more: &str| {
        program.shell(&format!(
            "{limits} exec {BINARY} {demo} --output out.jsonl {more}"
        ))
    };
    // In blocks of 512 or 1,024 bytes: more than the first slice, less than all.
    let full = to_file("ulimit -f 900;", "");
    let full = full.says(&["--output", "shorten it to", "to resume"]);
    let path = program.path("out.jsonl");
    let written = fs::read_to_string(&path).unwrap();
    assert!(whole.starts_with(&written));
    assert!(written.len() < whole.len(), "the limit was not reached");
    let length = full.stderr.split_once("truncate -s ").unwrap().1;
    let length = length.split_once(')').unwrap().0.parse().unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(length)
        .unwrap();
    assert!(written.len() as u64 > length);
    let flags = full.stderr.split_once("with --only").unwrap().1;
    let advised: Vec<_> = flags.split_whitespace().take(5).collect();
    to_file("", &format!("--only {}", advised.join(" "))).quietly();
    assert!(fs::read_to_string(&path).unwrap() == whole);
}
