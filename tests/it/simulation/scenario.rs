//! The random choices that are made before a history begins.

use fastrand::Rng;
use verkada_audit_logs::Source;
use verkada_audit_logs::demo::{self, Burst, DailyCycle, Paging, Profile, WindowEnds};

/// Histories, by their seeds, in which nearly every read of several pages meets a record that appears between two of them.
pub(super) const LIVELY: std::ops::Range<u64> = 1_000..1_200;

/// An organisation, its server, and how the program is set up and when it is run.
pub(super) struct Scenario {
    pub(super) profile: Profile,
    pub(super) ends: WindowEnds,
    pub(super) page_size: u32,
    pub(super) paging: Paging,
    pub(super) seconds_per_request: i64,
    pub(super) sources: Vec<Source>,
    pub(super) interval: i64,
    pub(super) overlap: i64,
    /// The server's clock at the first run.
    pub(super) begins: i64,
    /// A range that is read first.
    pub(super) backfill: Option<(i64, i64)>,
    /// Seconds from one scheduled run to the next.
    pub(super) gaps: Vec<i64>,
}

impl Scenario {
    pub(super) fn draw(dice: &mut Rng) -> Self {
        let interval = pick(dice, &[60, 300, 900, 900, 3_600]);
        let overlap = pick(dice, &[120, 600, 1_800, 1_800, 3_600]);
        let begins = 1_790_000_000 + dice.i64(0..1_000_000);
        let backfill = (dice.u32(0..10) < 4).then(|| {
            let start = begins - dice.i64(1..=12 * interval);
            let end = match dice.u32(0..8) {
                0 => begins + dice.i64(0..2 * interval),
                _ => dice.i64(start + 1..=begins),
            };
            (start, end)
        });
        let gaps: Vec<_> = (0..dice.usize(3..9)).map(|_| gap(dice, interval)).collect();
        let first = backfill.map_or(begins - 2 * interval, |(start, _)| start) - overlap;
        let last = begins + gaps.iter().sum::<i64>() + 3 * interval;
        Self {
            profile: profile(dice, first..last, interval, overlap),
            ends: WindowEnds {
                start_inclusive: dice.bool(),
                end_inclusive: dice.bool(),
            },
            // The fewer records a page holds, the more often a page border comes between twins or records that shift, and
            // the more requests that costs for each page. Few organisations are read like that.
            page_size: pick(dice, &[5, 20, 20, 50, 100, 200]),
            paging: pick(dice, &[Paging::ByPosition, Paging::ByNumber]),
            seconds_per_request: pick(dice, &[0, 1, 3, 60]),
            sources: match dice.u32(0..10) {
                0 => vec![Source::AuditLogs],
                1 => vec![Source::Notifications],
                _ => Source::ALL.to_vec(),
            },
            interval,
            overlap,
            begins,
            backfill,
            gaps,
        }
    }

    /// Makes it one of [`LIVELY`].
    pub(super) fn make_lively(&mut self, dice: &mut Rng) {
        self.paging = Paging::ByNumber;
        self.page_size = pick(dice, &[2, 3, 5, 7]);
        self.seconds_per_request = pick(dice, &[1, 3, 20]);
        self.profile.late_per_mille = 300;
        self.profile.audit_logs_per_day *= 2.0;
    }
}

/// Time to the next run: within the same interval, on time, or after missed runs.
fn gap(dice: &mut Rng, interval: i64) -> i64 {
    let jitter = dice.i64(0..interval);
    match dice.u32(0..20) {
        0..3 => jitter / 3,
        3..13 => interval,
        13..16 => interval + jitter,
        16..18 => 2 * interval + jitter,
        18 => 10 * interval + jitter,
        _ => dice.i64(30..100) * interval + jitter,
    }
}

fn profile(dice: &mut Rng, span: std::ops::Range<i64>, interval: i64, overlap: i64) -> Profile {
    let seconds = span.end - span.start;
    let steady = if seconds < 20_000 {
        dice.f64() * 60.0 * 86_400.0 / seconds as f64
    } else {
        0.0
    };
    let delays = |dice: &mut Rng, choices: &[i64]| -> Vec<u32> {
        let count = dice.usize(1..4);
        (0..count).map(|_| pick(dice, choices) as u32).collect()
    };
    let processing_delays = delays(dice, &[0, 1, 5, 60, overlap / 2, overlap, overlap + 600]);
    let bursts = (0..dice.usize(5..40))
        .map(|_| burst(dice, &span, interval, &processing_delays))
        .collect();
    Profile {
        seed: dice.u64(..),
        audit_logs_per_day: steady,
        notifications_per_day: steady / 2.0,
        daily_cycle: DailyCycle::Flat,
        bursts,
        visibility_delays: delays(dice, &[1, 30, overlap / 3, overlap - 1, overlap]),
        processing_delays,
        late_per_mille: pick(dice, &[0, 50, 200, 500]),
        twins_per_mille: pick(dice, &[0, 30, 250]),
    }
}

/// Some records at once, often such that they are processed on an end of an interval.
fn burst(dice: &mut Rng, span: &std::ops::Range<i64>, interval: i64, delays: &[u32]) -> Burst {
    let mut at = dice.i64(span.clone());
    if dice.bool() {
        at -= at.rem_euclid(interval) + i64::from(pick(dice, delays)) + dice.i64(0..2);
    }
    Burst {
        source: pick(
            dice,
            &[demo::Source::AuditLogs, demo::Source::Notifications],
        ),
        at,
        seconds: dice.u32(1..3),
        records_per_second: dice.u32(1..6),
    }
}

pub(super) fn pick<T: Copy>(dice: &mut Rng, choices: &[T]) -> T {
    choices[dice.usize(..choices.len())]
}
