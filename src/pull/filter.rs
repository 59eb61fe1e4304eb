//! The filter: which records are kept.

use crate::api::{Record, Source};

/// The events whose audit logs are printed by default: who watched or exported video.
pub const INTERESTED_EVENTS: [&str; 3] = [
    "Archive Action Taken",
    "Video History Streamed",
    "Live Stream Started",
];

/// Keeps audit logs by the name of their event. Notifications are all kept: the API filters those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFilter {
    /// Every audit log.
    All,
    /// Audit logs with one of these names, which are compared after trimming and without ASCII case.
    Names(Vec<String>),
}

impl EventFilter {
    /// A filter for `names`. Any name is accepted, because Verkada's names drift.
    pub fn names<Name: AsRef<str>>(names: impl IntoIterator<Item = Name>) -> Self {
        let trimmed = names
            .into_iter()
            .map(|name| name.as_ref().trim().to_owned());
        Self::Names(trimmed.collect())
    }

    /// Decides what to do with `record`.
    pub fn verdict(&self, source: Source, record: &Record) -> Verdict {
        let Self::Names(names) = self else {
            return Verdict::Keep;
        };
        if source == Source::Notifications {
            return Verdict::Keep;
        }
        let Some(event_name) = record.event_name() else {
            return Verdict::KeepUnclassified;
        };
        let event_name = event_name.trim();
        let is_wanted = names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(event_name));
        if is_wanted {
            Verdict::Keep
        } else {
            Verdict::Drop
        }
    }
}

impl Default for EventFilter {
    fn default() -> Self {
        Self::names(INTERESTED_EVENTS)
    }
}

/// The decision on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is wanted.
    Keep,
    /// It names no event, so it may be wanted.
    KeepUnclassified,
    /// It is not wanted.
    Drop,
}
