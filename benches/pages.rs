//! Reading pages: the program's CPU beside `curl`, which only downloads them, and `jq`, which takes them apart; and what
//! the other formats of a line cost beside raw.
//!
//! `cargo bench --bench pages`, or `-- --quick` for a tenth of the records.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use support::reads::{Read, Reads};
use support::server;
use support::{Usage, is_installed, measure, medians, milliseconds, program, ratio, row};

fn main() {
    server::serve_if_asked();
    let folder = tempfile::tempdir().unwrap();
    let reads = Reads::start();
    let in_slices = reads.in_slices();
    let in_one_piece = reads.in_one_piece();
    formats(&in_slices, folder.path(), reads.records);
    let ours = |read: &Read<'_>| {
        let mut ours = program(read.base_url, folder.path(), &read.arguments);
        measure(&mut ours)
    };
    let url = format!(
        "{}/core/v1/audit_log?page_token=[0-{}]",
        reads.fixed.base_url,
        reads.pages - 1
    );
    if !(is_installed("curl") && is_installed("jq")) {
        return println!("there is nothing to compare with");
    }
    let downloaded = folder.path().join("pages.json");
    // Through standard output: a file named to curl would hold the last page only.
    let pages = curl(&url).output().unwrap();
    fs::write(&downloaded, pages.stdout).unwrap();
    let mut curl = || measure(curl(&url).args(["--output", "/dev/null"]));
    let mut jq = || jq(&downloaded);
    let [sliced, whole, curl, jq] = medians(
        9,
        [
            &mut || ours(&in_slices),
            &mut || ours(&in_one_piece),
            &mut curl,
            &mut jq,
        ],
    );
    for (how, ours) in [(in_slices.how, sliced), (in_one_piece.how, whole)] {
        row(
            &format!("read {how}: CPU / curl downloading as many"),
            ratio(ours.cpu, curl.cpu),
            "times",
            Some(3.0),
        );
        row(
            &format!("read {how}: CPU / jq -c '.audit_logs[]' on them"),
            ratio(ours.cpu, jq.cpu),
            "times",
            Some(0.1),
        );
    }
}

/// The same records in each format.
fn formats(read: &Read<'_>, folder: &Path, records: usize) {
    let read = |format: &str| {
        let arguments = format!("{} --format {format}", read.arguments);
        measure(&mut program(read.base_url, folder, &arguments))
    };
    let [raw, envelope, ocsf] = medians(
        9,
        [&mut || read("raw"), &mut || read("envelope"), &mut || {
            read("ocsf")
        }],
    );
    for (format, usage) in [("envelope", envelope), ("ocsf", ocsf)] {
        row(
            &format!("--format {format}: CPU / raw"),
            ratio(usage.cpu, raw.cpu),
            "times",
            None,
        );
        let more = milliseconds(usage.cpu) - milliseconds(raw.cpu);
        row(
            &format!("--format {format}: more CPU for each record"),
            more * 1_000.0 / records as f64,
            "microseconds",
            None,
        );
        row(
            &format!("--format {format}: more memory"),
            usage.peak - raw.peak,
            "MiB",
            None,
        );
    }
}

fn curl(url: &str) -> Command {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", url])
        .stderr(Stdio::inherit());
    command
}

fn jq(pages: &Path) -> Usage {
    measure(
        Command::new("jq")
            .args(["-c", ".audit_logs[]"])
            .stdin(File::open(pages).unwrap()),
    )
}
