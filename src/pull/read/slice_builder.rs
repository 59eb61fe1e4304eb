//! A slice under construction, while its pages come in.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::bounds::{Bounds, Position};
use super::budget::{ReadAheadBudget, Reservation};
use super::line::{Line, LineText};
use super::odd_records::OddRecords;
use super::options::ReadOptions;
use super::sizing::Estimate;
use super::slice::{Edge, Slice};
use crate::api::{Page, Record, Source, sort_oldest_first};
use crate::pull::filter::{MatchedNames, Verdict};
use crate::pull::organisations::Organisations;

/// No record is older than Verkada, which was founded in 2016; a year more does no harm.
const EARLIEST_TIME: i64 = 1_420_070_400;

/// A camera's clock may be ahead of Verkada's by this many seconds.
const CLOCK_DEVIATION: i64 = 24 * 3_600;

/// A slice and its share of the read-ahead budget, which ends with it.
pub(in crate::pull) struct BudgetedSlice {
    pub(in crate::pull) slice: Slice,
    /// To be dropped when the slice has been printed.
    pub(in crate::pull) reservation: Reservation,
}

/// The lines of a slice so far, newest first, and what its records have shown.
pub(super) struct SliceBuilder {
    lines: Vec<(Option<DateTime<Utc>>, Line)>,
    reservation: Reservation,
    /// Records so far, kept or not.
    seen: u64,
    page_count: u64,
    oldest: Option<i64>,
    newest: Option<i64>,
    edge: Edge,
    /// The server's clock when it answered the first page, and the last one.
    server_time: Option<DateTime<Utc>>,
    last_server_time: Option<DateTime<Utc>>,
    organisations: Organisations,
    matched_names: MatchedNames,
    odd: OddRecords,
    /// Records that the filter left out, without those that belong to a neighbour.
    filtered: u64,
    longest_processing: Option<i64>,
}

impl SliceBuilder {
    pub(super) fn new(budget: Arc<ReadAheadBudget>) -> Self {
        Self {
            lines: Vec::new(),
            reservation: Reservation::new(budget),
            seen: 0,
            page_count: 0,
            oldest: None,
            newest: None,
            edge: Edge::default(),
            server_time: None,
            last_server_time: None,
            organisations: Organisations::default(),
            matched_names: MatchedNames::default(),
            odd: OddRecords::default(),
            filtered: 0,
            longest_processing: None,
        }
    }

    /// Takes the records of a page that the filter keeps.
    pub(super) fn add(&mut self, page: Page, bounds: &Bounds, options: &ReadOptions) {
        self.page_count += 1;
        self.seen += page.records.len() as u64;
        self.server_time = self.server_time.or(page.server_time);
        self.last_server_time = page.server_time.or(self.last_server_time);
        let plausible = self.plausible_times(bounds, options);
        let mut times = Vec::with_capacity(page.records.len());
        let mut kept = Vec::with_capacity(page.records.len());
        for record in &page.records {
            let time = record.time(options.window.time_base());
            let time = time.filter(|time| plausible.contains(&time.timestamp()));
            if let Some(time) = time {
                self.note_time(time, bounds);
            }
            self.organisations.note(record);
            let matched = &mut self.matched_names;
            let verdict = options.filter.judge(options.source, record, matched);
            let is_unclassified = verdict == Verdict::KeepUnclassified || !record.is_object();
            self.odd.unclassified += u64::from(is_unclassified);
            if verdict == Verdict::Drop {
                self.filtered += u64::from(bounds.position(time) != Position::Neighbour);
            } else {
                times.push(time);
                kept.push(record);
            }
        }
        let texts = LineText::of_page(&kept);
        let bytes = texts.iter().map(|text| text.as_str().len());
        let overhead = kept.len() * size_of::<(Option<DateTime<Utc>>, Line)>();
        self.reservation.grow(bytes.sum::<usize>() + overhead);
        for ((time, record), text) in times.into_iter().zip(kept).zip(texts) {
            let line = self.line(text, record, options, &plausible);
            self.lines.push((time, line));
        }
    }

    fn line(
        &mut self,
        text: LineText,
        record: &Record,
        options: &ReadOptions,
        plausible: &RangeInclusive<i64>,
    ) -> Line {
        let times = options
            .measures_processing
            .then(|| Times::of(record, options.source, plausible));
        let mut line = Line {
            text,
            findable_until: 0,
            event_time: None,
            is_stray: false,
        };
        let Some(times) = times else {
            return line;
        };
        self.longest_processing = self.longest_processing.max(times.processing());
        if let Some(allowance) = options.processing_allowance {
            line.findable_until = times.findable_until(allowance).unwrap_or(0);
        }
        if options.measures_first_seen {
            let event = times.event.and_then(|event| u32::try_from(event).ok());
            line.event_time = event.and_then(NonZeroU32::new);
        }
        line
    }

    /// Returns the times of a record that are believed. A record that claims the year 9999, or microseconds in place of
    /// seconds, would belong to no slice, and would stay in the ledger for ever. It was there when the slice was read,
    /// so it cannot be much newer than that.
    fn plausible_times(&self, bounds: &Bounds, options: &ReadOptions) -> RangeInclusive<i64> {
        let read_at = self.last_server_time.map(|time| time.timestamp());
        let allowed = bounds.to + options.processing_allowance.unwrap_or_default();
        let latest = allowed.max(options.now).max(read_at.unwrap_or(i64::MIN));
        EARLIEST_TIME..=latest + CLOCK_DEVIATION
    }

    /// The number of records so far, kept or not.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    fn note_time(&mut self, time: DateTime<Utc>, bounds: &Bounds) {
        let second = time.timestamp();
        self.oldest = Some(self.oldest.map_or(second, |oldest| oldest.min(second)));
        if (bounds.from..=bounds.to).contains(&second) {
            self.newest = self.newest.max(Some(second));
        }
        // Only a record exactly on a second shows whether Verkada counts that end of a window as inside.
        let is_whole = time.timestamp_subsec_nanos() == 0;
        let is_last = second == bounds.to - 1;
        self.edge.first_asked |= second == bounds.asked_from() && is_whole;
        self.edge.last_whole |= is_last && is_whole;
        self.edge.last_fraction |= is_last && !is_whole;
    }

    /// Estimates from the pages so far how much the slice at `bounds` holds. As far as is known, pages come newest
    /// first, so they cover the time from their oldest record to the end of the slice. Pages without any time count as
    /// covering all of it, because they show nothing about the rest.
    pub(super) fn estimate(&self, bounds: &Bounds) -> Estimate {
        let covered = self
            .oldest
            .map_or(bounds.seconds(), |oldest| bounds.to - oldest);
        Estimate {
            seconds: covered.max(1),
            records: self.seen,
            pages: self.page_count,
        }
    }

    /// Puts the slice together: in order, without the records that belong to a neighbour.
    pub(super) fn into_slice(mut self, bounds: Bounds, options: &ReadOptions) -> BudgetedSlice {
        let allowance = options.processing_allowance.unwrap_or_default();
        // The order may borrow a time from a neighbour, but the position may not: the slice that a borrowed time points
        // to may never have been sent the record.
        sort_oldest_first(&mut self.lines, |(time, _)| *time);
        // From new to old, so that a record without a time can be remembered as long as the next newer one with a time.
        let mut newer = bounds.to;
        for (time, line) in self.lines.iter_mut().rev() {
            match time.map(|time| time.timestamp()) {
                Some(second) if (bounds.from..=bounds.to).contains(&second) => newer = second,
                // The record states a time outside the slice, but Verkada found it there: later queries may do so too,
                // up to the end of the slice.
                Some(_) => line.findable_until = line.findable_until.max(bounds.to + allowance),
                None => line.findable_until = line.findable_until.max(newer + allowance),
            }
            line.is_stray = bounds.position(*time) == Position::Stray;
            self.odd.strays += u64::from(line.is_stray);
            self.odd.timeless += u64::from(time.is_none() && !bounds.is_whole());
        }
        let lines = self.lines.into_iter();
        let lines = lines.filter(|(time, _)| bounds.position(*time) != Position::Neighbour);
        let lines = lines.map(|(_, line)| line).collect();
        BudgetedSlice {
            slice: Slice {
                source: options.source,
                bounds,
                time_base: options.window.time_base(),
                lines,
                filtered: self.filtered,
                odd: self.odd,
                matched_names: self.matched_names,
                longest_processing: self.longest_processing,
                server_time: self.server_time,
                organisations: self.organisations,
                newest: self.newest,
                edge: self.edge,
            },
            reservation: self.reservation,
        }
    }
}

/// The plausible times of a record, in Unix seconds.
struct Times {
    event: Option<i64>,
    /// The time at which an audit log was processed.
    processed: Option<i64>,
    is_notification: bool,
}

impl Times {
    fn of(record: &Record, source: Source, plausible: &RangeInclusive<i64>) -> Self {
        let second = |time: Option<DateTime<Utc>>| {
            let second = time.map(|time| time.timestamp());
            second.filter(|second| plausible.contains(second))
        };
        let is_notification = source == Source::Notifications;
        let (event, processed) = if is_notification {
            (record.created(), None)
        } else {
            (record.timestamp(), record.processed_timestamp())
        };
        Self {
            event: second(event),
            processed: second(processed),
            is_notification,
        }
    }

    /// Returns the latest time by which a query could select the record. An audit log without a processed time may have
    /// been processed up to the allowance after its event.
    fn findable_until(&self, allowance: i64) -> Option<i64> {
        if self.is_notification {
            return self.event;
        }
        let allowed = self.event.map(|event| event + allowance);
        self.processed.or(allowed).max(self.event)
    }

    /// Returns the time from the event to its processing, in seconds.
    fn processing(&self) -> Option<i64> {
        Some((self.processed? - self.event?).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{TimeBase, Window};
    use crate::pull::filter::EventFilter;

    #[test]
    fn what_the_filter_leaves_out_counts_in_one_slice_alone() {
        let window = Window::new(1_789_401_600, 1_789_401_630, TimeBase::Event).unwrap();
        let options = ReadOptions {
            source: Source::AuditLogs,
            window,
            first_slice: Some(10),
            filter: EventFilter::names(["Kept"]),
            processing_allowance: Some(0),
            measures_processing: true,
            measures_first_seen: false,
            now: window.end(),
        };
        let (first, rest) = Bounds::whole(window).split(10);
        let (second, third) = rest.unwrap().split(10);
        let mut filtered = Vec::new();
        let mut kept = Vec::new();
        for bounds in [first, second, third.unwrap()] {
            let asked = bounds.window(TimeBase::Event);
            let seconds = asked.start()..=asked.end();
            let record = |second: i64| {
                let name = if second % 2 == 0 { "Kept" } else { "Other" };
                let time = crate::time::time_text(second);
                let processed =
                    crate::time::time_text(second + if second % 2 == 0 { 6 } else { 100 });
                let line = format!(
                    r#"{{"event_name":"{name}","timestamp":"{time}","processed_timestamp":"{processed}"}}"#
                );
                Record::from_line(&line).unwrap()
            };
            let page = Page::of(seconds.rev().map(record).collect());
            let mut builder = SliceBuilder::new(Arc::default());
            builder.add(page, &bounds, &options);
            let slice = builder.into_slice(bounds, &options).slice;
            filtered.push(slice.filtered);
            kept.push(slice.lines.len());
            assert_eq!(slice.longest_processing, Some(6));
        }
        assert_eq!(filtered, [5, 5, 5]);
        assert_eq!(kept, [5, 5, 6]);
    }

    #[test]
    fn only_a_whole_second_shows_that_the_start_of_a_window_counts() {
        let bounds = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap());
        for (nanoseconds, shows) in [(0, true), (1, false), (500_000_000, false)] {
            let mut builder = SliceBuilder::new(Arc::default());
            let time = DateTime::from_timestamp(100, nanoseconds).unwrap();
            builder.note_time(time, &bounds);
            assert_eq!(builder.edge.first_asked, shows, "{nanoseconds}");
        }
    }
}
