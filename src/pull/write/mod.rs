//! Each record once, to an output.
//!
//! The printer leaves out what the checkpoint knows already, writes the rest, and moves the checkpoint when the write has
//! succeeded. It also keeps track of where a run without a checkpoint would have to be started again.
//!
//! ```text
//! printer ---> output     a stream, or a file that is appended to
//!    |-------> format/    what a line holds
//!    `-------> faults     on purpose, for the simulation
//! restart                 the `--start` to go on from by hand
//! ```

mod faults;
mod format;
mod output;
mod printer;
mod restart;

pub use faults::{Faults, Moment};
pub use format::{
    Format, FormattedLine, MAPPING_VERSION, Origin, RecordId, mapped_event_names, record_text,
};
pub use output::Output;
pub use printer::Printer;
pub use restart::RestartHint;

pub(super) use restart::RestartPoint;
