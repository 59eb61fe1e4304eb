//! The plan: which window of each source is read.

use super::checkpoint::{State, Watermark};
use crate::api::{ConfigurationError, Source, TimeBase, Window};
use crate::time::{CLOCK_TOLERANCE_SECONDS, time_text};

/// The default length of a scheduled interval, in minutes.
pub const CRON_INTERVAL_MINUTES: u32 = 15;

/// How far back a run with a checkpoint looks for late records by default, in minutes.
pub const DEFAULT_OVERLAP_MINUTES: u32 = 30;

/// With a checkpoint, this many seconds more than the overlap are read: if Verkada leaves out records exactly on the
/// start of a window, the second from which everything is wanted is still within it.
const OVERLAP_MARGIN: i64 = 1;

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

/// Returns the most recent end of an interval: `now` rounded down to a multiple of its length since the Unix epoch.
pub fn latest_boundary(now: i64, interval_seconds: i64) -> i64 {
    now - now.rem_euclid(interval_seconds)
}

/// Returns the window of a scheduled run at `now`, in Unix seconds. The windows of consecutive runs tile time.
pub fn scheduled_window(now: i64, interval_seconds: i64) -> Window {
    let end = latest_boundary(now, interval_seconds);
    Window::new(end - interval_seconds, end, TimeBase::Processed)
        .expect("an interval is longer than nothing")
}

/// The plan for one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// This window, in slices that begin with `first_slice` seconds, or in one piece.
    Read {
        window: Window,
        first_slice: Option<i64>,
        /// With a checkpoint: the beginning of the first run.
        since: i64,
    },
    /// Everything through this Unix second has been printed, as the checkpoint says.
    UpToDate(i64),
}

/// The settings that plans are made from. Times and lengths are in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planner {
    pub(super) now: i64,
    pub(super) period: Period,
    pub(super) interval: i64,
    pub(super) overlap: i64,
}

impl Planner {
    /// Makes the plan for `source`, going on from `state` if there is a checkpoint.
    pub(super) fn plan(
        &self,
        source: Source,
        state: Option<&State>,
    ) -> Result<Plan, ConfigurationError> {
        let watermark = state.and_then(|state| state.source(source).watermark);
        match (self.period, watermark) {
            (Period::Scheduled, None) => {
                let window = scheduled_window(self.now, self.interval);
                self.read(
                    source,
                    window.start(),
                    window.end(),
                    window.start(),
                    state.is_some(),
                )
            }
            (Period::Scheduled, Some(watermark)) => {
                let end = latest_boundary(self.now, self.interval);
                self.go_on(source, watermark, end)
            }
            (Period::Range { start, end }, None) => {
                if state.is_some() {
                    self.check_start(start)?;
                }
                self.read(source, start, end, start, state.is_some())
            }
            (Period::Range { start, end }, Some(watermark)) => {
                if start < watermark.since && watermark.through == watermark.since {
                    // Every run so far failed before it read anything, so the range may begin anywhere.
                    return self.read(source, start, end, start, true);
                }
                check_range(source, start, end, watermark)?;
                self.go_on(source, watermark, end)
            }
        }
    }

    /// A watermark in the future would lock out every scheduled run until then.
    fn check_start(&self, start: i64) -> Result<(), ConfigurationError> {
        if start <= self.now + CLOCK_TOLERANCE_SECONDS {
            return Ok(());
        }
        Err(ConfigurationError::new(format!(
            "--start {} is in the future, and a checkpoint cannot begin there",
            time_text(start)
        )))
    }

    /// Plans to read again from the overlap before what is printed, as far as the ledger reaches. A range does so too, even
    /// if it starts later: records that turned up late before its start would be lost once the watermark is past them.
    fn go_on(
        &self,
        source: Source,
        printed: Watermark,
        end: i64,
    ) -> Result<Plan, ConfigurationError> {
        if end <= printed.through {
            return Ok(Plan::UpToDate(printed.through));
        }
        let start = printed
            .remembered
            .max(printed.through - self.overlap - OVERLAP_MARGIN);
        self.read(source, start, end, printed.since, true)
    }

    fn read(
        &self,
        source: Source,
        start: i64,
        end: i64,
        since: i64,
        checkpoint: bool,
    ) -> Result<Plan, ConfigurationError> {
        let by_event =
            source == Source::Notifications || matches!(self.period, Period::Range { .. });
        let time_base = if by_event {
            TimeBase::Event
        } else {
            TimeBase::Processed
        };
        let usual = self.interval
            + if checkpoint {
                self.overlap + OVERLAP_MARGIN
            } else {
                0
            };
        let in_slices = checkpoint || end - start > self.interval;
        Ok(Plan::Read {
            window: Window::new(start, end, time_base)?,
            first_slice: in_slices.then_some(usual),
            since,
        })
    }
}

/// Refuses a range that would leave a hole in what the checkpoint has printed.
fn check_range(
    source: Source,
    start: i64,
    end: i64,
    printed: Watermark,
) -> Result<(), ConfigurationError> {
    let Watermark { since, through, .. } = printed;
    let refuse = |reason: String| Err(ConfigurationError::new(reason));
    if start > through {
        return refuse(format!(
            "--start {} would leave a hole: the checkpoint has printed {source} through {}; start there or earlier",
            time_text(start),
            time_text(through)
        ));
    }
    if start < since {
        return refuse(format!(
            "--start {} is before the beginning of the checkpoint, which has {source} from {}; read {} to {} with a checkpoint of its own, or without",
            time_text(start),
            time_text(since),
            time_text(start),
            time_text(since.min(end))
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_123;

    fn planner(period: Period) -> Planner {
        Planner {
            now: NOW,
            period,
            interval: 900,
            overlap: 1_800,
        }
    }

    fn printed(since: i64, through: i64) -> State {
        let mut state = State::default();
        state.audit_logs.watermark = Some(Watermark {
            through,
            ..Watermark::starting_at(since)
        });
        state
    }

    fn window(plan: Plan) -> (i64, i64, TimeBase) {
        match plan {
            Plan::Read { window, .. } => (window.start(), window.end(), window.time_base()),
            Plan::UpToDate(through) => panic!("up to date through {through}"),
        }
    }

    #[test]
    fn consecutive_scheduled_windows_tile_time() {
        for interval in [60, 900, 420, 86_400] {
            let mut previous: Option<Window> = None;
            for run in 0..200 {
                let begins = latest_boundary(NOW, interval) + run * interval;
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

    #[test]
    fn a_scheduled_run_asks_by_processed_time_and_a_range_by_event_time() {
        let scheduled = planner(Period::Scheduled);
        let range = planner(Period::Range { start: 5, end: 7 });
        let base = |planner: Planner, source| window(planner.plan(source, None).unwrap()).2;
        assert_eq!(base(scheduled, Source::AuditLogs), TimeBase::Processed);
        assert_eq!(base(scheduled, Source::Notifications), TimeBase::Event);
        assert_eq!(base(range, Source::AuditLogs), TimeBase::Event);
    }

    #[test]
    fn only_a_range_longer_than_one_interval_is_read_in_slices() {
        let sliced = |start, end| {
            let plan = planner(Period::Range { start, end }).plan(Source::AuditLogs, None);
            matches!(
                plan,
                Ok(Plan::Read {
                    first_slice: Some(900),
                    ..
                })
            )
        };
        assert!(!sliced(0, 900));
        assert!(sliced(0, 901));
        let scheduled = planner(Period::Scheduled)
            .plan(Source::AuditLogs, None)
            .unwrap();
        assert!(matches!(
            scheduled,
            Plan::Read {
                first_slice: None,
                ..
            }
        ));
    }

    #[test]
    fn a_run_goes_on_from_the_overlap_before_what_is_printed() {
        let plan = |since, through| {
            planner(Period::Scheduled)
                .plan(Source::AuditLogs, Some(&printed(since, through)))
                .unwrap()
        };
        assert_eq!(
            window(plan(0, 1_799_990_000)),
            (1_799_990_000 - 1_801, 1_800_000_000, TimeBase::Processed)
        );
        assert_eq!(window(plan(1_799_989_000, 1_799_990_000)).0, 1_799_989_000);
        assert_eq!(plan(0, 1_800_000_000), Plan::UpToDate(1_800_000_000));
        let first = planner(Period::Scheduled)
            .plan(Source::AuditLogs, Some(&State::default()))
            .unwrap();
        assert_eq!(
            window(first),
            (1_799_999_100, 1_800_000_000, TimeBase::Processed)
        );
    }

    #[test]
    fn a_range_goes_on_where_it_stopped_and_never_leaves_a_hole() {
        let plan = |start, end| {
            planner(Period::Range { start, end })
                .plan(Source::AuditLogs, Some(&printed(10_000, 50_000)))
        };
        assert_eq!(
            window(plan(10_000, 90_000).unwrap()),
            (50_000 - 1_801, 90_000, TimeBase::Event)
        );
        assert_eq!(
            window(plan(50_000, 90_000).unwrap()),
            (50_000 - 1_801, 90_000, TimeBase::Event)
        );
        assert_eq!(plan(10_000, 50_000), Ok(Plan::UpToDate(50_000)));
        let hole = plan(50_001, 90_000).unwrap_err().to_string();
        assert!(hole.contains("--start") && hole.contains("hole"), "{hole}");
        let before = plan(9_999, 20_000).unwrap_err().to_string();
        assert!(before.contains("before the beginning"), "{before}");
    }

    #[test]
    fn a_range_may_start_earlier_as_long_as_nothing_is_printed() {
        let period = Period::Range {
            start: 9_000,
            end: 20_000,
        };
        let plan = planner(period).plan(Source::AuditLogs, Some(&printed(10_000, 10_000)));
        assert!(matches!(plan, Ok(Plan::Read { since: 9_000, .. })));
    }

    #[test]
    fn a_checkpoint_never_begins_in_the_future() {
        let range = planner(Period::Range {
            start: NOW + CLOCK_TOLERANCE_SECONDS + 1,
            end: NOW + 900,
        });
        let refused = range.plan(Source::AuditLogs, Some(&State::default()));
        assert!(refused.unwrap_err().to_string().contains("future"));
        assert!(range.plan(Source::AuditLogs, None).is_ok());
    }

    #[test]
    fn a_longer_overlap_than_before_reaches_back_no_further_than_memory() {
        let mut state = printed(0, 1_799_990_000);
        let remembered = 1_799_989_500;
        state
            .audit_logs
            .watermark
            .iter_mut()
            .for_each(|watermark| watermark.remembered = remembered);
        let plan = planner(Period::Scheduled).plan(Source::AuditLogs, Some(&state));
        assert_eq!(window(plan.unwrap()).0, remembered);
    }
}
