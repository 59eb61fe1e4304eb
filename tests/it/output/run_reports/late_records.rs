//! Records that come after a run has looked for them: counted, measured, and an alarm before one is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::{END, MIDDLE, START, last_line, range, server};
use crate::support::now;
use crate::support::program::{Ended, Program};
use crate::support::raw_server::{RawServer, Reply};

const MINUTE: i64 = 60;

/// Notifications at some seconds, the last of which turns up only between two runs.
struct Organisation {
    server: RawServer,
    is_late_shown: Arc<AtomicBool>,
    /// The end of the first run, an hour ago.
    middle: i64,
}

impl Organisation {
    /// With a notification that is `before` the end of the first run and comes after it.
    fn with_late_record(before: i64) -> Self {
        let middle = now() / MINUTE * MINUTE - 60 * MINUTE;
        let is_late_shown = Arc::<AtomicBool>::default();
        let is_shown = Arc::clone(&is_late_shown);
        let server = RawServer::issuing_tokens(move |request, _| {
            let number = |name: &str| request.parameter(name).unwrap().parse::<i64>().unwrap();
            let window = number("start_time")..=number("end_time");
            let mut times = vec![middle - 40 * MINUTE, middle - 5 * MINUTE, middle + MINUTE];
            if is_shown.load(Ordering::SeqCst) {
                times.push(middle - before);
            }
            times.sort_unstable();
            let found = times.iter().rev().filter(|time| window.contains(time));
            let found: Vec<_> = found
                .map(|time| format!(r#"{{"created":{time}}}"#))
                .collect();
            Reply::only_page(request, &found.join(","))
        });
        Self {
            server,
            is_late_shown,
            middle,
        }
    }

    /// Runs until an hour ago and then until half an hour later, between which the late record turns up.
    fn run_twice(&self) -> Ended {
        let program = Program::asking_raw(&self.server);
        let run = |end: i64| {
            let (start, end) = ((self.middle - 60 * MINUTE).to_string(), end.to_string());
            program.run([
                "--only=notifications",
                "--checkpoint=progress.json",
                "--log-format=json",
                "--start",
                &start,
                "--end",
                &end,
            ])
        };
        let first = run(self.middle);
        assert_eq!(first.stderr.lines().count(), 1, "{}", first.stderr);
        assert_eq!(late(&first), (0, None));
        self.is_late_shown.store(true, Ordering::SeqCst);
        run(self.middle + 30 * MINUTE)
    }
}

/// The number of late records and the largest lateness.
fn late(ended: &Ended) -> (u64, Option<i64>) {
    let line = last_line(ended);
    let source = &line["notifications"];
    let largest = source.get("max_lateness_seconds").and_then(Value::as_i64);
    (source["late_records"].as_u64().unwrap(), largest)
}

#[test]
fn a_late_record_is_printed_and_counted() {
    let organisation = Organisation::with_late_record(10 * MINUTE);
    let ended = organisation.run_twice();
    assert_eq!(ended.lines().len(), 2);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    let (records, largest) = late(&ended);
    assert_eq!(records, 1);
    // It is read an hour and a few seconds after the first run.
    let lateness = 70 * MINUTE..90 * MINUTE;
    assert!(
        largest.is_some_and(|largest| lateness.contains(&largest)),
        "{largest:?}"
    );
}

#[test]
fn one_in_the_last_fifth_of_the_overlap_raises_the_alarm() {
    let organisation = Organisation::with_late_record(27 * MINUTE);
    let ended = organisation.run_twice();
    assert_eq!(ended.code, Some(0));
    let (records, largest) = late(&ended);
    assert_eq!(records, 1);
    let lines: Vec<_> = ended.stderr.lines().collect();
    let [warning, _] = lines[..] else {
        panic!("{}", ended.stderr);
    };
    let warning: Value = serde_json::from_str(warning).unwrap();
    assert_eq!(warning["level"], "WARN");
    assert_eq!(warning["records"], 1);
    let message = warning["message"].as_str().unwrap();
    let (_, rest) = message.split_once("set --overlap-minutes ").unwrap();
    let minutes: i64 = rest.split(' ').next().unwrap().parse().unwrap();
    let largest = largest.unwrap();
    let shown = humantime::format_duration(Duration::from_secs(largest.unsigned_abs()));
    let words = format!("records came up to {shown} late, in the last fifth of the overlap");
    assert!(message.starts_with(&words), "{message}");
    assert!(minutes * MINUTE >= 2 * largest, "{minutes} {largest}");
    assert!(
        minutes * MINUTE < 2 * largest + MINUTE,
        "{minutes} {largest}"
    );
}

#[test]
fn what_only_a_new_filter_keeps_is_new_and_not_late() {
    let server = server();
    let program = Program::asking_demo(&server);
    let checkpoint = ["--checkpoint", "progress.json"];
    let first = ["--event", "Live Stream Started"];
    program.run(range(START, MIDDLE, &[&checkpoint[..], &first].concat()));
    let ended = program.run(range(START, END, &checkpoint));
    let line = last_line(&ended);
    let before = "\"timestamp\":\"2026-09-10T01:2";
    assert!(ended.stdout.contains(before), "records of before {MIDDLE}");
    assert_eq!(line["audit_logs"]["late_records"], 0);
    assert!(
        !ended.stderr.contains("--overlap-minutes"),
        "{}",
        ended.stderr
    );
}
