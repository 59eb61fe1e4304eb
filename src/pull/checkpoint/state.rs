//! The contents of a checkpoint: how far each source is printed, and what was printed.

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::output_mark::OutputMark;
use super::recovered::Recovered;
use crate::api::Source;

/// The contents of the file.
#[derive(Debug, Default)]
pub(in crate::pull) struct State {
    pub(in crate::pull) base_url: String,
    pub(in crate::pull) organization_id: Option<String>,
    pub(in crate::pull) key_fingerprint: String,
    /// True if scheduled runs use it, and not ranges alone.
    pub(in crate::pull) is_scheduled: bool,
    pub(in crate::pull) audit_logs: SourceState,
    pub(in crate::pull) notifications: SourceState,
    /// The output file; `None` for a pipe.
    pub(in crate::pull) output: Option<OutputMark>,
    /// Files that were moved away while a run wrote a slice, part of which is in them and not acknowledged.
    pub(in crate::pull) moved_outputs: Vec<OutputMark>,
    pub(in crate::pull) recovered: Recovered,
}

/// The progress of one source.
#[derive(Debug, Default)]
pub(in crate::pull) struct SourceState {
    pub(in crate::pull) watermark: Option<Watermark>,
    pub(in crate::pull) beginning: Beginning,
    /// The filter of the last print; `None` if an older version of this program printed it.
    pub(in crate::pull) filter: Option<String>,
    /// True if this run keeps other records than the ones before, as far as is known. Not saved.
    pub(in crate::pull) has_new_filter: bool,
    /// Stretches within the watermark that were never read, as the user accepted.
    pub(in crate::pull) gaps: Vec<Gap>,
    pub(in crate::pull) ledger: Ledger,
}

/// The certainty of a beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::pull) enum Beginning {
    /// The user gave it, Verkada's clock confirmed it, or something has been read from there on.
    #[default]
    Settled,
    /// An earlier run chose it by a clock that no answer had confirmed. Nothing has been read.
    Provisional,
    /// This run chose it by such a clock.
    ProvisionalNow,
}

/// A stretch of time that could not be read, in Unix seconds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pull) struct Gap {
    pub(in crate::pull) from: i64,
    pub(in crate::pull) to: i64,
}

/// Everything from `since` to `through`, in Unix seconds, has been printed, except for the gaps.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pull) struct Watermark {
    pub(in crate::pull) since: i64,
    pub(in crate::pull) through: i64,
    /// The ledger is complete from this second on. Nothing before it may be read again, however far back a later run
    /// wants to look: what was printed could not be distinguished from what is new.
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

    /// A watermark that goes on from `time`, past what could not be read. Nothing before may be asked for again.
    pub(in crate::pull) fn resumed_at(self, time: i64) -> Self {
        Self {
            since: self.since,
            through: time,
            remembered: time,
        }
    }

    /// Reports whether anything may have been printed.
    pub(in crate::pull) fn has_moved(&self) -> bool {
        self.through > self.since
    }

    /// Reports whether a run can have written these times.
    pub(in crate::pull) fn is_possible(&self) -> bool {
        let times = [0, self.since, self.remembered, self.through];
        times.is_sorted() && chrono::DateTime::from_timestamp(self.through, 0).is_some()
    }
}

impl SourceState {
    /// Sets the watermark. A beginning from which something was read is no longer in question.
    pub(in crate::pull) fn advance(&mut self, watermark: Watermark) {
        if watermark.has_moved() {
            self.beginning = Beginning::Settled;
        }
        self.watermark = Some(watermark);
    }
}

impl State {
    pub(in crate::pull) fn source(&self, source: Source) -> &SourceState {
        match source {
            Source::AuditLogs => &self.audit_logs,
            Source::Notifications => &self.notifications,
        }
    }

    /// The watermarks of both sources.
    pub(in crate::pull) fn watermarks(&self) -> impl Iterator<Item = Watermark> {
        let sources = [&self.audit_logs, &self.notifications].into_iter();
        sources.filter_map(|source| source.watermark)
    }

    /// The latest second through which anything is printed.
    pub(in crate::pull) fn printed_through(&self) -> Option<i64> {
        let moved = self.watermarks().filter(Watermark::has_moved);
        moved.map(|watermark| watermark.through).max()
    }

    /// The second before which a record of `source` that is still new is late: everything until then has been printed. With
    /// a new filter a record may be new because earlier runs left it out, so the answer is `None`.
    pub(in crate::pull) fn late_before(&self, source: Source) -> Option<i64> {
        let is_comparable = !self.source(source).has_new_filter;
        self.printed_through_of(source).filter(|_| is_comparable)
    }

    /// Reports whether a record of `source` that is new to the ledger was not there for the runs before: with a new filter
    /// they may have left it out.
    pub(in crate::pull) fn tells_new_from_old(&self, source: Source) -> bool {
        !self.source(source).has_new_filter || self.printed_through_of(source).is_none()
    }

    /// The second through which everything of `source` is printed, if anything is.
    pub(in crate::pull) fn printed_through_of(&self, source: Source) -> Option<i64> {
        let watermark = self.source(source).watermark;
        let moved = watermark.filter(Watermark::has_moved);
        moved.map(|watermark| watermark.through)
    }

    /// Drops the recovered records that every source has been read past.
    pub(super) fn forget_recovered(&mut self) {
        let passed = self.watermarks().map(|watermark| watermark.remembered);
        if let Some(passed) = passed.min() {
            self.recovered.forget_before(passed);
        }
    }

    pub(in crate::pull) fn source_mut(&mut self, source: Source) -> &mut SourceState {
        match source {
            Source::AuditLogs => &mut self.audit_logs,
            Source::Notifications => &mut self.notifications,
        }
    }
}
