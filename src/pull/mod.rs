//! A window becomes lines: plan, read ahead, filter, print each record once, move the checkpoint.
//!
//! One run reads both sources at the same time, in slices, and prints them one after the other. The checkpoint moves
//! only when a slice has been written, so a run may end at any moment.
//!
//! ```text
//! run ---> prepare ---> plan           what to read of each source
//!  |          `-------> clock          this machine's time, until Verkada's is known
//!  |-----> write/                      each record once, to an output
//!  |         `----> read/              slices fetched ahead, in order, in bounded memory
//!  |                  `----> filter    the events to keep
//!  `-----> report, error               the result of a run
//! below them: checkpoint/              how far everything is printed, and what was printed
//!             task, organisations      what a run is to do; the organisations that records name
//! ```

mod checkpoint;
mod clock;
mod error;
mod filter;
mod organisations;
mod plan;
mod prepare;
mod read;
mod report;
mod run;
mod task;
mod write;

pub(crate) use checkpoint::Fingerprint;
pub use checkpoint::{Checkpoint, CheckpointError};
pub(crate) use checkpoint::{
    Contents, ExpectedCheckpoint, Holder, Inspection, OutputMark, inspect, shown_id,
};
pub use error::Error;
pub(crate) use filter::Verdict;
pub use filter::{EventFilter, INTERESTED_EVENTS};
pub(crate) use organisations::Organisations;
pub(crate) use prepare::check_plans;
pub use report::{Account, Counts, Ending, Outcome, Progress, Report, SourceReport};
pub use task::{
    CRON_INTERVAL_MINUTES, DEFAULT_OVERLAP_MINUTES, ENDS_IN_FUTURE, LONGEST_OVERLAP_MINUTES,
    Period, Pull,
};
pub use write::{
    Faults, Format, FormattedLine, Lateness, MAPPING_VERSION, Moment, Origin, Output, Printer,
    RecordId, RestartHint, mapped_event_names, record_text,
};
pub(crate) use write::{Known, LineContent, alteration};
