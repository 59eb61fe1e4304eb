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

/// So many requests go out at once after a quiet minute, so that a small run is not delayed. After that they
/// are spaced evenly: the server counts arrivals, and evenly spaced ones cannot pile up on a slow connection.
const UNSPACED: usize = 10;

/// Lets requests pass one by one, the most urgent first, none earlier than the limit allows.
#[derive(Debug)]
pub(super) struct Pacer {
    limits: Limits,
    line: Mutex<Line>,
    /// Somebody was let through by somebody else.
    moved: Notify,
}

/// Which of the requests that wait goes first: the one with the highest number, and of equals the one that has
/// waited longest. May be changed while it waits; clones are one and the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Urgency(Arc<AtomicI64>);

impl Urgency {
    pub(super) fn highest() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    pub(crate) fn set(&self, number: i64) {
        self.0.store(number, Ordering::Relaxed);
    }

    fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Who waits, and who went.
#[derive(Debug, Default)]
struct Line {
    log: Log,
    /// In order of arrival.
    waiting: Vec<Waiting>,
    arrived: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    urgency: Urgency,
    may_go: bool,
}

impl Pacer {
    /// A pacer for `per_minute` requests a minute and the same share of 25 in any rolling 5 seconds.
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            limits: Limits::new(per_minute),
            line: Mutex::default(),
            moved: Notify::new(),
        }
    }

    /// Returns when the next request may be sent, and counts it as sent.
    pub(super) async fn ready(&self, urgency: &Urgency) {
        let place = self.queue_up(urgency);
        loop {
            let moved = self.moved.notified();
            let Some(wait) = self.go_or_wait(place.number, Instant::now()) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = moved => {}
            }
        }
    }

    /// Holds every request back until `wait` from now.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut line = self.line();
        line.log.paused_until = line.log.paused_until.max(Some(until));
    }

    fn queue_up(&self, urgency: &Urgency) -> Place<'_> {
        let mut line = self.line();
        line.arrived += 1;
        let number = line.arrived;
        line.waiting.push(Waiting {
            number,
            urgency: urgency.clone(),
            may_go: false,
        });
        Place {
            pacer: self,
            number,
        }
    }

    /// `None` if number `number` may go. Whoever comes by when there is room lets the most urgent ones through,
    /// itself or others, so it does not matter who wakes first.
    fn go_or_wait(&self, number: u64, now: Instant) -> Option<Duration> {
        let mut line = self.line();
        loop {
            if line.may_go(number) {
                return None;
            }
            if let Some(wait) = line.log.wait(&self.limits, now) {
                return Some(wait);
            }
            line.let_most_urgent_through(now);
            self.moved.notify_waiters();
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn may_go(&self, number: u64) -> bool {
        let mut places = self.waiting.iter();
        places.any(|place| place.number == number && place.may_go)
    }

    fn let_most_urgent_through(&mut self, now: Instant) {
        let rank = |place: &&mut Waiting| (place.urgency.get(), Reverse(place.number));
        let held_back = self.waiting.iter_mut().filter(|place| !place.may_go);
        if let Some(most_urgent) = held_back.max_by_key(rank) {
            most_urgent.may_go = true;
            self.log.sent.push_back(now);
        }
    }
}

/// A place in the line, which is left when the request goes out or is given up.
struct Place<'a> {
    pacer: &'a Pacer,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.pacer.line();
        line.waiting.retain(|place| place.number != self.number);
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
struct Log {
    sent: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

impl Log {
    /// How long the next request has to wait; `None` if it may go.
    fn wait(&mut self, limits: &Limits, now: Instant) -> Option<Duration> {
        while self.sent.front().is_some_and(|sent| *sent + MINUTE <= now) {
            self.sent.pop_front();
        }
        let spaced = (self.sent.len() >= UNSPACED)
            .then(|| self.sent.back().map(|last| *last + limits.spacing));
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

    /// When fewer than `most` requests will lie within the last `span`.
    fn when_fewer_than(&self, most: usize, span: Duration) -> Option<Instant> {
        let earliest_that_counts = self.sent.len().checked_sub(most)?;
        self.sent.get(earliest_that_counts).map(|sent| *sent + span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `count` requests goes out if all are asked for at once, in seconds.
    fn schedule(per_minute: u32, count: usize) -> Vec<f64> {
        let limits = Limits::new(per_minute);
        let start = Instant::now();
        let (mut log, mut now) = (Log::default(), start);
        let mut sent = Vec::new();
        while sent.len() < count {
            match log.wait(&limits, now) {
                Some(wait) => now += wait,
                None => {
                    log.sent.push_back(now);
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

    /// A pacer that lets nobody through for the next 10 ms, and then one every 10 ms.
    fn busy_pacer() -> Pacer {
        let pacer = Pacer::new(6_000);
        pacer.line().log.sent = std::iter::repeat_n(Instant::now(), UNSPACED).collect();
        pacer
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(future)
    }

    /// The order in which requests with these numbers go out, told by their place here. `meanwhile` is called
    /// when all of them wait.
    fn order(numbers: &[i64], meanwhile: impl FnOnce(&[Urgency])) -> Vec<usize> {
        let pacer = busy_pacer();
        let urgencies: Vec<_> = numbers.iter().map(|_| Urgency::default()).collect();
        let gone = Mutex::new(Vec::new());
        let requests = numbers.iter().enumerate().map(|(place, number)| {
            urgencies[place].set(*number);
            let (pacer, gone, urgency) = (&pacer, &gone, &urgencies[place]);
            async move {
                pacer.ready(urgency).await;
                gone.lock().unwrap().push(place);
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
    fn whoever_gives_up_holds_nobody_back() {
        let pacer = busy_pacer();
        run(async {
            let highest = Urgency::highest();
            let given_up = Box::pin(pacer.ready(&highest));
            let waited = futures_util::future::select(given_up, Box::pin(std::future::ready(())));
            drop(waited.await);
            pacer.ready(&Urgency::default()).await;
        });
        assert!(pacer.line().waiting.is_empty());
        assert_eq!(pacer.line().log.sent.len(), UNSPACED + 1);
    }

    #[test]
    fn a_pause_holds_everyone_back() {
        let now = Instant::now();
        let mut log = Log {
            paused_until: Some(now + Duration::from_secs(5)),
            ..Log::default()
        };
        let limits = Limits::new(280);
        assert_eq!(log.wait(&limits, now), Some(Duration::from_secs(5)));
        assert_eq!(log.wait(&limits, now + Duration::from_secs(5)), None);
    }
}
