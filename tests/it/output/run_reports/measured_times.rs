//! Times of records: from an event to its processing, and until a run first sees it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use super::last_line;
use crate::support::program::{Ended, Program};
use crate::support::raw_server::{RawServer, Reply, Request};

const MINUTE: i64 = 60;

/// The end of a scheduled interval.
const NOW: i64 = 1_789_401_600;

/// Audit logs by their minute and the minute of their processing, after [`NOW`].
const AUDIT_LOGS: [(i64, i64); 3] = [(-40, -10), (-20, 1), (5, 5)];

/// Notifications by their minute.
const NOTIFICATIONS: [i64; 2] = [-12, 9];

/// An organisation whose clock shows the time that was set.
struct Organisation {
    server: RawServer,
    time: Arc<AtomicI64>,
}

impl Organisation {
    fn new() -> Self {
        let time = Arc::new(AtomicI64::new(NOW));
        let clock = Arc::clone(&time);
        let server = RawServer::start(move |request, _| {
            let now = clock.load(Ordering::SeqCst);
            let shown = UNIX_EPOCH + Duration::from_secs(now.unsigned_abs());
            let date = format!("date: {}\r\n", httpdate::fmt_http_date(shown));
            let body = match request.path.as_str() {
                "/token" => r#"{"token":"token"}"#.to_owned(),
                _ => list(request, now),
            };
            Reply::with(200, &date, body)
        });
        Self { server, time }
    }

    /// Runs at `minutes` after [`NOW`].
    fn run(&self, program: &Program, minutes: i64, arguments: &[&str]) -> Ended {
        self.time.store(NOW + minutes * MINUTE, Ordering::SeqCst);
        let ended = program.run(["--all-events", "-q"].iter().chain(arguments));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended
    }
}

/// The page of a list: what was visible at `now`.
fn list(request: &Request, now: i64) -> String {
    let number = |name: &str| request.parameter(name).unwrap().parse::<i64>().unwrap();
    let window = number("start_time")..=number("end_time");
    let at = |minute: i64| NOW + minute * MINUTE;
    let (name, records): (_, Vec<_>) = if request.is_for_audit_logs() {
        let is_by_processing = request.parameter("use_processed_timestamp").is_some();
        let found = AUDIT_LOGS.iter().rev().filter(|(event, processed)| {
            let time = if is_by_processing { processed } else { event };
            at(*processed) <= now && window.contains(&at(*time))
        });
        let text = found.map(|(event, processed)| {
            let (event, processed) = (at(*event), at(*processed));
            format!(r#"{{"timestamp":{event},"processed_timestamp":{processed}}}"#)
        });
        ("audit_logs", text.collect())
    } else {
        let found = NOTIFICATIONS.iter().rev();
        let found = found.filter(|minute| at(**minute) <= now && window.contains(&at(**minute)));
        let text = found.map(|minute| format!(r#"{{"created":{}}}"#, at(*minute)));
        ("notifications", text.collect())
    };
    format!(
        r#"{{"{name}":[{}],"next_page_token":null}}"#,
        records.join(",")
    )
}

/// The longest processing and the longest time until a record was first seen, in minutes, as the last line has them.
#[track_caller]
fn measured(ended: &Ended, source: &str) -> [Option<i64>; 2] {
    let line = last_line(ended);
    ["max_processing_seconds", "max_first_seen_seconds"].map(|name| {
        let seconds = line[source].get(name).and_then(Value::as_i64)?;
        assert_eq!(seconds % MINUTE, 0, "{line}");
        Some(seconds / MINUTE)
    })
}

#[test]
fn a_scheduled_run_measures_both_with_and_without_a_checkpoint() {
    let organisation = Organisation::new();
    for files in [&[][..], &["--checkpoint", "c"]] {
        let program = Program::asking_raw(&organisation.server);
        let arguments = [&["--log-format", "json"], files].concat();
        let first = organisation.run(&program, 0, &arguments);
        assert_eq!(first.lines().len(), 2);
        assert_eq!(measured(&first, "audit_logs"), [Some(30), Some(40)]);
        assert_eq!(measured(&first, "notifications"), [None, Some(12)]);
        // What an earlier run has seen is not measured again.
        let second = organisation.run(&program, 15, &arguments);
        assert_eq!(second.lines().len(), 3, "{}", second.stdout);
        let processing = if files.is_empty() { 21 } else { 30 };
        assert_eq!(
            measured(&second, "audit_logs"),
            [Some(processing), Some(35)]
        );
        assert_eq!(measured(&second, "notifications"), [None, Some(6)]);
    }
}

#[test]
fn a_run_that_catches_up_measures_how_long_it_was_away() {
    let organisation = Organisation::new();
    let program = Program::asking_raw(&organisation.server);
    let arguments = ["--log-format", "json", "--checkpoint", "c"];
    organisation.run(&program, 0, &arguments);
    let ended = organisation.run(&program, 600, &arguments);
    assert_eq!(measured(&ended, "audit_logs")[1], Some(620));
    // A run without new records has nothing to measure.
    let ended = organisation.run(&program, 615, &arguments);
    assert_eq!(measured(&ended, "audit_logs"), [None, None]);
}

#[test]
fn records_that_only_a_new_filter_keeps_are_not_seen_late() {
    let organisation = Organisation::new();
    let program = Program::asking_raw(&organisation.server);
    let arguments = ["--log-format", "json", "--checkpoint", "c"];
    organisation.run(&program, 0, &arguments);
    let narrower = [&arguments[..], &["--notification-type", "motion"]].concat();
    let ended = organisation.run(&program, 15, &narrower);
    assert_eq!(measured(&ended, "notifications"), [None, None]);
    assert_eq!(measured(&ended, "audit_logs")[1], Some(35));
}

#[test]
fn a_range_measures_processing_alone() {
    let organisation = Organisation::new();
    for files in [&[][..], &["--checkpoint", "c"]] {
        let program = Program::asking_raw(&organisation.server);
        let start = (NOW - 60 * MINUTE).to_string();
        let end = NOW.to_string();
        let range = ["--start", &start, "--end", &end, "--log-format", "json"];
        let ended = organisation.run(&program, 600, &[&range[..], files].concat());
        assert_eq!(measured(&ended, "audit_logs"), [Some(30), None]);
        assert_eq!(measured(&ended, "notifications"), [None, None]);
    }
}

#[test]
fn without_a_checkpoint_the_metrics_and_the_events_of_v_have_them_too() {
    let organisation = Organisation::new();
    let program = Program::asking_raw(&organisation.server);
    organisation.run(&program, 0, &["--metrics-file", "acme.prom"]);
    let metrics = fs::read_to_string(program.path("acme.prom")).unwrap();
    for sample in [
        r#"max_processing_seconds{name="acme",source="audit_logs"} 1800"#,
        r#"max_first_seen_seconds{name="acme",source="audit_logs"} 2400"#,
        r#"max_first_seen_seconds{name="acme",source="notifications"} 720"#,
    ] {
        let sample = format!("verkada_audit_logs_{sample}");
        assert!(metrics.lines().any(|line| line == sample), "{metrics}");
    }
    let program = Program::asking_raw(&organisation.server);
    let ended = program.run([
        "--all-events",
        "-v",
        "--start",
        "2026-09-14T15:00:00Z",
        "--end",
        "2026-09-14T16:00:00Z",
    ]);
    ended.says(&["max_processing_seconds=1800"]);
    let ended = program.run(["--all-events", "-v"]);
    ended.says(&["max_processing_seconds=1800 max_first_seen_seconds=2400"]);
    let program = program.with("RUST_LOG", "info");
    let ended = program.run(["--all-events"]);
    ended.says(&["max_processing_seconds=1800 max_first_seen_seconds=2400"]);
}

#[test]
fn without_a_date_nobody_can_say_when_a_record_was_first_seen() {
    let server = RawServer::issuing_tokens(|request, _| {
        let record = format!(r#"{{"created":{}}}"#, 1_789_401_000);
        let list = if request.is_for_audit_logs() {
            "audit_logs"
        } else {
            "notifications"
        };
        let body = format!(r#"{{"{list}":[{record}],"next_page_token":null}}"#);
        Reply::undated(200, "", body)
    });
    let program = Program::asking_raw(&server);
    let ended = program.run(["--log-format", "json", "--only", "notifications"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.lines().len(), 1);
    assert_eq!(measured(&ended, "notifications"), [None, None]);
}
