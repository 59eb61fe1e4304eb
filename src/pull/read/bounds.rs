//! The bounds of slices: which window to request for each, and which records belong to it.

use chrono::{DateTime, Utc};

use crate::api::{TimeBase, Window};

/// Seconds from `from` up to, but not including, `to`.
///
/// An inner edge is one between two slices. An outer edge is an end of the whole window, and Verkada decides whether
/// records exactly on it belong to the window.
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
    /// In the extra second that is requested beyond an inner edge: the neighbouring slice has the record too.
    Neighbour,
    /// Outside the requested window, so perhaps in no other slice.
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

    /// Cuts `seconds` off the start, and returns that part and the rest, if any.
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

    /// The window to request. It is not known whether Verkada counts the ends of a window as inside, so at an inner
    /// edge it is one second wider than the slice: it starts with the second before the first one, and ends with the
    /// second after the last one, which is `to`.
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
    fn a_record_outside_the_requested_window_is_a_stray() {
        let (_, rest) = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap()).split(10);
        let (slice, _) = rest.unwrap().split(10);
        assert_eq!(slice.position(at(109)), Position::Neighbour);
        assert_eq!(slice.position(at(120)), Position::Neighbour);
        assert_eq!(slice.position(at(108)), Position::Stray);
        assert_eq!(slice.position(at(121)), Position::Stray);
    }
}
