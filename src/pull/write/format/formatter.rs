//! The lines of a run: their ids among twins, their origin, and a warning of each unknown event name.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::line::Format;
use super::origin::Origin;
use super::record_id::RecordId;
use crate::api::{Source, clean_server_text};
use crate::pull::checkpoint::Fingerprint;
use crate::pull::read::Line;

/// Limit for the unknown event names that are named in warnings: each record could bring another one.
const MOST_UNKNOWN_NAMES: usize = 1_000;

/// Makes the lines of a run.
pub(in crate::pull::write) struct Formatter {
    format: Format,
    host: String,
    organization_id: Option<String>,
    unknown_names: RefCell<HashSet<String>>,
}

impl Formatter {
    /// Lines in `format` of records from `host`.
    pub(in crate::pull::write) fn new(format: Format, host: String) -> Self {
        Self {
            format,
            host,
            organization_id: None,
            unknown_names: RefCell::default(),
        }
    }

    /// Notes which organisation is read. The first that is known counts for the whole run.
    pub(in crate::pull::write) fn note_organisation(&mut self, organization_id: Option<&str>) {
        if self.organization_id.is_none() {
            self.organization_id = organization_id.map(str::to_owned);
        }
    }

    /// Reports whether lines are the records themselves.
    pub(in crate::pull::write) fn is_raw(&self) -> bool {
        self.format == Format::Raw
    }

    /// A counter for the ids of a slice; `None` in a format without ids.
    pub(in crate::pull::write) fn ordinals(&self) -> Option<Ordinals> {
        (!self.is_raw()).then(Ordinals::default)
    }

    /// The line of a record.
    pub(in crate::pull::write) fn pending<'a>(
        &'a self,
        line: &'a Line,
        source: Source,
        id: RecordId,
    ) -> PendingLine<'a> {
        PendingLine {
            formatter: self,
            line,
            source,
            id,
        }
    }

    /// The text of a line. Event names that the format does not know are named in a warning, each once.
    fn text<'a>(&self, record: &'a str, id: RecordId, source: Source) -> Cow<'a, str> {
        let origin = Origin {
            source,
            host: &self.host,
            organization_id: self.organization_id.as_deref(),
        };
        let line = self.format.line(record, id, origin);
        if let Some(name) = line.unknown_event_name {
            self.warn_of(name);
        }
        line.text
    }

    fn warn_of(&self, name: String) {
        let mut names = self.unknown_names.borrow_mut();
        if names.len() < MOST_UNKNOWN_NAMES && !names.contains(&name) {
            tracing::warn!(
                event_name = %clean_server_text(&name, &[]),
                "the OCSF mapping does not know this event name; its records are Base Events, and nothing of them is lost"
            );
            names.insert(name);
        }
    }
}

/// A line that is put together when it is written, so that a slice is not in memory twice.
pub(in crate::pull::write) struct PendingLine<'a> {
    formatter: &'a Formatter,
    line: &'a Line,
    source: Source,
    id: RecordId,
}

/// A line to be printed.
pub(in crate::pull::write) trait Printable {
    /// The text of the line, without a line feed.
    fn text(&self) -> Cow<'_, str>;

    /// The text of the first of `lines` that are adjacent in memory, each with its line feed, and their number: at most `most`
    /// bytes, but at least one line. `None` if lines have to be put together first.
    fn adjacent(_lines: &[Self], _most: usize) -> Option<(&str, usize)>
    where
        Self: Sized,
    {
        None
    }
}

impl Printable for &Line {
    /// The record itself.
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.text.as_str())
    }

    fn adjacent(lines: &[Self], most: usize) -> Option<(&str, usize)> {
        let (first, following) = lines.split_first()?;
        let following = following.iter().map(|line| &line.text);
        Some(first.text.with_following(following, most))
    }
}

impl Printable for PendingLine<'_> {
    fn text(&self) -> Cow<'_, str> {
        let record = self.line.text.as_str();
        self.formatter.text(record, self.id, self.source)
    }
}

/// Counts identical records.
#[derive(Default)]
pub(in crate::pull::write) struct Ordinals(HashMap<Fingerprint, u32>);

impl Ordinals {
    /// The id of the next record with this fingerprint.
    pub(in crate::pull::write) fn next_id(&mut self, fingerprint: Fingerprint) -> RecordId {
        let count = self.0.entry(fingerprint).or_default();
        *count += 1;
        RecordId::new(fingerprint, *count)
    }
}
