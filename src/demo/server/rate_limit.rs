//! The API's rate limit: a rolling interval and a cool-down.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The limit that Verkada documents: 25 requests in any rolling interval of 5 seconds, then a
/// cool-down of 5 seconds.
pub(super) const DOCUMENTED_LIMIT: (u32, Duration) = (25, Duration::from_secs(5));

/// The limit, and the requests that count towards it.
///
/// At most `requests` are admitted in any rolling interval of length `per`. One more starts a
/// cool-down of the same length, in which every request is refused. More than `requests` refused
/// requests restart the cool-down.
pub(super) struct RateLimit {
    requests: usize,
    per: Duration,
    admitted: VecDeque<Instant>,
    cool_down: Option<CoolDown>,
}

struct CoolDown {
    until: Instant,
    refused: usize,
}

impl RateLimit {
    /// Creates a limit that has seen no request yet.
    pub(super) fn new((requests, per): (u32, Duration)) -> Self {
        Self {
            requests: requests as usize,
            per,
            admitted: VecDeque::new(),
            cool_down: None,
        }
    }

    /// Counts a request that arrives now, and returns false if it must be refused. Calls must be in
    /// order of time.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        if let Some(cool_down) = self
            .cool_down
            .as_mut()
            .filter(|cool_down| now < cool_down.until)
        {
            cool_down.refused += 1;
            if cool_down.refused > self.requests {
                self.start_cool_down(now);
            }
            return false;
        }
        forget_before(&mut self.admitted, now, self.per);
        if self.admitted.len() >= self.requests {
            self.start_cool_down(now);
            return false;
        }
        self.admitted.push_back(now);
        true
    }

    fn start_cool_down(&mut self, now: Instant) {
        self.cool_down = Some(CoolDown {
            until: now + self.per,
            refused: 0,
        });
    }
}

/// The largest number of requests seen in any rolling interval.
pub(super) struct Peak {
    per: Duration,
    recent: VecDeque<Instant>,
    most: usize,
}

impl Peak {
    /// Creates a peak over intervals of this length.
    pub(super) fn new(per: Duration) -> Self {
        Self {
            per,
            recent: VecDeque::new(),
            most: 0,
        }
    }

    /// Counts a request. Calls must be in order of time.
    pub(super) fn count(&mut self, now: Instant) {
        forget_before(&mut self.recent, now, self.per);
        self.recent.push_back(now);
        self.most = self.most.max(self.recent.len());
    }

    /// The largest number so far.
    pub(super) fn most(&self) -> usize {
        self.most
    }
}

/// Removes the times that are a whole interval or more before now.
fn forget_before(times: &mut VecDeque<Instant>, now: Instant, per: Duration) {
    while times
        .front()
        .is_some_and(|&time| now.duration_since(time) >= per)
    {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(limit: &mut RateLimit, at: Instant, requests: usize) -> usize {
        (0..requests).filter(|_| limit.admit(at)).count()
    }

    #[test]
    fn the_interval_rolls() {
        let (start, mut limit) = (Instant::now(), RateLimit::new(DOCUMENTED_LIMIT));
        assert_eq!(admitted(&mut limit, start, 20), 20);
        assert_eq!(admitted(&mut limit, start + Duration::from_secs(4), 5), 5);
        assert_eq!(admitted(&mut limit, start + Duration::from_secs(5), 20), 20);
        assert!(!limit.admit(start + Duration::from_secs(8)));
    }

    #[test]
    fn one_request_too_many_starts_a_cool_down() {
        let (start, mut limit) = (Instant::now(), RateLimit::new(DOCUMENTED_LIMIT));
        assert_eq!(admitted(&mut limit, start, 26), 25);
        assert!(!limit.admit(start + Duration::from_millis(4_999)));
        assert!(limit.admit(start + Duration::from_secs(5)));
    }

    #[test]
    fn too_many_requests_in_the_cool_down_restart_it() {
        let (start, mut limit) = (Instant::now(), RateLimit::new(DOCUMENTED_LIMIT));
        let middle = start + Duration::from_secs(3);
        admitted(&mut limit, start, 26);
        assert_eq!(admitted(&mut limit, middle, 26), 0);
        assert!(!limit.admit(start + Duration::from_secs(6)));
        assert!(limit.admit(middle + Duration::from_secs(5)));
    }

    #[test]
    fn the_peak_is_the_busiest_interval() {
        let (start, mut peak) = (Instant::now(), Peak::new(Duration::from_secs(5)));
        for second in [0, 1, 2, 10, 11] {
            peak.count(start + Duration::from_secs(second));
        }
        assert_eq!(peak.most(), 3);
    }
}
