//! Long reads: requests, memory, and the share of the allowed pace.
//!
//! `cargo bench --bench backfill`, or `-- --quick` for a short version.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::server::{self, Server};
use support::{MIDNIGHT, Usage, account, is_quick, measure, program, row};

const UNPACED: &str = "--all-events --only audit-logs --max-requests-per-minute 1000000";

/// Records a second of the organisation whose memory is measured.
const DENSITY: i64 = 50;

/// The default pace, in requests a second.
const PACE: f64 = 280.0 / 60.0;

fn main() {
    server::serve_if_asked();
    let folder = tempfile::tempdir().unwrap();
    requests(folder.path());
    memory(folder.path());
    pace(folder.path());
}

fn range(records: i64) -> String {
    format!(
        "--start {MIDNIGHT} --end {} {UNPACED}",
        MIDNIGHT + records / DENSITY
    )
}

fn organisation(more: &str) -> Server {
    Server::start(&format!("per_day={} flat=1 {more}", DENSITY * 86_400))
}

fn requests(folder: &Path) {
    let records = 100_000;
    let mut server = organisation("");
    // Without any pace the reader would cut shorter slices to keep more of them under way.
    let paced = format!(
        "{} --max-requests-per-minute 6000",
        range(records).replace(UNPACED, "")
    );
    let arguments = format!("{paced} --all-events --only audit-logs");
    measure(&mut program(&server.base_url, folder, &arguments));
    row(
        "requests per 1,000 records",
        server.asked().requests as f64 / records as f64 * 1_000.0,
        "(5 are needed)",
        Some(5.25),
    );
}

fn memory(folder: &Path) {
    let most = if is_quick() { 100_000 } else { 1_000_000 };
    let server = organisation("");
    let read = |records: i64| measure(&mut program(&server.base_url, folder, &range(records)));
    let peak = |what: &str, usage: Usage| {
        row(
            &format!("peak memory: {what}"),
            usage.peak,
            "MiB",
            Some(64.0),
        )
    };
    for records in [10_000, 100_000, 1_000_000] {
        if records <= most {
            peak(&format!("{records} records"), read(records));
        }
    }
    let slow = slow_reader(&mut program(&server.base_url, folder, &range(most)));
    peak(&format!("{most} records, a slow reader"), slow);
    let both = Server::start(&format!(
        "per_day={0} notifications={0} flat=1",
        DENSITY * 86_400
    ));
    let asked = range(most / 2).replace("--only audit-logs", "");
    let slow = slow_reader(&mut program(&both.base_url, folder, &asked));
    peak("the same, half of them notifications", slow);
    let bursts = organisation("burst=5000 burst_seconds=20");
    peak(
        "bursts of 5,000 a second among them",
        measure(&mut program(&bursts.base_url, folder, &range(most))),
    );
    let far = organisation("latency=300");
    peak(
        "300 ms a request",
        measure(&mut program(&far.base_url, folder, &range(most / 10))),
    );
    let sparse = Server::start("per_day=330 notifications=40");
    let year = format!(
        "--start {} --end {MIDNIGHT} {UNPACED}",
        MIDNIGHT - 365 * 86_400
    );
    peak(
        "a quiet year",
        measure(&mut program(&sparse.base_url, folder, &year)),
    );
}

/// Reads the output, and now and then waits until everything that can be fetched ahead has been.
fn slow_reader(command: &mut Command) -> Usage {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut taken = vec![0; 1 << 20];
    for pause in 0.. {
        if pause % 100 == 0 && pause < 400 {
            std::thread::sleep(Duration::from_secs(1));
        }
        if output.read(&mut taken).unwrap() == 0 {
            break;
        }
    }
    account(child, started)
}

/// One read of the pace.
struct Paced {
    per_day: u32,
    latency: u32,
    server: Server,
    command: Command,
}

/// Twelve hours at the default pace with the limit enforced: two organisations with tens of thousands of records
/// a day, at several latencies side by side.
fn pace(folder: &Path) {
    let hours = if is_quick() { 2 } else { 12 };
    println!(
        "{hours} hours, limit enforced, audit logs a day and a sixth of that in notifications:"
    );
    let start = MIDNIGHT - 86_400 + 6 * 3_600;
    let asked = format!(
        "--start {start} --end {} --all-events",
        start + hours * 3_600
    );
    let read = |per_day: u32, latency: u32| {
        let notifications = per_day / 6;
        let description =
            format!("per_day={per_day} notifications={notifications} enforce=1 latency={latency}");
        let server = Server::start(&description);
        // A token of its own, so that asking for it counts.
        let arguments = format!("{asked} --token-file token-{per_day}-{latency}.json");
        let command = program(&server.base_url, folder, &arguments);
        Paced {
            per_day,
            latency,
            server,
            command,
        }
    };
    let reads = [90_000, 30_000]
        .into_iter()
        .flat_map(|per_day| [20, 150, 1_000].map(|latency| read(per_day, latency)));
    std::thread::scope(|scope| {
        let waiting: Vec<_> = reads
            .map(|mut read| {
                scope.spawn(move || {
                    let usage = measure(&mut read.command);
                    (read, usage)
                })
            })
            .collect();
        for waiting in waiting {
            let (read, usage) = waiting.join().unwrap();
            report(read, usage);
        }
    });
}

fn report(mut read: Paced, usage: Usage) {
    let asked = read.server.asked();
    let allowed = asked.records as f64 / 200.0 / PACE;
    let taken = usage.elapsed.as_secs_f64() / allowed;
    let what = format!("{} a day, {} ms", read.per_day, read.latency);
    row(
        &format!("{what}: time / what the pace allows"),
        taken,
        "times",
        Some(1.1),
    );
    row(
        &format!("{what}: share of the pace"),
        100.0 / taken,
        "percent",
        None,
    );
    row(
        &format!("{what}: answers of 429"),
        asked.too_many as f64,
        "",
        Some(0.0),
    );
    println!("{} requests for {} records", asked.requests, asked.records);
}
