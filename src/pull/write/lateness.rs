//! Late records: those that a run finds where an earlier one has looked already. And how long after its event each record
//! was first seen.

use std::ops::RangeInclusive;

use crate::api::{Record, TimeBase};
use crate::pull::clock::contradicts;
use crate::pull::read::{Line, Slice};
use crate::pull::task::LONGEST_OVERLAP_MINUTES;

/// The late records of a source in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// New records whose own time is before the second through which everything had been printed when the run began.
    pub records: u64,
    /// The longest time from a late record's own time until this run read it, in seconds; `None` without late records. The
    /// record was visible at most so long after its time.
    pub largest: Option<i64>,
    /// Late records in the last fifth of the overlap: had they come a little later, no run would have looked for them.
    pub nearly_missed: u64,
}

impl Lateness {
    /// Adds the late records of another slice.
    pub(in crate::pull) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.largest = self.largest.max(other.largest);
        self.nearly_missed += other.nearly_missed;
    }

    /// Returns the overlap to set, in whole minutes, if a record was nearly missed: at least twice the largest lateness,
    /// as far as that is possible.
    pub fn overlap_to_set(&self) -> Option<i64> {
        let largest = self.largest.filter(|_| self.nearly_missed > 0)?;
        let minutes = (2 * largest).max(1).unsigned_abs().div_ceil(60);
        Some(i64::from(LONGEST_OVERLAP_MINUTES).min(minutes.cast_signed()))
    }

    fn note(&mut self, lateness: i64, is_nearly_missed: bool) {
        self.records += 1;
        self.largest = self.largest.max(Some(lateness));
        self.nearly_missed += u64::from(is_nearly_missed);
    }
}

/// Returns the longest time from the event of one of `lines`, all of them new, until their slice was read, in seconds.
/// `None` if that is not measured, or if the server's clock is not known.
pub(super) fn longest_first_seen<'a>(
    slice: &Slice,
    lines: impl Iterator<Item = &'a Line>,
) -> Option<i64> {
    // A record with a time from outside its window is odd, and that time says little.
    let times = lines.filter(|line| !line.is_stray);
    let earliest = times.filter_map(|line| line.event_time).min()?;
    let answered = slice.server_time.map(|time| time.timestamp());
    let answered = answered.filter(|time| !contradicts(slice.newest, *time))?;
    Some((answered - i64::from(earliest.get())).max(0))
}

/// The point that records of a slice may be late for.
#[derive(Clone, Debug)]
pub(super) struct Deadline {
    /// The Unix second through which everything had been printed when the run began.
    printed_through: i64,
    /// The seconds before it in which runs look for late records.
    overlap: i64,
    time_base: TimeBase,
    /// The seconds that were asked for. A record with another time is odd, not late.
    asked: RangeInclusive<i64>,
    /// The time at which the slice was read.
    read_at: i64,
}

impl Deadline {
    /// The deadline for `slice`; `None` if none of its records can be late. `read_at` is the server's clock, as far as it
    /// is known without the slice.
    pub(super) fn of(
        slice: &Slice,
        printed_through: i64,
        overlap: i64,
        read_at: i64,
    ) -> Option<Self> {
        let asked = slice.bounds.asked_from()..=slice.bounds.to;
        let answered = slice.server_time.map(|time| time.timestamp());
        (*asked.start() < printed_through).then_some(Self {
            printed_through,
            overlap,
            time_base: slice.time_base,
            asked,
            read_at: answered.unwrap_or(read_at),
        })
    }

    /// Measures new `lines`, oldest first.
    pub(super) fn lateness<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Lateness {
        let mut lateness = Lateness::default();
        for line in lines {
            let record = Record::from_line(line);
            let time = record.and_then(|record| record.time(self.time_base));
            let time = time.map(|time| time.timestamp());
            let Some(time) = time.filter(|time| self.asked.contains(time)) else {
                continue;
            };
            if time >= self.printed_through {
                // All others are newer.
                break;
            }
            // It was read after that second had passed, even where no clock says when.
            let read_at = self.read_at.max(self.printed_through);
            let before = self.printed_through - time;
            lateness.note(read_at - time, 5 * before > 4 * self.overlap);
        }
        lateness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THROUGH: i64 = 1_789_401_600;

    fn lateness(overlap: i64, read_at: i64, seconds_before: &[i64]) -> Lateness {
        let deadline = Deadline {
            printed_through: THROUGH,
            overlap,
            time_base: TimeBase::Event,
            asked: THROUGH - overlap - 1..=THROUGH + 900,
            read_at,
        };
        let lines: Vec<_> = seconds_before
            .iter()
            .map(|before| format!(r#"{{"created":{}}}"#, THROUGH - before))
            .collect();
        deadline.lateness(lines.iter().map(String::as_str))
    }

    #[test]
    fn a_record_is_late_if_its_second_had_been_printed() {
        let late = |before: &[i64]| {
            let Lateness {
                records, largest, ..
            } = lateness(1_000, THROUGH + 60, before);
            (records, largest)
        };
        assert_eq!(late(&[]), (0, None));
        assert_eq!(late(&[0, -1]), (0, None));
        assert_eq!(late(&[1, 0]), (1, Some(61)));
        assert_eq!(late(&[300, 200, 100, -100]), (3, Some(360)));
        // A record from outside what was asked for is odd, and no sign that those after it are in time.
        assert_eq!(late(&[5_000, -5_000, 10]), (1, Some(70)));
    }

    #[test]
    fn without_a_clock_a_record_is_at_least_as_late_as_what_was_printed() {
        assert_eq!(lateness(1_000, i64::MIN, &[30]).largest, Some(30));
    }

    #[test]
    fn the_last_fifth_of_the_overlap_raises_the_alarm() {
        let alarm = |overlap, before| {
            let lateness = lateness(overlap, THROUGH + 60, &[before]);
            lateness.overlap_to_set()
        };
        assert_eq!(alarm(1_800, 1_440), None);
        // Twice 1,501 seconds are a little more than 50 minutes.
        assert_eq!(alarm(1_800, 1_441), Some(51));
        assert_eq!(alarm(1_800, 1_800), Some(62));
        assert_eq!(alarm(0, 1), Some(3));
        assert_eq!(alarm(600_000, 600_000), Some(10_080));
    }
}
