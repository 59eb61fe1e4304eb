//! This build beside another one, such as the last release: the CPU of the same read into `/dev/null`, a pipe and a file.
//!
//! `cargo bench --bench builds -- PROGRAM`, or `-- --quick PROGRAM` for a tenth of the records.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use support::server::{self, Server};
use support::{MIDNIGHT, Usage, build, is_quick, measure, measure_into, medians, ratio, row};

/// Records a second of the organisation that is read in slices.
const DENSITY: usize = 50;

const UNPACED: &str = "--all-events --only audit-logs --max-requests-per-minute 1000000";

const ROUNDS: usize = 25;

fn main() {
    server::serve_if_asked();
    let mut arguments = env::args().skip(1);
    let Some(other) = arguments.find(|argument| !argument.starts_with('-')) else {
        return println!("no other build is named, so there is nothing to compare with");
    };
    let other = fs::canonicalize(other).unwrap();
    let this = Path::new(env!("CARGO_BIN_EXE_verkada-audit-logs"));
    let pages = if is_quick() { 50 } else { 500 };
    let records = pages * 200;
    let folder = tempfile::tempdir().unwrap();
    let organisation = Server::start(&format!("per_day={} flat=1", DENSITY * 86_400));
    let fixed = Server::start(&format!("pages={pages}"));
    println!("{records} audit logs in pages of 200");

    let end = MIDNIGHT + (records / DENSITY) as i64;
    let slices = format!("--start {MIDNIGHT} --end {end} --interval-minutes 1 {UNPACED}");
    let one_piece = format!(
        "--start 1789340000 --end 1789344000 --interval-minutes 1440 --page-size 200 {UNPACED}"
    );
    for (how, url, arguments) in [
        ("in slices", &organisation.base_url, &slices),
        ("in one piece", &fixed.base_url, &one_piece),
    ] {
        for output in [Output::Null, Output::Pipe, Output::File] {
            let run = |program: &Path| {
                output.measure(
                    folder.path(),
                    &mut build(program, url, folder.path(), arguments),
                )
            };
            let [ours, others] = medians(ROUNDS, [&mut || run(this), &mut || run(&other)]);
            let what = format!("read {how} into {}: CPU / the other build", output.name());
            row(&what, ratio(ours.cpu, others.cpu), "times", None);
        }
    }
}

/// The output that a run writes to.
#[derive(Clone, Copy)]
enum Output {
    Null,
    Pipe,
    File,
}

impl Output {
    fn name(self) -> &'static str {
        match self {
            Self::Null => "/dev/null",
            Self::Pipe => "a pipe",
            Self::File => "a file",
        }
    }

    fn measure(self, folder: &Path, command: &mut Command) -> Usage {
        match self {
            Self::Null => measure(command),
            Self::File => measure_into(File::create(folder.join("output")).unwrap(), command),
            Self::Pipe => {
                let mut reader = Command::new("cat");
                reader.stdin(Stdio::piped()).stdout(Stdio::null());
                let mut reader = reader.spawn().unwrap();
                let usage = measure_into(reader.stdin.take().unwrap(), command);
                assert!(reader.wait().unwrap().success());
                usage
            }
        }
    }
}
