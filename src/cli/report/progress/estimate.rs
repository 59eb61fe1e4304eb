//! The time that the source in hand still takes.

use std::time::Duration;

use verkada_audit_logs::Source;
use verkada_audit_logs::pull::Progress;

/// An estimate from a shorter time is mostly chance.
const SHORTEST_TIME: Duration = Duration::from_secs(20);

/// An estimate from a smaller share of the window is mostly chance.
const SMALLEST_SHARE: f64 = 0.05;

/// Days differ from nights, and weekends from working days, by more than a factor of two, so only a whole week shows
/// how long the rest takes. A shorter read takes minutes at most.
const WEEK: i64 = 7 * 86_400;

/// A shorter rest may be a weekend alone, which takes far less than working days.
const SHORTEST_REST: i64 = 3 * 86_400;

/// Estimates from how far printing has come since the first slice was finished. Slices before that are short, and the time
/// until then holds the waits for a token and for the first answers.
#[derive(Debug, Default)]
pub(super) struct Estimator {
    source: Option<Source>,
    first: Option<(Duration, i64)>,
}

impl Estimator {
    /// Takes note of the progress at `elapsed` since the beginning, and returns the time that the rest of the source takes,
    /// once enough is known for that.
    pub(super) fn time_left(&mut self, progress: &Progress, elapsed: Duration) -> Option<Duration> {
        if progress.source != self.source {
            *self = Self {
                source: progress.source,
                first: None,
            };
        }
        if progress.reached <= progress.start {
            return None;
        }
        let (since, from) = *self.first.get_or_insert((elapsed, progress.reached));
        let time = elapsed - since;
        let moved = progress.reached - from;
        let window = progress.end - progress.start;
        let rest = progress.end - progress.reached;
        let is_enough = time >= SHORTEST_TIME
            && moved as f64 >= window as f64 * SMALLEST_SHARE
            && moved >= WEEK
            && rest >= SHORTEST_REST;
        (is_enough && moved > 0).then(|| time.mul_f64(rest as f64 / moved as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// Reads `days` of a source whose density is 10 in working hours and 1 otherwise, at `pace` records a second, after
    /// `wait` seconds without progress. Returns the estimates beside the truth.
    fn estimates(days: i64, pace: f64, wait: u64) -> Vec<(Option<f64>, f64)> {
        let density = |second: i64| {
            let (day, hour) = (second / DAY, second / 3_600 % 24);
            if day % 7 < 5 && (8..18).contains(&hour) {
                10.0
            } else {
                1.0
            }
        };
        let step = 900;
        let mut clock = wait as f64;
        let mut seen = Vec::new();
        for slice in 0..days * DAY / step {
            clock += density(slice * step) / pace;
            seen.push((clock, (slice + 1) * step));
        }
        let mut estimator = Estimator::default();
        let mut all = Vec::new();
        for (time, reached) in seen {
            let progress = Progress {
                source: Some(Source::AuditLogs),
                start: 0,
                end: days * DAY,
                reached,
                printed: 0,
                ..Progress::default()
            };
            let left = estimator.time_left(&progress, Duration::from_secs_f64(time));
            all.push((left.map(|left| left.as_secs_f64()), clock - time));
        }
        all
    }

    #[test]
    fn an_estimate_is_within_a_factor_of_two_or_is_not_given() {
        for days in [1, 3, 14, 90] {
            let all = estimates(days, 2.0, 300);
            let is_estimated = all.iter().any(|(left, _)| left.is_some());
            assert_eq!(is_estimated, days > 7, "{days} days");
            for (left, truth) in all {
                // The last seconds do not matter.
                let Some(left) = left.filter(|_| truth > 30.0) else {
                    continue;
                };
                assert!(
                    left <= truth * 2.0 && truth <= left * 2.0,
                    "{days} days: {left} for {truth}"
                );
            }
        }
    }

    #[test]
    fn a_few_seconds_and_another_source_begin_without_an_estimate() {
        let mut estimator = Estimator::default();
        let at = |source, reached| Progress {
            source: Some(source),
            start: 0,
            end: 100 * WEEK,
            reached: reached * WEEK / 10,
            printed: 0,
            ..Progress::default()
        };
        let mut left = |source, reached, seconds| {
            estimator.time_left(&at(source, reached), Duration::from_secs(seconds))
        };
        assert_eq!(left(Source::AuditLogs, 0, 0), None);
        assert_eq!(left(Source::AuditLogs, 100, 10), None);
        assert_eq!(left(Source::AuditLogs, 900, 29), None);
        assert_eq!(
            left(Source::AuditLogs, 900, 50),
            Some(Duration::from_secs(5))
        );
        assert_eq!(left(Source::Notifications, 500, 60), None);
        assert_eq!(left(Source::Notifications, 540, 100), None);
        assert_eq!(left(Source::Notifications, 1_000, 100), None);
    }
}
