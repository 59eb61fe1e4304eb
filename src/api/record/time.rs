//! Times as Verkada writes them.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::json::decode_string;
use crate::time::LEAST_MILLISECONDS;

/// Reads a time in any form that clients of this API have met or foreseen: ISO 8601 with `Z`, with an offset or without
/// a zone (then UTC), 0 to 9 fractional digits, or Unix seconds or milliseconds, as a number or as text.
pub(crate) fn parse_time(raw: &str) -> Option<DateTime<Utc>> {
    // The documented form has no escapes to decode.
    let plain = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
    if let Some(Ok(time)) = plain.map(DateTime::parse_from_rfc3339) {
        return Some(time.to_utc());
    }
    let Some(text) = decode_string(raw) else {
        return unix_time(raw);
    };
    let text = text.trim();
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    let zoneless = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    let parse_zoned = |form| DateTime::parse_from_str(text, form).ok();
    let parse_zoneless = |form| NaiveDateTime::parse_from_str(text, form).ok();
    DateTime::parse_from_rfc3339(text)
        .ok()
        .or_else(|| zoned.into_iter().find_map(parse_zoned))
        .map(|time| time.to_utc())
        .or_else(|| Some(zoneless.into_iter().find_map(parse_zoneless)?.and_utc()))
        .or_else(|| unix_time(text))
}

fn unix_time(number: &str) -> Option<DateTime<Utc>> {
    if let Ok(whole) = number.parse::<i64>() {
        return if whole.unsigned_abs() < LEAST_MILLISECONDS {
            DateTime::from_timestamp(whole, 0)
        } else {
            DateTime::from_timestamp_millis(whole)
        };
    }
    let number: f64 = number.parse().ok()?;
    let seconds = if number.abs() < LEAST_MILLISECONDS as f64 {
        number
    } else {
        number / 1_000.0
    };
    let nanoseconds = (seconds.rem_euclid(1.0) * 1e9) as u32;
    let whole = seconds.is_finite().then_some(seconds.floor() as i64)?;
    DateTime::from_timestamp(whole, nanoseconds.min(999_999_999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_form_of_a_time_is_read() {
        let seconds = |raw| parse_time(raw).map(|time| time.timestamp());
        for same in [
            r#""2024-08-22T05:00:46Z""#,
            r#""2024-08-22T05:00:46.123456789Z""#,
            r#""2024-08-22T07:00:46+02:00""#,
            r#""2024-08-22T05:00:46""#,
            r#""2024-08-22T05:00:46.5""#,
            r#""2024-08-22 05:00:46""#,
            r#""2024-08-22T05:00:46\u005a""#,
            r#""2024-08-22T05:00:46+0000""#,
            r#""2024-08-22T07:00:46.5+02""#,
            r#""2024-08-22 05:00:46+00:00""#,
            "1724302846",
            "1724302846.75",
            "1.724302846e9",
            "1724302846000",
            "1724302846123.5",
            r#"" 1724302846 ""#,
            r#""1724302846999""#,
        ] {
            assert_eq!(seconds(same), Some(1_724_302_846), "{same}");
        }
        for unreadable in [
            r#""""#,
            r#""yesterday""#,
            r#""2024-08-22""#,
            r#""nan""#,
            r#""infinity""#,
            "null",
            "true",
            "{}",
            "[]",
            "1e400",
            "12345678901234567890123",
        ] {
            assert_eq!(seconds(unreadable), None, "{unreadable}");
        }
    }
}
