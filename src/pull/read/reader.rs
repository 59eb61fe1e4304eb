//! Requests the pages of several slices at a time and hands the slices on in order.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::bounds::Bounds;
use super::budget::ReadAheadBudget;
use super::options::ReadOptions;
use super::sizing::{Estimate, Lanes, SliceLength};
use super::slice_builder::{BudgetedSlice, SliceBuilder};
use crate::api::{Error, Page, Pages, Source, Urgency, VerkadaApi};

/// Limit for the reads of a one-second slice whose pages do not lead to an end. Those of the longer slice that it was split
/// from count as one.
const MOST_FAILURES: u32 = 5;

/// Pages after which a slice tells how many records it will hold; fewer may be a burst.
const TELLING_PAGES: u64 = 3;

/// The urgency of a source whose lines are printed first, before the start of the slice is subtracted, so that
/// older slices go first. Far above any number of records.
const PRINTED_FIRST: i64 = 1 << 60;

/// The urgency of a source that is printed last.
const PRINTED_LAST: i64 = -PRINTED_FIRST;

/// Starts reading. The slices come from old to new; an error, if there is one, is the last item. Dropping them ends the
/// read.
pub(in crate::pull) fn start(api: &VerkadaApi, options: ReadOptions) -> Slices {
    let (sender, receiver) = mpsc::channel(1);
    let budget = Arc::<ReadAheadBudget>::default();
    let api = if options.first_slice.is_some() {
        api.riding_out_rate_limits()
    } else {
        api.clone()
    };
    tokio::spawn(Reader::new(api, options, Arc::clone(&budget)).run(sender));
    Slices { receiver, budget }
}

/// The slices of a source, while they are read.
pub(in crate::pull) struct Slices {
    receiver: mpsc::Receiver<Result<BudgetedSlice, Error>>,
    budget: Arc<ReadAheadBudget>,
}

impl Slices {
    /// Says that the slices of this source are printed from now on, because those of the source before it are done.
    pub(in crate::pull) fn mark_printing(&self) {
        self.budget.mark_printing();
    }

    /// The next slice; `None` after the last one, or after an error.
    pub(in crate::pull) async fn next(&mut self) -> Option<Result<BudgetedSlice, Error>> {
        self.receiver.recv().await
    }
}

struct Reader {
    api: VerkadaApi,
    options: ReadOptions,
    /// From old to new.
    queue: VecDeque<QueuedSlice>,
    under_way: FuturesUnordered<BoxFuture<'static, Answered>>,
    length: SliceLength,
    budget: Arc<ReadAheadBudget>,
    next_id: u64,
}

/// A slice on its way to the printer.
enum QueuedSlice {
    Planned(Stretch),
    Started(Box<Started>),
    Finished(BudgetedSlice),
    Failed(Error),
}

/// A stretch of time that is still to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    bounds: Bounds,
    /// Reads whose pages did not lead to an end; those of a longer stretch that this one is a part of count as 1.
    failures: u32,
}

impl Stretch {
    fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            failures: 0,
        }
    }

    /// Returns the stretches to read after the pages of this one have not led to an end: the same once more, then each half
    /// of it. `None` if nothing is left to try.
    fn after_failure(self) -> Option<Vec<Self>> {
        let again = |bounds, failures| Self { bounds, failures };
        // A shorter stretch has fewer pages, so that its list changes less while it is read, and one that fits on a page
        // needs no page token.
        if self.failures > 0 && self.bounds.seconds() > 1 {
            let (first, rest) = self.bounds.split(self.bounds.seconds() / 2);
            let halves = [Some(first), rest].into_iter().flatten();
            return Some(halves.map(|half| again(half, 1)).collect());
        }
        let failures = self.failures + 1;
        (failures < MOST_FAILURES).then(|| vec![again(self.bounds, failures)])
    }
}

/// A slice whose pages are being read.
struct Started {
    id: u64,
    stretch: Stretch,
    /// The urgency of its next request.
    urgency: Urgency,
    /// Present while no request is under way.
    idle: Option<Pages>,
    builder: SliceBuilder,
}

struct Answered {
    id: u64,
    pages: Pages,
    result: Result<Option<Page>, Error>,
}

impl Reader {
    fn new(api: VerkadaApi, options: ReadOptions, budget: Arc<ReadAheadBudget>) -> Self {
        let whole = Stretch::new(Bounds::whole(options.window));
        Self {
            api,
            queue: VecDeque::from([QueuedSlice::Planned(whole)]),
            under_way: FuturesUnordered::new(),
            length: SliceLength::starting_at(options.first_slice.unwrap_or_default()),
            budget,
            next_id: 0,
            options,
        }
    }

    async fn run(mut self, sender: mpsc::Sender<Result<BudgetedSlice, Error>>) {
        let budget = Arc::clone(&self.budget);
        loop {
            self.start_requests();
            self.rank();
            let ready = self.is_ready();
            tokio::select! {
                permit = sender.reserve(), if ready => {
                    let Ok(permit) = permit else { return };
                    match self.queue.pop_front() {
                        Some(QueuedSlice::Finished(slice)) => permit.send(Ok(slice)),
                        Some(QueuedSlice::Failed(error)) => return permit.send(Err(error)),
                        _ => return,
                    }
                }
                Some(answered) = self.under_way.next() => self.take(answered),
                () = budget.changed(), if !self.queue.is_empty() => {}
                () = sender.closed() => return,
            }
            if self.queue.is_empty() {
                return;
            }
        }
    }

    /// Reports whether the window is read in one piece. Then nothing of it is printed until all of it has been read, even
    /// if that took several slices.
    fn in_one_piece(&self) -> bool {
        self.options.first_slice.is_none()
    }

    /// Reports whether the oldest slice can be handed on.
    fn is_ready(&self) -> bool {
        let is_finished = |queued: &QueuedSlice| matches!(queued, QueuedSlice::Finished(_));
        match self.queue.front() {
            Some(QueuedSlice::Failed(_)) => true,
            _ if self.in_one_piece() => self.queue.iter().all(is_finished),
            front => front.is_some_and(is_finished),
        }
    }

    /// Sends as many requests as the pace and the memory allow, for the oldest slices first.
    fn start_requests(&mut self) {
        let lanes = self.lanes().count();
        let mut at = 0;
        while at < self.queue.len() && self.under_way.len() < lanes {
            // The slice that is printed next must come in whatever memory it takes, or the read would stand still for
            // ever. All others wait for room: nothing would be gained by having them earlier.
            let is_next = at == 0 && self.budget.is_printing();
            let may_read = is_next || self.in_one_piece() || self.budget.has_room();
            match &mut self.queue[at] {
                QueuedSlice::Failed(_) => return,
                // Until something is known of how much a second holds, one slice is enough: a second one could be far too long.
                QueuedSlice::Planned(stretch) if may_read && (at == 0 || self.length.informed) => {
                    let stretch = *stretch;
                    self.split_off(at, stretch);
                    self.request(at);
                }
                QueuedSlice::Started(started) if may_read && started.idle.is_some() => {
                    self.request(at)
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Sets the order of the requests that wait for the pace.
    fn rank(&self) {
        let more_to_come = self
            .queue
            .iter()
            .any(|queued| matches!(queued, QueuedSlice::Planned(_)));
        for queued in &self.queue {
            let QueuedSlice::Started(started) = queued else {
                continue;
            };
            let expected = self
                .length
                .expected_within(started.stretch.bounds.seconds());
            let left = expected.saturating_sub(started.builder.seen());
            let urgency = urgency(
                self.options.source,
                started.stretch.bounds.from,
                (!more_to_come).then_some(left),
            );
            started.urgency.set(urgency);
        }
    }

    fn lanes(&self) -> Lanes {
        Lanes::new(
            self.api.requests_per_second(),
            self.api.statistics().latency,
        )
    }

    /// Splits a slice off the start of the planned stretch, and starts it.
    fn split_off(&mut self, at: usize, stretch: Stretch) {
        let Stretch { bounds, failures } = stretch;
        let seconds = if self.in_one_piece() || failures > 0 {
            bounds.seconds()
        } else {
            self.length.next(bounds.seconds(), self.lanes())
        };
        let (first, rest) = bounds.split(seconds);
        let window = first.window(self.options.window.time_base());
        let urgency = Urgency::default();
        let pages = self.api.pages(self.options.source, window);
        let started = Started {
            id: self.next_id,
            stretch: Stretch {
                bounds: first,
                failures,
            },
            idle: Some(pages.with_urgency(urgency.clone())),
            urgency,
            builder: SliceBuilder::new(Arc::clone(&self.budget)),
        };
        self.next_id += 1;
        self.queue[at] = QueuedSlice::Started(Box::new(started));
        if let Some(rest) = rest {
            let rest = Stretch {
                bounds: rest,
                failures,
            };
            self.queue.insert(at + 1, QueuedSlice::Planned(rest));
        }
    }

    fn request(&mut self, at: usize) {
        let QueuedSlice::Started(started) = &mut self.queue[at] else {
            return;
        };
        let Some(mut pages) = started.idle.take() else {
            return;
        };
        let id = started.id;
        self.under_way.push(Box::pin(async move {
            let result = pages.next_page().await;
            Answered { id, pages, result }
        }));
    }

    fn take(&mut self, answered: Answered) {
        let wanted = |queued: &QueuedSlice| matches!(queued, QueuedSlice::Started(started) if started.id == answered.id);
        let Some(at) = self.queue.iter().position(wanted) else {
            return;
        };
        match answered.result {
            Err(error) => self.take_error(at, error),
            Ok(page) => self.take_page(at, answered.pages, page),
        }
    }

    /// Plans another read of the slice if that may help. What was read of it is dropped, its reservation included.
    fn take_error(&mut self, at: usize, error: Error) {
        let again = match &self.queue[at] {
            QueuedSlice::Started(started) if error.may_pass_with_new_pages() => {
                started.stretch.after_failure()
            }
            _ => None,
        };
        let Some(stretches) = again else {
            // Slices are printed in order, so nothing after this one can be printed any more.
            self.queue
                .truncate(if self.in_one_piece() { 0 } else { at });
            self.queue.push_back(QueuedSlice::Failed(error));
            return;
        };
        tracing::info!(source = %self.options.source, %error, slices = stretches.len(), "will read it again from its first page");
        self.queue.remove(at);
        for (number, stretch) in stretches.into_iter().enumerate() {
            self.queue
                .insert(at + number, QueuedSlice::Planned(stretch));
        }
    }

    fn take_page(&mut self, at: usize, pages: Pages, page: Option<Page>) {
        let QueuedSlice::Started(started) = &mut self.queue[at] else {
            return;
        };
        if let Some(page) = page {
            started
                .builder
                .add(page, &started.stretch.bounds, &self.options);
        }
        if pages.is_finished() {
            return self.finish(at);
        }
        started.idle = Some(pages);
        let stretch = started.stretch;
        let estimate = started.builder.estimate(&stretch.bounds);
        if !self.in_one_piece() {
            self.judge_length(at, estimate, stretch.bounds);
        }
    }

    /// Learns from the pages so far, and gives up a slice that holds far more than intended, to read it again in shorter
    /// pieces. The pages that were read of it are dropped: their records could be kept only if the order of the pages
    /// were documented.
    fn judge_length(&mut self, at: usize, estimate: Estimate, bounds: Bounds) {
        let telling = estimate.pages >= TELLING_PAGES;
        if telling || !self.length.informed {
            self.length.note_sample(estimate.seconds, estimate.records);
        }
        let expected = estimate.expected_within(bounds.seconds());
        let most = self.lanes().most_records();
        let too_much = estimate.records > most || (telling && expected > most);
        if too_much && bounds.seconds() > 1 {
            self.length.note_sample(bounds.seconds(), expected);
            self.queue[at] = QueuedSlice::Planned(Stretch::new(bounds));
        }
    }

    fn finish(&mut self, at: usize) {
        let placeholder = QueuedSlice::Planned(Stretch::new(Bounds::whole(self.options.window)));
        let QueuedSlice::Started(started) = std::mem::replace(&mut self.queue[at], placeholder)
        else {
            return;
        };
        let bounds = started.stretch.bounds;
        self.length
            .note_finished(bounds.seconds(), started.builder.seen());
        self.queue[at] = QueuedSlice::Finished(started.builder.into_slice(bounds, &self.options));
    }
}

/// The urgency of a slice that starts at `start`. As long as more slices are to come, the oldest one goes first, because
/// its lines are printed next and then leave the memory; audit logs go before notifications. When only `records_left`
/// remain, the slice with the most of them goes first, so that all end together.
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
    use crate::api::{TimeBase, Window};

    #[test]
    fn a_slice_is_read_once_more_then_in_halves_and_a_second_a_few_times() {
        let window = Window::new(100, 105, TimeBase::Event).unwrap();
        let whole = Stretch::new(Bounds::whole(window));
        let again = whole.after_failure().unwrap();
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].bounds, whole.bounds);
        let halves = again[0].after_failure().unwrap();
        let lengths = |stretches: &[Stretch]| -> Vec<_> {
            let bounds = stretches.iter().map(|stretch| stretch.bounds);
            bounds.map(|bounds| (bounds.from, bounds.to)).collect()
        };
        assert_eq!(lengths(&halves), [(100, 102), (102, 105)]);
        let quarters = halves[0].after_failure().unwrap();
        assert_eq!(lengths(&quarters), [(100, 101), (101, 102)]);
        let mut second = quarters[0];
        let mut reads = 1;
        while let Some(next) = second.after_failure() {
            second = next[0];
            reads += 1;
        }
        assert_eq!(reads, MOST_FAILURES - 1);
    }

    #[test]
    fn the_slice_that_is_printed_next_goes_first_and_at_the_end_the_one_with_the_most_left() {
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
