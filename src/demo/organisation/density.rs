//! The number of records in each second.

use super::profile::{Burst, Profile, Source};
use super::random::mix;

/// The first second that can hold a record: 1970-01-01T00:00:00Z.
pub(super) const FIRST_SECOND: i64 = 0;

/// The last second that can hold a record: 9999-12-31T23:59:59Z, the last that RFC 3339 can write.
pub(crate) const LAST_SECOND: i64 = 253_402_300_799;

const SECONDS_PER_HOUR: i64 = 3600;
const SECONDS_PER_DAY: f64 = 86_400.0;
const WORKING_HOURS: std::ops::Range<usize> = 8..18;

/// Largest number of random records in a second. With an average below 1, fewer than one second in
/// ten thousand million would hold more.
const CHANCES: usize = 12;

/// The number of records that one source has in each second.
pub(super) struct Density {
    key: u64,
    hours: [Hour; 24],
    steady: bool,
    bursts: Vec<Burst>,
}

impl Density {
    /// Creates the density of a source. `key` must differ from that of every other density.
    pub(super) fn new(profile: &Profile, source: Source, key: u64) -> Self {
        let per_day = profile.records_per_day(source).max(0.0);
        let factor = profile.daily_cycle.working_hours_factor();
        let bursts = profile.bursts.iter().filter(|burst| burst.source == source);
        Self {
            key,
            hours: std::array::from_fn(|hour| {
                Hour::new(per_day / SECONDS_PER_DAY * weight(hour, factor))
            }),
            steady: per_day > 0.0,
            bursts: bursts.cloned().collect(),
        }
    }

    /// Returns the number of records with their event time in this second.
    pub(super) fn count(&self, second: i64) -> u32 {
        if !(FIRST_SECOND..=LAST_SECOND).contains(&second) {
            return 0;
        }
        let hour = &self.hours[(second / SECONDS_PER_HOUR % 24) as usize];
        let usual = hour.count(mix(self.key, second as u64));
        let extra = self.bursts.iter().map(|burst| burst_count(burst, second));
        usual.saturating_add(extra.sum())
    }

    /// Reports whether every second may hold a record, not only those of bursts.
    pub(super) fn is_steady(&self) -> bool {
        self.steady
    }

    /// Returns the newest second, not after the given one, that may hold a record. The seconds in
    /// between hold none.
    ///
    /// Lets a search skip the years in which an organisation with bursts alone is silent.
    pub(super) fn newest_candidate(&self, second: i64) -> Option<i64> {
        if self.steady {
            return Some(second);
        }
        let started = self.bursts.iter().filter(|burst| burst.at <= second);
        started
            .map(|burst| second.min(burst.at.saturating_add(i64::from(burst.seconds) - 1)))
            .max()
    }
}

/// Returns the rate of an hour of the day, relative to the average.
fn weight(hour: usize, working_hours_factor: f64) -> f64 {
    let working = WORKING_HOURS.len() as f64;
    let night = 24.0 / (24.0 - working + working * working_hours_factor);
    if WORKING_HOURS.contains(&hour) {
        night * working_hours_factor
    } else {
        night
    }
}

/// Returns the number of records that a burst adds to a second.
fn burst_count(burst: &Burst, second: i64) -> u32 {
    let age = second.saturating_sub(burst.at);
    if (0..i64::from(burst.seconds)).contains(&age) {
        burst.records_per_second
    } else {
        0
    }
}

/// The counts of one hour of the day: a fixed number in each second, plus a Poisson-distributed
/// number for the fraction above it.
struct Hour {
    certain: u32,
    thresholds: [u64; CHANCES],
}

impl Hour {
    fn new(records_per_second: f64) -> Self {
        let fraction = records_per_second.fract();
        let mut probability = (-fraction).exp();
        let mut cumulated = 0.0;
        let thresholds = std::array::from_fn(|chance| {
            cumulated += probability;
            probability *= fraction / (chance + 1) as f64;
            (cumulated * 2.0_f64.powi(64)) as u64
        });
        let certain = records_per_second as u32;
        Self {
            certain,
            thresholds,
        }
    }

    /// Returns the count of a second from its draw, which is uniform over `u64`.
    fn count(&self, draw: u64) -> u32 {
        let passed = self
            .thresholds
            .iter()
            .take_while(|&&threshold| draw > threshold);
        self.certain + passed.count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::organisation::profile::DailyCycle;

    const DAY: i64 = 1_789_344_000;

    fn total(profile: &Profile, seconds: std::ops::Range<i64>) -> f64 {
        let density = Density::new(profile, Source::AuditLogs, 5);
        seconds.map(|second| f64::from(density.count(second))).sum()
    }

    #[test]
    fn the_daily_average_is_kept_at_every_rate_and_cycle() {
        for cycle in [DailyCycle::Flat, DailyCycle::Moderate, DailyCycle::Strong] {
            for per_day in [330.0, 30_000.0, 17_280_000.0] {
                let profile = Profile {
                    audit_logs_per_day: per_day,
                    daily_cycle: cycle,
                    ..Profile::empty()
                };
                let average = total(&profile, DAY..DAY + 10 * 86_400) / 10.0;
                assert!(
                    (average / per_day - 1.0).abs() < 0.05,
                    "{cycle:?}: {average} for {per_day}"
                );
            }
        }
    }

    #[test]
    fn a_strong_cycle_makes_nights_ten_times_quieter() {
        let profile = Profile {
            daily_cycle: DailyCycle::Strong,
            ..Profile::demo()
        };
        let noon = total(&profile, DAY + 12 * 3600..DAY + 13 * 3600);
        let night = total(&profile, DAY + 2 * 3600..DAY + 3 * 3600);
        assert!((7.0..14.0).contains(&(noon / night)), "{noon} and {night}");
    }

    #[test]
    fn bursts_are_exact_and_the_silence_between_them_is_skipped() {
        let burst = Burst {
            source: Source::AuditLogs,
            at: DAY,
            seconds: 2,
            records_per_second: 5000,
        };
        let profile = Profile {
            bursts: vec![burst],
            ..Profile::empty()
        };
        let density = Density::new(&profile, Source::AuditLogs, 5);
        let counts = [DAY - 1, DAY, DAY + 1, DAY + 2].map(|second| density.count(second));
        assert_eq!(counts, [0, 5000, 5000, 0]);
        assert_eq!(density.newest_candidate(DAY + 1_000_000), Some(DAY + 1));
        assert_eq!(density.newest_candidate(DAY), Some(DAY));
        assert_eq!(density.newest_candidate(DAY - 1), None);
    }

    #[test]
    fn seconds_outside_the_calendar_are_empty() {
        let density = Density::new(&Profile::demo(), Source::AuditLogs, 5);
        let crowded = Profile {
            audit_logs_per_day: 1e9,
            ..Profile::demo()
        };
        assert_eq!(Density::new(&crowded, Source::AuditLogs, 5).count(-1), 0);
        assert_eq!(density.count(i64::MAX), 0);
        assert_eq!(density.count(i64::MIN), 0);
    }
}
