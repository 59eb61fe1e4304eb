//! Facts that a page of audit logs shows: whose it is, whether processed time is there, how late records come, and their order.

use chrono::{DateTime, Utc};

use super::pages::Sample;
use crate::api::{Page, Record, Source, TimeBase};
use crate::doctor::check::CheckOutcome;
use crate::doctor::setup::Setup;
use crate::pull::{LONGEST_OVERLAP_MINUTES, Organisations, Period, shown_id};

/// Unix seconds of 2025-08-12: audit logs of events before that day have no processed time.
const PROCESSED_TIME_SINCE: i64 = 1_754_956_800;

/// Names the organisation that most records name.
pub(super) fn organisation(organisations: &Organisations, records: &[Record]) -> CheckOutcome {
    let Some(most_named) = organisations.most_named() else {
        return CheckOutcome::warn(
            "no audit log names an organisation, so a checkpoint cannot tell two of them apart",
            "give each key a --checkpoint of its own",
        );
    };
    let of = records.iter().filter_map(Record::organization_id);
    let count = of.filter(|id| id == most_named).count();
    let shown = shown_id(most_named);
    CheckOutcome::ok(format!("{shown}, named by {count} of {}", records.len()))
}

/// Reports whether the records have a processed time, by which scheduled runs ask. `is_hidden` is set if asking by it has found
/// nothing, and asking by event time these records.
pub(super) fn processed_time(sample: &Sample, is_hidden: bool) -> CheckOutcome {
    let records = &sample.page.records;
    let (all, with) = (
        records.len(),
        records.iter().filter(|record| is_processed(record)).count(),
    );
    let remedy = "read by --start and --end, which go by event time, and ask Verkada's support about processed time";
    if is_hidden {
        let found = format!(
            "by processed time Verkada shows no audit log, and by event time {all} on a page: scheduled runs would print none of them"
        );
        return CheckOutcome::warn(found, remedy);
    }
    let newest = records.iter().filter_map(Record::timestamp).max();
    let is_old = newest.is_some_and(|newest| newest.timestamp() < PROCESSED_TIME_SINCE);
    match with {
        _ if with == all => CheckOutcome::ok(format!("each of {all} has one")),
        _ if is_old => CheckOutcome::ok("these events are from before 2025-08-12, and have none"),
        _ => CheckOutcome::warn(
            format!(
                "{} of {all} have none, so scheduled runs may miss such audit logs",
                all - with
            ),
            remedy,
        ),
    }
}

fn is_processed(record: &Record) -> bool {
    record.processed_timestamp().is_some()
}

/// Compares the times from events to their processing with the overlap. Scheduled runs go by processed time, so that
/// only a range on a checkpoint depends on it.
pub(super) fn lateness(records: &[Record], setup: &Setup) -> CheckOutcome {
    let Some(lateness) = Lateness::of(records) else {
        return CheckOutcome::skipped("no audit log has both an event time and a processed time");
    };
    let overlap = setup.pull.overlap_seconds;
    let Lateness {
        median,
        percent_99,
        largest,
        ..
    } = lateness;
    let found = format!(
        "processed after the event by {median} s (median), {percent_99} s (99 %), {largest} s (largest of {}); the overlap is {overlap} s",
        lateness.count
    );
    let goes_by_event_time =
        setup.checkpoint.is_some() && matches!(setup.pull.period, Period::Range { .. });
    // The last fifth of the overlap is the alarm before a loss.
    if goes_by_event_time && largest * 5 > overlap * 4 {
        let minutes = ((largest * 5 / 4) / 60 + 1).min(LONGEST_OVERLAP_MINUTES.into());
        let remedy = format!(
            "raise --overlap-minutes to {minutes}: a record that comes later than the overlap is missed"
        );
        return CheckOutcome::warn(found, remedy);
    }
    CheckOutcome::ok(found)
}

/// Seconds from the event to its processing.
#[derive(Debug, PartialEq, Eq)]
struct Lateness {
    count: usize,
    median: i64,
    percent_99: i64,
    largest: i64,
}

impl Lateness {
    fn of(records: &[Record]) -> Option<Self> {
        let lateness = records.iter().filter_map(|record| {
            let late = record.processed_timestamp()? - record.timestamp()?;
            Some(late.num_seconds().max(0))
        });
        Self::of_seconds(lateness.collect())
    }

    fn of_seconds(mut seconds: Vec<i64>) -> Option<Self> {
        seconds.sort_unstable();
        let count = seconds.len();
        // The smallest value that at least `percent` in a hundred do not exceed.
        let percentile = |percent: usize| seconds.get((count * percent).div_ceil(100).max(1) - 1);
        Some(Self {
            count,
            median: *percentile(50)?,
            percent_99: *percentile(99)?,
            largest: *seconds.last()?,
        })
    }
}

/// The order of the pages.
pub(super) fn order(sample: &Sample, notifications: Option<&Page>) -> CheckOutcome {
    let time_base = sample.window.time_base();
    let by = match time_base {
        TimeBase::Event => "event time",
        TimeBase::Processed => "processed time",
    };
    let audit_logs = order_of(times(&sample.page.records, time_base));
    let mut found = format!("{} {audit_logs} by {by}", Source::AuditLogs);
    if let Some(page) = notifications.filter(|page| !page.records.is_empty()) {
        let order = order_of(times(&page.records, TimeBase::Event));
        found += &format!(", {} {order}", Source::Notifications);
    }
    CheckOutcome::ok(found)
}

fn times(records: &[Record], time_base: TimeBase) -> Vec<DateTime<Utc>> {
    let times = records.iter().filter_map(|record| record.time(time_base));
    times.collect()
}

/// Names the order of `times`.
fn order_of<T: Ord>(times: Vec<T>) -> &'static str {
    let is_newest_first = times.is_sorted_by(|first, second| first >= second);
    match (is_newest_first, times.is_sorted()) {
        (true, true) => "too few times to tell the order",
        (true, false) => "newest first",
        (false, true) => "oldest first",
        (false, false) => "in no order",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_that_of_the_given_share() {
        let lateness = |seconds: &[i64]| {
            let lateness = Lateness::of_seconds(seconds.to_vec())?;
            Some((lateness.median, lateness.percent_99, lateness.largest))
        };
        assert_eq!(lateness(&[]), None);
        assert_eq!(lateness(&[7]), Some((7, 7, 7)));
        assert_eq!(lateness(&[9, 1]), Some((1, 9, 9)));
        assert_eq!(lateness(&[3, 1, 2]), Some((2, 3, 3)));
        let hundred: Vec<_> = (1..=100).rev().collect();
        assert_eq!(lateness(&hundred), Some((50, 99, 100)));
        let thousand: Vec<_> = (1..=1_000).collect();
        assert_eq!(lateness(&thousand), Some((500, 990, 1_000)));
    }

    #[test]
    fn an_order_needs_two_times() {
        assert_eq!(order_of(vec![3, 2, 2, 1]), "newest first");
        assert_eq!(order_of(vec![1, 2, 2]), "oldest first");
        assert_eq!(order_of(vec![1, 3, 2]), "in no order");
        for few in [vec![], vec![1], vec![1, 1]] {
            assert_eq!(order_of(few), "too few times to tell the order");
        }
    }
}
