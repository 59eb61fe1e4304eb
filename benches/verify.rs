//! `verify`: the memory that it takes for each record, and its CPU beside the read itself.
//!
//! `cargo bench --bench verify`, or `-- --quick` for fewer records.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use support::server::{self, Server};
use support::{MIDNIGHT, Usage, is_quick, measure, medians, program, ratio, row};

const FLAGS: &str = "--all-events --page-size 200 --max-requests-per-minute 1000000";

fn main() {
    server::serve_if_asked();
    let folder = tempfile::tempdir().unwrap();
    let many = if is_quick() { 100_000 } else { 1_000_000 };
    let (few, [small, _]) = compared(folder.path(), 10_000);
    let (lines, [verify, read]) = compared(folder.path(), many);
    let more = (verify.peak - small.peak) * 1_048_576.0;
    println!("{lines} records");
    row(
        "memory for each record",
        more / (lines - few) as f64,
        "bytes",
        Some(64.0),
    );
    row("peak memory", verify.peak, "MiB", None);
    row(
        "CPU / reading the range alone",
        ratio(verify.cpu, read.cpu),
        "times",
        None,
    );
}

/// Verifies a day of about so many records against a file that holds them all. Returns how many there are, and what that
/// and reading the range alone take.
fn compared(folder: &Path, records: u32) -> (usize, [Usage; 2]) {
    let server = Server::start(&format!("per_day={records}"));
    let range = format!("{FLAGS} --start {} --end {MIDNIGHT}", MIDNIGHT - 86_400);
    let file = folder.join("audit.jsonl");
    let _ = fs::remove_file(&file);
    let fill = format!("{range} --output audit.jsonl");
    measure(&mut program(&server.base_url, folder, &fill));
    // Line by line: what this process holds in memory would count as its children's.
    let lines = BufReader::new(File::open(&file).unwrap())
        .split(b'\n')
        .count();
    let verify = format!("verify -q {range} audit.jsonl");
    let usages = medians(
        3,
        [
            &mut || measure(&mut program(&server.base_url, folder, &verify)),
            &mut || measure(&mut program(&server.base_url, folder, &range)),
        ],
    );
    (lines, usages)
}
