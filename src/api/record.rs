//! One record, as the API wrote it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::compact::push_compact;
use super::outline::{
    CREATED, EVENT_NAME, KEYS, NOTIFICATION_TYPE, ORGANIZATION_ID, Outline, PROCESSED_TIMESTAMP,
    TIMESTAMP,
};
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
