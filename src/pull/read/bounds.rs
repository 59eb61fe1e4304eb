//! The geometry of slices: what to request, and what belongs to which slice.

use chrono::{DateTime, Utc};

use crate::api::{TimeBase, Window};

/// Seconds from `from` up to, but not including, `to`. An outer edge is an end of the whole window: whether records
/// exactly on it belong to the window is for Verkada to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pull) struct Bounds {
    pub(in crate::pull) from: i64,
    pub(in crate::pull) to: i64,
    pub(in crate::pull) outer_start: bool,
    pub(in crate::pull) outer_end: bool,
}

/// The position of a record relative to a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pull) enum Position {
    Inside,
    /// In the extra second that is requested at an inner edge: the neighbouring slice has the record.
    Neighbour,
    /// Outside of what was requested. No other slice can be relied on to have the record.
    Stray,
}

impl Bounds {
    pub(in crate::pull) fn whole(window: Window) -> Self {
        Self {
            from: window.start(),
            to: window.end(),
            outer_start: true,
            outer_end: true,
        }
    }

    /// Reports whether this is the only slice of the window.
    pub(in crate::pull) fn is_whole(&self) -> bool {
        self.outer_start && self.outer_end
    }

    pub(in crate::pull) fn seconds(&self) -> i64 {
        self.to - self.from
    }

    /// Cuts `seconds` off the start. The rest is `None` if nothing remains.
    pub(in crate::pull) fn split(self, seconds: i64) -> (Self, Option<Self>) {
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

    /// The window to request. Whether Verkada counts the ends of a window as inside is unknown, so an inner edge is
    /// requested one second wider: from the second before the first one, to the second after the last one (`to - 1`).
    pub(in crate::pull) fn window(&self, time_base: TimeBase) -> Window {
        Window::new(self.asked_from(), self.to, time_base)
            .expect("a slice is at least one second long")
    }

    /// The start of the requested window.
    pub(in crate::pull) fn asked_from(&self) -> i64 {
        self.from - i64::from(!self.outer_start)
    }

    /// The position of a record with `time`; a record without one counts as inside.
    pub(in crate::pull) fn position(&self, time: Option<DateTime<Utc>>) -> Position {
        let Some(time) = time.map(|time| time.timestamp()) else {
            return Position::Inside;
        };
        if time < self.from && !self.outer_start {
            return if time == self.from - 1 {
                Position::Neighbour
            } else {
                Position::Stray
            };
        }
        if time >= self.to && !self.outer_end {
            return if time == self.to {
                Position::Neighbour
            } else {
                Position::Stray
            };
        }
        Position::Inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(seconds, 500_000_000)
    }

    #[test]
    fn slices_meet_exactly_and_only_inner_edges_are_requested_wider() {
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
            let owners = [first, second, third].map(|slice| slice.position(at(time)));
            let inside = owners
                .iter()
                .filter(|position| **position == Position::Inside)
                .count();
            assert_eq!(inside, 1, "{time}: {owners:?}");
        }
        assert_eq!(whole.split(30), (whole, None));
    }

    #[test]
    fn the_outer_ends_are_left_to_verkada() {
        let whole = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap());
        for time in [0, 99, 100, 130, 131, 1_000] {
            assert_eq!(whole.position(at(time)), Position::Inside);
        }
        assert_eq!(whole.position(None), Position::Inside);
    }

    #[test]
    fn a_record_far_from_what_was_asked_for_is_no_neighbours() {
        let (_, rest) = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap()).split(10);
        let (slice, _) = rest.unwrap().split(10);
        assert_eq!(slice.position(at(109)), Position::Neighbour);
        assert_eq!(slice.position(at(120)), Position::Neighbour);
        assert_eq!(slice.position(at(108)), Position::Stray);
        assert_eq!(slice.position(at(121)), Position::Stray);
    }
}
