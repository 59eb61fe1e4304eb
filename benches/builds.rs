//! This build beside another one, such as the last release: the CPU of the same read into `/dev/null`, a pipe and a file.
//!
//! `cargo bench --bench builds -- PROGRAM`, or `-- --quick PROGRAM` for a tenth of the records.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use support::reads::Reads;
use support::server;
use support::{Usage, build, measure, measure_into, medians, ratio, row};

const ROUNDS: usize = 25;

fn main() {
    server::serve_if_asked();
    let mut arguments = env::args().skip(1);
    let Some(other) = arguments.find(|argument| !argument.starts_with('-')) else {
        return println!("no other build is named, so there is nothing to compare with");
    };
    let other = fs::canonicalize(other).unwrap();
    let this = Path::new(env!("CARGO_BIN_EXE_verkada-audit-logs"));
    let folder = tempfile::tempdir().unwrap();
    let reads = Reads::start();
    for read in [reads.in_slices(), reads.in_one_piece()] {
        for output in [Output::Null, Output::Pipe, Output::File] {
            let run = |program: &Path| {
                output.measure(
                    folder.path(),
                    &mut build(program, read.base_url, folder.path(), &read.arguments),
                )
            };
            let [ours, others] = medians(ROUNDS, [&mut || run(this), &mut || run(&other)]);
            let (how, name) = (read.how, output.name());
            let what = format!("read {how} into {name}: CPU / the other build");
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
