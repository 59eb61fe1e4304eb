//! The order of printing: oldest first.

use chrono::{DateTime, Utc};

/// Sorts records that the API sent newest first into oldest first.
///
/// Records of one instant keep their relative order, reversed. For notifications the API's order is not documented, so
/// the times decide. A record without a time borrows that of its older neighbour and stays next to it.
pub(crate) fn sort_oldest_first<T>(
    records: &mut Vec<T>,
    time: impl Fn(&T) -> Option<DateTime<Utc>>,
) {
    records.reverse();
    let oldest = records.iter().find_map(&time);
    let mut latest = oldest;
    let is_sorted = records.iter().all(|record| {
        let before = latest;
        latest = time(record).or(before);
        before <= latest
    });
    // Nearly always, and then nothing is copied.
    if is_sorted {
        return;
    }
    latest = oldest;
    let mut timed: Vec<_> = records
        .drain(..)
        .map(|record| {
            latest = time(&record).or(latest);
            (latest, record)
        })
        .collect();
    timed.sort_by_key(|(time, _)| *time);
    records.extend(timed.into_iter().map(|(_, record)| record));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(newest_first: &[(Option<i64>, &'static str)]) -> Vec<&'static str> {
        let mut records = newest_first.to_vec();
        sort_oldest_first(&mut records, |(time, _)| {
            DateTime::from_timestamp((*time)?, 0)
        });
        records.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn records_of_one_second_are_reversed_like_all_others() {
        let answer = [(Some(2), "c"), (Some(1), "b"), (Some(1), "a")];
        assert_eq!(sorted(&answer), ["a", "b", "c"]);
    }

    #[test]
    fn times_decide_where_the_api_has_another_order() {
        let answer = [(Some(1), "old"), (Some(3), "new"), (Some(2), "middle")];
        assert_eq!(sorted(&answer), ["old", "middle", "new"]);
    }

    #[test]
    fn a_record_without_a_time_stays_with_its_older_neighbour() {
        let answer = [(None, "d"), (Some(2), "c"), (None, "b"), (Some(1), "a")];
        assert_eq!(sorted(&answer), ["a", "b", "c", "d"]);
        assert_eq!(sorted(&[(Some(5), "y"), (None, "x")]), ["x", "y"]);
        assert_eq!(sorted(&[(None, "y"), (None, "x")]), ["x", "y"]);
    }
}
