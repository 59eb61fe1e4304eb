//! A server of records at a steady rate, which can hold back the second half of them.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::support::program::{KEY, Program};
use crate::support::range::MIDNIGHT;
use crate::support::raw_server::{RawServer, Reply, Request};

/// Length of the time with records, in seconds from midnight on.
pub(super) const SECONDS: i64 = 1_800;

const RECORDS_A_SECOND: i64 = 4;

/// Time that an answer takes, so that a run takes some time as well.
const LATENCY: Duration = Duration::from_millis(1);

/// As many audit logs as notifications, some of them identical.
pub(super) struct Stream {
    server: RawServer,
    gate: Arc<Gate>,
}

/// Holds notifications back.
#[derive(Default)]
struct Gate {
    is_closed: Mutex<bool>,
    has_opened: Condvar,
}

impl Stream {
    pub(super) fn start() -> Self {
        let gate = Arc::new(Gate::default());
        let passed = Arc::clone(&gate);
        let server = RawServer::issuing_tokens(move |request, _| {
            if !request.is_for_audit_logs() {
                passed.pass();
            }
            std::thread::sleep(LATENCY);
            page(request)
        });
        Self { server, gate }
    }

    /// A folder of a program that reads it.
    pub(super) fn program(&self) -> Program {
        Program::asking(self.server.base_url(), KEY)
            .with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000")
    }

    /// Every line, in the order of an undisturbed run.
    pub(super) fn lines() -> Vec<String> {
        let of_all_seconds =
            |are_audit_logs| (0..=SECONDS).flat_map(move |second| records(are_audit_logs, second));
        of_all_seconds(true).chain(of_all_seconds(false)).collect()
    }

    /// Holds back the notifications, which are printed last, until they are let through.
    pub(super) fn hold_notifications_back(&self) {
        *self.gate.is_closed.lock().unwrap() = true;
    }

    pub(super) fn let_notifications_through(&self) {
        *self.gate.is_closed.lock().unwrap() = false;
        self.gate.has_opened.notify_all();
    }
}

impl Gate {
    fn pass(&self) {
        let is_closed = self.is_closed.lock().unwrap();
        let _open = self
            .has_opened
            .wait_while(is_closed, |is_closed| *is_closed);
    }
}

/// The records of one second. Every third second ends with twins.
fn records(are_audit_logs: bool, second: i64) -> impl Iterator<Item = String> {
    let unix = MIDNIGHT + second;
    let time = chrono::DateTime::from_timestamp(unix, 0).unwrap();
    let time = match are_audit_logs {
        true => format!(r#""timestamp":"{}""#, time.format("%Y-%m-%dT%H:%M:%SZ")),
        false => format!(r#""created":{unix}"#),
    };
    let details = "a line as long as that of a record usually is, ".repeat(5);
    (0..RECORDS_A_SECOND).map(move |number| {
        let is_twin = second % 3 == 0 && number == RECORDS_A_SECOND - 1;
        let number = second * RECORDS_A_SECOND + number - i64::from(is_twin);
        format!(r#"{{{time},"number":{number},"details":"{details}"}}"#)
    })
}

/// The records asked for, newest first. A window holds both of its ends; a page token says how many came before.
fn page(request: &Request) -> Reply {
    let [start, end] =
        ["start_time", "end_time"].map(|name| number(request, name).unwrap() - MIDNIGHT);
    let size = number(request, "page_size").unwrap();
    let before = number(request, "page_token").unwrap_or(0);
    let (seconds, rest) = (before / RECORDS_A_SECOND, before % RECORDS_A_SECOND);
    let newest = end.min(SECONDS) - seconds;
    let left = (newest - start.max(0) + 1) * RECORDS_A_SECOND - rest;
    let newest_first = (start.max(0)..=newest).rev().flat_map(|second| {
        let records: Vec<_> = records(request.is_for_audit_logs(), second).collect();
        records.into_iter().rev()
    });
    let page = newest_first.skip(rest as usize).take(size as usize);
    let page: Vec<_> = page.collect();
    let next = match left > size {
        true => format!("\"{}\"", before + size),
        false => "null".to_owned(),
    };
    Reply::page(request, &page.join(","), &next)
}

fn number(request: &Request, name: &str) -> Option<i64> {
    request.parameter(name).map(|value| value.parse().unwrap())
}
