//! One pace for every request of a client, the token request included.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Verkada's limit for an organisation: 300 requests a minute, enforced as 25 in any rolling 5 seconds.
const ORGANISATION_LIMIT: u32 = 300;
const ORGANISATION_BURST: u32 = 25;
const MINUTE: Duration = Duration::from_secs(60);
const BURST_SPAN: Duration = Duration::from_secs(5);

/// After a quiet minute this many requests go out at once, so that a small run is not delayed. Further ones are spaced
/// evenly: the server counts arrivals, and evenly spaced requests cannot pile up on a slow connection.
const UNSPACED: usize = 10;

/// Lets requests pass one by one, the most urgent first, none earlier than the limit allows.
#[derive(Debug)]
pub(in crate::api) struct Pacer {
    limits: Limits,
    queue: Mutex<Queue>,
    /// Notifies the waiting requests when one of them has been granted its slot by another caller.
    granted: Notify,
}

/// The rank of a waiting request: the highest number goes first, and of equals the one that has waited longest. It may
/// be changed while the request waits; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Urgency(Arc<AtomicI64>);

impl Urgency {
    pub(in crate::api) fn highest() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    pub(crate) fn set(&self, number: i64) {
        self.0.store(number, Ordering::Relaxed);
    }

    fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Requests that wait, and those that were sent.
#[derive(Debug, Default)]
struct Queue {
    sent: SentLog,
    /// In order of arrival.
    waiting: Vec<Waiting>,
    arrivals: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    urgency: Urgency,
    granted: bool,
}

impl Pacer {
    /// A pacer for `per_minute` requests a minute and the same share of 25 in any rolling 5 seconds.
    pub(in crate::api) fn new(per_minute: u32) -> Self {
        Self {
            limits: Limits::new(per_minute),
            queue: Mutex::default(),
            granted: Notify::new(),
        }
    }

    /// The pace, in requests a second.
    pub(in crate::api) fn requests_per_second(&self) -> f64 {
        self.limits.per_minute as f64 / MINUTE.as_secs_f64()
    }

    /// Returns when the next request may be sent, and counts it as sent.
    pub(super) async fn ready(&self, urgency: &Urgency) {
        let ticket = self.join_queue(urgency);
        loop {
            // Registered before the queue is looked at, or a grant in between would be missed.
            let granted = self.granted.notified();
            let Some(wait) = self.wait_for(ticket.number, Instant::now()) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = granted => {}
            }
        }
    }

    /// Holds every request back until `wait` from now.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut queue = self.queue();
        queue.sent.paused_until = queue.sent.paused_until.max(Some(until));
    }

    fn join_queue(&self, urgency: &Urgency) -> Ticket<'_> {
        let mut queue = self.queue();
        queue.arrivals += 1;
        let number = queue.arrivals;
        queue.waiting.push(Waiting {
            number,
            urgency: urgency.clone(),
            granted: false,
        });
        Ticket {
            pacer: self,
            number,
        }
    }

    /// Returns how long the request with ticket `number` has to wait; `None` if it may be sent.
    ///
    /// Any caller may grant the next slot, to itself or to a more urgent request, so it does not matter which of the
    /// waiting requests wakes first.
    fn wait_for(&self, number: u64, now: Instant) -> Option<Duration> {
        let mut queue = self.queue();
        loop {
            if queue.is_granted(number) {
                return None;
            }
            if let Some(wait) = queue.sent.wait(&self.limits, now) {
                return Some(wait);
            }
            queue.grant_most_urgent(now);
            self.granted.notify_waiters();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn is_granted(&self, number: u64) -> bool {
        let mut waiting = self.waiting.iter();
        waiting.any(|request| request.number == number && request.granted)
    }

    fn grant_most_urgent(&mut self, now: Instant) {
        let rank = |request: &&mut Waiting| (request.urgency.get(), Reverse(request.number));
        let held_back = self.waiting.iter_mut().filter(|request| !request.granted);
        if let Some(most_urgent) = held_back.max_by_key(rank) {
            most_urgent.granted = true;
            self.sent.times.push_back(now);
        }
    }
}

/// A request's place in the queue. Dropping it, when the request is sent or given up, leaves the queue.
struct Ticket<'a> {
    pacer: &'a Pacer,
    number: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut queue = self.pacer.queue();
        queue
            .waiting
            .retain(|request| request.number != self.number);
    }
}

#[derive(Debug)]
struct Limits {
    per_minute: usize,
    per_burst: usize,
    spacing: Duration,
}

impl Limits {
    fn new(per_minute: u32) -> Self {
        let per_minute = per_minute.max(1);
        let share = u64::from(per_minute) * u64::from(ORGANISATION_BURST);
        let per_burst = (share / u64::from(ORGANISATION_LIMIT)).max(1);
        Self {
            per_minute: per_minute as usize,
            per_burst: usize::try_from(per_burst).unwrap_or(usize::MAX),
            spacing: MINUTE / per_minute,
        }
    }
}

/// The requests of the last minute.
#[derive(Debug, Default)]
struct SentLog {
    times: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

impl SentLog {
    /// Returns how long the next request has to wait; `None` if it may be sent.
    fn wait(&mut self, limits: &Limits, now: Instant) -> Option<Duration> {
        while self.times.front().is_some_and(|sent| *sent + MINUTE <= now) {
            self.times.pop_front();
        }
        let spaced = (self.times.len() >= UNSPACED)
            .then(|| self.times.back().map(|last| *last + limits.spacing));
        [
            self.paused_until,
            spaced.flatten(),
            self.when_fewer_than(limits.per_burst, BURST_SPAN),
            self.when_fewer_than(limits.per_minute, MINUTE),
        ]
        .into_iter()
        .flatten()
        .max()
        .map(|earliest| earliest.saturating_duration_since(now))
        .filter(|wait| !wait.is_zero())
    }

    /// Returns when fewer than `most` requests will be within the last `span`.
    fn when_fewer_than(&self, most: usize, span: Duration) -> Option<Instant> {
        let earliest_that_counts = self.times.len().checked_sub(most)?;
        self.times
            .get(earliest_that_counts)
            .map(|sent| *sent + span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `count` requests goes out if all are asked for at once, in seconds.
    fn schedule(per_minute: u32, count: usize) -> Vec<f64> {
        let limits = Limits::new(per_minute);
        let start = Instant::now();
        let (mut log, mut now) = (SentLog::default(), start);
        let mut sent = Vec::new();
        while sent.len() < count {
            match log.wait(&limits, now) {
                Some(wait) => now += wait,
                None => {
                    log.times.push_back(now);
                    sent.push((now - start).as_secs_f64());
                }
            }
        }
        sent
    }

    fn most_within(sent: &[f64], span: f64) -> usize {
        let within = |first: &f64| {
            sent.iter()
                .filter(|at| **at >= *first && **at < first + span)
                .count()
        };
        sent.iter().map(within).max().unwrap_or(0)
    }

    #[test]
    fn neither_limit_is_ever_exceeded() {
        for (per_minute, share) in [(280, 23), (300, 25), (150, 12), (60, 5), (7, 1), (1, 1)] {
            let sent = schedule(per_minute, 700);
            assert!(
                most_within(&sent, 4.999_999) <= share,
                "{per_minute} a minute"
            );
            assert!(
                most_within(&sent, 59.999_999) <= per_minute as usize,
                "{per_minute} a minute"
            );
        }
    }

    #[test]
    fn a_small_run_is_not_delayed() {
        assert_eq!(schedule(280, 10).last(), Some(&0.0));
    }

    #[test]
    fn a_long_read_keeps_the_pace() {
        let minutes = 10.0;
        let sent = schedule(280, (280.0 * minutes) as usize);
        let taken = sent.last().unwrap();
        // 23 in 5 seconds are 276 a minute: the nearest whole share below 280.
        assert!(*taken <= minutes * 60.0 * 280.0 / 276.0, "{taken} s");
    }

    #[test]
    fn after_the_first_burst_requests_are_spaced() {
        let sent = schedule(280, 100);
        let late = &sent[30..];
        let closest = late
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .fold(f64::MAX, f64::min);
        assert!(closest > 0.21, "{closest} s");
    }

    /// A pacer that grants nothing for the next 10 ms, and then one request every 10 ms.
    fn busy_pacer() -> Pacer {
        let pacer = Pacer::new(6_000);
        pacer.queue().sent.times = std::iter::repeat_n(Instant::now(), UNSPACED).collect();
        pacer
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(future)
    }

    /// Returns the order in which requests with these numbers go out, as indices. `meanwhile` is called
    /// when all of them wait.
    fn order(numbers: &[i64], meanwhile: impl FnOnce(&[Urgency])) -> Vec<usize> {
        let pacer = busy_pacer();
        let urgencies: Vec<_> = numbers.iter().map(|_| Urgency::default()).collect();
        let gone = Mutex::new(Vec::new());
        let requests = numbers.iter().enumerate().map(|(index, number)| {
            urgencies[index].set(*number);
            let (pacer, gone, urgency) = (&pacer, &gone, &urgencies[index]);
            async move {
                pacer.ready(urgency).await;
                gone.lock().unwrap().push(index);
            }
        });
        run(futures_util::future::join(
            futures_util::future::join_all(requests),
            async { meanwhile(&urgencies) },
        ));
        gone.into_inner().unwrap()
    }

    #[test]
    fn the_most_urgent_goes_first_and_the_earliest_of_equals() {
        assert_eq!(order(&[0, 5, -3, 5, i64::MAX], |_| ()), [4, 1, 3, 0, 2]);
    }

    #[test]
    fn what_is_urgent_may_change_while_it_waits() {
        let changed = order(&[3, 2, 1], |urgencies| urgencies[2].set(4));
        assert_eq!(changed, [2, 0, 1]);
    }

    #[test]
    fn a_request_that_gives_up_holds_no_other_back() {
        let pacer = busy_pacer();
        run(async {
            let highest = Urgency::highest();
            let given_up = Box::pin(pacer.ready(&highest));
            let waited = futures_util::future::select(given_up, Box::pin(std::future::ready(())));
            drop(waited.await);
            pacer.ready(&Urgency::default()).await;
        });
        assert!(pacer.queue().waiting.is_empty());
        assert_eq!(pacer.queue().sent.times.len(), UNSPACED + 1);
    }

    #[test]
    fn a_pause_holds_everyone_back() {
        let now = Instant::now();
        let mut log = SentLog {
            paused_until: Some(now + Duration::from_secs(5)),
            ..SentLog::default()
        };
        let limits = Limits::new(280);
        assert_eq!(log.wait(&limits, now), Some(Duration::from_secs(5)));
        assert_eq!(log.wait(&limits, now + Duration::from_secs(5)), None);
    }
}
