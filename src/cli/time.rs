//! Times as people write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat};

/// Larger than any time in seconds that is meant, smaller than any in milliseconds.
const SURELY_MILLISECONDS: i64 = 100_000_000_000;

/// Reads Unix seconds, RFC 3339 or `YYYY-MM-DD` (midnight UTC) as Unix seconds.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return check_unix_time(seconds);
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return check_unix_time(date.and_time(NaiveTime::MIN).and_utc().timestamp());
    }
    let Ok(time) = DateTime::parse_from_rfc3339(text) else {
        return Err(match in_utc(text) {
            Some(meant) => format!("“{text}” names no zone; write {meant} if it is UTC"),
            None => format!(
                "“{text}” is no time; write Unix seconds (1789401600), RFC 3339 (2026-09-14T16:00:00Z) or a day (2026-09-14)"
            ),
        });
    };
    match time.timestamp_subsec_nanos() {
        0 => check_unix_time(time.timestamp()),
        _ => Err(format!(
            "“{text}” has a fraction of a second, and Verkada takes whole seconds only"
        )),
    }
}

/// A date and a time without a zone, as RFC 3339 writes them for UTC.
fn in_utc(text: &str) -> Option<String> {
    let forms = [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
    ];
    let mut times = forms
        .iter()
        .map(|form| NaiveDateTime::parse_from_str(text, form));
    let time = times.find_map(Result::ok)?.and_utc();
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn check_unix_time(seconds: i64) -> Result<i64, String> {
    if seconds.abs() >= SURELY_MILLISECONDS {
        let hint = seconds / 1_000;
        return Err(format!(
            "{seconds} looks like milliseconds; write seconds: {hint}"
        ));
    }
    if seconds < 0 {
        return Err(format!("{seconds} lies before 1970"));
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_mean_the_same() {
        for same in [
            "1789344000",
            "2026-09-14",
            "2026-09-14T00:00:00Z",
            "2026-09-14T02:00:00+02:00",
            " 1789344000 ",
        ] {
            assert_eq!(parse_time(same), Ok(1_789_344_000), "{same}");
        }
    }

    #[test]
    fn milliseconds_are_refused_with_the_seconds_that_were_meant() {
        let reason = parse_time("1789401600000").unwrap_err();
        assert!(
            reason.contains("milliseconds") && reason.contains("1789401600"),
            "{reason}"
        );
    }

    #[test]
    fn a_time_without_a_zone_is_refused_with_the_one_in_utc() {
        for zoneless in [
            "2026-09-14T16:00:00",
            "2026-09-14T16:00",
            "2026-09-14 16:00",
        ] {
            let reason = parse_time(zoneless).unwrap_err();
            assert!(reason.contains("2026-09-14T16:00:00Z if"), "{reason}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for unreadable in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-09-14T16",
            "2026-09-14T16:00:00.5Z",
            "-1",
            "1e9",
            "1066-01-01",
            "99999999999999999999",
        ] {
            assert!(parse_time(unreadable).is_err(), "{unreadable}");
        }
    }
}
