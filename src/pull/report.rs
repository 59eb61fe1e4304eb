//! The progress of a run, and the report at its end.

use super::error::Error;
use super::write::RestartHint;
use crate::api::{Source, Window};

/// The end of a run.
#[derive(Debug)]
pub struct Report {
    /// One entry for each source, in the order of printing.
    pub sources: Vec<SourceReport>,
}

/// The end of one source.
#[derive(Debug)]
pub struct SourceReport {
    /// The source.
    pub source: Source,
    /// The window that was read; `None` if nothing was.
    pub window: Option<Window>,
    /// Lines printed.
    pub printed: u64,
    /// The way in which it ended.
    pub outcome: Outcome,
    /// The rest of the window, if it was not printed whole.
    pub rest: Option<RestartHint>,
}

impl SourceReport {
    /// A source of which nothing was read.
    pub(super) fn unread(source: Source, outcome: Outcome, rest: Option<RestartHint>) -> Self {
        Self {
            source,
            window: None,
            printed: 0,
            outcome,
            rest,
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
}
