//! Whether a failed request is sent again, and when: a pure function, so that one test can list it all.

use std::time::Duration;

use super::MAX_RETRIES;
use super::error::NetworkFailure;

/// The longest `Retry-After` that is obeyed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// How a request failed.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// No answer, or half of one.
    Network(NetworkFailure),
    /// An answer other than success.
    Status {
        /// The HTTP status.
        status: u16,
        /// The wait that the answer asks for.
        retry_after: Option<Duration>,
    },
    /// An answer that says success and cannot be read.
    Unusable,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Send this request again after the wait.
    RetryAfter(Duration),
    /// Nobody sends anything before the wait is over; `counts` says whether that uses up a retry.
    PauseEveryone {
        /// From now on.
        wait: Duration,
        /// False while a long read rides out a rate limit.
        counts: bool,
    },
    /// Report the failure.
    GiveUp,
}

/// What has been tried so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct History {
    /// Retries used up.
    pub(super) retries: u32,
    /// Since the last success of any request, or since this one was first sent if that is more recent.
    pub(super) without_success: Duration,
}

/// How patient a client is. The defaults are the documented ones; tests shorten the waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// First wait of the exponential back-off.
    pub(super) first_wait: Duration,
    /// The cool-down that Verkada documents after 429.
    pub(super) cool_down: Duration,
    /// How long a read of several slices rides out 429 without one success.
    pub(super) rate_limit_patience: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            cool_down: Duration::from_secs(5),
            rate_limit_patience: Duration::from_secs(5 * 60),
        }
    }
}

impl RetryPolicy {
    /// What to do after `failure`. `jitter` is between 0 and 1; `rides_out` is set for a read of several
    /// slices.
    pub(super) fn decide(
        &self,
        failure: &Failure,
        history: History,
        rides_out: bool,
        jitter: f64,
    ) -> Decision {
        let retries_left = history.retries < MAX_RETRIES;
        let back_off = self.back_off(history.retries, jitter);
        match failure {
            Failure::Status {
                status: 429,
                retry_after,
            } => {
                let wait = retry_after.map_or(back_off.max(self.cool_down), capped);
                let patient = rides_out && history.without_success < self.rate_limit_patience;
                let go_on = if rides_out { patient } else { retries_left };
                match go_on {
                    true => Decision::PauseEveryone {
                        wait,
                        counts: !rides_out,
                    },
                    false => Decision::GiveUp,
                }
            }
            failure if retries_left && is_transient(failure) => {
                let asked = match failure {
                    Failure::Status { retry_after, .. } => retry_after.map(capped),
                    _ => None,
                };
                Decision::RetryAfter(asked.unwrap_or(back_off))
            }
            _ => Decision::GiveUp,
        }
    }

    /// Doubles with each retry; half of it is jitter, so that many clients do not come back together.
    fn back_off(&self, retries: u32, jitter: f64) -> Duration {
        let full = self.first_wait * 2_u32.saturating_pow(retries);
        full.mul_f64(0.5 + 0.5 * jitter)
    }
}

fn capped(asked: Duration) -> Duration {
    asked.min(LONGEST_RETRY_AFTER)
}

/// Whether the same request may succeed later.
fn is_transient(failure: &Failure) -> bool {
    match failure {
        Failure::Network(_) => true,
        Failure::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
        Failure::Unusable => false,
    }
}

/// Reads `Retry-After`: whole seconds, or a date, which is compared with `now` in Unix seconds. Anything else
/// counts as absent.
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

    fn status(status: u16) -> Failure {
        Failure::Status {
            status,
            retry_after: None,
        }
    }

    fn decide(failure: &Failure, retries: u32) -> Decision {
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
        assert_eq!(decide(&Failure::Unusable, 0), Decision::GiveUp);
        let cut = Failure::Network(NetworkFailure::TimedOut(Duration::from_secs(30)));
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
    fn retry_after_wins_up_to_a_minute() {
        for (asked, obeyed) in [(0, 0), (3, 3), (1_000_000_000, 60)] {
            let retry_after = Some(Duration::from_secs(asked));
            let obeyed = Duration::from_secs(obeyed);
            assert_eq!(
                decide(
                    &Failure::Status {
                        status: 503,
                        retry_after
                    },
                    0
                ),
                Decision::RetryAfter(obeyed)
            );
            assert_eq!(
                decide(
                    &Failure::Status {
                        status: 429,
                        retry_after
                    },
                    0
                ),
                Decision::PauseEveryone {
                    wait: obeyed,
                    counts: true
                }
            );
        }
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
