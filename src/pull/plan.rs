//! Which window each source is asked for.

use super::checkpoint::{CLOCK_TOLERANCE, State, Watermark};
use super::time_text;
use crate::api::{ConfigurationError, Source, TimeBase, Window};

/// How long a scheduled interval is unless told otherwise, in minutes.
pub const CRON_INTERVAL_MINUTES: u32 = 15;

/// How far back a run with a checkpoint looks again for late records unless told otherwise, in minutes.
pub const DEFAULT_OVERLAP_MINUTES: u32 = 30;

/// With a checkpoint, one second more than the overlap is read: if Verkada leaves out records exactly on the
/// start of a window, the second from which everything is wanted lies within all the same.
const OVERLAP_MARGIN: i64 = 1;

/// What time a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
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

/// The most recent end of an interval: `now` rounded down to a multiple of it since the Unix epoch.
pub fn latest_boundary(now: i64, interval_seconds: i64) -> i64 {
    now - now.rem_euclid(interval_seconds)
}

/// The window of a scheduled run at `now`, all in Unix seconds. The windows of consecutive runs tile time.
pub fn scheduled_window(now: i64, interval_seconds: i64) -> Window {
    let end = latest_boundary(now, interval_seconds);
    Window::new(end - interval_seconds, end, TimeBase::Processed)
        .expect("an interval is longer than nothing")
}

/// What is to be read of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This window, in slices that begin with `first_slice` seconds, or in one piece.
    Read {
        window: Window,
        first_slice: Option<i64>,
        /// With a checkpoint: where the first run began.
        since: i64,
    },
    /// The checkpoint says that it has all been printed, through this Unix second.
    UpToDate(i64),
}

/// The settings that plans are made from, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planner {
    pub(super) now: i64,
    pub(super) span: Span,
    pub(super) interval: i64,
    pub(super) overlap: i64,
}

impl Planner {
    /// The step for `source`, going on from `state` if there is a checkpoint.
    pub(super) fn step(
        &self,
        source: Source,
        state: Option<&State>,
    ) -> Result<Step, ConfigurationError> {
        let watermark = state.and_then(|state| state.source(source).watermark);
        match (self.span, watermark) {
            (Span::Scheduled, None) => {
                let window = scheduled_window(self.now, self.interval);
                self.read(
                    source,
                    window.start(),
                    window.end(),
                    window.start(),
                    state.is_some(),
                )
            }
            (Span::Scheduled, Some(watermark)) => {
                let end = latest_boundary(self.now, self.interval);
                self.go_on(source, watermark, end)
            }
            (Span::Range { start, end }, None) => {
                if state.is_some() {
                    self.check_start(start)?;
                }
                self.read(source, start, end, start, state.is_some())
            }
            (Span::Range { start, end }, Some(watermark)) => {
                if start < watermark.since && watermark.through == watermark.since {
                    // Every run so far failed before it read anything, so there is nothing to go on from.
                    return self.read(source, start, end, start, true);
                }
                check_range(source, start, end, watermark)?;
                self.go_on(source, watermark, end)
            }
        }
    }

    /// A watermark in the future would lock out every scheduled run until then.
    fn check_start(&self, start: i64) -> Result<(), ConfigurationError> {
        if start <= self.now + CLOCK_TOLERANCE {
            return Ok(());
        }
        Err(ConfigurationError::new(format!(
            "--start {} lies in the future, and a checkpoint cannot begin there",
            time_text(start)
        )))
    }

    /// Reads again from the overlap before what is printed, as far as that is remembered. A range does so too,
    /// even if it starts later: what turned up late before its start would be lost once the watermark is past.
    fn go_on(
        &self,
        source: Source,
        printed: Watermark,
        end: i64,
    ) -> Result<Step, ConfigurationError> {
        if end <= printed.through {
            return Ok(Step::UpToDate(printed.through));
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
    ) -> Result<Step, ConfigurationError> {
        let by_event = source == Source::Notifications || matches!(self.span, Span::Range { .. });
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
        Ok(Step::Read {
            window: Window::new(start, end, time_base)?,
            first_slice: in_slices.then_some(usual),
            since,
        })
    }
}

/// Refuses a range that goes on from a checkpoint and would leave a hole.
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
            "--start {} lies before the beginning of the checkpoint, which has {source} from {}; read {} to {} with a checkpoint of its own, or without",
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

    fn planner(span: Span) -> Planner {
        Planner {
            now: NOW,
            span,
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

    fn window(step: Step) -> (i64, i64, TimeBase) {
        match step {
            Step::Read { window, .. } => (window.start(), window.end(), window.time_base()),
            Step::UpToDate(through) => panic!("up to date through {through}"),
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
        let scheduled = planner(Span::Scheduled);
        let range = planner(Span::Range { start: 5, end: 7 });
        let base = |planner: Planner, source| window(planner.step(source, None).unwrap()).2;
        assert_eq!(base(scheduled, Source::AuditLogs), TimeBase::Processed);
        assert_eq!(base(scheduled, Source::Notifications), TimeBase::Event);
        assert_eq!(base(range, Source::AuditLogs), TimeBase::Event);
    }

    #[test]
    fn only_a_range_longer_than_one_interval_is_read_in_slices() {
        let sliced = |start, end| {
            let step = planner(Span::Range { start, end }).step(Source::AuditLogs, None);
            matches!(
                step,
                Ok(Step::Read {
                    first_slice: Some(900),
                    ..
                })
            )
        };
        assert!(!sliced(0, 900));
        assert!(sliced(0, 901));
        let scheduled = planner(Span::Scheduled)
            .step(Source::AuditLogs, None)
            .unwrap();
        assert!(matches!(
            scheduled,
            Step::Read {
                first_slice: None,
                ..
            }
        ));
    }

    #[test]
    fn a_run_goes_on_from_the_overlap_before_what_is_printed() {
        let step = |since, through| {
            planner(Span::Scheduled)
                .step(Source::AuditLogs, Some(&printed(since, through)))
                .unwrap()
        };
        assert_eq!(
            window(step(0, 1_799_990_000)),
            (1_799_990_000 - 1_801, 1_800_000_000, TimeBase::Processed)
        );
        assert_eq!(window(step(1_799_989_000, 1_799_990_000)).0, 1_799_989_000);
        assert_eq!(step(0, 1_800_000_000), Step::UpToDate(1_800_000_000));
        let first = planner(Span::Scheduled)
            .step(Source::AuditLogs, Some(&State::default()))
            .unwrap();
        assert_eq!(
            window(first),
            (1_799_999_100, 1_800_000_000, TimeBase::Processed)
        );
    }

    #[test]
    fn a_range_goes_on_where_it_stopped_and_never_leaves_a_hole() {
        let step = |start, end| {
            planner(Span::Range { start, end })
                .step(Source::AuditLogs, Some(&printed(10_000, 50_000)))
        };
        assert_eq!(
            window(step(10_000, 90_000).unwrap()),
            (50_000 - 1_801, 90_000, TimeBase::Event)
        );
        assert_eq!(
            window(step(50_000, 90_000).unwrap()),
            (50_000 - 1_801, 90_000, TimeBase::Event)
        );
        assert_eq!(step(10_000, 50_000), Ok(Step::UpToDate(50_000)));
        let hole = step(50_001, 90_000).unwrap_err().to_string();
        assert!(hole.contains("--start") && hole.contains("hole"), "{hole}");
        let before = step(9_999, 20_000).unwrap_err().to_string();
        assert!(before.contains("before the beginning"), "{before}");
    }

    #[test]
    fn a_range_may_start_earlier_as_long_as_nothing_is_printed() {
        let span = Span::Range {
            start: 9_000,
            end: 20_000,
        };
        let step = planner(span).step(Source::AuditLogs, Some(&printed(10_000, 10_000)));
        assert!(matches!(step, Ok(Step::Read { since: 9_000, .. })));
    }

    #[test]
    fn a_checkpoint_never_begins_in_the_future() {
        let range = planner(Span::Range {
            start: NOW + CLOCK_TOLERANCE + 1,
            end: NOW + 900,
        });
        let refused = range.step(Source::AuditLogs, Some(&State::default()));
        assert!(refused.unwrap_err().to_string().contains("future"));
        assert!(range.step(Source::AuditLogs, None).is_ok());
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
        let step = planner(Span::Scheduled).step(Source::AuditLogs, Some(&state));
        assert_eq!(window(step.unwrap()).0, remembered);
    }
}
