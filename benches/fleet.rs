//! A thousand organisations on one machine, each with its own folder, through the command line of the systemd template,
//! and started as its timer starts them. One organisation in a hundred asks a server that answers after ten seconds.
//!
//! `cargo bench --bench fleet` takes six minutes; `-- --quick` has a hundred organisations.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::server::{self, Server};
use support::{Usage, account, is_quick, median, program, ratio, row};

const TEMPLATE: &str = include_str!("../deploy/systemd/verkada-audit-logs@.service");

/// `RandomizedDelaySec` of the timer, over which a thousand organisations are spread.
const SPREAD: Duration = Duration::from_secs(180);

/// Length of the scheduled interval in the bench, so that the next one is soon over.
const INTERVAL: Duration = Duration::from_secs(60);

/// One organisation in this many asks the slow server.
const ONE_SLOW_IN: usize = 100;

/// The template's interval, and the cores whose time is shared out.
const QUARTER_OF_AN_HOUR: f64 = 900.0;
const CORES: f64 = 2.0;

struct Organisation {
    folder: PathBuf,
    base_url: String,
    is_slow: bool,
}

/// The runs of a fleet, in the order of its organisations.
struct Fleet {
    runs: Vec<Usage>,
    most_at_once: usize,
}

fn main() {
    server::serve_if_asked();
    let count = if is_quick() { 100 } else { 1_000 };
    let spread = SPREAD.mul_f64(count as f64 / 1_000.0);
    let folder = tempfile::tempdir().unwrap();
    let usual = Server::start("per_day=1000 notifications=200 latency=20");
    let slow = Server::start("per_day=1000 notifications=200 latency=10000");
    let fleet = organisations(folder.path(), count, &usual, &slow);

    run_all(&fleet, spread / 6);
    thread::sleep(INTERVAL);
    let mut healthy = fleet.iter().filter(|organisation| !organisation.is_slow);
    let alone = median(31, || run(healthy.next().unwrap()));
    thread::sleep(INTERVAL);
    print_rows(&fleet, &run_all(&fleet, spread), &alone);
}

fn organisations(folder: &Path, count: usize, usual: &Server, slow: &Server) -> Vec<Organisation> {
    let organisation = |number: usize| {
        let folder = folder.join(number.to_string());
        fs::create_dir(&folder).unwrap();
        let is_slow = number.is_multiple_of(ONE_SLOW_IN);
        let server = if is_slow { slow } else { usual };
        Organisation {
            folder,
            base_url: server.base_url.clone(),
            is_slow,
        }
    };
    (0..count).map(organisation).collect()
}

/// The arguments in the template's `ExecStart`, without those that an organisation may add.
fn arguments() -> String {
    let command = TEMPLATE
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let words = command.unwrap().split(' ').skip(1);
    let own: Vec<_> = words.filter(|word| !word.starts_with('$')).collect();
    own.join(" ")
}

fn run(organisation: &Organisation) -> Usage {
    let mut command = program(&organisation.base_url, &organisation.folder, &arguments());
    let minutes = INTERVAL.as_secs() / 60;
    let started = Instant::now();
    let child = command
        .env("CRON_INTERVAL_MINUTES", minutes.to_string())
        .spawn();
    let usage = account(child.unwrap(), started);
    assert!(usage.succeeded, "{command:?} failed");
    usage
}

/// Runs every organisation once, each at its own moment of `spread`, whether or not others are done.
fn run_all(fleet: &[Organisation], spread: Duration) -> Fleet {
    let running = AtomicUsize::new(0);
    let most_at_once = AtomicUsize::new(0);
    let begun = Instant::now();
    let (at_once, most) = (&running, &most_at_once);
    let runs = thread::scope(|scope| {
        let start = |(number, organisation)| {
            let due = spread.mul_f64(number as f64 / fleet.len() as f64);
            thread::sleep(due.saturating_sub(begun.elapsed()));
            scope.spawn(move || {
                let now = at_once.fetch_add(1, Ordering::Relaxed) + 1;
                most.fetch_max(now, Ordering::Relaxed);
                let usage = run(organisation);
                at_once.fetch_sub(1, Ordering::Relaxed);
                usage
            })
        };
        let threads: Vec<_> = fleet.iter().enumerate().map(start).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    Fleet {
        runs,
        most_at_once: most_at_once.into_inner(),
    }
}

fn print_rows(fleet: &[Organisation], ran: &Fleet, alone: &Usage) {
    let cpu: Duration = ran.runs.iter().map(|run| run.cpu).sum();
    let peak = ran.runs.iter().map(|run| run.peak).fold(0.0, f64::max);
    let (slow, mut usual): (Vec<_>, Vec<_>) = fleet
        .iter()
        .zip(&ran.runs)
        .partition(|(organisation, _)| organisation.is_slow);
    usual.sort_by_key(|(_, run)| run.elapsed);
    let elapsed = |part: f64| usual[((usual.len() - 1) as f64 * part) as usize].1.elapsed;
    let count = fleet.len() as u32;
    println!(
        "{count} organisations, a quiet interval, {} of them slow",
        slow.len()
    );
    row(
        "CPU / as many single runs",
        ratio(cpu / count, alone.cpu),
        "times",
        Some(1.5),
    );
    row(
        "largest memory / a single run",
        peak / alone.peak,
        "times",
        Some(1.5),
    );
    row(
        "time of the middle one / a single run",
        ratio(elapsed(0.5), alone.elapsed),
        "times",
        Some(2.0),
    );
    row(
        "time of 99 in 100 / a single run",
        ratio(elapsed(0.99), alone.elapsed),
        "times",
        None,
    );
    let share = cpu.as_secs_f64() / (QUARTER_OF_AN_HOUR * CORES) * 100.0;
    row(
        "CPU of two cores, of an interval of 15 minutes",
        share,
        "%",
        None,
    );
    row("most runs at once", ran.most_at_once as f64, "", None);
    row(
        "memory of so many",
        ran.most_at_once as f64 * peak,
        "MiB",
        None,
    );
    row(
        "a single run: CPU",
        support::milliseconds(alone.cpu),
        "ms",
        None,
    );
    row("a single run: memory", alone.peak, "MiB", None);
}
