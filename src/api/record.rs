//! One record, as the API wrote it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::value::RawValue;

use super::compact::{push_compact, string_end};
use super::window::TimeBase;

/// An audit log or a notification: the API's own text, and the few fields that this crate reads.
///
/// Every field may be missing or null, and unknown ones may come at any time; nothing is lost, since the text
/// is kept as it came. A record shares the memory of its page.
#[derive(Clone)]
pub struct Record {
    page: Arc<String>,
    place: Place,
}

/// Where a record and its fields stand in the text of its page.
#[derive(Clone)]
pub(super) struct Place {
    text: Span,
    fields: [Option<Span>; KEYS.len()],
    has_white_space: bool,
}

impl Record {
    /// The record at `place` in `page`.
    pub(super) fn new(page: &Arc<String>, place: Place) -> Self {
        Self {
            page: Arc::clone(page),
            place,
        }
    }

    /// The text of the record exactly as sent, white space included.
    pub fn text(&self) -> &str {
        self.slice(&self.place.text)
    }

    /// The text on one line: white space outside strings removed, nothing else changed.
    pub fn to_line(&self) -> String {
        if !self.place.has_white_space {
            return self.text().to_owned();
        }
        let mut line = Vec::new();
        push_compact(self.text(), &mut line);
        String::from_utf8(line).expect("removing ASCII white space keeps UTF-8 valid")
    }

    /// The text on one line, as [`Record::to_line`] gives it. With `shares_page` the whole page is kept in memory
    /// for it if nothing has to be removed, which is cheaper when most of a page is kept.
    pub(crate) fn line_text(&self, shares_page: bool) -> LineText {
        if shares_page && !self.place.has_white_space {
            return LineText::Shared(Arc::clone(&self.page), self.place.text.clone());
        }
        LineText::Own(self.to_line().into_bytes().into_boxed_slice())
    }

    /// `event_name`: a display name such as `Live Stream Started`, possibly with white space around it.
    /// `None` when it is missing or no string.
    pub fn event_name(&self) -> Option<Cow<'_, str>> {
        string(self.field(EVENT_NAME)?)
    }

    /// `notification_type`, such as `motion`. `None` when it is missing or no string.
    pub fn notification_type(&self) -> Option<Cow<'_, str>> {
        string(self.field(NOTIFICATION_TYPE)?)
    }

    /// `organization_id` of an audit log. `None` when it is missing or no string.
    pub fn organization_id(&self) -> Option<Cow<'_, str>> {
        string(self.field(ORGANIZATION_ID)?)
    }

    /// `timestamp`: when an audit log's event happened.
    pub fn timestamp(&self) -> Option<DateTime<Utc>> {
        time(self.field(TIMESTAMP)?)
    }

    /// `processed_timestamp`: when Verkada finished processing an audit log.
    pub fn processed_timestamp(&self) -> Option<DateTime<Utc>> {
        time(self.field(PROCESSED_TIMESTAMP)?)
    }

    /// `created`: when a notification arose.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        time(self.field(CREATED)?)
    }

    /// The time that a window by `time_base` is about.
    pub fn time(&self, time_base: TimeBase) -> Option<DateTime<Utc>> {
        let own = match time_base {
            TimeBase::Event => self.timestamp(),
            TimeBase::Processed => self.processed_timestamp(),
        };
        own.or_else(|| self.created())
    }

    /// Whether the record is a JSON object, as every known one is.
    pub fn is_object(&self) -> bool {
        self.text().starts_with('{')
    }

    fn field(&self, field: usize) -> Option<&str> {
        self.place.fields[field]
            .as_ref()
            .map(|span| self.slice(span))
    }

    fn slice(&self, span: &Span) -> &str {
        &self.page[span.start as usize..span.end as usize]
    }
}

impl fmt::Debug for Record {
    /// The kind and the length only: a record may hold a signed link.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Record({} bytes)", self.text().len())
    }
}

/// A record on one line, without the line feed.
#[derive(Clone, Debug)]
pub(crate) enum LineText {
    /// Within the text of its page.
    Shared(Arc<String>, Range<u32>),
    /// In memory of its own.
    Own(Box<[u8]>),
}

impl LineText {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Shared(page, span) => &page.as_bytes()[span.start as usize..span.end as usize],
            Self::Own(text) => text,
        }
    }
}

/// Bytes of a page; four bytes an end suffice, because a page holds at most 64 MiB.
type Span = Range<u32>;

fn narrow(start: usize, length: usize) -> Span {
    let narrow = |at| u32::try_from(at).expect("a page is at most 64 MiB");
    narrow(start)..narrow(start + length)
}

impl Place {
    /// The place of `raw`, which lies within `page`.
    pub(super) fn of(raw: &RawValue, page: &str) -> Self {
        let Outline {
            values,
            has_white_space,
        } = Outline::of(raw.get());
        let text = narrow(
            raw.get().as_ptr() as usize - page.as_ptr() as usize,
            raw.get().len(),
        );
        let within = |value: Range<usize>| narrow(text.start as usize + value.start, value.len());
        Self {
            fields: values.map(|value| value.map(within)),
            text,
            has_white_space,
        }
    }
}

/// The keys that are read, with their quotes, and where their values stand in [`Outline`].
const KEYS: [&str; 6] = [
    r#""event_name""#,
    r#""notification_type""#,
    r#""organization_id""#,
    r#""timestamp""#,
    r#""processed_timestamp""#,
    r#""created""#,
];
const EVENT_NAME: usize = 0;
const NOTIFICATION_TYPE: usize = 1;
const ORGANIZATION_ID: usize = 2;
const TIMESTAMP: usize = 3;
const PROCESSED_TIMESTAMP: usize = 4;
const CREATED: usize = 5;

/// What one pass over a record's text tells.
#[derive(Default)]
struct Outline {
    /// The values of [`KEYS`]; of a repeated key the last one, as most readers do.
    values: [Option<Range<usize>>; KEYS.len()],
    has_white_space: bool,
}

impl Outline {
    /// Of `json`, which is known to be a valid value: no other reading of it is as quick.
    fn of(json: &str) -> Self {
        let bytes = json.as_bytes();
        let mut outline = Self::default();
        let (mut at, mut depth) = (0, 0_usize);
        let (mut key, mut value) = (None, None);
        let is_object = json.starts_with('{');
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let end = string_end(bytes, at);
                    if depth == 1 && is_object && value.is_none() {
                        key = KEYS.iter().position(|known| *known == &json[at..end]);
                    }
                    at = end;
                    continue;
                }
                b':' if depth == 1 => value = Some(at + 1),
                b',' if depth == 1 => outline.note(json, key.take(), value.take(), at),
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        outline.note(json, key.take(), value.take(), at);
                    }
                }
                b' ' | b'\t' | b'\n' | b'\r' => outline.has_white_space = true,
                _ => {}
            }
            at += 1;
        }
        outline
    }

    fn note(&mut self, json: &str, key: Option<usize>, value: Option<usize>, end: usize) {
        let (Some(key), Some(start)) = (key, value) else {
            return;
        };
        let text = &json[start..end];
        let start = start + (text.len() - text.trim_start().len());
        self.values[key] = Some(start..start + text.trim().len());
    }
}

/// A JSON string's value, without an allocation unless it holds escapes.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    let plain = raw.strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(plain))
}

/// A time in any of the forms that clients of this API have met: ISO 8601 with `Z`, with an offset or without
/// a zone (then UTC), 0 to 9 fractional digits, or a number of Unix seconds.
fn time(raw: &str) -> Option<DateTime<Utc>> {
    let Some(text) = string(raw) else {
        return unix_time(raw);
    };
    let text = text.trim();
    if let Some(time) = usual_time(text.as_bytes()) {
        return Some(time);
    }
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .ok()
        .or_else(|| {
            let zoneless = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
            let parse = |form| NaiveDateTime::parse_from_str(text, form).ok();
            zoneless
                .into_iter()
                .find_map(parse)
                .map(|time| time.and_utc())
        })
}

/// The form that the API itself uses, `2024-08-22T05:00:46Z`; reading it this way takes a fraction of the time.
fn usual_time(text: &[u8]) -> Option<DateTime<Utc>> {
    let [
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
    let year = i32::try_from(number(0..4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?;
    let time = date.and_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?)?;
    Some(time.and_utc())
}

fn unix_time(number: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = number.parse::<i64>() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let seconds: f64 = number
        .parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite())?;
    let nanoseconds = (seconds.rem_euclid(1.0) * 1e9) as u32;
    DateTime::from_timestamp(seconds.floor() as i64, nanoseconds.min(999_999_999))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

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
            "1724302846",
            "1724302846.75",
            "1.724302846e9",
        ] {
            assert_eq!(seconds(same), Some(1_724_302_846), "{same}");
        }
        for unreadable in [
            r#""""#,
            r#""yesterday""#,
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

    fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(serde_json::Value::from),
            "[ -~\n\t\"\\\\:,{}é]{0,9}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let keys = prop_oneof![
                select(KEYS.map(|key| key.trim_matches('"').to_owned()).to_vec()),
                "[ -~\"\\\\]{0,6}",
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::hash_map(keys, inner, 0..6)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_a_json_reader_finds(value in any_value(), pretty in any::<bool>()) {
            let text = match pretty {
                true => serde_json::to_string_pretty(&value).unwrap(),
                false => value.to_string(),
            };
            let outline = Outline::of(&text);
            for (key, found) in KEYS.iter().zip(outline.values) {
                let found = found.map(|span| serde_json::from_str(&text[span]).unwrap());
                prop_assert_eq!(found.as_ref(), value.get(key.trim_matches('"')));
            }
            let mut compact = Vec::new();
            push_compact(&text, &mut compact);
            prop_assert_eq!(outline.has_white_space, compact != text.as_bytes());
        }
    }
}
