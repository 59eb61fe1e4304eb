//! A part of a window: what is asked for, what belongs to it, and how long the next one should be.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::api::{LineText, Source, TimeBase, Window};

/// Records that a slice should hold: at 200 a page about 30 requests. Half a page is wasted on average, and the
/// records of two seconds at its edges.
pub(super) const TARGET_RECORDS: u64 = 6_000;

/// Records that a slice should hold at the least, when slices are shortened to keep more of them under way.
const LEAST_RECORDS: u64 = 800;

/// Records that all slices under way should hold together, so that they fit into the memory for fetching ahead.
const RECORDS_UNDER_WAY: u64 = 28_000;

/// A slice that turns out to hold so many times more records than it should is read again in shorter pieces.
/// Where a working day begins, three times more are ordinary.
const MOST_TIMES: u64 = 4;

/// The longest slice. The greatest window that Verkada answers is not documented; seven days is the longest
/// that a client is known to ask for in one go.
const LONGEST: i64 = 7 * 24 * 3_600;

/// A slice grows at most by this factor over the one before: the past says little about the future. From a quarter
/// of an hour, two steps reach a day.
const GROWTH: i64 = 16;

/// Seconds from `from` up to, and not including, `to`. An end that is an end of the whole window is left to
/// Verkada, who decides what lies on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) outer_start: bool,
    pub(super) outer_end: bool,
}

/// Where a record lies with regard to a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Inside,
    /// Within the second by which an inner edge is asked for too wide: the neighbouring slice has it.
    Neighbour,
    /// Nowhere near what was asked for. No other slice can be relied on to have it.
    Stray,
}

impl Bounds {
    pub(super) fn whole(window: Window) -> Self {
        Self {
            from: window.start(),
            to: window.end(),
            outer_start: true,
            outer_end: true,
        }
    }

    /// Whether no other slice lies beside it.
    pub(super) fn is_whole(&self) -> bool {
        self.outer_start && self.outer_end
    }

    pub(super) fn seconds(&self) -> i64 {
        self.to - self.from
    }

    /// Cuts `seconds` off the start; the rest is `None` if nothing remains.
    pub(super) fn split(self, seconds: i64) -> (Self, Option<Self>) {
        if seconds >= self.seconds() {
            return (self, None);
        }
        let edge = self.from + seconds;
        let first = Self {
            to: edge,
            outer_end: false,
            ..self
        };
        let rest = Self {
            from: edge,
            outer_start: false,
            ..self
        };
        (first, Some(rest))
    }

    /// What to ask Verkada for. Whether it counts the ends of a window as inside is unknown, so an inner edge
    /// is asked for one second wider: the first second from the one before it, the last second (`to - 1`) to
    /// the one after it.
    pub(super) fn window(&self, time_base: TimeBase) -> Window {
        Window::new(self.asked_from(), self.to, time_base)
            .expect("a slice is at least one second long")
    }

    /// The start of what is asked for.
    pub(super) fn asked_from(&self) -> i64 {
        self.from - i64::from(!self.outer_start)
    }

    /// Where a record of `time` lies; one without a time is taken as inside.
    pub(super) fn place(&self, time: Option<DateTime<Utc>>) -> Place {
        let Some(time) = time.map(|time| time.timestamp()) else {
            return Place::Inside;
        };
        if time < self.from && !self.outer_start {
            return if time == self.from - 1 {
                Place::Neighbour
            } else {
                Place::Stray
            };
        }
        if time >= self.to && !self.outer_end {
            return if time == self.to {
                Place::Neighbour
            } else {
                Place::Stray
            };
        }
        Place::Inside
    }
}

/// One record, ready to be printed.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Compact JSON without the line feed.
    pub(super) text: LineText,
    /// The last time, in Unix seconds, by which any later query could find this record again.
    pub(super) findable_until: i64,
    /// Whether its time lies outside the slice, which was sent it all the same.
    pub(super) is_stray: bool,
}

#[cfg(test)]
impl Line {
    /// A line of which only the text matters.
    pub(super) fn of(text: &str) -> Self {
        Self {
            text: LineText::Own(text.into()),
            findable_until: 0,
            is_stray: false,
        }
    }
}

/// A part of a window that has been read whole.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) source: Source,
    pub(super) bounds: Bounds,
    /// Oldest first.
    pub(super) lines: Vec<Line>,
    /// The server's clock before it answered the first page.
    pub(super) server_time: Option<DateTime<Utc>>,
    /// The organisation that its audit logs name.
    pub(super) organization_id: Option<String>,
    pub(super) edge: Edge,
}

/// What the seconds at the ends of a slice hold, kept or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edge {
    /// A record exactly on the first second that was asked for, which an API with exclusive starts would not show.
    pub(super) first_asked: bool,
    /// A record exactly on the last second inside.
    pub(super) last_whole: bool,
    /// A record a fraction of a second behind that.
    pub(super) last_fraction: bool,
}

/// How long slices should be, from what the last ones held.
#[derive(Debug)]
pub(super) struct SliceLength {
    /// Expected to hold [`TARGET_RECORDS`]; where it is quiet, more than any slice has.
    seconds: i64,
    /// Whether anything has been seen yet.
    pub(super) informed: bool,
}

impl SliceLength {
    pub(super) fn starting_at(seconds: i64) -> Self {
        Self {
            seconds: seconds.clamp(1, LONGEST),
            informed: false,
        }
    }

    /// How long the next slice of `remaining` seconds should be.
    pub(super) fn next(&self, remaining: i64, lanes: Lanes) -> i64 {
        if !self.informed {
            return self.seconds;
        }
        let holding = |records: u64| {
            let part = records as f64 / TARGET_RECORDS as f64;
            (self.seconds as f64 * part) as i64
        };
        let usual = holding(lanes.records_a_slice());
        usual
            .min(lanes.share_of(remaining).max(holding(LEAST_RECORDS)))
            .clamp(1, LONGEST)
    }

    /// How many records `seconds` are expected to hold.
    pub(super) fn expected_within(&self, seconds: i64) -> u64 {
        (TARGET_RECORDS as f64 * seconds as f64 / self.seconds as f64) as u64
    }

    /// A slice of `seconds` turned out to hold `records`.
    pub(super) fn finished(&mut self, seconds: i64, records: u64) {
        let grown = seconds.saturating_mul(GROWTH);
        self.set(fitting(seconds, records).min(grown));
    }

    /// The first pages of a slice held `records` within `seconds`. Once something is known, that does not lengthen
    /// slices: the pages are only a sample.
    pub(super) fn glimpsed(&mut self, seconds: i64, records: u64) {
        let fitting = fitting(seconds, records);
        self.set(if self.informed {
            fitting.min(self.seconds)
        } else {
            fitting
        });
    }

    fn set(&mut self, seconds: i64) {
        self.seconds = seconds.max(1);
        self.informed = true;
    }
}

/// How many requests have to be under way to keep the pace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    /// Little's law: the pace times the latency.
    needed: f64,
}

impl Lanes {
    /// More are never used.
    const MOST: usize = 32;

    /// A few more than needed keep the pace when an answer is slow.
    const SPARE: usize = 4;

    pub(super) fn new(requests_per_second: f64, latency: Duration) -> Self {
        Self {
            needed: requests_per_second * latency.as_secs_f64(),
        }
    }

    /// Requests under way at most.
    pub(super) fn count(self) -> usize {
        ((self.needed * 1.25).ceil() as usize + Self::SPARE).min(Self::MOST)
    }

    /// How many records a slice should hold.
    fn records_a_slice(self) -> u64 {
        (RECORDS_UNDER_WAY / self.count() as u64).clamp(LEAST_RECORDS, TARGET_RECORDS)
    }

    /// A slice with more records than this is read again in shorter pieces.
    pub(super) fn most_records(self) -> u64 {
        MOST_TIMES * self.records_a_slice()
    }

    /// The pages of a slice come one after the other, so towards the end the slices get shorter: otherwise the
    /// last ones would be read alone.
    fn share_of(self, remaining: i64) -> i64 {
        (remaining as f64 / self.needed.max(1.0)) as i64
    }
}

/// How many seconds hold [`TARGET_RECORDS`] if `seconds` hold `records`.
fn fitting(seconds: i64, records: u64) -> i64 {
    match records {
        0 => i64::MAX,
        _ => (seconds as f64 * TARGET_RECORDS as f64 / records as f64) as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(seconds, 500_000_000)
    }

    #[test]
    fn slices_meet_exactly_and_only_inner_edges_are_asked_for_wider() {
        let whole = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap());
        let (first, rest) = whole.split(10);
        let (second, third) = rest.unwrap().split(10);
        let third = third.unwrap();
        let asked = |bounds: Bounds| {
            let window = bounds.window(TimeBase::Event);
            (window.start(), window.end())
        };
        assert_eq!(
            [asked(first), asked(second), asked(third)],
            [(100, 110), (109, 120), (119, 130)]
        );
        for time in 100..=130 {
            let owners = [first, second, third].map(|slice| slice.place(at(time)));
            let inside = owners
                .iter()
                .filter(|place| **place == Place::Inside)
                .count();
            assert_eq!(inside, 1, "{time}: {owners:?}");
        }
        assert_eq!(whole.split(30), (whole, None));
    }

    #[test]
    fn the_outer_ends_are_left_to_verkada() {
        let whole = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap());
        for time in [0, 99, 100, 130, 131, 1_000] {
            assert_eq!(whole.place(at(time)), Place::Inside);
        }
        assert_eq!(whole.place(None), Place::Inside);
    }

    #[test]
    fn a_record_far_from_what_was_asked_for_is_no_neighbours() {
        let (_, rest) = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap()).split(10);
        let (slice, _) = rest.unwrap().split(10);
        assert_eq!(slice.place(at(109)), Place::Neighbour);
        assert_eq!(slice.place(at(120)), Place::Neighbour);
        assert_eq!(slice.place(at(108)), Place::Stray);
        assert_eq!(slice.place(at(121)), Place::Stray);
    }

    /// Lanes at a latency, in milliseconds, and the default pace.
    fn lanes(latency: u64) -> Lanes {
        Lanes::new(280.0 / 60.0, Duration::from_millis(latency))
    }

    #[test]
    fn slices_get_shorter_towards_the_end_if_several_have_to_be_under_way() {
        let mut length = SliceLength::starting_at(900);
        length.finished(6_000, TARGET_RECORDS);
        assert_eq!(length.next(1_000_000, lanes(20)), 5_600);
        assert_eq!(length.next(2_000, lanes(20)), 2_000);
        assert_eq!(length.next(1_000_000, lanes(1_000)), 2_800);
        assert_eq!(length.next(10_000, lanes(1_000)), 2_142);
        assert_eq!(length.next(2_000, lanes(1_000)), 800);
    }

    #[test]
    fn the_more_slices_are_under_way_the_fewer_records_each_holds() {
        assert_eq!(
            [0, 150, 1_000, 60_000].map(|latency| lanes(latency).count()),
            [4, 5, 10, 32]
        );
        assert_eq!(lanes(0).most_records(), 24_000);
        assert_eq!(lanes(1_000).most_records(), 11_200);
        assert_eq!(lanes(60_000).most_records(), 3_500);
    }

    #[test]
    fn the_first_slice_is_as_long_as_was_asked_for() {
        let length = SliceLength::starting_at(900);
        assert_eq!(length.next(1_000, lanes(60_000)), 900);
    }

    #[test]
    fn slices_grow_when_it_is_quiet_and_shrink_when_it_is_busy() {
        let mut length = SliceLength::starting_at(900);
        length.finished(900, 0);
        assert_eq!(length.seconds, 14_400);
        length.finished(14_400, 1);
        assert_eq!(length.seconds, 230_400);
        length.finished(14_400, 40_000);
        assert_eq!(length.seconds, 2_160);
        assert_eq!(length.expected_within(720), 2_000);
        length.glimpsed(10, 400);
        assert_eq!(length.seconds, 150);
        length.glimpsed(1_000, 1);
        assert_eq!(length.seconds, 150);
        length.finished(1, 1_000_000);
        assert_eq!(length.seconds, 1);
        for _ in 0..20 {
            let seconds = length.next(i64::MAX, lanes(0));
            length.finished(seconds, 0);
        }
        assert_eq!(length.next(i64::MAX, lanes(0)), LONGEST);
        assert_eq!(length.next(i64::MAX, lanes(1_000)), LONGEST);
    }
}
