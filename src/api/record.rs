//! One record, as the API wrote it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::compact::push_compact;
use super::scan::{Malformed, Scan};
use super::value::{string, time};
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

/// The fields that are read, by their place in [`Place::fields`].
#[derive(Clone, Copy)]
enum Field {
    EventName,
    NotificationType,
    OrganizationId,
    Timestamp,
    ProcessedTimestamp,
    Created,
}

const FIELDS: usize = Field::Created as usize + 1;

impl Field {
    /// The field that `key`, with its quotes, names. A key that is written with an escape is another one here.
    fn named(key: &str) -> Option<Self> {
        Some(match key {
            r#""event_name""# => Self::EventName,
            r#""notification_type""# => Self::NotificationType,
            r#""organization_id""# => Self::OrganizationId,
            r#""timestamp""# => Self::Timestamp,
            r#""processed_timestamp""# => Self::ProcessedTimestamp,
            r#""created""# => Self::Created,
            _ => return None,
        })
    }
}

/// Where a record and its fields stand in the text of its page.
#[derive(Clone)]
pub(super) struct Place {
    text: Span,
    /// Of a repeated key the last one, as most readers do.
    fields: [Option<Span>; FIELDS],
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
        LineText::Own(self.to_line().into_boxed_str())
    }

    /// `event_name`: a display name such as `Live Stream Started`, possibly with white space around it.
    /// `None` when it is missing or no string.
    pub fn event_name(&self) -> Option<Cow<'_, str>> {
        string(self.field(Field::EventName)?)
    }

    /// `notification_type`, such as `motion`. `None` when it is missing or no string.
    pub fn notification_type(&self) -> Option<Cow<'_, str>> {
        string(self.field(Field::NotificationType)?)
    }

    /// `organization_id` of an audit log. `None` when it is missing or no string.
    pub fn organization_id(&self) -> Option<Cow<'_, str>> {
        string(self.field(Field::OrganizationId)?)
    }

    /// `timestamp`: when an audit log's event happened.
    pub fn timestamp(&self) -> Option<DateTime<Utc>> {
        time(self.field(Field::Timestamp)?)
    }

    /// `processed_timestamp`: when Verkada finished processing an audit log.
    pub fn processed_timestamp(&self) -> Option<DateTime<Utc>> {
        time(self.field(Field::ProcessedTimestamp)?)
    }

    /// `created`: when a notification arose.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        time(self.field(Field::Created)?)
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

    fn field(&self, field: Field) -> Option<&str> {
        self.place.fields[field as usize]
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
    Own(Box<str>),
}

impl LineText {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Shared(page, span) => &page[span.start as usize..span.end as usize],
            Self::Own(text) => text,
        }
    }
}

/// Bytes of a page; four bytes an end suffice, because a page holds at most 64 MiB.
type Span = Range<u32>;

fn narrow(span: Range<usize>) -> Span {
    let narrow = |at| u32::try_from(at).expect("a page is at most 64 MiB");
    narrow(span.start)..narrow(span.end)
}

impl Place {
    /// Steps over the record that begins at `start` in `page`. Returns where it ends as well.
    pub(super) fn read(
        page: &str,
        scan: &Scan<'_>,
        start: usize,
    ) -> Result<(Self, usize), Malformed> {
        let white_space_before = scan.white_space_bytes();
        let mut fields = [const { None }; FIELDS];
        let end = match scan.peek(start) {
            b'{' => scan.object(start, |key, value| {
                let end = scan.value(value)?;
                if let Some(field) = Field::named(&page[key]) {
                    fields[field as usize] = Some(narrow(value..end));
                }
                Ok::<_, Malformed>(end)
            })?,
            _ => scan.value(start)?,
        };
        let place = Self {
            text: narrow(start..end),
            fields,
            has_white_space: scan.white_space_bytes() > white_space_before,
        };
        Ok((place, end))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const KEYS: [(&str, Field); FIELDS] = [
        ("event_name", Field::EventName),
        ("notification_type", Field::NotificationType),
        ("organization_id", Field::OrganizationId),
        ("timestamp", Field::Timestamp),
        ("processed_timestamp", Field::ProcessedTimestamp),
        ("created", Field::Created),
    ];

    /// JSON of any kind, with keys that are read among others.
    pub(in super::super) fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(serde_json::Value::from),
            "[ -~\n\t\"\\\\:,{}é]{0,19}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let keys = prop_oneof![
                select(KEYS.map(|(key, _)| key.to_owned()).to_vec()),
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
            let (place, end) = Place::read(&text, &Scan::new(&text), 0).unwrap();
            prop_assert_eq!(end, text.len());
            let record = Record::new(&Arc::new(text), place);
            for (key, field) in KEYS {
                let found = record.field(field).map(|raw| serde_json::from_str(raw).unwrap());
                prop_assert_eq!(found.as_ref(), value.get(key));
            }
            prop_assert_eq!(record.to_line(), value.to_string());
            prop_assert_eq!(record.place.has_white_space, record.to_line() != record.text());
        }
    }
}
