//! The progress of earlier runs, kept in a file that survives a crash at any moment.
//!
//! The checkpoint moves only after the lines it speaks of have been written. It is read and saved under a lock that is
//! held for the whole run.
//!
//! ```text
//! inspection (changes nothing) ---> access
//! access ---> file ---> state ---> ledger ---> fingerprint    what was printed
//!   |                     |------> recovered                  what was written and never acknowledged
//!   |                     `------> output_mark                how the output is recognised
//!   `-------> lock                                            one run at a time
//! ```

mod access;
mod file;
mod fingerprint;
mod inspection;
mod ledger;
mod lock;
mod output_mark;
mod recovered;
mod state;

pub(super) use access::check_period;
pub(crate) use access::shown_id;
pub use access::{Checkpoint, CheckpointError};
pub(crate) use inspection::{Contents, ExpectedCheckpoint, Inspection, inspect};
pub(crate) use lock::Holder;

pub(crate) use fingerprint::Fingerprint;
pub(super) use ledger::Sighting;
pub(crate) use output_mark::OutputMark;
pub(super) use state::{Beginning, Gap, SourceState, State, Watermark};
