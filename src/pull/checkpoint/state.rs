//! The contents of a checkpoint: how far each source is printed, and what was printed.

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::output_mark::OutputMark;
use crate::api::Source;

/// The contents of the file.
#[derive(Debug, Default)]
pub(in crate::pull) struct State {
    pub(in crate::pull) base_url: String,
    pub(in crate::pull) organization_id: Option<String>,
    pub(in crate::pull) key_fingerprint: String,
    pub(in crate::pull) audit_logs: SourceState,
    pub(in crate::pull) notifications: SourceState,
    pub(in crate::pull) output: Option<OutputMark>,
}

/// The progress of one source.
#[derive(Debug, Default)]
pub(in crate::pull) struct SourceState {
    pub(in crate::pull) watermark: Option<Watermark>,
    pub(in crate::pull) ledger: Ledger,
}

/// Everything from `since` to `through`, in Unix seconds, has been printed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pull) struct Watermark {
    pub(in crate::pull) since: i64,
    pub(in crate::pull) through: i64,
    /// The ledger is complete from this second on. Nothing before it may be read again, however far back a later run
    /// wants to look: what was printed could not be told from what is new.
    pub(in crate::pull) remembered: i64,
}

impl Watermark {
    /// A watermark before anything is printed: everything from `since` on is to be.
    pub(in crate::pull) fn starting_at(since: i64) -> Self {
        Self {
            since,
            through: since,
            remembered: since,
        }
    }

    /// Whether a run can have left these times behind.
    pub(in crate::pull) fn is_possible(&self) -> bool {
        let times = [0, self.since, self.remembered, self.through];
        times.is_sorted() && chrono::DateTime::from_timestamp(self.through, 0).is_some()
    }
}

impl State {
    pub(in crate::pull) fn source(&self, source: Source) -> &SourceState {
        match source {
            Source::AuditLogs => &self.audit_logs,
            Source::Notifications => &self.notifications,
        }
    }

    pub(in crate::pull) fn source_mut(&mut self, source: Source) -> &mut SourceState {
        match source {
            Source::AuditLogs => &mut self.audit_logs,
            Source::Notifications => &mut self.notifications,
        }
    }
}
