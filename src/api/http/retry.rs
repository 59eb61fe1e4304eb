//! The retry policy: a pure function from a failure and what was tried to a decision.

use std::time::Duration;

use crate::api::error::{Error, ErrorKind};

/// Limit for the retries of one request after failures that may pass.
pub const MAX_RETRIES: u32 = 3;

/// The longest `Retry-After` that is obeyed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The next step after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Send this request again after the wait.
    RetryAfter(Duration),
    /// Send this request again, and no other one either, after the wait.
    PauseEveryone {
        /// Counted from now.
        wait: Duration,
        /// True if this uses up a retry. A long read rides out a rate limit without.
        counts: bool,
    },
    /// Report the failure.
    GiveUp,
}

/// Attempts so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct History {
    /// Retries used up.
    pub(super) retries: u32,
    /// Since the last success of any request to the same endpoint, or since this one was first sent if that is more
    /// recent.
    pub(super) without_success: Duration,
}

/// Waits and patience of a client. The defaults are the documented ones; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct RetryPolicy {
    /// First wait of the exponential back-off.
    pub(in crate::api) first_wait: Duration,
    /// The cool-down that Verkada documents after 429.
    pub(in crate::api) cool_down: Duration,
    /// Limit for the time without one success in which a read of several slices rides out 429.
    pub(in crate::api) rate_limit_patience: Duration,
    /// Limit for sending a request again.
    pub(in crate::api) most_retries: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            cool_down: Duration::from_secs(5),
            rate_limit_patience: Duration::from_secs(5 * 60),
            most_retries: MAX_RETRIES,
        }
    }
}

impl RetryPolicy {
    /// Decides what to do after `error`. `jitter` is between 0 and 1; `rides_out` is set for a read of several slices.
    pub(super) fn decide(
        &self,
        error: &Error,
        history: History,
        rides_out: bool,
        jitter: f64,
    ) -> Decision {
        let retries_left = history.retries < self.most_retries;
        let wait = self.wait(error, history.retries, jitter);
        if matches!(error.kind(), ErrorKind::RateLimited) {
            let patient = history.without_success < self.rate_limit_patience;
            let goes_on = if rides_out { patient } else { retries_left };
            if goes_on {
                let counts = !rides_out;
                return Decision::PauseEveryone { wait, counts };
            }
        } else if error.is_transient() && retries_left {
            return Decision::RetryAfter(wait);
        }
        Decision::GiveUp
    }

    /// The wait that the answer asked for, or else the back-off.
    ///
    /// Neither is shorter than the cool-down after 429, or than the first back-off after anything else: a server that
    /// asks for no wait at all, or for one until a time in the past, would be asked again and again in no time.
    fn wait(&self, error: &Error, retries: u32, jitter: f64) -> Duration {
        let shortest = if matches!(error.kind(), ErrorKind::RateLimited) {
            self.cool_down
        } else {
            self.back_off(0, jitter)
        };
        let asked = error
            .retry_after()
            .map(|wait| wait.min(LONGEST_RETRY_AFTER));
        asked
            .unwrap_or_else(|| self.back_off(retries, jitter))
            .max(shortest)
    }

    /// Doubles with each retry; half of it is jitter, so that many clients do not come back together.
    fn back_off(&self, retries: u32, jitter: f64) -> Duration {
        let full = self.first_wait * 2_u32.saturating_pow(retries);
        full.mul_f64(0.5 + 0.5 * jitter)
    }
}

/// Reads `Retry-After`: whole seconds, or a date, which is compared with `now` in Unix seconds. Anything else counts as
/// absent.
pub(super) fn parse_retry_after(value: &str, now: i64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let seconds = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(
        seconds.saturating_sub(now.unsigned_abs()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::{Endpoint, NetworkFailure, ServerText};
    use crate::api::source::Source;

    const ENDPOINT: Endpoint = Endpoint::Source(Source::AuditLogs);

    fn asking(status: u16, retry_after: Option<Duration>) -> Error {
        let detail = ServerText::default();
        let kind = ErrorKind::of_status(status, ENDPOINT, &detail, ServerText::default);
        Error::refused(ENDPOINT, kind, status, detail, retry_after)
    }

    fn status(status: u16) -> Error {
        asking(status, None)
    }

    fn decide(failure: &Error, retries: u32) -> Decision {
        let history = History {
            retries,
            ..History::default()
        };
        RetryPolicy::default().decide(failure, history, false, 1.0)
    }

    #[test]
    fn these_statuses_are_retried_and_no_others() {
        let retried: Vec<u16> = (100..=599)
            .filter(|code| decide(&status(*code), 0) != Decision::GiveUp)
            .collect();
        let expected: Vec<u16> = [408, 425, 429].into_iter().chain(500..=599).collect();
        assert_eq!(retried, expected);
        let problem = "it is an HTML page".to_owned();
        let unusable = Error::new(ENDPOINT, ErrorKind::UnusableAnswer { problem });
        assert_eq!(decide(&unusable, 0), Decision::GiveUp);
        let timed_out = NetworkFailure::TimedOut(Duration::from_secs(30));
        let cut = Error::new(ENDPOINT, ErrorKind::Connection(timed_out));
        assert!(matches!(decide(&cut, 0), Decision::RetryAfter(_)));
    }

    #[test]
    fn waits_double_and_the_fourth_failure_is_final() {
        let waits: Vec<_> = (0..4)
            .map(|retries| decide(&status(503), retries))
            .collect();
        let seconds = |seconds| Decision::RetryAfter(Duration::from_secs(seconds));
        assert_eq!(
            waits,
            [seconds(1), seconds(2), seconds(4), Decision::GiveUp]
        );
    }

    #[test]
    fn jitter_takes_at_most_half_of_a_wait() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.back_off(1, 0.0), Duration::from_secs(1));
        assert_eq!(policy.back_off(1, 1.0), Duration::from_secs(2));
    }

    #[test]
    fn a_bare_429_waits_out_the_cool_down_and_pauses_everyone() {
        let pause = |seconds| Decision::PauseEveryone {
            wait: Duration::from_secs(seconds),
            counts: true,
        };
        assert_eq!(decide(&status(429), 0), pause(5));
        assert_eq!(decide(&status(429), 2), pause(5));
        assert_eq!(decide(&status(429), 3), Decision::GiveUp);
    }

    #[test]
    fn retry_after_wins_up_to_a_minute_and_down_to_the_shortest_wait() {
        // Asked for, obeyed after 503, obeyed after 429.
        for (asked, after_503, after_429) in [
            (0, 1, 5),
            (1, 1, 5),
            (3, 3, 5),
            (7, 7, 7),
            (1_000_000_000, 60, 60),
        ] {
            let retry_after = Some(Duration::from_secs(asked));
            assert_eq!(
                decide(&asking(503, retry_after), 0),
                Decision::RetryAfter(Duration::from_secs(after_503)),
                "{asked}"
            );
            assert_eq!(
                decide(&asking(429, retry_after), 0),
                Decision::PauseEveryone {
                    wait: Duration::from_secs(after_429),
                    counts: true
                },
                "{asked}"
            );
        }
        // The back-off, which grows, does not make an answer that asks for less wait longer.
        let soon = Some(Duration::from_secs(2));
        let obeyed = Decision::RetryAfter(Duration::from_secs(2));
        assert_eq!(decide(&asking(503, soon), 2), obeyed);
    }

    #[test]
    fn a_long_read_rides_out_429_for_five_minutes_without_success() {
        let policy = RetryPolicy::default();
        let after = |seconds, retries| {
            let history = History {
                retries,
                without_success: Duration::from_secs(seconds),
            };
            policy.decide(&status(429), history, true, 0.5)
        };
        assert!(matches!(
            after(299, 40),
            Decision::PauseEveryone { counts: false, .. }
        ));
        assert_eq!(after(300, 0), Decision::GiveUp);
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_garbage_is_absent() {
        let now = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110
        let parse = |value| parse_retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(parse("0"), Some(0));
        assert_eq!(parse(" 3 "), Some(3));
        assert_eq!(parse("1000000000"), Some(1_000_000_000));
        assert_eq!(parse("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT"), Some(10));
        assert_eq!(parse("Sunday, 06-Nov-94 08:49:47 GMT"), Some(10));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:27 GMT"), Some(0));
        for garbage in ["", "soon", "-1", "1.5", "3s"] {
            assert_eq!(parse(garbage), None, "{garbage}");
        }
    }
}
