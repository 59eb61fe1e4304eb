//! Reading pages: the program's CPU beside `curl`, which only downloads them, and `jq`, which takes them apart; and what
//! the other formats of a line cost beside raw.
//!
//! `cargo bench --bench pages`, or `-- --quick` for a tenth of the records.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use support::server::{self, Server};
use support::{
    MIDNIGHT, Usage, is_installed, is_quick, measure, medians, milliseconds, program, ratio, row,
};

/// Records a second of the organisation that is read.
const DENSITY: usize = 50;

const UNPACED: &str = "--all-events --only audit-logs --max-requests-per-minute 1000000";

fn main() {
    server::serve_if_asked();
    let pages = if is_quick() { 50 } else { 500 };
    let records = pages * 200;
    let folder = tempfile::tempdir().unwrap();
    let organisation = Server::start(&format!("per_day={} flat=1", DENSITY * 86_400));
    let fixed = Server::start(&format!("pages={pages}"));
    println!("{records} audit logs in pages of 200");

    let end = MIDNIGHT + (records / DENSITY) as i64;
    let range = format!("--start {MIDNIGHT} --end {end} --interval-minutes 1 {UNPACED}");
    formats(&organisation, folder.path(), &range, records);
    let mut sliced = || measure(&mut program(&organisation.base_url, folder.path(), &range));
    let one_piece = format!(
        "--start 1789340000 --end 1789344000 --interval-minutes 1440 --page-size 200 {UNPACED}"
    );
    let mut whole = || measure(&mut program(&fixed.base_url, folder.path(), &one_piece));
    let url = format!(
        "{}/core/v1/audit_log?page_token=[0-{}]",
        fixed.base_url,
        pages - 1
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
    let [sliced, whole, curl, jq] = medians(9, [&mut sliced, &mut whole, &mut curl, &mut jq]);
    for (how, ours) in [("in slices", sliced), ("in one piece", whole)] {
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
fn formats(organisation: &Server, folder: &Path, range: &str, records: usize) {
    let read = |format: &str| {
        let arguments = format!("{range} --format {format}");
        measure(&mut program(&organisation.base_url, folder, &arguments))
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
