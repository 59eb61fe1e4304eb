//! A long read of the real program whose reader is slow or leaves, or that a signal stops.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;
use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile, WindowEnds};

use crate::support::program::{Ended, Program};
use crate::support::range::MIDNIGHT;
use crate::support::signals::{send, wait_for_end};

/// Size of a range that is many times larger than what may be fetched ahead.
const RECORDS_A_SECOND: f64 = 50.0;
const SECONDS: i64 = 2_000;

/// Limit for the requests while nobody reads: half of those that the whole range takes.
const FETCHED_AHEAD: u64 = 250;

/// Limit for the source that is printed last.
const FETCHED_OF_THE_OTHER: u64 = 120;

fn organisation(ends: WindowEnds, latency: Duration) -> DemoServer {
    let profile = Profile {
        audit_logs_per_day: RECORDS_A_SECOND * 86_400.0,
        notifications_per_day: RECORDS_A_SECOND * 86_400.0,
        daily_cycle: DailyCycle::Flat,
        ..Profile::demo()
    };
    DemoServer::builder(profile)
        .window_ends(ends)
        .latency(latency)
        .start()
        .unwrap()
}

fn arguments(start: i64, end: i64) -> Vec<String> {
    let fixed = "--all-events --only audit-logs --max-requests-per-minute 60000";
    let mut arguments: Vec<_> = fixed.split(' ').map(str::to_owned).collect();
    arguments.extend(["--start", &start.to_string(), "--end", &end.to_string()].map(str::to_owned));
    arguments
}

fn wait_for_the_end(child: Child, printed: String) -> Ended {
    let output = child.wait_with_output().unwrap();
    let ended = Ended::from(output);
    Ended {
        stdout: printed + &ended.stdout,
        ..ended
    }
}

/// Waits until the program asks no more; returns how often it asked.
fn requests_until_silence(server: &DemoServer) -> u64 {
    let mut before = 0;
    loop {
        sleep(Duration::from_millis(500));
        let now = server.stats().requests();
        if now == before && now > 1 {
            return now;
        }
        before = now;
    }
}

#[test]
fn fetching_stops_while_nobody_reads_the_pipe_and_then_goes_on() {
    let server = organisation(WindowEnds::default(), Duration::ZERO);
    let program = Program::asking_demo(&server);
    let mut child = program.spawn(arguments(MIDNIGHT, MIDNIGHT + SECONDS));
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let requests = requests_until_silence(&server);
    assert!(requests < FETCHED_AHEAD, "{requests} requests");
    let mut line = String::new();
    for _ in 0..40_000 {
        line.clear();
        stdout.read_line(&mut line).unwrap();
        assert!(line.ends_with("}\n"), "{line}");
    }
    assert!(requests_until_silence(&server) > requests + 50);
    // The pipe is full again when its reader leaves.
    drop(stdout);
    wait_for_the_end(child, String::new()).quietly();
}

#[test]
fn the_source_that_is_printed_last_takes_little_memory_meanwhile() {
    let server = organisation(WindowEnds::default(), Duration::ZERO);
    let mut both = arguments(MIDNIGHT, MIDNIGHT + SECONDS);
    both.retain(|argument| !["--only", "audit-logs"].contains(&argument.as_str()));
    let program = Program::asking_demo(&server);
    let mut child = program.spawn(both);
    let stdout = child.stdout.take().unwrap();
    requests_until_silence(&server);
    let stats = server.stats();
    assert!(stats.audit_log_requests < FETCHED_AHEAD, "{stats:?}");
    assert!(
        stats.notification_requests < FETCHED_OF_THE_OTHER,
        "{stats:?}"
    );
    assert!(stats.notification_requests > 5, "{stats:?}");
    let printed = BufReader::new(stdout).lines().count();
    let ended = wait_for_the_end(child, String::new());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(printed > 190_000, "{printed} lines");
}

/// The number after `flag` in the message.
fn advised(stderr: &str, flag: &str) -> i64 {
    let mut words = stderr.split_whitespace().skip_while(|word| *word != flag);
    let number = words
        .nth(1)
        .unwrap_or_else(|| panic!("no {flag} in: {stderr}"));
    number.parse().unwrap()
}

/// Interrupts a read after `lines` lines.
fn interrupted(program: &Program, arguments: &[String], signal: Signal, lines: usize) -> Ended {
    let mut child = program.spawn_stoppable(arguments);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    for _ in 0..lines {
        stdout.read_line(&mut printed).unwrap();
    }
    send(signal, &child);
    stdout.read_to_string(&mut printed).unwrap();
    wait_for_the_end(child, printed)
}

#[test]
fn an_interrupted_read_and_the_one_that_carries_on_make_the_whole() {
    let meanings = [(true, true), (false, true), (true, false), (false, false)];
    for (number, (start_inclusive, end_inclusive)) in meanings.into_iter().enumerate() {
        let ends = WindowEnds {
            start_inclusive,
            end_inclusive,
        };
        let (signal, code) = [(Signal::INT, 130), (Signal::TERM, 143)][number % 2];
        let end = MIDNIGHT + 1_200;
        let swift = organisation(ends, Duration::ZERO);
        let whole = Program::asking_demo(&swift)
            .run(arguments(MIDNIGHT, end))
            .quietly()
            .stdout;
        // Slow enough to be interrupted in the middle.
        let slow = organisation(ends, Duration::from_millis(10));
        let program = Program::asking_demo(&slow);
        let first = interrupted(&program, &arguments(MIDNIGHT, end), signal, 6_000);
        assert_eq!(first.code, Some(code), "{}", first.stderr);
        assert!(whole.starts_with(&first.stdout) && first.stdout.ends_with('\n'));
        assert!(first.stdout.len() < whole.len(), "it came too late");
        assert!(!first.stderr.contains("come again"), "{}", first.stderr);
        let start = advised(&first.stderr, "--start");
        assert_eq!(advised(&first.stderr, "--end"), end);
        let second = Program::asking_demo(&swift)
            .run(arguments(start, end))
            .quietly();
        assert!(first.stdout + &second.stdout == whole, "{ends:?}");
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_pipe_that_nobody_reads() {
    let program = Program::bare();
    program.make_pipe("pipe");
    for signal in [Signal::TERM, Signal::INT] {
        let mut child = program.spawn_stoppable(["--demo", "--output", "pipe"]);
        sleep(Duration::from_millis(200));
        send(signal, &child);
        let status = wait_for_end(&mut child);
        assert_eq!(status.signal(), Some(signal.as_raw()));
    }
}
