//! The length of slices, and the number of requests under way.

use std::time::Duration;

/// Records that a slice should hold: at 200 a page, about 30 requests. On average, half a page and the records of two
/// seconds at the edges are wasted.
const TARGET_RECORDS: u64 = 6_000;

/// The least that a slice should hold when slices are shortened to keep more of them under way.
const LEAST_RECORDS: u64 = 800;

/// Records that all slices under way should hold together, so that they fit into the read-ahead budget.
const RECORDS_UNDER_WAY: u64 = 28_000;

/// A slice that turns out to hold this many times more records than it should is read again in shorter pieces. When a
/// working day begins, three times more are ordinary.
const MOST_TIMES: u64 = 4;

/// The longest slice in seconds. The greatest window that Verkada answers is not documented; seven days is the longest
/// that a client is known to ask for at once.
const LONGEST: i64 = 7 * 24 * 3_600;

/// Limit for the growth of a slice over the one before, because the past says little about the future. From a quarter
/// of an hour, two steps exceed a day.
const GROWTH: i64 = 16;

/// An estimate from the pages of a slice so far: this many records within this many seconds.
#[derive(Clone, Copy)]
pub(super) struct Estimate {
    pub(super) seconds: i64,
    pub(super) records: u64,
    pub(super) pages: u64,
}

impl Estimate {
    /// Returns how many records `seconds` hold at this rate; never fewer than there are already.
    pub(super) fn expected_within(&self, seconds: i64) -> u64 {
        let expected = self.records as f64 * seconds as f64 / self.seconds as f64;
        (expected as u64).max(self.records)
    }
}

/// The length of the next slice, learnt from what the last ones held.
#[derive(Debug)]
pub(super) struct SliceLength {
    /// Expected to hold [`TARGET_RECORDS`]. Where it is quiet, this is longer than any slice.
    seconds: i64,
    /// True if anything has been seen yet.
    pub(super) informed: bool,
}

impl SliceLength {
    pub(super) fn starting_at(seconds: i64) -> Self {
        Self {
            seconds: seconds.clamp(1, LONGEST),
            informed: false,
        }
    }

    /// Returns the length of the next slice, of which `remaining` seconds are left to read.
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

    /// Returns the number of records that `seconds` are expected to hold.
    pub(super) fn expected_within(&self, seconds: i64) -> u64 {
        (TARGET_RECORDS as f64 * seconds as f64 / self.seconds as f64) as u64
    }

    /// Learns that a slice of `seconds` held `records`.
    pub(super) fn note_finished(&mut self, seconds: i64, records: u64) {
        let grown = seconds.saturating_mul(GROWTH);
        self.set(fitting(seconds, records).min(grown));
    }

    /// Learns that the first pages of a slice held `records` within `seconds`. Once something is known, this does not
    /// lengthen slices, because the pages are only a sample.
    pub(super) fn note_sample(&mut self, seconds: i64, records: u64) {
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

/// The number of requests that have to be under way to keep the pace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    /// Little's law: the pace times the latency.
    needed: f64,
}

impl Lanes {
    /// Limit for the requests under way.
    const MOST: usize = 32;

    /// Requests under way beyond the needed ones, which keep the pace when an answer is slow.
    const SPARE: usize = 4;

    pub(super) fn new(requests_per_second: f64, latency: Duration) -> Self {
        Self {
            needed: requests_per_second * latency.as_secs_f64(),
        }
    }

    /// The most requests under way at a time.
    pub(super) fn count(self) -> usize {
        ((self.needed * 1.25).ceil() as usize + Self::SPARE).min(Self::MOST)
    }

    /// The number of records that a slice should hold.
    fn records_a_slice(self) -> u64 {
        (RECORDS_UNDER_WAY / self.count() as u64).clamp(LEAST_RECORDS, TARGET_RECORDS)
    }

    /// A slice with more records than this is read again in shorter pieces.
    pub(super) fn most_records(self) -> u64 {
        MOST_TIMES * self.records_a_slice()
    }

    /// The share of one lane in what is left. The pages of a slice come one after the other, so towards the end the
    /// slices get shorter: otherwise the last ones would be read alone.
    fn share_of(self, remaining: i64) -> i64 {
        (remaining as f64 / self.needed.max(1.0)) as i64
    }
}

/// Returns how many seconds hold [`TARGET_RECORDS`] if `seconds` hold `records`.
fn fitting(seconds: i64, records: u64) -> i64 {
    match records {
        0 => i64::MAX,
        _ => (seconds as f64 * TARGET_RECORDS as f64 / records as f64) as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lanes at a latency, in milliseconds, and the default pace.
    fn lanes(latency: u64) -> Lanes {
        Lanes::new(280.0 / 60.0, Duration::from_millis(latency))
    }

    #[test]
    fn slices_get_shorter_towards_the_end_if_several_have_to_be_under_way() {
        let mut length = SliceLength::starting_at(900);
        length.note_finished(6_000, TARGET_RECORDS);
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
        length.note_finished(900, 0);
        assert_eq!(length.seconds, 14_400);
        length.note_finished(14_400, 1);
        assert_eq!(length.seconds, 230_400);
        length.note_finished(14_400, 40_000);
        assert_eq!(length.seconds, 2_160);
        assert_eq!(length.expected_within(720), 2_000);
        length.note_sample(10, 400);
        assert_eq!(length.seconds, 150);
        length.note_sample(1_000, 1);
        assert_eq!(length.seconds, 150);
        length.note_finished(1, 1_000_000);
        assert_eq!(length.seconds, 1);
        for _ in 0..20 {
            let seconds = length.next(i64::MAX, lanes(0));
            length.note_finished(seconds, 0);
        }
        assert_eq!(length.next(i64::MAX, lanes(0)), LONGEST);
        assert_eq!(length.next(i64::MAX, lanes(1_000)), LONGEST);
    }
}
