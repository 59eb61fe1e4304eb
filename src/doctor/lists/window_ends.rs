//! The ends of a window: whether records exactly on them are within it, which Verkada does not document.

use chrono::{DateTime, Utc};

use super::pages::{Lists, Sample};
use crate::api::{Record, Source, TimeBase, Window};
use crate::doctor::check::CheckOutcome;

/// Asks for two windows of one second that meet at the time of a known record.
pub(super) async fn check(
    lists: &Lists<'_>,
    sample: &Sample,
    has_checkpoint: bool,
) -> CheckOutcome {
    let time_base = sample.window.time_base();
    let Some(second) = whole_second(&sample.page.records, time_base) else {
        return CheckOutcome::skipped("no audit log has a time in whole seconds");
    };
    let mut counts = [None; 2];
    for (count, start) in counts.iter_mut().zip([second, second - 1]) {
        let Ok(window) = Window::new(start, start + 1, time_base) else {
            continue;
        };
        let page = match lists.first_page(Source::AuditLogs, window).await {
            Ok(page) => page,
            Err(no_page) => return CheckOutcome::skipped(no_page.reason()),
        };
        let is_there = page
            .records
            .iter()
            .any(|record| time_in_seconds(record, time_base) == Some(second));
        // If the page is not the last one, the record may be on a later one.
        *count = (is_there || page.next_page_token().is_none()).then_some(is_there);
    }
    judge(counts, has_checkpoint)
}

/// The time of a record in the middle of the page that is a whole second.
fn whole_second(records: &[Record], time_base: TimeBase) -> Option<i64> {
    let (newer, older) = records.split_at(records.len() / 2);
    let mut records = older.iter().chain(newer);
    records.find_map(|record| {
        let time = record.time(time_base)?;
        (time.timestamp_subsec_nanos() == 0).then(|| time.timestamp())
    })
}

fn time_in_seconds(record: &Record, time_base: TimeBase) -> Option<i64> {
    record
        .time(time_base)
        .map(|time: DateTime<Utc>| time.timestamp())
}

/// Says what it means that the start and the end of a window count or do not.
fn judge(counts: [Option<bool>; 2], has_checkpoint: bool) -> CheckOutcome {
    let [Some(start), Some(end)] = counts else {
        return CheckOutcome::skipped("more audit logs than a page holds share one second");
    };
    match (start, end) {
        (true, true) if has_checkpoint => CheckOutcome::ok("both count"),
        (true, true) => CheckOutcome::ok(
            "both count, so two runs without --checkpoint both print what is exactly between their intervals",
        ),
        (true, false) => CheckOutcome::ok("the start counts, the end does not"),
        (false, true) => CheckOutcome::ok("the end counts, the start does not"),
        (false, false) if has_checkpoint => {
            CheckOutcome::ok("neither counts, which --checkpoint allows for")
        }
        (false, false) => CheckOutcome::warn(
            "neither counts, so what is exactly between two intervals is in none of them",
            "use --checkpoint, which reads a second more",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ends_that_lose_records_are_a_warning() {
        for start in [true, false] {
            for end in [true, false] {
                for has_checkpoint in [true, false] {
                    let outcome = judge([Some(start), Some(end)], has_checkpoint);
                    let is_loss = !start && !end && !has_checkpoint;
                    assert_eq!(
                        matches!(outcome, CheckOutcome::Warn { .. }),
                        is_loss,
                        "{outcome:?}"
                    );
                }
            }
        }
        let unknown = judge([Some(true), None], true);
        assert!(matches!(unknown, CheckOutcome::Skipped(_)));
    }
}
