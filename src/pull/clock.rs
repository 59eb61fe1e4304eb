//! The clock of a run: this machine's, until an answer says what Verkada's clock shows.
//!
//! A right clock costs nothing: the run is planned by this machine's clock, and the first answer, which is needed
//! anyway, confirms it. If the two differ by more than a minute, everything is planned once more by Verkada's.

use std::time::Instant;

use crate::api::VerkadaApi;
use crate::time::{CLOCK_TOLERANCE_SECONDS, unix_now};

/// Limit for the seconds by which a record may be newer than the server's `Date`. Beyond it the `Date` is that of a
/// cache.
const MOST_AHEAD_OF_DATE: i64 = 3_600;

/// The beginning of a run, by this machine's clock and, once it is known, by Verkada's.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunClock {
    /// This machine's clock at the beginning of the run, in Unix seconds.
    local: i64,
    started: Instant,
    standing: Standing,
}

/// The state of this machine's clock, as far as answers have shown it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// No answer has shown anything yet: the clock is taken to be right.
    Assumed,
    /// Verkada's clock is this many seconds ahead of this machine's.
    Known(i64),
    /// The answers name no time, or one that cannot be true.
    Unknowable,
}

impl RunClock {
    pub(super) fn new(local: i64) -> Self {
        Self {
            local,
            started: Instant::now(),
            standing: Standing::Assumed,
        }
    }

    /// The clock of a run that begins at `local`, where Verkada's is `difference` seconds ahead of it, if that is known.
    pub(super) fn at(local: i64, difference: Option<i64>) -> Self {
        Self {
            standing: difference.map_or(Standing::Assumed, Standing::Known),
            ..Self::new(local)
        }
    }

    /// The beginning of the run: by Verkada's clock if this machine's is known to be wrong.
    pub(super) fn now(&self) -> i64 {
        self.local + self.correction()
    }

    /// The seconds that [`RunClock::now`] differs from this machine's clock: 0 while that is right to the minute, so
    /// that a second more or less moves no window.
    fn correction(&self) -> i64 {
        match self.standing {
            Standing::Known(difference) if difference.abs() > CLOCK_TOLERANCE_SECONDS => difference,
            _ => 0,
        }
    }

    /// The beginning of the run by Verkada's own clock, if that is known.
    pub(super) fn server_now(&self) -> Option<i64> {
        match self.standing {
            Standing::Known(difference) => Some(self.local + difference),
            _ => None,
        }
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    pub(super) fn is_known(&self) -> bool {
        matches!(self.standing, Standing::Known(_))
    }

    /// Seconds since the beginning of the run.
    pub(super) fn elapsed(&self) -> i64 {
        self.started.elapsed().as_secs().cast_signed()
    }

    /// Learns what the answers so far say of Verkada's clock, and warns once if this machine's is wrong. `newest` is the
    /// time of the newest record that has been read.
    pub(super) fn learn(&mut self, api: &VerkadaApi, newest: Option<i64>) {
        let difference = api.statistics().clock_difference;
        let Some(difference) = difference.filter(|_| self.standing == Standing::Assumed) else {
            return;
        };
        // `unix_now` and `local` are both this machine's clock. They still differ if the run was given another beginning,
        // or if the clock was set since.
        let server_time = unix_now() + difference;
        self.standing = if contradicts(newest, server_time) {
            Standing::Unknowable
        } else {
            Standing::Known(server_time - self.local - self.elapsed())
        };
        self.warn_if_wrong();
    }

    /// Learns the same from an answer that has been used, and that may have named no time.
    pub(super) fn learn_from_answer(&mut self, api: &VerkadaApi, newest: Option<i64>) {
        self.learn(api, newest);
        if self.standing == Standing::Assumed {
            self.standing = Standing::Unknowable;
        }
    }

    fn warn_if_wrong(&self) {
        let difference = self.correction();
        if difference != 0 {
            let direction = if difference > 0 { "behind" } else { "ahead of" };
            tracing::warn!(
                difference_seconds = difference,
                "this machine's clock is {} s {direction} Verkada's, so this run goes by Verkada's; set it",
                difference.abs()
            );
        }
    }
}

/// The latest second that had certainly passed when a source's first slice was read. The watermark must not pass it: a
/// record of that slice may have turned up since, and what has not happened yet cannot have been read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReadTime {
    /// That second by the server's clock.
    answered: Option<i64>,
    /// That second by the newest record that was there.
    newest: Option<i64>,
    is_started: bool,
}

impl ReadTime {
    /// Takes note of a slice: the server's clock when it answered, and the time of its newest record.
    pub(super) fn note(&mut self, clock: &RunClock, answered: Option<i64>, newest: Option<i64>) {
        // At most this long before, the first slice was read.
        let since_first = if self.is_started { clock.elapsed() } else { 0 };
        self.is_started = true;
        self.note_after(since_first, answered, newest);
    }

    fn note_after(&mut self, since_first: i64, answered: Option<i64>, newest: Option<i64>) {
        let answered = answered.filter(|time| !contradicts(newest, *time));
        // Both times are moved back to the first slice, since later ones say nothing about what it could hold.
        self.answered = match self.answered {
            None => answered.map(|time| time - since_first),
            // Several servers may answer in turn, and their clocks need not agree.
            Some(first) => Some(answered.map_or(first, |time| time.min(first))),
        };
        self.newest = self.newest.max(newest.map(|time| time - since_first));
    }

    /// The latest second that had certainly passed. Without a server's clock it is that of the newest record; without
    /// records there is none.
    pub(super) fn certain(&self, clock: &RunClock) -> i64 {
        let known = self.answered.or(clock.server_now());
        known.or(self.newest).unwrap_or(i64::MIN)
    }
}

/// Reports whether a record that is `newest` shows that a server's clock cannot be right at `server_time`.
pub(super) fn contradicts(newest: Option<i64>, server_time: i64) -> bool {
    newest.is_some_and(|newest| newest > server_time + MOST_AHEAD_OF_DATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_right_to_the_minute() {
        let now = |difference| {
            let clock = RunClock {
                standing: Standing::Known(difference),
                ..RunClock::new(1_000_000)
            };
            (clock.now(), clock.server_now())
        };
        for right in [0, 1, -1, 59, 60, -60] {
            assert_eq!(now(right), (1_000_000, Some(1_000_000 + right)));
        }
        for wrong in [61, -61, 86_400, -900_000] {
            assert_eq!(now(wrong), (1_000_000 + wrong, Some(1_000_000 + wrong)));
        }
        assert_eq!(RunClock::new(1_000_000).server_now(), None);
    }

    #[test]
    fn the_time_of_reading_is_that_of_the_first_slice_by_the_servers_clock() {
        let clock = RunClock::new(1_000_000);
        let certain = |slices: &[(i64, Option<i64>, Option<i64>)]| {
            let mut read = ReadTime::default();
            for (since_first, answered, newest) in slices {
                read.note_after(*since_first, *answered, *newest);
            }
            read.certain(&clock)
        };
        let first = (0, Some(500_000), Some(400_000));
        assert_eq!(certain(&[first]), 500_000);
        assert_eq!(certain(&[first, (10, Some(500_010), None)]), 500_000);
        assert_eq!(
            certain(&[(0, None, None), (10, Some(500_010), None)]),
            500_000
        );
    }

    #[test]
    fn without_a_servers_clock_only_records_show_which_time_has_passed() {
        let mut clock = RunClock::new(1_000_000);
        let mut read = ReadTime::default();
        read.note_after(0, None, None);
        assert_eq!(read.certain(&clock), i64::MIN);
        read.note_after(10, None, Some(400_010));
        assert_eq!(read.certain(&clock), 400_000);
        read.note_after(20, None, Some(300_000));
        assert_eq!(read.certain(&clock), 400_000);
        clock.standing = Standing::Known(5);
        assert_eq!(read.certain(&clock), 1_000_005);
        let mut cached = ReadTime::default();
        cached.note_after(0, Some(100_000), Some(400_000));
        assert_eq!(cached.certain(&RunClock::new(1_000_000)), 400_000);
    }

    #[test]
    fn only_records_of_an_hour_later_show_that_a_servers_clock_stands_still() {
        assert!(!contradicts(None, 0));
        assert!(!contradicts(Some(3_600), 0));
        assert!(contradicts(Some(3_601), 0));
    }
}
