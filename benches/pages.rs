//! Reading pages: the program's CPU beside `curl`, which only downloads them, and `jq`, which takes them apart.
//!
//! `cargo bench --bench pages`, or `-- --quick` for a tenth of the records.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::fs::{self, File};
use std::process::{Command, Stdio};

use support::server::{self, Server};
use support::{Usage, is_installed, is_quick, measure, median, medians, program, ratio, row};

fn main() {
    server::serve_if_asked();
    let pages = if is_quick() { 50 } else { 500 };
    let server = Server::start(&format!("pages={pages}"));
    let folder = tempfile::tempdir().unwrap();
    let downloaded = folder.path().join("pages.json");
    println!("{} audit logs in pages of 200", pages * 200);

    let asked = "--start 1789340000 --end 1789344000 --interval-minutes 1440 --page-size 200 \
                 --all-events --only audit-logs --max-requests-per-minute 60000";
    let url = format!(
        "{}/core/v1/audit_log?page_token=[0-{}]",
        server.base_url,
        pages - 1
    );
    let ours = || measure(&mut program(&server.base_url, folder.path(), asked));
    let curl = || {
        measure(
            Command::new("curl")
                .args(["--silent", "--show-error", "--output", "/dev/null", &url])
                .stderr(Stdio::inherit()),
        )
    };
    let printed = program(&server.base_url, folder.path(), asked)
        .output()
        .unwrap();
    let lines = printed.stdout.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines, pages * 200);
    drop(printed);

    let with_curl = is_installed("curl");
    let program = match with_curl {
        true => {
            let (ours, curl) = medians(9, ours, curl);
            row(
                "CPU / curl downloading the same pages",
                ratio(ours.cpu, curl.cpu),
                "times",
                Some(3.0),
            );
            ours
        }
        false => median(9, ours),
    };
    if with_curl && is_installed("jq") {
        let all = Command::new("curl")
            .args(["--silent", &url])
            .output()
            .unwrap();
        fs::write(&downloaded, all.stdout).unwrap();
        let jq = median(3, || jq(&downloaded));
        row(
            "CPU / jq -c '.audit_logs[]' on them",
            ratio(program.cpu, jq.cpu),
            "times",
            Some(0.1),
        );
    }
    let nanoseconds = program.cpu.as_nanos() as f64 / (pages * 200) as f64;
    row(
        "CPU a record, this machine",
        nanoseconds / 1_000.0,
        "µs",
        None,
    );
}

fn jq(pages: &std::path::Path) -> Usage {
    measure(
        Command::new("jq")
            .args(["-c", ".audit_logs[]"])
            .stdin(File::open(pages).unwrap()),
    )
}
