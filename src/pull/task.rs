//! The task of a run, and the windows of scheduled runs.

use super::filter::EventFilter;
use crate::api::{ConfigurationError, Source, TimeBase, Window};

/// The default length of a scheduled interval, in minutes.
pub const CRON_INTERVAL_MINUTES: u32 = 15;

/// The default overlap of a run with a checkpoint, in minutes: the stretch before the watermark that is read again for
/// late records.
pub const DEFAULT_OVERLAP_MINUTES: u32 = 30;

/// The longest overlap that can be asked for, in minutes.
pub const LONGEST_OVERLAP_MINUTES: u32 = 7 * 24 * 60;

/// The warning of a range that cannot be read whole yet.
pub const ENDS_IN_FUTURE: &str =
    "the range ends in the future; what happens after this run is not in its output";

/// The stretch of time that a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// The most recent whole interval, by the time at which records were processed.
    Scheduled,
    /// From `start` to `end` in Unix seconds, by the time at which events happened.
    Range {
        /// The first second.
        start: i64,
        /// The last second.
        end: i64,
    },
}

/// Returns the window of a scheduled run at `now`, in Unix seconds: the last interval that has ended. Intervals are
/// counted from the Unix epoch, so the windows of consecutive runs tile time.
pub(super) fn scheduled_window(now: i64, interval_seconds: i64) -> Window {
    let end = now - now.rem_euclid(interval_seconds);
    Window::new(end - interval_seconds, end, TimeBase::Processed)
        .expect("an interval is longer than nothing")
}

/// The task of one run; [`Pull::run`] carries it out.
#[derive(Clone, Debug)]
pub struct Pull {
    /// The beginning of the run by this machine's clock, in Unix seconds.
    pub now: i64,
    /// The stretch of time that it is about.
    pub period: Period,
    /// The sources to read. Audit logs are printed first, whatever the order here.
    pub sources: Vec<Source>,
    /// The audit logs to keep.
    pub filter: EventFilter,
    /// Length of the scheduled interval in seconds.
    pub interval_seconds: i64,
    /// With a checkpoint: the stretch before the watermark that is read again for late records, in seconds.
    pub overlap_seconds: i64,
    /// With a checkpoint: go on from this Unix second although the time since the watermark cannot be read.
    pub accept_gap_to: Option<i64>,
    /// Measure how long after their events records were processed and first seen, which takes time for each record. With a
    /// checkpoint it is measured in any case.
    pub measures_times: bool,
}

impl Pull {
    /// The sources to read, in the order of printing.
    pub(super) fn sources_in_order(&self) -> impl Iterator<Item = Source> {
        Source::ALL
            .into_iter()
            .filter(|source| self.sources.contains(source))
    }

    /// The end of the range, if it is after `now`.
    pub fn end_after(&self, now: i64) -> Option<i64> {
        match self.period {
            Period::Range { end, .. } => Some(end).filter(|end| *end > now),
            Period::Scheduled => None,
        }
    }

    /// Reports whether a first run begins by the clock, not at a time that was given.
    pub(super) fn begins_by_the_clock(&self) -> bool {
        self.period == Period::Scheduled && self.accept_gap_to.is_none()
    }

    /// The window that was asked for at `now`, as if there were no checkpoint.
    pub(super) fn requested_window(&self, now: i64) -> Result<Window, ConfigurationError> {
        match self.period {
            Period::Scheduled => Ok(scheduled_window(now, self.interval_seconds)),
            Period::Range { start, end } => Window::new(start, end, TimeBase::Event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_123;

    #[test]
    fn consecutive_scheduled_windows_tile_time() {
        for interval in [60, 900, 420, 86_400] {
            let mut previous: Option<Window> = None;
            for run in 0..200 {
                let begins = scheduled_window(NOW, interval).end() + run * interval;
                let window = scheduled_window(begins + run * 37 % interval, interval);
                assert_eq!(window.end().rem_euclid(interval), 0);
                assert_eq!(window.end() - window.start(), interval);
                if let Some(previous) = previous {
                    assert_eq!(window.start(), previous.end());
                }
                previous = Some(window);
            }
        }
        let first = scheduled_window(NOW, 900);
        let next = scheduled_window(NOW + 900, 900);
        assert_eq!(first.end(), next.start());
        assert_eq!(first.end(), 1_800_000_000);
        assert_eq!(scheduled_window(1_800_000_000, 900), first);
        assert_eq!(scheduled_window(1_799_999_999, 900).end(), first.start());
    }
}
