//! Checkpoints: how the next run carries on from one, the files around it, and the ones that are refused.

mod bad;
mod carrying_on;
mod files;
mod filters;
mod gaps;
mod odd_times;
mod organisations;
mod ranges_and_schedules;
mod safety;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use verkada_audit_logs::demo::{DailyCycle, DemoServer, Fault, Profile};

use crate::support::program::Program;

/// Two consecutive hours.
const START: i64 = 1_789_000_200;
const MIDDLE: i64 = START + 3_600;
const END: i64 = MIDDLE + 3_600;

/// An organisation whose records of the past are all visible, so that a range prints all of them.
fn profile(seed: u64) -> Profile {
    Profile {
        seed,
        audit_logs_per_day: 8_000.0,
        notifications_per_day: 2_000.0,
        daily_cycle: DailyCycle::Flat,
        ..Profile::demo()
    }
}

fn server() -> DemoServer {
    DemoServer::builder(profile(1)).start().unwrap()
}

/// Arguments that read a range with the checkpoint, followed by `more`.
fn range(start: i64, end: i64, more: &[&str]) -> Vec<String> {
    let (start, end) = (start.to_string(), end.to_string());
    // Notifications have no filter by event.
    let filter = (!more.contains(&"notifications")).then_some("--all-events");
    ["--checkpoint", "progress.json"]
        .into_iter()
        .chain(filter)
        .chain(["--start", &start, "--end", &end])
        .chain(more.iter().copied())
        .map(str::to_owned)
        .collect()
}

/// Returns the sorted lines of a range, read without a checkpoint.
fn everything(server: &DemoServer, start: i64, end: i64) -> Vec<String> {
    let (start, end) = (start.to_string(), end.to_string());
    let program = Program::asking_demo(server);
    let ended = program.run(["--all-events", "--start", &start, "--end", &end]);
    let mut lines: Vec<_> = ended
        .quietly()
        .lines()
        .into_iter()
        .map(str::to_owned)
        .collect();
    assert!(lines.len() > 100);
    lines.sort();
    lines
}

fn sorted(parts: &[&str]) -> Vec<String> {
    let lines = parts.iter().flat_map(|part| part.lines());
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

fn watermark(program: &Program, source: &str) -> (i64, i64) {
    let text = fs::read_to_string(program.path("progress.json")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    let read = |name: &str| state[source]["watermark"][name].as_i64().unwrap();
    (read("since"), read("through"))
}

/// A fault that can be switched on for one path.
#[derive(Clone)]
struct Switch(Arc<AtomicBool>);

impl Switch {
    fn on() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    fn off(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    fn server(&self, path: &'static str) -> DemoServer {
        let switch = Arc::clone(&self.0);
        DemoServer::builder(profile(1))
            .fault(Arc::new(move |request| {
                let fails = switch.load(Ordering::SeqCst) && request.path == path;
                fails.then_some(Fault::Status(404))
            }))
            .start()
            .unwrap()
    }
}
