//! One record, as the API wrote it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::compact::push_compact;
use super::window::TimeBase;

/// An audit log or a notification: the API's own text, and the few fields that this crate reads.
///
/// Every field may be missing or null, and unknown ones may come at any time; nothing is lost, since the text
/// is kept as it came. A record shares the memory of its page.
#[derive(Clone)]
pub struct Record {
    page: Arc<str>,
    text: Span,
    fields: [Option<Span>; KEYS.len()],
}

impl Record {
    /// The text of the record exactly as sent, white space included.
    pub fn text(&self) -> &str {
        self.slice(&self.text)
    }

    /// The text on one line: white space outside strings removed, nothing else changed.
    pub fn to_line(&self) -> String {
        let mut line = Vec::with_capacity(self.text().len());
        self.push_line(&mut line);
        String::from_utf8(line).expect("removing ASCII white space keeps UTF-8 valid")
    }

    /// Appends what [`Record::to_line`] gives to `out`, without a line feed.
    pub(crate) fn push_line(&self, out: &mut Vec<u8>) {
        push_compact(self.text(), out);
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
        self.fields[field].as_ref().map(|span| self.slice(span))
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

/// Bytes of a page; four bytes an end suffice, because a page holds at most 64 MiB.
type Span = Range<u32>;

/// Finds the records of a list within the text of its page.
pub(super) struct Locator(Arc<str>);

impl Locator {
    pub(super) fn new(page: &str) -> Self {
        Self(Arc::from(page))
    }

    /// The record that `raw`, which lies within `page`, is the text of.
    pub(super) fn record(&self, page: &str, raw: &RawValue) -> Record {
        let origin = page.as_ptr() as usize;
        let span = |raw: &RawValue| {
            let start = raw.get().as_ptr() as usize - origin;
            let end = start + raw.get().len();
            let narrow = |at| u32::try_from(at).expect("a page is at most 64 MiB");
            narrow(start)..narrow(end)
        };
        let values =
            serde_json::from_str(raw.get()).map_or([None; KEYS.len()], |Fields(values)| values);
        Record {
            page: Arc::clone(&self.0),
            text: span(raw),
            fields: values.map(|value| value.map(span)),
        }
    }
}

/// The keys that are read, with their quotes, and where their values stand in [`Fields`].
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

/// The values of [`KEYS`]; of a repeated key the last one, as most readers do.
struct Fields<'a>([Option<&'a RawValue>; KEYS.len()]);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = [None; KEYS.len()];
                while let Some(key) = map.next_key::<&RawValue>()? {
                    match KEYS.iter().position(|known| *known == key.get()) {
                        Some(field) => values[field] = Some(map.next_value()?),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Fields(values))
            }
        }

        deserializer.deserialize_map(Reader)
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
}
