//! The order of printing: oldest first.

use chrono::{DateTime, Utc};

/// Sorts records that the API sent newest first into oldest first.
///
/// Records of one instant keep their relative order, reversed. For notifications the API's order is not documented, so
/// the times decide. A record without a time borrows that of its older neighbour and stays next to it.
pub(crate) fn sort_oldest_first<T>(
    newest_first: impl IntoIterator<Item = (Option<DateTime<Utc>>, T)>,
) -> Vec<(Option<DateTime<Utc>>, T)> {
    let mut records: Vec<_> = newest_first.into_iter().collect();
    records.reverse();
    fill_in_times(&mut records);
    if !records.is_sorted_by_key(|(time, _)| *time) {
        records.sort_by_key(|(time, _)| *time);
    }
    records
}

fn fill_in_times<T>(records: &mut [(Option<DateTime<Utc>>, T)]) {
    let mut latest = records.iter().find_map(|(time, _)| *time);
    for (time, _) in records {
        latest = time.or(latest);
        *time = latest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(newest_first: &[(Option<i64>, &'static str)]) -> Vec<&'static str> {
        let timed = newest_first.iter().map(|(time, name)| {
            (
                time.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
                *name,
            )
        });
        sort_oldest_first(timed)
            .into_iter()
            .map(|(_, name)| name)
            .collect()
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
