//! The progress of a run, and the report at its end.

use super::error::Error;
use super::filter::{EventFilter, MatchedNames};
use super::read::{OddRecords, Slice};
use super::write::{Lateness, Printed, RestartHint};
use crate::api::{Source, Window};

/// The end of a run.
#[derive(Debug)]
pub struct Report {
    /// One entry for each source, in the order of printing.
    pub sources: Vec<SourceReport>,
}

impl Report {
    /// The account of each source.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> + Clone {
        self.sources.iter().map(|source| &source.account)
    }
}

/// The end of one source.
#[derive(Debug)]
pub struct SourceReport {
    /// What was read and printed of it.
    pub account: Account,
    /// The names of the filter that no record has had.
    pub unmatched_names: Vec<String>,
    /// The way in which it ended.
    pub outcome: Outcome,
    /// The rest of the window, if it was not printed whole.
    pub rest: Option<RestartHint>,
}

impl SourceReport {
    /// A source of which nothing was read.
    pub(super) fn unread(source: Source, outcome: Outcome, rest: Option<RestartHint>) -> Self {
        Self {
            account: Account {
                source,
                window: None,
                counts: Counts::default(),
                lateness: Lateness::default(),
                longest_processing: None,
                longest_first_seen: None,
                printed_through: None,
                ending: outcome.ending(),
            },
            unmatched_names: Vec::new(),
            outcome,
            rest,
        }
    }
}

/// The account of one source, which is all that is known of it when a run is ended in its midst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Account {
    /// The source.
    pub source: Source,
    /// The window that is read; `None` if nothing is.
    pub window: Option<Window>,
    /// The records of the slices that have been printed.
    pub counts: Counts,
    /// Those of the printed ones that were late.
    pub lateness: Lateness,
    /// The longest time from the event of a kept audit log to its processing, in seconds, if it is measured.
    pub longest_processing: Option<i64>,
    /// The longest time from the event of a new record until this run, the first to see it, read it, in seconds. Measured in
    /// scheduled runs only: for a range it would be the age of the records.
    pub longest_first_seen: Option<i64>,
    /// With a checkpoint: the Unix second through which everything is printed, if anything is.
    pub printed_through: Option<i64>,
    /// The way in which it ended, or would if the run ended now.
    pub ending: Ending,
}

/// The way in which the read of a source ends, without the details of [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything was printed.
    Done,
    /// Everything had been printed before.
    UpToDate,
    /// It failed.
    Failed,
    /// It was stopped.
    Stopped,
    /// It was not begun.
    NotBegun,
}

/// Counts of records: `read` is the sum of the other three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that Verkada sent, each once, though two slices may have asked for it.
    pub read: u64,
    /// Records that were printed.
    pub printed: u64,
    /// Records that the filter left out.
    pub filtered: u64,
    /// Records that were known already: an earlier run has printed them, or the files that are verified hold them.
    pub repeated: u64,
}

/// The sums over the slices of a source that have been printed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) lateness: Lateness,
    pub(super) longest_processing: Option<i64>,
    pub(super) longest_first_seen: Option<i64>,
    pub(super) odd: OddRecords,
    matched_names: MatchedNames,
}

impl Tally {
    /// Adds a slice, and what was printed of it.
    pub(super) fn add(&mut self, slice: &Slice, printed: Printed) {
        let lines = slice.lines.len() as u64;
        self.counts.read += lines + slice.filtered;
        self.counts.printed += printed.lines;
        self.counts.filtered += slice.filtered;
        self.counts.repeated += lines - printed.lines;
        self.odd += slice.odd;
        self.lateness.add(printed.lateness);
        self.longest_processing = self.longest_processing.max(slice.longest_processing);
        self.longest_first_seen = self.longest_first_seen.max(printed.longest_first_seen);
        self.matched_names.add(&slice.matched_names);
    }

    /// The names of `filter` that no record of `source` had.
    pub(super) fn unmatched_names(&self, source: Source, filter: &EventFilter) -> Vec<String> {
        match source {
            Source::AuditLogs => filter.unmatched(&self.matched_names),
            Source::Notifications => Vec::new(),
        }
    }
}

/// The end of the read of one source.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was printed.
    Done,
    /// Everything through this Unix second had been printed before; nothing was requested.
    UpToDate(i64),
    /// It failed. Everything before the start of [`SourceReport::rest`] was printed.
    Failed(Error),
    /// It was stopped. Everything before the start of [`SourceReport::rest`] was printed.
    Stopped,
    /// It was not begun, because the run had ended.
    NotBegun,
}

impl Outcome {
    /// Returns the outcome without its details.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Done => Ending::Done,
            Self::UpToDate(_) => Ending::UpToDate,
            Self::Failed(_) => Ending::Failed,
            Self::Stopped => Ending::Stopped,
            Self::NotBegun => Ending::NotBegun,
        }
    }
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// The source that is being printed; `None` as long as the first request is not about one, and then there is no time
    /// to show either.
    pub source: Option<Source>,
    /// The start of its window, in Unix seconds.
    pub start: i64,
    /// The end of its window.
    pub end: i64,
    /// Everything before this Unix second has been printed.
    pub reached: i64,
    /// Lines printed in this run, of all sources.
    pub printed: u64,
    /// The accounts of the sources that are finished or of which at least one slice has been printed, in the order of
    /// printing.
    pub accounts: [Option<Account>; 2],
}
