//! One record, as the API wrote it: its text, the few fields that are read, and its time.
//!
//! ```text
//! Record ---> outline           the ranges of a record and its fields in the text of its page
//!   |            `----> identity  which records are the same, signed links apart
//!   `-------> time              every form of a time
//! order                         newest first -> oldest first
//! ```

mod identity;
mod order;
mod outline;
mod time;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::source::Source;
use super::window::TimeBase;
use crate::json::{Scan, decode_string, push_compact};
use outline::{Field, TextRange};

pub(super) use identity::RecordDigest;
pub(crate) use identity::push_canonical_record;
pub(crate) use order::sort_oldest_first;
pub(super) use outline::{Outline, OutlineReader};
pub(crate) use time::parse_time;

/// An audit log or a notification: the API's own text, and the few fields that this crate reads.
///
/// Any field may be missing or null, and Verkada may add fields at any time. Nothing is lost, because the text is kept
/// as it came; [`Record::parse`] reads it into a type of yours. A record shares the memory of its page.
#[derive(Clone)]
pub struct Record {
    page: Arc<String>,
    outline: Outline,
}

impl Record {
    /// The record at `outline` in `page`.
    pub(super) fn new(page: &Arc<String>, outline: Outline) -> Self {
        Self {
            page: Arc::clone(page),
            outline,
        }
    }

    /// Reads one record from `line`, compact JSON. `None` if it is anything else.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let scan = Scan::new(line);
        let (outline, end) = OutlineReader::new(line, &scan).read(0).ok()?;
        scan.end(end).ok()?;
        Some(Self::new(&Arc::new(line.to_owned()), outline))
    }

    /// The text of the record exactly as sent, white space included. Only what JSON does not allow in a string is
    /// changed: a raw control character is escaped (`\u000a`), and bytes that are not UTF-8 are U+FFFD.
    pub fn text(&self) -> &str {
        self.slice(&self.outline.text)
    }

    /// The text on one line: white space outside strings removed, nothing else changed.
    pub fn to_line(&self) -> String {
        let mut line = String::with_capacity(self.text().len());
        self.push_line(&mut line);
        line
    }

    /// Appends [`Record::to_line`] to `out`.
    pub(crate) fn push_line(&self, out: &mut String) {
        if self.outline.has_white_space {
            push_compact(self.text(), out);
        } else {
            out.push_str(self.text());
        }
    }

    /// The range of this record in the text of its page.
    pub(super) fn range(&self) -> Range<usize> {
        self.outline.text.start as usize..self.outline.text.end as usize
    }

    /// Reads the record into a type of yours.
    ///
    /// # Errors
    ///
    /// Fails if the record does not fit the type. Verkada documents no field as always present, so use `Option` and
    /// `#[serde(default)]` generously.
    ///
    /// ```
    /// # use verkada_audit_logs::Record;
    /// #[derive(serde::Deserialize)]
    /// struct Viewing {
    ///     user_email: Option<String>,
    /// }
    ///
    /// fn viewer(record: &Record) -> Option<String> {
    ///     record.parse::<Viewing>().ok()?.user_email
    /// }
    /// ```
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// `event_name`: a display name such as `Live Stream Started`, possibly with white space around it.
    /// `None` if it is missing or not a string.
    pub fn event_name(&self) -> Option<Cow<'_, str>> {
        decode_string(self.field(Field::EventName)?)
    }

    /// `notification_type`, such as `motion`. `None` if it is missing or not a string.
    pub fn notification_type(&self) -> Option<Cow<'_, str>> {
        decode_string(self.field(Field::NotificationType)?)
    }

    /// `organization_id` of an audit log. `None` if it is missing or not a string.
    pub fn organization_id(&self) -> Option<Cow<'_, str>> {
        decode_string(self.organization_id_json()?)
    }

    /// `organization_id` as it is written, whatever its type.
    pub(crate) fn organization_id_json(&self) -> Option<&str> {
        self.field(Field::OrganizationId)
    }

    /// `timestamp`: when an audit log's event happened.
    pub fn timestamp(&self) -> Option<DateTime<Utc>> {
        parse_time(self.field(Field::Timestamp)?)
    }

    /// `processed_timestamp`: when an audit log became available to the API.
    pub fn processed_timestamp(&self) -> Option<DateTime<Utc>> {
        parse_time(self.field(Field::ProcessedTimestamp)?)
    }

    /// `created`: when the event of a notification happened.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        parse_time(self.field(Field::Created)?)
    }

    /// The time that a window by `time_base` is about.
    pub fn time(&self, time_base: TimeBase) -> Option<DateTime<Utc>> {
        let own = match time_base {
            TimeBase::Event => self.timestamp(),
            TimeBase::Processed => self.processed_timestamp(),
        };
        own.or_else(|| self.created())
    }

    /// The list that a record of this shape comes from, for records that were read back from a file; `None` if it has the
    /// shape of neither.
    pub(crate) fn source(&self) -> Option<Source> {
        let has = |field: Field| self.field(field).is_some();
        if has(Field::EventName) || has(Field::Timestamp) || has(Field::ProcessedTimestamp) {
            return Some(Source::AuditLogs);
        }
        (has(Field::Created) || has(Field::NotificationType)).then_some(Source::Notifications)
    }

    /// Reports whether the record is a JSON object, as every known one is.
    pub fn is_object(&self) -> bool {
        self.text().starts_with('{')
    }

    /// The digest by which the record is compared with others of the same read.
    pub(super) fn digest(&self) -> RecordDigest {
        let start = self.outline.text.start;
        let link = &self.outline.fields[Field::ImageUrl as usize];
        let within = |at: u32| at.saturating_sub(start) as usize;
        RecordDigest::of(self.text(), within(link.start)..within(link.end))
    }

    fn field(&self, field: Field) -> Option<&str> {
        let range = &self.outline.fields[field as usize];
        (!range.is_empty()).then(|| self.slice(range))
    }

    fn slice(&self, range: &TextRange) -> &str {
        &self.page[range.start as usize..range.end as usize]
    }
}

impl fmt::Debug for Record {
    /// Prints only the length: a record may hold a signed link.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Record({} bytes)", self.text().len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::outline::FIELDS;
    use super::*;
    use crate::json::tests::any_value;

    const KEYS: [(&str, Field); FIELDS] = [
        ("event_name", Field::EventName),
        ("notification_type", Field::NotificationType),
        ("organization_id", Field::OrganizationId),
        ("timestamp", Field::Timestamp),
        ("processed_timestamp", Field::ProcessedTimestamp),
        ("created", Field::Created),
        ("image_url", Field::ImageUrl),
    ];

    #[test]
    fn a_record_that_is_read_again_has_the_digest_that_it_had() {
        let digest = |text: &str| Record::from_line(text).unwrap().digest();
        let first = digest(r#"{"camera_id":"x","image_url":"https://a?token=1","created":1}"#);
        let again = digest(r#"{"camera_id":"x","image_url":"https://a?token=22","created":1}"#);
        assert_eq!(first, again);
        let other = digest(r#"{"camera_id":"x","image_url":"https://a?token=1","created":2}"#);
        assert_ne!(first, other);
        let none = |id: &str| digest(&format!(r#"{{"camera_id":"{id}"}}"#));
        assert_eq!(none("x"), none("x"));
        assert_ne!(none("x"), none("y"));
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_a_json_reader_finds(value in any_value(), pretty in any::<bool>()) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            let (outline, end) = OutlineReader::new(&text, &Scan::new(&text)).read(0).unwrap();
            prop_assert_eq!(end, text.len());
            let record = Record::new(&Arc::new(text), outline);
            for (key, field) in KEYS {
                let found = record.field(field).map(|raw| serde_json::from_str(raw).unwrap());
                prop_assert_eq!(found.as_ref(), value.get(key));
            }
            prop_assert_eq!(record.to_line(), value.to_string());
            prop_assert_eq!(record.outline.has_white_space, record.to_line() != record.text());
        }

        #[test]
        fn a_record_is_read_alike_whatever_was_read_before_it(
            records in prop::collection::vec(
                prop::collection::vec(
                    (
                        select(vec!["timestamp", "datestamp", "id", r#"a \"key\":"#]),
                        select(vec![":", " :", ": "]),
                        any_value(),
                    ),
                    0..4,
                ),
                2..6,
            )
        ) {
            let records = records.iter().map(|members| {
                let members = members
                    .iter()
                    .map(|(key, colon, value)| format!("\"{key}\"{colon}{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            });
            let page = records.collect::<Vec<_>>().join(",");
            let scan = Scan::new(&page);
            let mut reader = OutlineReader::new(&page, &scan);
            let mut start = 0;
            while start < page.len() {
                let (outline, end) = reader.read(start).unwrap();
                let (alone, end_alone) = OutlineReader::new(&page, &scan).read(start).unwrap();
                prop_assert_eq!(end, end_alone);
                prop_assert_eq!(outline, alone);
                start = end + 1;
            }
        }
    }
}
