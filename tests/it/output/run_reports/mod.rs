//! The account of a run: counts, late records, the last line of JSON messages, and the metrics file.

mod counts;
mod ended_at_once;
mod ended_with_counts;
mod event_names;
mod incomplete;
mod last_line;
mod late_records;
mod measured_times;
mod metrics;
mod missing_value;
mod on_a_terminal;

use serde_json::Value;
use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile};

use crate::support::program::Ended;
use crate::support::raw_server::{RawServer, Reply};

/// Two consecutive hours.
const START: i64 = 1_789_000_200;
const MIDDLE: i64 = START + 3_600;
const END: i64 = MIDDLE + 3_600;

/// An organisation whose records of the past are all visible.
fn server() -> DemoServer {
    let profile = Profile {
        audit_logs_per_day: 24_000.0,
        notifications_per_day: 4_000.0,
        daily_cycle: DailyCycle::Flat,
        ..Profile::demo()
    };
    DemoServer::builder(profile).start().unwrap()
}

/// A server that refuses the audit logs and holds one notification.
fn without_audit_logs() -> RawServer {
    RawServer::issuing_tokens(|request, _| {
        if request.is_for_audit_logs() {
            Reply::error(403, "no")
        } else {
            Reply::only_page(request, r#"{"created":1789401700}"#)
        }
    })
}

/// Arguments that read `start` to `end` with JSON messages, followed by `more`.
fn range(start: i64, end: i64, more: &[&str]) -> Vec<String> {
    let (start, end) = (start.to_string(), end.to_string());
    let range = ["--log-format", "json", "--start", &start, "--end", &end];
    let words = range.into_iter().chain(more.iter().copied());
    words.map(str::to_owned).collect()
}

/// Checks that the last line of standard error, and no other, says how the run has finished, and returns it.
#[track_caller]
fn last_line(ended: &Ended) -> Value {
    let lines: Vec<Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
        .collect();
    let (last, others) = lines.split_last().expect("a last line");
    assert_eq!(last["message"], "run finished", "{}", ended.stderr);
    assert!(
        others.iter().all(|line| line["message"] != "run finished"),
        "{}",
        ended.stderr
    );
    assert_eq!(last["exit_code"].as_i64(), ended.code.map(i64::from));
    last.clone()
}

/// The counts of a source in the last line: read, printed, filtered and repeated.
#[track_caller]
fn counts(line: &Value, source: &str) -> [u64; 4] {
    ["read", "printed", "filtered", "repeated"].map(|name| {
        let count = &line[source][name];
        count
            .as_u64()
            .unwrap_or_else(|| panic!("{source} {name} in {line}"))
    })
}

/// The number of printed audit logs and notifications.
fn printed(ended: &Ended) -> [u64; 2] {
    let is_audit_log = |line: &&str| line.contains("\"event_name\":");
    let audit_logs = ended.lines().into_iter().filter(is_audit_log).count();
    [audit_logs as u64, (ended.lines().len() - audit_logs) as u64]
}
