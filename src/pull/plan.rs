//! The plan of a source: the window that is read, and how a checkpoint goes on from there.

use super::checkpoint::{Beginning, Gap, SourceState, State, Watermark};
use super::clock::Standing;
use super::task::{Period, scheduled_window};
use crate::api::{ConfigurationError, Source, TimeBase, Window};
use crate::time::{CLOCK_TOLERANCE_SECONDS, time_text};

/// With a checkpoint, this many seconds more than the overlap are read: if Verkada leaves out records exactly on the
/// start of a window, the first second of the overlap is still within it.
const OVERLAP_MARGIN: i64 = 1;

/// Limit for the age of a beginning that an earlier run chose by a clock that Verkada never confirmed, in seconds. A
/// machine that was offline for a weekend is caught up from there; one whose clock said 1970 is not.
const LONGEST_WITHOUT_ANSWER: i64 = 7 * 24 * 3_600;

/// The plan for one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Read `window`, in slices of which the first has `first_slice` seconds, or in one piece.
    Read {
        window: Window,
        first_slice: Option<i64>,
        /// With a checkpoint: its contents before anything is read.
        start: Start,
    },
    /// Read nothing: the checkpoint says that everything through this Unix second has been printed.
    UpToDate(i64),
}

/// The second from which a source goes on, in the form in which the checkpoint keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) watermark: Watermark,
    /// The stretch that is passed over before it.
    pub(super) gap: Option<Gap>,
}

impl Plan {
    /// Reports whether `other` makes the same requests.
    pub(super) fn reads_the_same(&self, other: &Self) -> bool {
        let requests = |plan: &Self| match *plan {
            Self::Read {
                window,
                first_slice,
                ..
            } => Some((window, first_slice)),
            Self::UpToDate(_) => None,
        };
        requests(self) == requests(other)
    }
}

impl Start {
    /// The start of a first run at `time`.
    fn fresh(time: i64) -> Self {
        Self::at(Watermark::starting_at(time))
    }

    fn at(watermark: Watermark) -> Self {
        Self {
            watermark,
            gap: None,
        }
    }
}

/// The settings that plans are made from. Times and lengths are in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planner {
    pub(super) now: i64,
    /// The state of the clock that `now` is by.
    pub(super) standing: Standing,
    pub(super) period: Period,
    pub(super) interval: i64,
    pub(super) overlap: i64,
    /// Go on from this second although the time before it cannot be read.
    pub(super) accept_gap_to: Option<i64>,
}

impl Planner {
    /// Makes the plan for `source`, going on from `state` if there is a checkpoint.
    pub(super) fn plan(
        &self,
        source: Source,
        state: Option<&State>,
    ) -> Result<Plan, ConfigurationError> {
        let watermark = state.and_then(|state| self.usable_watermark(state.source(source)));
        let has_checkpoint = state.is_some();
        match self.period {
            Period::Scheduled => self.plan_scheduled(source, watermark, has_checkpoint),
            Period::Range { start, end } => {
                let end = self.end_of_requests(start, end);
                self.plan_range(source, start, end, watermark, has_checkpoint)
            }
        }
    }

    fn plan_scheduled(
        &self,
        source: Source,
        watermark: Option<Watermark>,
        has_checkpoint: bool,
    ) -> Result<Plan, ConfigurationError> {
        let last = scheduled_window(self.now, self.interval);
        let end = last.end();
        let Some(resumed_at) = self.accept_gap_to else {
            // A run after missed ones catches up: its window reaches from the watermark to the end of the last
            // interval.
            return match watermark {
                Some(watermark) => self.go_on(source, watermark, end),
                None => {
                    let start = Start::fresh(last.start());
                    self.read(source, last.start(), end, start, has_checkpoint)
                }
            };
        };
        if resumed_at >= end {
            return Err(ConfigurationError::new(format!(
                "--start {} is not before the end of the last whole interval, {}",
                time_text(resumed_at),
                time_text(end)
            )));
        }
        self.resume(source, watermark, resumed_at, end)
    }

    fn plan_range(
        &self,
        source: Source,
        start: i64,
        end: i64,
        watermark: Option<Watermark>,
        has_checkpoint: bool,
    ) -> Result<Plan, ConfigurationError> {
        let Some(watermark) = watermark else {
            if has_checkpoint {
                self.check_start(start)?;
            }
            return self.read(source, start, end, Start::fresh(start), has_checkpoint);
        };
        if start < watermark.since && !watermark.has_moved() {
            // Every run so far failed before it read anything, so the range may begin anywhere.
            return self.read(source, start, end, Start::fresh(start), true);
        }
        if self.accept_gap_to.is_some() && start > watermark.through {
            self.check_start(start)?;
            return self.resume(source, Some(watermark), start, end);
        }
        check_range(source, start, end, watermark)?;
        self.go_on(source, watermark, end)
    }

    /// Returns the watermark to go on from; `None` if the source has to begin anew.
    ///
    /// A watermark that has not moved is only a beginning, which some run chose. Once Verkada's clock is known, a
    /// beginning in the future is dropped. One that this run chose by its own clock is kept only if that clock is
    /// right. Of an earlier run's clock nothing is known any more, so its beginning is kept if it is plausible: not
    /// older than [`LONGEST_WITHOUT_ANSWER`].
    fn usable_watermark(&self, source: &SourceState) -> Option<Watermark> {
        let watermark = source.watermark?;
        let Standing::Known(difference) = self.standing else {
            return Some(watermark);
        };
        let is_future = watermark.since > self.now + CLOCK_TOLERANCE_SECONDS;
        let is_usable = match source.beginning {
            // A watermark that has moved into the future is for the checkpoint to refuse, not to print again.
            Beginning::Settled => !is_future || watermark.has_moved(),
            Beginning::Provisional => {
                !is_future && watermark.since >= self.now - LONGEST_WITHOUT_ANSWER
            }
            Beginning::ProvisionalNow => difference.abs() <= CLOCK_TOLERANCE_SECONDS,
        };
        is_usable.then_some(watermark)
    }

    /// Returns the end of the requests of a range: `end`, or shortly after the present, since the future holds no
    /// records. Without Verkada's clock the present is not known, and `end` stays.
    fn end_of_requests(&self, start: i64, end: i64) -> i64 {
        if self.standing == Standing::Unknowable {
            return end;
        }
        let present = self.now + CLOCK_TOLERANCE_SECONDS;
        // A range that is in the future altogether is asked for by its first second, so that its window is not empty.
        end.min(present.max(start.saturating_add(1)))
    }

    /// Refuses to begin a checkpoint in the future: until then, its watermark would lock out every scheduled run.
    fn check_start(&self, start: i64) -> Result<(), ConfigurationError> {
        if start <= self.now + CLOCK_TOLERANCE_SECONDS {
            return Ok(());
        }
        Err(ConfigurationError::new(format!(
            "--start {} is in the future, and a checkpoint cannot begin there",
            time_text(start)
        )))
    }

    /// Plans to go on from `resumed_at`, past a gap that cannot be read. If `printed` reaches that far, there is no
    /// gap.
    fn resume(
        &self,
        source: Source,
        printed: Option<Watermark>,
        resumed_at: i64,
        end: i64,
    ) -> Result<Plan, ConfigurationError> {
        let Some(printed) = printed else {
            return self.read(source, resumed_at, end, Start::fresh(resumed_at), true);
        };
        if resumed_at <= printed.through {
            return self.go_on(source, printed, end);
        }
        let start = Start {
            gap: Some(Gap {
                from: printed.through,
                to: resumed_at,
            }),
            ..Start::at(printed.resumed_at(resumed_at))
        };
        self.read(source, resumed_at, end, start, true)
    }

    /// Plans to read on to `end`, and again from the overlap before the watermark, as far as the ledger reaches. A
    /// range does so too, even if it starts later: late records from before its start would be lost once the watermark
    /// is past them.
    fn go_on(
        &self,
        source: Source,
        printed: Watermark,
        end: i64,
    ) -> Result<Plan, ConfigurationError> {
        if end <= printed.through {
            return Ok(Plan::UpToDate(printed.through));
        }
        // Nothing before `remembered` may be read again: a printed record could not be distinguished from a new one.
        let start = printed
            .remembered
            .max(printed.through - self.overlap - OVERLAP_MARGIN);
        self.read(source, start, end, Start::at(printed), true)
    }

    fn read(
        &self,
        source: Source,
        from: i64,
        to: i64,
        start: Start,
        has_checkpoint: bool,
    ) -> Result<Plan, ConfigurationError> {
        let by_event =
            source == Source::Notifications || matches!(self.period, Period::Range { .. });
        let time_base = if by_event {
            TimeBase::Event
        } else {
            TimeBase::Processed
        };
        let reread = if has_checkpoint {
            self.overlap + OVERLAP_MARGIN
        } else {
            0
        };
        // As long as what an ordinary run reads, so that only a longer read takes more than one slice.
        let first_slice = self.interval + reread;
        let in_slices = has_checkpoint || to - from > self.interval;
        Ok(Plan::Read {
            window: Window::new(from, to, time_base)?,
            first_slice: in_slices.then_some(first_slice),
            start,
        })
    }
}

/// Refuses a range that would leave a gap after what the checkpoint has printed, or that reaches back before it.
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
            "--start {} would leave a gap: the checkpoint has printed {source} through {}; start there or earlier, or add --accept-gap if the time between cannot be read",
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
            standing: Standing::Known(0),
            accept_gap_to: None,
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

    fn start(plan: Plan) -> Start {
        match plan {
            Plan::Read { start, .. } => start,
            Plan::UpToDate(through) => panic!("up to date through {through}"),
        }
    }

    fn window(plan: Plan) -> (i64, i64, TimeBase) {
        match plan {
            Plan::Read { window, .. } => (window.start(), window.end(), window.time_base()),
            Plan::UpToDate(through) => panic!("up to date through {through}"),
        }
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
    fn a_range_goes_on_where_it_stopped_and_never_leaves_a_gap() {
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
        let gap = plan(50_001, 90_000).unwrap_err().to_string();
        assert!(
            gap.contains("--start") && gap.contains("would leave a gap"),
            "{gap}"
        );
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
        assert_eq!(start(plan.unwrap()), Start::fresh(9_000));
        // At the same second it goes on, which reads the same.
        let plan = |start, since| {
            planner(Period::Range { start, end: 20_000 })
                .plan(Source::AuditLogs, Some(&printed(since, since)))
                .unwrap()
        };
        assert_eq!(window(plan(10_000, 10_000)), window(plan(10_000, 12_000)));
        // Nor may it start earlier once something is printed.
        let moved = planner(period).plan(Source::AuditLogs, Some(&printed(10_000, 10_001)));
        assert!(moved.is_err());
    }

    #[test]
    fn slices_begin_with_an_interval_and_with_a_checkpoint_also_the_overlap() {
        let first_slice = |state| match planner(Period::Scheduled).plan(Source::AuditLogs, state) {
            Ok(Plan::Read { first_slice, .. }) => first_slice,
            plan => panic!("{plan:?}"),
        };
        assert_eq!(first_slice(None), None);
        assert_eq!(
            first_slice(Some(&State::default())),
            Some(900 + 1_800 + OVERLAP_MARGIN)
        );
    }

    /// Beginnings that a run may find, with the clock that it goes by.
    fn begins_at(beginning: Beginning, since: i64, standing: Standing) -> i64 {
        let mut state = printed(since, since);
        state.audit_logs.beginning = beginning;
        let planner = Planner {
            standing,
            ..planner(Period::Scheduled)
        };
        let plan = planner.plan(Source::AuditLogs, Some(&state)).unwrap();
        start(plan).watermark.since
    }

    #[test]
    fn a_beginning_by_an_unconfirmed_clock_is_kept_only_if_it_is_possible() {
        use Beginning::{Provisional, ProvisionalNow, Settled};
        let last = 1_799_999_100;
        let (long_ago, just_possible) = (
            NOW - LONGEST_WITHOUT_ANSWER - 1,
            NOW - LONGEST_WITHOUT_ANSWER,
        );
        let right = Standing::Known(60);
        assert_eq!(begins_at(Provisional, long_ago, right), last);
        assert_eq!(begins_at(Provisional, just_possible, right), just_possible);
        let just_now = NOW + CLOCK_TOLERANCE_SECONDS;
        assert_eq!(begins_at(Provisional, just_now + 1, right), last);
        assert_eq!(begins_at(Settled, just_now + 1, right), last);
        let planner = planner(Period::Scheduled);
        let is_usable = |beginning, since, through| {
            let mut source = printed(since, through).audit_logs;
            source.beginning = beginning;
            planner.usable_watermark(&source).is_some()
        };
        assert!(is_usable(Provisional, just_now, just_now));
        assert!(is_usable(Settled, just_now, just_now));
        // What is printed in the future is for the checkpoint to refuse, not to print again.
        assert!(is_usable(Settled, just_now + 1, just_now + 2));
        // Without an answer it is kept, and so is one that was confirmed.
        for unknown in [Standing::Assumed, Standing::Unknowable] {
            assert_eq!(begins_at(Provisional, long_ago, unknown), long_ago);
            assert_eq!(begins_at(ProvisionalNow, long_ago, unknown), long_ago);
        }
        assert_eq!(begins_at(Settled, long_ago, right), long_ago);
        // That of this run is right if its clock is.
        let earlier = NOW - 4_000;
        assert_eq!(begins_at(ProvisionalNow, earlier, right), earlier);
        assert_eq!(
            begins_at(ProvisionalNow, earlier, Standing::Known(-60)),
            earlier
        );
        for wrong in [61, -61] {
            assert_eq!(
                begins_at(ProvisionalNow, earlier, Standing::Known(wrong)),
                last
            );
        }
    }

    #[test]
    fn the_requests_of_a_range_end_at_the_present() {
        let end = |start, end, standing| {
            let planner = Planner {
                standing,
                ..planner(Period::Range { start, end })
            };
            window(planner.plan(Source::AuditLogs, None).unwrap()).1
        };
        let latest = NOW + CLOCK_TOLERANCE_SECONDS;
        for known in [Standing::Known(0), Standing::Assumed] {
            assert_eq!(end(0, NOW, known), NOW);
            assert_eq!(end(0, latest, known), latest);
            assert_eq!(end(0, latest + 1, known), latest);
            assert_eq!(end(0, i64::MAX, known), latest);
            // A range that is in the future altogether is asked for by its first second.
            assert_eq!(end(latest, latest + 900, known), latest + 1);
            assert_eq!(end(NOW + 5_000, NOW + 9_000, known), NOW + 5_001);
        }
        assert_eq!(end(0, NOW + 9_000, Standing::Unknowable), NOW + 9_000);
    }

    #[test]
    fn an_accepted_gap_is_passed_over_once() {
        let resumed = |since, through, to| {
            let planner = Planner {
                accept_gap_to: Some(to),
                ..planner(Period::Scheduled)
            };
            planner.plan(Source::AuditLogs, Some(&printed(since, through)))
        };
        let to = 1_799_990_000;
        let plan = resumed(0, 50_000, to).unwrap();
        assert_eq!(window(plan), (to, 1_800_000_000, TimeBase::Processed));
        assert_eq!(
            start(plan),
            Start {
                watermark: Watermark {
                    since: 0,
                    through: to,
                    remembered: to
                },
                gap: Some(Gap { from: 50_000, to }),
            }
        );
        // What is printed that far already leaves no gap.
        let plan = resumed(0, to, to).unwrap();
        assert_eq!((window(plan).0, start(plan).gap), (to - 1_801, None));
        let refused = resumed(0, 50_000, 1_800_000_000).unwrap_err().to_string();
        assert!(refused.contains("last whole interval"), "{refused}");
        assert!(resumed(0, 50_000, 1_799_999_999).is_ok());
        let first = Planner {
            accept_gap_to: Some(to),
            ..planner(Period::Scheduled)
        };
        let first = first.plan(Source::AuditLogs, Some(&State::default()));
        assert_eq!(start(first.unwrap()), Start::fresh(to));
        let range = Planner {
            accept_gap_to: Some(60_000),
            ..planner(Period::Range {
                start: 60_000,
                end: 70_000,
            })
        };
        let range = range.plan(Source::AuditLogs, Some(&printed(0, 50_000)));
        assert_eq!(window(range.unwrap()), (60_000, 70_000, TimeBase::Event));
    }

    #[test]
    fn a_checkpoint_never_begins_in_the_future() {
        let range = planner(Period::Range {
            start: NOW + CLOCK_TOLERANCE_SECONDS + 1,
            end: NOW + 900,
        });
        let just_now = planner(Period::Range {
            start: NOW + CLOCK_TOLERANCE_SECONDS,
            end: NOW + 900,
        });
        assert!(
            just_now
                .plan(Source::AuditLogs, Some(&State::default()))
                .is_ok()
        );
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
