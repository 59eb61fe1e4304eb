//! The real binary, ended by signals at any instant, appends each record exactly once.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile};

use crate::support::program::{Ended, Program};
use crate::support::signals::{send, wait_for_end, wait_until};

const START: i64 = 1_789_000_200;

/// Long enough for many slices.
const RANGE: [&str; 4] = ["--start", "1789000200", "--end", "1789030200"];

const APPEND: [&str; 5] = [
    "--all-events",
    "--checkpoint",
    "progress.json",
    "--output",
    "records.jsonl",
];

/// Less than what writing all of it takes.
const WRITING: Duration = Duration::from_millis(3);

fn busy() -> Profile {
    Profile {
        audit_logs_per_day: 30_000.0,
        notifications_per_day: 6_000.0,
        daily_cycle: DailyCycle::Flat,
        twins_per_mille: 100,
        ..Profile::demo()
    }
}

fn server(latency: u64) -> DemoServer {
    DemoServer::builder(busy())
        .latency(Duration::from_millis(latency))
        .start()
        .unwrap()
}

fn program(server: &DemoServer) -> Program {
    Program::asking_demo(server).with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000")
}

/// Returns the records and the token file that one undisturbed run writes.
fn undisturbed(server: &DemoServer) -> (Vec<u8>, Vec<u8>) {
    let program = program(server);
    program.run(RANGE.iter().chain(&APPEND)).quietly();
    let records = fs::read(program.path("records.jsonl")).unwrap();
    assert!(records.iter().filter(|byte| **byte == b'\n').count() > 10_000);
    (records, fs::read(program.path("token.json")).unwrap())
}

#[track_caller]
fn assert_nothing_else_is_left_behind(program: &Program) {
    assert_eq!(
        program.files(),
        [
            "progress.json",
            "progress.json.lock",
            "records.jsonl",
            "token.json"
        ]
    );
}

/// Returns when the file is longer than now, or the child has ended.
fn wait_for_growth(file: &Path, child: &mut Child) {
    let length = || fs::metadata(file).map_or(0, |file| file.len());
    let before = length();
    while length() == before && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_micros(100));
    }
}

#[test]
fn killed_at_random_instants_the_file_is_byte_for_byte_that_of_one_run() {
    let server = server(1);
    let began = Instant::now();
    let (expected, token) = undisturbed(&server);
    let usual = began.elapsed();
    let (mut kills, mut kills_on_the_way) = (0, 0);
    let mut dice = fastrand::Rng::with_seed(18);
    for round in 0..10 {
        let program = program(&server);
        // A run that is killed while it writes its token leaves a temporary file with a random name.
        program.write("token.json", &token);
        loop {
            let mut child = program.spawn(RANGE.iter().chain(&APPEND));
            // At any time, and as often while it writes, which takes a small part of that.
            let mut within = usual;
            if dice.bool() {
                wait_for_growth(&program.path("records.jsonl"), &mut child);
                within = WRITING;
            }
            std::thread::sleep(within.mul_f64(dice.f64()));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            if status.success() {
                break;
            }
            assert_eq!(status.signal(), Some(9), "round {round}: {status}");
            kills += 1;
            let length = fs::metadata(program.path("records.jsonl")).map_or(0, |file| file.len());
            kills_on_the_way += u64::from(length > 0 && length < expected.len() as u64);
            // A run that is always killed before its first slice would never end.
            if kills % 20 == 19 {
                let last = program.run(RANGE.iter().chain(&APPEND));
                assert_eq!(last.code, Some(0), "{}", last.stderr);
                break;
            }
        }
        let records = fs::read(program.path("records.jsonl")).unwrap();
        assert!(records == expected, "round {round}: the files differ");
        assert_nothing_else_is_left_behind(&program);
    }
    assert!(
        kills > 10 && kills_on_the_way > 5,
        "{kills}, {kills_on_the_way}"
    );
}

#[test]
fn a_signal_stops_after_the_write_in_hand_and_the_next_run_carries_on() {
    let server = server(10);
    let (expected, _) = undisturbed(&server);
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let program = program(&server);
        let child = program.spawn_stoppable(RANGE.iter().chain(&APPEND));
        let path = program.path("records.jsonl");
        wait_until(|| fs::metadata(&path).is_ok_and(|file| file.len() > 0));
        send(signal, &child);
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        ended.says(&["stopped; the next run with the same --checkpoint carries on"]);
        let records = fs::read(&path).unwrap();
        assert!(records.len() < expected.len() && records.ends_with(b"\n"));
        let checkpoint = fs::read_to_string(program.path("progress.json")).unwrap();
        assert!(checkpoint.contains(&format!("\"length\":{}", records.len())));
        program.run(RANGE.iter().chain(&APPEND)).quietly();
        assert!(fs::read(&path).unwrap() == expected, "{signal:?}");
        assert_nothing_else_is_left_behind(&program);
    }
}

#[test]
fn a_second_signal_ends_a_run_that_is_blocked_on_a_full_pipe_at_once() {
    let server = server(0);
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let program = program(&server);
        let mut child = program.spawn_stoppable(RANGE.iter().chain(&APPEND[..3]));
        // One line is read, so that it is known to write; then the pipe fills up.
        let mut stdout = BufReader::with_capacity(16, child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        send(signal, &child);
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(child.try_wait().unwrap(), None, "one signal waits");
        send(signal, &child);
        assert_eq!(wait_for_end(&mut child).code(), Some(code));
    }
}

#[test]
fn a_first_run_that_dies_leaves_its_interval_to_the_next() {
    let failing = Arc::new(AtomicU64::new(1));
    let plan = Arc::clone(&failing);
    let server = DemoServer::builder(busy())
        .fault(Arc::new(move |_| {
            (plan.load(Ordering::SeqCst) > 0)
                .then_some(verkada_audit_logs::demo::Fault::Status(404))
        }))
        .start()
        .unwrap();
    let program = program(&server);
    let every_minute = ["--interval-minutes", "1"];
    let ended = program.run(APPEND.iter().chain(&every_minute));
    assert_eq!(ended.code, Some(5));
    let since = |program: &Program| {
        let text = fs::read_to_string(program.path("progress.json")).unwrap();
        let state: serde_json::Value = serde_json::from_str(&text).unwrap();
        state["audit_logs"]["watermark"]["since"].as_i64().unwrap()
    };
    let first = since(&program);
    assert!(first > START);
    failing.store(0, Ordering::SeqCst);
    // As if it had been a day ago.
    let checkpoint = fs::read_to_string(program.path("progress.json")).unwrap();
    let earlier = first - 86_400;
    program.write(
        "progress.json",
        checkpoint.replace(&first.to_string(), &earlier.to_string()),
    );
    program.run(APPEND.iter().chain(&every_minute)).quietly();
    assert_eq!(since(&program), earlier);
    let records = fs::read_to_string(program.path("records.jsonl")).unwrap();
    assert!(records.lines().count() > 30_000);
}
