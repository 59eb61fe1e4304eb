//! Reading pages: the program's CPU beside `curl`, which only downloads them, and `jq`, which takes them apart.
//!
//! `cargo bench --bench pages`, or `-- --quick` for a tenth of the records.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::fs::{self, File};
use std::process::{Command, Stdio};

use support::server::{self, Server};
use support::{
    MIDNIGHT, Usage, is_installed, is_quick, measure, median, medians, program, ratio, row,
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
    let sliced = || measure(&mut program(&organisation.base_url, folder.path(), &range));
    let one_piece = format!(
        "--start 1789340000 --end 1789344000 --interval-minutes 1440 --page-size 200 {UNPACED}"
    );
    let whole = || measure(&mut program(&fixed.base_url, folder.path(), &one_piece));
    let url = format!(
        "{}/core/v1/audit_log?page_token=[0-{}]",
        fixed.base_url,
        pages - 1
    );
    if !is_installed("curl") {
        return println!("curl is not installed, so there is nothing to compare with");
    }
    let curl = || {
        let arguments = ["--silent", "--show-error", "--output", "/dev/null", &url];
        measure(
            Command::new("curl")
                .args(arguments)
                .stderr(Stdio::inherit()),
        )
    };
    let (ours, curl_beside) = medians(9, sliced, curl);
    row(
        "read in slices: CPU / curl downloading as many",
        ratio(ours.cpu, curl_beside.cpu),
        "times",
        Some(3.0),
    );
    let (held, curl_beside) = medians(9, whole, curl);
    row(
        "read in one piece: CPU / curl downloading the same",
        ratio(held.cpu, curl_beside.cpu),
        "times",
        Some(3.0),
    );
    if is_installed("jq") {
        let downloaded = folder.path().join("pages.json");
        let all = Command::new("curl")
            .args(["--silent", &url])
            .output()
            .unwrap();
        fs::write(&downloaded, all.stdout).unwrap();
        let jq = median(3, || jq(&downloaded));
        let what = "CPU / jq -c '.audit_logs[]' on them";
        row(
            &format!("read in slices: {what}"),
            ratio(ours.cpu, jq.cpu),
            "times",
            Some(0.1),
        );
        row(
            &format!("read in one piece: {what}"),
            ratio(held.cpu, jq.cpu),
            "times",
            Some(0.1),
        );
    }
}

fn jq(pages: &std::path::Path) -> Usage {
    measure(
        Command::new("jq")
            .args(["-c", ".audit_logs[]"])
            .stdin(File::open(pages).unwrap()),
    )
}
