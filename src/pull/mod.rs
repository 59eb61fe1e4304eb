//! A window becomes lines: plan, read ahead, filter, print each record once, move the checkpoint.

mod checkpoint;
mod checkpoint_file;
mod collected;
mod filter;
mod fingerprint;
mod lines;
mod lock;
mod organization;
mod output;
mod plan;
mod printed;
mod printer;
mod reader;
mod resume;
mod run;
mod slice;

use std::io;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use filter::{EventFilter, INTERESTED_EVENTS, Verdict};
pub use output::Output;
pub use plan::{
    CRON_INTERVAL_MINUTES, DEFAULT_OVERLAP_MINUTES, Span, latest_boundary, scheduled_window,
};
pub use printer::{Faults, Moment, Printer};
pub use resume::CarryOn;
pub use run::{Outcome, Progress, Pull, Report, SourceReport};

use crate::api;

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Verkada could not be read.
    #[error(transparent)]
    Api(#[from] api::Error),
    /// The lines could not be written.
    #[error("the records could not be written: {0}")]
    Output(io::Error),
    /// Reading ended before the end of the window, through a fault of this program.
    #[error("reading broke off before the end of the window; please report this")]
    BrokenOff,
    /// The checkpoint cannot be used or saved.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The range does not fit the checkpoint.
    #[error(transparent)]
    Configuration(#[from] api::ConfigurationError),
}

/// A slice on its way to the printer.
struct PulledSlice {
    slice: slice::Slice,
    /// The server's clock, in Unix seconds, when this run read its first slice of the source, or this one if
    /// that was earlier.
    read_at: i64,
}

/// A Unix time as people read it, in UTC: `2026-09-14T08:15:00Z`.
pub fn time_text(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).map_or_else(
        || seconds.to_string(),
        |time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    )
}
