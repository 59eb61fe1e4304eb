//! Tools of all benches: children with the kernel's account of them, servers in a process of their
//! own, medians, and tables.
//!
//! The kernel counts the memory of the process that starts a child as the child's, up to the moment it becomes
//! another program. The bench itself therefore stays small: servers run in a second process of the same bench.

#![allow(dead_code, reason = "each bench uses a part of it")]
#![allow(clippy::print_stdout, reason = "a bench prints its table")]

pub(crate) mod reads;
pub(crate) mod server;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// 2026-09-14T00:00:00Z, a Monday.
pub(crate) const MIDNIGHT: i64 = 1_789_344_000;

/// The resources that a child used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) elapsed: Duration,
    /// Peak resident memory in MiB.
    pub(crate) peak: f64,
    pub(crate) succeeded: bool,
}

/// The program, asking the server at `base_url`; its standard output is thrown away.
pub(crate) fn program(base_url: &str, folder: &Path, arguments: &str) -> Command {
    let this = Path::new(env!("CARGO_BIN_EXE_verkada-audit-logs"));
    build(this, base_url, folder, arguments)
}

/// The build of the program at `path`, likewise.
pub(crate) fn build(path: &Path, base_url: &str, folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(path);
    command
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .env("VERKADA_BASE_URL", base_url)
        .env("VERKADA_API_KEY", verkada_audit_logs::demo::DEMO_API_KEY);
    command
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn measure(command: &mut Command) -> Usage {
    measure_into(Stdio::null(), command)
}

/// Runs a command to its end, which writes to `output`.
#[track_caller]
pub(crate) fn measure_into(output: impl Into<Stdio>, command: &mut Command) -> Usage {
    let started = Instant::now();
    let child = command.stdout(output).spawn().unwrap();
    // The command keeps its end of a pipe open until it is given another output.
    command.stdout(Stdio::null());
    let usage = account(child, started);
    assert!(usage.succeeded, "{command:?} failed");
    usage
}

/// Waits for a child that was started before.
pub(crate) fn account(mut child: Child, started: Instant) -> Usage {
    let ended = child.wait4().unwrap();
    let elapsed = started.elapsed();
    Usage {
        cpu: ended.rusage.utime + ended.rusage.stime,
        elapsed,
        peak: ended.rusage.maxrss as f64 / PER_MEBIBYTE,
        succeeded: ended.status.success(),
    }
}

/// `wait4` counts bytes.
const PER_MEBIBYTE: f64 = 1_048_576.0;

/// The median of `repeats` measurements, each value by itself.
pub(crate) fn median(repeats: usize, mut run: impl FnMut() -> Usage) -> Usage {
    let [median] = medians(repeats, [&mut run]);
    median
}

/// The medians of several that are measured in turns, so that a busy machine is busy for all.
pub(crate) fn medians<const N: usize>(
    repeats: usize,
    mut measured: [&mut dyn FnMut() -> Usage; N],
) -> [Usage; N] {
    let turns: Vec<[Usage; N]> = (0..repeats)
        .map(|_| measured.each_mut().map(|run| run()))
        .collect();
    std::array::from_fn(|which| {
        let runs: Vec<_> = turns.iter().map(|turn| turn[which]).collect();
        middle(&runs)
    })
}

fn middle(runs: &[Usage]) -> Usage {
    let pick = |value: fn(&Usage) -> f64| {
        let mut values: Vec<_> = runs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Usage {
        cpu: Duration::from_secs_f64(pick(|run| run.cpu.as_secs_f64())),
        elapsed: Duration::from_secs_f64(pick(|run| run.elapsed.as_secs_f64())),
        peak: pick(|run| run.peak),
        succeeded: true,
    }
}

/// Reports whether `name` can be run here; says so if not.
pub(crate) fn is_installed(name: &str) -> bool {
    let found = Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_err() {
        println!("{name} is not installed here: its rows are left out");
    }
    found.is_ok()
}

/// Reports whether `-- --quick` was asked for.
pub(crate) fn is_quick() -> bool {
    std::env::args().any(|argument| argument == "--quick")
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// One line of a table: what, the value, and the limit that it is to keep.
pub(crate) fn row(what: &str, value: f64, unit: &str, most: Option<f64>) {
    let verdict = match most {
        None => String::new(),
        Some(most) if value <= most => format!("at most {most}: holds"),
        Some(most) => format!("at most {most}: DOES NOT HOLD"),
    };
    println!("{what:<62} {value:>9.3} {unit:<18} {verdict}");
}

/// The ratio of `part` to `whole`.
pub(crate) fn ratio(part: Duration, whole: Duration) -> f64 {
    part.as_secs_f64() / whole.as_secs_f64()
}
