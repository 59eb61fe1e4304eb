//! What has been read of a slice, and how much memory it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::filter::Verdict;
use super::reader::Reading;
use super::slice::{Bounds, Edge, Line, Place, Slice};
use crate::api::{Page, Record, Source, sort_oldest_first};

/// A slice, and its claim on the memory for fetching ahead, which ends with it.
pub(super) struct HeldSlice {
    pub(super) slice: Slice,
    claim: Claim,
}

impl HeldSlice {
    /// The slice, and the claim, to be dropped when the slice is printed.
    pub(super) fn into_parts(self) -> (Slice, Claim) {
        (self.slice, self.claim)
    }
}

/// Text of records that may wait in memory for their turn. The slice whose turn it is is read on regardless.
const FETCH_AHEAD_BYTES: usize = 24 << 20;

/// Likewise of a source that is printed after another one, until that is through.
const FETCH_AHEAD_BYTES_MEANWHILE: usize = 8 << 20;

/// What is waiting in memory of one source.
#[derive(Default)]
pub(super) struct Held {
    bytes: AtomicUsize,
    is_printed: AtomicBool,
    changed: Notify,
}

impl Held {
    /// Whether more may be fetched ahead.
    pub(super) fn has_room(&self) -> bool {
        let most = match self.is_printed() {
            true => FETCH_AHEAD_BYTES,
            false => FETCH_AHEAD_BYTES_MEANWHILE,
        };
        self.bytes.load(Ordering::Relaxed) < most
    }

    /// Whether this is the source that is printed now.
    pub(super) fn is_printed(&self) -> bool {
        self.is_printed.load(Ordering::Relaxed)
    }

    /// From now on this is the source that is printed.
    pub(super) fn is_printed_now(&self) {
        self.is_printed.store(true, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Returns when there may be more room than at the last call.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// A part of the memory for fetching ahead; given back when dropped.
pub(super) struct Claim {
    held: Arc<Held>,
    bytes: usize,
}

impl Claim {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.held.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.held.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.held.changed.notify_one();
    }
}

/// What the pages so far say of a slice: so many records within so many seconds.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) seconds: i64,
    pub(super) records: u64,
    pub(super) pages: u64,
}

impl Sample {
    /// How many records `seconds` hold if it goes on like this; never fewer than there are already.
    pub(super) fn expected_within(&self, seconds: i64) -> u64 {
        let expected = self.records as f64 * seconds as f64 / self.seconds as f64;
        (expected as u64).max(self.records)
    }
}

/// What a slice's pages have brought so far, newest first.
pub(super) struct Collected {
    lines: Vec<(Option<DateTime<Utc>>, Line)>,
    claim: Claim,
    seen: u64,
    page_count: u64,
    oldest: Option<i64>,
    edge: Edge,
    server_time: Option<DateTime<Utc>>,
    organization_id: Option<String>,
    unclassified: u64,
}

impl Collected {
    pub(super) fn new(held: Arc<Held>) -> Self {
        Self {
            lines: Vec::new(),
            claim: Claim { held, bytes: 0 },
            seen: 0,
            page_count: 0,
            oldest: None,
            edge: Edge::default(),
            server_time: None,
            organization_id: None,
            unclassified: 0,
        }
    }

    /// Takes what is wanted of a page.
    pub(super) fn add(&mut self, page: &Page, bounds: &Bounds, reading: &Reading) {
        self.page_count += 1;
        self.seen += page.records.len() as u64;
        self.server_time = self.server_time.or(page.server_time);
        let records = page.records.iter();
        let verdicts = records.map(|record| reading.filter.verdict(reading.source, record));
        let verdicts: Vec<_> = verdicts.collect();
        let kept = verdicts.iter().filter(|verdict| **verdict != Verdict::Drop);
        let most_are_kept = 2 * kept.count() >= verdicts.len();
        for (record, verdict) in page.records.iter().zip(verdicts) {
            let time = record.time(reading.window.time_base());
            if let Some(time) = time {
                self.note_time(time, bounds);
            }
            if self.organization_id.is_none() {
                self.organization_id = record.organization_id().map(|id| id.into_owned());
            }
            let is_odd = verdict == Verdict::KeepUnclassified || !record.is_object();
            self.unclassified += u64::from(is_odd);
            if verdict != Verdict::Drop {
                self.keep(time, line(record, reading, most_are_kept));
            } else if most_are_kept {
                // Its text stays in memory with that of its page.
                self.claim.add(record.text().len());
            }
        }
    }

    fn keep(&mut self, time: Option<DateTime<Utc>>, line: Line) {
        let bytes = line.text.as_str().len() + size_of::<(Option<DateTime<Utc>>, Line)>();
        self.claim.add(bytes);
        self.lines.push((time, line));
    }

    /// Records seen so far, kept or not.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    fn note_time(&mut self, time: DateTime<Utc>, bounds: &Bounds) {
        let second = time.timestamp();
        self.oldest = Some(self.oldest.map_or(second, |oldest| oldest.min(second)));
        let is_whole = time.timestamp_subsec_nanos() == 0;
        let is_last = second == bounds.to - 1;
        self.edge.first_asked |= second == bounds.asked_from() && is_whole;
        self.edge.last_whole |= is_last && is_whole;
        self.edge.last_fraction |= is_last && !is_whole;
    }

    /// What the pages so far say of the slice at `bounds`. Pages come newest first, as far as is known, so they
    /// cover the time from their oldest record to the end; a burst in it is no reason to expect more of them.
    /// Without any time they say nothing of what is left.
    pub(super) fn sample(&self, bounds: &Bounds) -> Sample {
        let covered = self
            .oldest
            .map_or(bounds.seconds(), |oldest| bounds.to - oldest);
        Sample {
            seconds: covered.max(1),
            records: self.seen,
            pages: self.page_count,
        }
    }

    pub(super) fn into_slice(self, bounds: Bounds, reading: &Reading) -> HeldSlice {
        let mut strays = 0_u64;
        let mut timeless = 0_u64;
        let mut lines = Vec::with_capacity(self.lines.len());
        // The order may borrow a time from a neighbour, the place may not: the slice that a borrowed time
        // points to need not have been sent the record.
        let own_times = self
            .lines
            .into_iter()
            .map(|(time, line)| (time, (time, line)));
        let mut newer = bounds.to;
        for (_, (time, mut line)) in sort_oldest_first(own_times).into_iter().rev() {
            let place = bounds.place(time);
            match time.map(|time| time.timestamp()) {
                Some(second) if (bounds.from..=bounds.to).contains(&second) => newer = second,
                // Verkada goes by another time than the record says, which may be as late as the slice.
                Some(_) => line.findable_until = line.findable_until.max(bounds.to),
                None => line.findable_until = line.findable_until.max(newer),
            }
            line.is_stray = place == Place::Stray;
            strays += u64::from(place == Place::Stray);
            timeless += u64::from(time.is_none() && !bounds.is_whole());
            if place != Place::Neighbour {
                lines.push(line);
            }
        }
        lines.reverse();
        warn_of_oddities(reading.source, strays, timeless, self.unclassified);
        HeldSlice {
            slice: Slice {
                source: reading.source,
                bounds,
                lines,
                server_time: self.server_time,
                organization_id: self.organization_id,
                edge: self.edge,
            },
            claim: self.claim,
        }
    }
}

fn warn_of_oddities(source: Source, strays: u64, timeless: u64, unclassified: u64) {
    if unclassified > 0 {
        tracing::warn!(%source, records = unclassified, "records without a readable event name were printed all the same");
    }
    if timeless > 0 {
        tracing::warn!(%source, records = timeless, "records without a readable time were printed; one that lies where two slices of the read meet is printed by both");
    }
    if strays > 0 {
        tracing::warn!(%source, records = strays, "Verkada sent records from outside the window asked for; they were printed all the same");
    }
}

fn line(record: &Record, reading: &Reading, shares_page: bool) -> Line {
    let findable_until = reading
        .processing_allowance
        .and_then(|allowance| findable_until(record, reading.source, allowance));
    Line {
        text: record.line_text(shares_page),
        findable_until: findable_until.unwrap_or(0),
        is_stray: false,
    }
}

/// The latest of a record's times, as far as it tells. An audit log that does not say when it was processed may have
/// been so up to the allowance after it happened.
fn findable_until(record: &Record, source: Source, allowance: i64) -> Option<i64> {
    if source == Source::Notifications {
        return record.created().map(|time| time.timestamp());
    }
    let event = record.timestamp().map(|time| time.timestamp());
    let processed = record.processed_timestamp().map(|time| time.timestamp());
    let allowed = event.map(|event| event + allowance);
    processed.or(allowed).max(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{TimeBase, Window};

    #[test]
    fn only_a_whole_second_shows_that_the_start_of_a_window_counts() {
        let bounds = Bounds::whole(Window::new(100, 130, TimeBase::Event).unwrap());
        for (nanoseconds, shows) in [(0, true), (1, false), (500_000_000, false)] {
            let mut collected = Collected::new(Arc::default());
            let time = DateTime::from_timestamp(100, nanoseconds).unwrap();
            collected.note_time(time, &bounds);
            assert_eq!(collected.edge.first_asked, shows, "{nanoseconds}");
        }
    }
}
