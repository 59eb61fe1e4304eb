//! The set-up that is examined, and how the checks hand on what they find.

use std::io;
use std::path::PathBuf;

use super::check::{Check, CheckOutcome, Subject};
use crate::api::VerkadaApiBuilder;
use crate::pull::Pull;

/// Limit for the requests of an examination.
pub const MOST_REQUESTS: u64 = 10;

/// The set-up of a run: what it would read, and the files that it would use.
pub struct Setup {
    /// The client, ready to be built.
    pub client: VerkadaApiBuilder,
    /// False if the client's key only stands in for one that is missing, so that no request may carry it.
    pub has_key: bool,
    /// The task of the run.
    pub pull: Pull,
    /// The checkpoint, if there is one.
    pub checkpoint: Option<PathBuf>,
    /// The name that a checkpoint is bound to: the host that is read.
    pub origin: String,
    /// The file that is appended to; `None` for standard output.
    pub output: Option<PathBuf>,
    /// The reason why the output cannot be written, if it cannot.
    pub output_check: io::Result<()>,
    /// The file for the metrics of runs, if there is one.
    pub metrics_file: Option<PathBuf>,
}

/// The present, by the best clock that is known.
#[derive(Clone, Copy)]
pub(super) struct Now {
    /// Unix seconds.
    pub(super) seconds: i64,
    /// True if Verkada's clock says so.
    pub(super) is_verkadas: bool,
}

/// Takes a check as soon as it is made.
pub(super) type Reporter<'a> = &'a mut dyn FnMut(Check);

/// Skips the checks after `subject` through `last`.
pub(super) fn skip_after(subject: Subject, last: Subject, reason: &str, report: Reporter<'_>) {
    for subject in subject.until(last) {
        report(subject.found(CheckOutcome::skipped(reason)));
    }
}
