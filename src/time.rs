//! Unix seconds: now, and as people read them.

/// This machine's clock may differ from Verkada's by this many seconds before anything is made of it.
pub(crate) const CLOCK_TOLERANCE_SECONDS: i64 = 60;

/// Unix times from here on, on either side of 1970, are milliseconds: as seconds they would be after the year 5000.
pub const LEAST_MILLISECONDS: u64 = 100_000_000_000;

/// Unix seconds by this machine's clock.
pub(crate) fn unix_now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Formats Unix seconds as RFC 3339 in UTC: `2026-09-14T08:15:00Z`. Seconds that no calendar reaches stay a number.
pub fn time_text(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).map_or_else(
        || seconds.to_string(),
        |time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    )
}
