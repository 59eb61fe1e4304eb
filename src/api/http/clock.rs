//! The server's clock, as the `Date` of its answers shows it.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap};

/// A `Date` that has not moved for this long, while answers kept coming, is a cache's.
const LONGEST_STANDSTILL: Duration = Duration::from_secs(60 * 60);

/// The server's clock as one endpoint shows it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ServerClock {
    /// The latest time that was shown, and when it first was.
    latest: Option<(DateTime<Utc>, Instant)>,
}

impl ServerClock {
    /// Returns the time that an answer shows, which arrived at `now`; `None` while the clock stands still.
    ///
    /// Elapsed time is this machine's monotonic time, so setting its clock changes nothing.
    pub(super) fn read(&mut self, date: DateTime<Utc>, now: Instant) -> Option<DateTime<Utc>> {
        let since = match self.latest {
            Some((latest, since)) if date <= latest => since,
            _ => {
                self.latest = Some((date, now));
                now
            }
        };
        (now.saturating_duration_since(since) < LONGEST_STANDSTILL).then_some(date)
    }
}

/// Returns the time that the headers of an answer show.
pub(super) fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok().map(DateTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_stands_still_for_an_hour_counts_as_none_until_it_moves() {
        let begun = Instant::now();
        let mut clock = ServerClock::default();
        let mut shows = |date: i64, minutes: u64| {
            let date = DateTime::from_timestamp(date, 0).unwrap();
            let now = begun + Duration::from_secs(60 * minutes);
            clock.read(date, now).map(|date| date.timestamp())
        };
        assert_eq!(shows(1_000, 0), Some(1_000));
        assert_eq!(shows(1_000, 59), Some(1_000));
        assert_eq!(shows(1_000, 60), None);
        // Answers that were under way together may arrive in another order. That does not move the clock.
        assert_eq!(shows(999, 61), None);
        assert_eq!(shows(1_001, 62), Some(1_001));
        assert_eq!(shows(1_000, 63), Some(1_000));
        assert_eq!(shows(1_001, 122), None);
    }
}
