//! A thousand random histories through the real planning, reading, de-duplicating and checkpoint code.
//!
//! ```text
//! history ---> scenario     the random choices of a history
//!    |  `----> world        a folder, and a server with a clock and failures of its own
//!    |---> output           what the runs of it have printed
//!    |---> counting         what occurred in a run
//!    `---> ending           the last run ---> oracle, which knows what should have been printed
//! living                    histories whose lists change while they are read
//! ```

mod counting;
mod ending;
mod history;
mod living;
mod oracle;
mod output;
mod scenario;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use history::{History, Variant};
use oracle::Counts;

/// Histories by their seeds.
const SEEDS: std::ops::Range<u64> = 0..1_000;

/// A history waits for its server most of the time.
const THREADS: usize = 4;

/// Runs the histories and returns what they counted together, and the failures.
fn play(seeds: std::ops::Range<u64>, variant: Variant) -> (Counts, Vec<String>) {
    let next = AtomicU64::new(seeds.start);
    let outcome = Mutex::new((Counts::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let played = runtime.block_on(History::new(seed, variant).play());
                    let mut outcome = outcome.lock().unwrap();
                    match played {
                        Ok(counts) => outcome.0.add(&counts),
                        Err(problem) => outcome.1.push(format!("seed {seed}: {problem}")),
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap()
}

#[test]
fn in_every_history_each_record_is_printed_exactly_once() {
    let (counts, failures) = play(SEEDS, Variant::AsItIs);
    assert_none(&failures);
    counts.assert_each_well_above_zero();
    counts.assert_few_extra_requests();
}

#[test]
fn without_an_overlap_late_records_are_missed() {
    assert_caught(Variant::NoOverlap, "missing");
}

#[test]
fn collapsed_twins_are_missed() {
    assert_caught(Variant::CollapsedTwins, "missing");
}

#[test]
fn a_checkpoint_saved_before_the_lines_are_written_loses_them() {
    assert_caught(Variant::SavesFirst, "missing");
}

#[track_caller]
fn assert_none(failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{} histories fail, among them\n{}",
        failures.len(),
        failures[..failures.len().min(5)].join("\n")
    );
}

#[track_caller]
fn assert_caught(variant: Variant, word: &str) {
    assert_caught_in(0..60, variant, word);
}

#[track_caller]
fn assert_caught_in(seeds: std::ops::Range<u64>, variant: Variant, word: &str) {
    let (_, failures) = play(seeds, variant);
    let caught = failures.iter().filter(|failure| failure.contains(word));
    assert!(
        caught.count() > 3,
        "{variant:?} goes unnoticed: {failures:?}"
    );
}
