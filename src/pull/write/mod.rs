//! Each record once, to an output.
//!
//! The printer leaves out what the checkpoint knows already, writes the rest, and moves the checkpoint when the write has
//! succeeded. A file only ever grows, so that whoever follows it sees each line once: what a killed run has written and
//! not acknowledged is read back by the next run, and not written again. The room also keeps track of where a run without
//! a checkpoint would have to be started again.
//!
//! ```text
//! printer ---> output ---> file ---> tail      the end of a file, read back
//!    |            |          |-----> marked    the file of earlier runs under another name, and what was done to it
//!    |            `----------`-----> buffer    the bytes of one write
//!    |-------> unacknowledged                  the records of a killed run
//!    |-------> lateness                        records that come where earlier runs have looked already
//!    |-------> known                           a judge of what is printed already, for a comparison with files
//!    `-------> faults                          on purpose, for the simulation
//! format/                                      the content of a line; from a line back to its record
//! restart                                      the `--start` to go on from by hand
//! ```

mod buffer;
mod faults;
mod file;
mod format;
mod known;
mod lateness;
mod marked;
mod output;
mod printer;
mod restart;
mod tail;
mod unacknowledged;

pub use faults::{Faults, Moment};
pub use format::{
    Format, FormattedLine, MAPPING_VERSION, Origin, RecordId, mapped_event_names, record_text,
};
pub use lateness::Lateness;
pub use output::Output;
pub(super) use printer::Printed;
pub use printer::Printer;
pub use restart::RestartHint;

pub(crate) use format::LineContent;
pub(crate) use known::Known;
pub(crate) use marked::alteration;
pub(super) use restart::RestartPoint;
