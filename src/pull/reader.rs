//! Reads one source's window, slice by slice, several at a time, and hands the slices on in order.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::collected::{Collected, Held, HeldSlice, Sample};
use super::filter::EventFilter;
use super::slice::{Bounds, Lanes, SliceLength};
use crate::api::{Error, Page, Pages, Source, Urgency, VerkadaApi, Window};

/// From this page on a slice's pages say how many records it will hold; fewer may be a burst.
const TELLING_PAGES: u64 = 3;

/// The urgency of a source whose lines are printed first, before the start of the slice is subtracted, so that
/// older slices go first. Far above any number of records.
const PRINTED_FIRST: i64 = 1 << 60;

/// Likewise of one that is printed last.
const PRINTED_LAST: i64 = -PRINTED_FIRST;

/// What is read, and how.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) source: Source,
    pub(super) window: Window,
    /// Length of the first slice in seconds; `None` reads the window in one piece, however much it holds.
    pub(super) first_slice: Option<i64>,
    pub(super) filter: EventFilter,
    /// With a checkpoint: how much later than its event a record may be processed, in seconds, where it does not
    /// say. Without one, nobody has to know how long a record may be found.
    pub(super) processing_allowance: Option<i64>,
    /// Requests a second that the pace allows.
    pub(super) requests_per_second: f64,
}

/// Starts reading. The slices come from old to new, and at most one error, which is the last. Dropping them ends
/// the read.
pub(super) fn start(api: &VerkadaApi, reading: Reading) -> Slices {
    let (sender, receiver) = mpsc::channel(1);
    let held = Arc::<Held>::default();
    let api = match reading.first_slice {
        Some(_) => api.riding_out_rate_limits(),
        None => api.clone(),
    };
    tokio::spawn(Reader::new(api, reading, Arc::clone(&held)).run(sender));
    Slices { receiver, held }
}

/// The slices of a source, while they are read.
pub(super) struct Slices {
    receiver: mpsc::Receiver<Result<HeldSlice, Error>>,
    held: Arc<Held>,
}

impl Slices {
    /// To be called when the slices before those of this source have been printed.
    pub(super) fn are_printed_now(&self) {
        self.held.is_printed_now();
    }

    /// The next slice; `None` after the last one, or after an error.
    pub(super) async fn next(&mut self) -> Option<Result<HeldSlice, Error>> {
        self.receiver.recv().await
    }
}

struct Reader {
    api: VerkadaApi,
    reading: Reading,
    /// From old to new.
    queue: VecDeque<Entry>,
    under_way: FuturesUnordered<BoxFuture<'static, Answered>>,
    length: SliceLength,
    held: Arc<Held>,
    next_id: u64,
}

enum Entry {
    Planned(Bounds),
    Started(Box<Started>),
    Finished(HeldSlice),
    Failed(Error),
}

/// A slice of which not all pages have been read.
struct Started {
    id: u64,
    bounds: Bounds,
    /// Of its next request.
    urgency: Urgency,
    /// Present while no request is under way.
    idle: Option<Pages>,
    collected: Collected,
}

struct Answered {
    id: u64,
    pages: Pages,
    result: Result<Option<Page>, Error>,
}

impl Reader {
    fn new(api: VerkadaApi, reading: Reading, held: Arc<Held>) -> Self {
        let whole = Bounds::whole(reading.window);
        Self {
            api,
            queue: VecDeque::from([Entry::Planned(whole)]),
            under_way: FuturesUnordered::new(),
            length: SliceLength::starting_at(reading.first_slice.unwrap_or_default()),
            held,
            next_id: 0,
            reading,
        }
    }

    async fn run(mut self, sender: mpsc::Sender<Result<HeldSlice, Error>>) {
        let held = Arc::clone(&self.held);
        loop {
            self.start_requests();
            self.rank();
            let ready = matches!(
                self.queue.front(),
                Some(Entry::Finished(_) | Entry::Failed(_))
            );
            tokio::select! {
                permit = sender.reserve(), if ready => {
                    let Ok(permit) = permit else { return };
                    match self.queue.pop_front() {
                        Some(Entry::Finished(slice)) => permit.send(Ok(slice)),
                        Some(Entry::Failed(error)) => return permit.send(Err(error)),
                        _ => return,
                    }
                }
                Some(answered) = self.under_way.next() => self.take(answered),
                () = held.changed(), if !self.queue.is_empty() => {}
                () = sender.closed() => return,
            }
            if self.queue.is_empty() {
                return;
            }
        }
    }

    /// Sends as many requests as the pace and the memory allow, for the oldest slices first.
    fn start_requests(&mut self) {
        let lanes = self.lanes().count();
        let mut at = 0;
        while at < self.queue.len() && self.under_way.len() < lanes {
            // Finished slices before it wait for the output, so nothing would be gained by exceeding the memory.
            let in_one_piece = self.reading.first_slice.is_none();
            let is_next = at == 0 && (in_one_piece || self.held.is_printed());
            let may_read = is_next || self.held.has_room();
            match &mut self.queue[at] {
                Entry::Failed(_) => return,
                // Until something is known of its length, one slice is enough.
                Entry::Planned(bounds) if may_read && (at == 0 || self.length.informed) => {
                    let bounds = *bounds;
                    self.carve(at, bounds);
                    self.request(at);
                }
                Entry::Started(started) if may_read && started.idle.is_some() => self.request(at),
                _ => {}
            }
            at += 1;
        }
    }

    /// Says which of the requests that wait for the pace goes first.
    fn rank(&self) {
        let more_to_come = self
            .queue
            .iter()
            .any(|entry| matches!(entry, Entry::Planned(_)));
        for entry in &self.queue {
            let Entry::Started(started) = entry else {
                continue;
            };
            let expected = self.length.expected_within(started.bounds.seconds());
            let left = expected.saturating_sub(started.collected.seen());
            let urgency = urgency(
                self.reading.source,
                started.bounds.from,
                (!more_to_come).then_some(left),
            );
            started.urgency.set(urgency);
        }
    }

    fn lanes(&self) -> Lanes {
        Lanes::new(
            self.reading.requests_per_second,
            self.api.statistics().latency,
        )
    }

    /// Makes the start of a planned stretch a slice of its own.
    fn carve(&mut self, at: usize, bounds: Bounds) {
        let seconds = match self.reading.first_slice {
            Some(_) => self.length.next(bounds.seconds(), self.lanes()),
            None => bounds.seconds(),
        };
        let (first, rest) = bounds.split(seconds);
        let window = first.window(self.reading.window.time_base());
        let urgency = Urgency::default();
        let pages = self.api.pages(self.reading.source, window);
        let started = Started {
            id: self.next_id,
            bounds: first,
            idle: Some(pages.with_urgency(urgency.clone())),
            urgency,
            collected: Collected::new(Arc::clone(&self.held)),
        };
        self.next_id += 1;
        self.queue[at] = Entry::Started(Box::new(started));
        if let Some(rest) = rest {
            self.queue.insert(at + 1, Entry::Planned(rest));
        }
    }

    fn request(&mut self, at: usize) {
        let Entry::Started(started) = &mut self.queue[at] else {
            return;
        };
        let Some(mut pages) = started.idle.take() else {
            return;
        };
        let id = started.id;
        self.under_way.push(Box::pin(async move {
            let result = pages.next().await;
            Answered { id, pages, result }
        }));
    }

    fn take(&mut self, answered: Answered) {
        let wanted =
            |entry: &Entry| matches!(entry, Entry::Started(started) if started.id == answered.id);
        let Some(at) = self.queue.iter().position(wanted) else {
            return;
        };
        match answered.result {
            Err(error) => {
                // Nothing newer can be printed any more.
                self.queue.truncate(at);
                self.queue.push_back(Entry::Failed(error));
            }
            Ok(page) => self.take_page(at, answered.pages, page),
        }
    }

    fn take_page(&mut self, at: usize, pages: Pages, page: Option<Page>) {
        let Entry::Started(started) = &mut self.queue[at] else {
            return;
        };
        if let Some(page) = page {
            started.collected.add(&page, &started.bounds, &self.reading);
        }
        if pages.is_finished() {
            return self.finish(at);
        }
        started.idle = Some(pages);
        let (sample, bounds) = (started.collected.sample(&started.bounds), started.bounds);
        if self.reading.first_slice.is_some() {
            self.judge(at, sample, bounds);
        }
    }

    /// Learns from the pages so far, and gives up a slice that holds far more than intended, to read it again
    /// in shorter pieces. What was read of it is dropped: its newest part could be kept only if the order of
    /// the pages were certain.
    fn judge(&mut self, at: usize, sample: Sample, bounds: Bounds) {
        let telling = sample.pages >= TELLING_PAGES;
        if telling || !self.length.informed {
            self.length.glimpsed(sample.seconds, sample.records);
        }
        let expected = sample.expected_within(bounds.seconds());
        let most = self.lanes().most_records();
        let too_much = sample.records > most || (telling && expected > most);
        if too_much && bounds.seconds() > 1 {
            self.length.glimpsed(bounds.seconds(), expected);
            self.queue[at] = Entry::Planned(bounds);
        }
    }

    fn finish(&mut self, at: usize) {
        let placeholder = Entry::Planned(Bounds::whole(self.reading.window));
        let Entry::Started(started) = std::mem::replace(&mut self.queue[at], placeholder) else {
            return;
        };
        self.length
            .finished(started.bounds.seconds(), started.collected.seen());
        self.queue[at] =
            Entry::Finished(started.collected.into_slice(started.bounds, &self.reading));
    }
}

/// The urgency of a slice from `start`. As long as more slices are to come, the oldest goes first, whose lines are
/// printed next and then leave the memory; audit logs before notifications. If only `records_left` are, the slice
/// with the most of them goes first, so that all end together.
fn urgency(source: Source, start: i64, records_left: Option<u64>) -> i64 {
    match (records_left, source) {
        (None, Source::AuditLogs) => PRINTED_FIRST - start,
        (None, Source::Notifications) => PRINTED_LAST - start,
        (Some(records), _) => i64::try_from(records)
            .unwrap_or(i64::MAX)
            .min(PRINTED_FIRST / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_next_goes_first_and_at_the_end_what_has_the_most_left() {
        let (first, last) = (Source::AuditLogs, Source::Notifications);
        let in_order = [
            urgency(first, 1_789_344_000, None),
            urgency(first, 1_789_344_900, None),
            urgency(last, 1_789_344_900, Some(u64::MAX)),
            urgency(first, 1_789_344_900, Some(700)),
            urgency(last, 1_789_344_000, Some(600)),
            urgency(first, 1_789_344_000, Some(0)),
            urgency(last, 1_789_344_000, None),
            urgency(last, 1_789_344_900, None),
        ];
        assert!(
            in_order.is_sorted_by(|earlier, later| earlier > later),
            "{in_order:?}"
        );
    }
}
