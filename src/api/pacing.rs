//! One pace for every request of a client, the token request included.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Verkada's limit for an organisation: 300 requests a minute, enforced as 25 in any rolling 5 seconds.
const ORGANISATION_LIMIT: u32 = 300;
const ORGANISATION_BURST: u32 = 25;
const MINUTE: Duration = Duration::from_secs(60);
const BURST_SPAN: Duration = Duration::from_secs(5);

/// So many requests go out at once after a quiet minute, so that a small run is not delayed. After that they
/// are spaced evenly: the server counts arrivals, and evenly spaced ones cannot pile up on a slow connection.
const UNSPACED: usize = 10;

/// Lets requests pass in the order in which they ask, none earlier than the limit allows.
#[derive(Debug)]
pub(super) struct Pacer {
    limits: Limits,
    queue: tokio::sync::Mutex<()>,
    log: Mutex<Log>,
}

impl Pacer {
    /// A pacer for `per_minute` requests a minute and the same share of 25 in any rolling 5 seconds.
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            limits: Limits::new(per_minute),
            queue: tokio::sync::Mutex::new(()),
            log: Mutex::new(Log::default()),
        }
    }

    /// Returns when the next request may be sent, and counts it as sent.
    pub(super) async fn ready(&self) {
        let _turn = self.queue.lock().await;
        while let Some(wait) = self.pass_or_wait(Instant::now()) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Holds every request back until `wait` from now.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.paused_until = log.paused_until.max(Some(until));
    }

    fn pass_or_wait(&self, now: Instant) -> Option<Duration> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = log.wait(&self.limits, now);
        if wait.is_none() {
            log.sent.push_back(now);
        }
        wait
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
