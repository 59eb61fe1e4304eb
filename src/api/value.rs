//! What a field's JSON text says: a string, or a time.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// A JSON string's value, without an allocation unless it holds escapes.
pub(super) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let plain = raw.strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(plain))
}

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
const LEAST_MILLISECONDS: f64 = 1e11;

/// A time in any of the forms that clients of this API have met or foreseen: ISO 8601 with `Z`, with an offset or
/// without a zone (then UTC), 0 to 9 fractional digits, or Unix seconds or milliseconds, as a number or as text.
pub(super) fn time(raw: &str) -> Option<DateTime<Utc>> {
    if let Some(time) = usual_time(raw.as_bytes()) {
        return Some(time);
    }
    let Some(text) = string(raw) else {
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

/// The form that the API itself uses, `"2024-08-22T05:00:46Z"`; reading it this way takes a fraction of the time.
fn usual_time(text: &[u8]) -> Option<DateTime<Utc>> {
    let [
        b'"',
        _,
        _,
        _,
        _,
        b'-',
        _,
        _,
        b'-',
        _,
        _,
        b'T',
        _,
        _,
        b':',
        _,
        _,
        b':',
        _,
        _,
        b'Z',
        b'"',
    ] = text
    else {
        return None;
    };
    let number = |digits: Range<usize>| {
        text[digits].iter().try_fold(0, |number, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit < 10).then_some(number * 10 + u32::from(digit))
        })
    };
    let year = i32::try_from(number(1..5)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(6..8)?, number(9..11)?)?;
    let time = date.and_hms_opt(number(12..14)?, number(15..17)?, number(18..20)?)?;
    Some(time.and_utc())
}

fn unix_time(number: &str) -> Option<DateTime<Utc>> {
    if let Ok(whole) = number.parse::<i64>() {
        return match (whole as f64).abs() < LEAST_MILLISECONDS {
            true => DateTime::from_timestamp(whole, 0),
            false => DateTime::from_timestamp_millis(whole),
        };
    }
    let number: f64 = number.parse().ok()?;
    let seconds = match number.abs() < LEAST_MILLISECONDS {
        true => number,
        false => number / 1_000.0,
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
        let seconds = |raw| time(raw).map(|time| time.timestamp());
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

    #[test]
    fn the_usual_form_of_a_time_reads_like_any_other() {
        for text in [
            "2024-02-29T23:59:59Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2024-1 -01T00:00:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            let slow = DateTime::parse_from_rfc3339(text)
                .ok()
                .map(|time| time.to_utc());
            assert_eq!(time(&format!("\"{text}\"")), slow, "{text}");
        }
    }
}
