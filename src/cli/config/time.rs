//! Times as people write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike};
use verkada_audit_logs::LEAST_MILLISECONDS;

use super::usage_error::quoted;

/// Reads Unix seconds, RFC 3339 or `YYYY-MM-DD` (midnight UTC) as Unix seconds.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return match day_without_dashes(text) {
            Some(day) => Err(format!("{text} would be in 1970; write the day as {day}")),
            None => check_unix_time(seconds),
        };
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return check_unix_time(date.and_time(NaiveTime::MIN).and_utc().timestamp());
    }
    let Ok(time) = DateTime::parse_from_rfc3339(text) else {
        return Err(match meant(text) {
            Some(hint) => format!("{} {hint}", quoted(text)),
            None => format!(
                "{} is not a time; write Unix seconds (1789401600), RFC 3339 (2026-09-14T16:00:00Z) or a day (2026-09-14)",
                quoted(text)
            ),
        });
    };
    match time.timestamp_subsec_nanos() {
        0 => check_unix_time(time.timestamp()),
        1_000_000_000.. => Err(format!(
            "{} is a leap second, which Unix time lacks; write second 59",
            quoted(text)
        )),
        _ => Err(format!(
            "{} has a fraction of a second, and Verkada takes whole seconds only; write {}",
            quoted(text),
            time.with_nanosecond(0)
                .unwrap_or(time)
                .to_rfc3339_opts(SecondsFormat::Secs, true)
        )),
    }
}

/// Reads a span such as `2h`, `90m` or `1d 12h` as seconds.
pub(crate) fn parse_span(text: &str) -> Result<i64, String> {
    let refuse = |reason: &str| Err(format!("{} {reason}", quoted(text)));
    let Ok(span) = humantime::parse_duration(text.trim()) else {
        return refuse("is not a length of time; write 2h, 90m or “1d 12h”");
    };
    if text.contains('M') {
        return refuse("has “M”, which means months; write m for minutes, or a number of days");
    }
    match i64::try_from(span.as_secs()) {
        Ok(0) => refuse("is shorter than a second"),
        Ok(seconds) if span.subsec_nanos() == 0 => Ok(seconds),
        Ok(_) => refuse("has a fraction of a second; write whole seconds"),
        Err(_) => refuse("is too long"),
    }
}

/// Recognises `20260914` and `2026`: they are Unix seconds as well, but are never meant as such.
fn day_without_dashes(text: &str) -> Option<NaiveDate> {
    let day = match text.len() {
        4 => NaiveDate::parse_from_str(&format!("{text}0101"), "%Y%m%d"),
        8 => NaiveDate::parse_from_str(text, "%Y%m%d"),
        _ => return None,
    };
    day.ok().filter(|day| (2000..2100).contains(&day.year()))
}

/// Says what a date and time lacks and how RFC 3339 writes it, or which flag takes a span; `None` if it is neither.
fn meant(text: &str) -> Option<String> {
    if let Some(span) = text
        .strip_prefix('-')
        .filter(|span| parse_span(span).is_ok())
    {
        return Some(format!(
            "is not a time; --since {span} reads from that long ago until now"
        ));
    }
    let write = |time: String| format!("write {time}");
    for form in [
        "%Y-%m-%dT%H:%M%#z",
        "%Y-%m-%d %H:%M%#z",
        "%Y-%m-%dT%H:%M:%S%#z",
        "%Y-%m-%d %H:%M:%S%#z",
    ] {
        if let Ok(time) = DateTime::parse_from_str(&text.replace(['Z', 'z'], "+00:00"), form) {
            return Some(format!(
                "is not RFC 3339; {}",
                write(time.to_rfc3339_opts(SecondsFormat::Secs, true))
            ));
        }
    }
    for form in [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, form) {
            let time = time.and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
            return Some(format!("names no zone; {} if it is UTC", write(time)));
        }
    }
    None
}

fn check_unix_time(seconds: i64) -> Result<i64, String> {
    if seconds.unsigned_abs() >= LEAST_MILLISECONDS {
        let (mut meant, mut unit) = (seconds, "");
        for smaller in ["milliseconds", "microseconds", "nanoseconds"] {
            if meant.unsigned_abs() >= LEAST_MILLISECONDS {
                (meant, unit) = (meant / 1_000, smaller);
            }
        }
        return Err(format!(
            "{seconds} looks like {unit}; write seconds: {meant}"
        ));
    }
    if seconds < 0 {
        return Err(format!("{seconds} is before 1970"));
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
    fn a_time_that_is_certainly_meant_otherwise_is_refused_with_the_form_to_write() {
        for (text, words) in [
            ("20260914", "write the day as 2026-09-14"),
            ("2026", "write the day as 2026-01-01"),
            (
                "1789401600000000",
                "microseconds; write seconds: 1789401600",
            ),
            (
                "1789401600000000000",
                "nanoseconds; write seconds: 1789401600",
            ),
            ("2016-12-31T23:59:60Z", "leap second"),
            (
                "2026-09-14T16:00:00.5+02:00",
                "write 2026-09-14T16:00:00+02:00",
            ),
        ] {
            let reason = parse_time(text).unwrap_err();
            assert!(reason.contains(words), "{text}: {reason}");
        }
        for meant in ["19700914", "99999999", "1234", "20261399"] {
            assert!(parse_time(meant).is_ok(), "{meant}");
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
    fn a_time_that_lacks_something_is_refused_with_the_form_to_write() {
        for (text, words) in [
            (
                "2026-09-14T16:00:00",
                "names no zone; write 2026-09-14T16:00:00Z if",
            ),
            (
                "2026-09-14T16:00",
                "names no zone; write 2026-09-14T16:00:00Z if",
            ),
            (
                "2026-09-14 16:00",
                "names no zone; write 2026-09-14T16:00:00Z if",
            ),
            (
                "2026-09-14T16:00Z",
                "is not RFC 3339; write 2026-09-14T16:00:00Z",
            ),
            (
                "2026-09-14T6:00Z",
                "is not RFC 3339; write 2026-09-14T06:00:00Z",
            ),
            (
                "2026-09-14T16:00+02:00",
                "is not RFC 3339; write 2026-09-14T16:00:00+02:00",
            ),
            (
                "2026-09-14T16:00:00+0200",
                "is not RFC 3339; write 2026-09-14T16:00:00+02:00",
            ),
        ] {
            let reason = parse_time(text).unwrap_err();
            assert!(reason.contains(words), "{reason}");
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
            "-9223372036854775808",
            "1e9",
            "1066-01-01",
            "99999999999999999999",
        ] {
            assert!(parse_time(unreadable).is_err(), "{unreadable}");
        }
    }

    #[test]
    fn a_span_is_a_whole_number_of_seconds() {
        for (text, seconds) in [
            ("2h", 7_200),
            ("90m", 5_400),
            ("1d 12h", 129_600),
            ("1d12h", 129_600),
            ("2 hours 30 min", 9_000),
            ("1w", 604_800),
            (" 45s ", 45),
            ("0.5h", 1_800),
        ] {
            assert_eq!(parse_span(text), Ok(seconds), "{text}");
        }
        for text in [
            "",
            " ",
            "2",
            "-2h",
            "h",
            "yesterday",
            "2x",
            "PT2H",
            "2:30",
            "90M",
            "1h 2M",
            "0s",
            "0h",
            "500ms",
            "1s 500ms",
            "99999999999999999999h",
        ] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_in_place_of_a_time_is_answered_with_the_flag_that_takes_it() {
        let reason = parse_time("-2h").unwrap_err();
        assert!(
            reason.contains("“-2h”") && reason.contains("--since 2h"),
            "{reason}"
        );
    }
}
