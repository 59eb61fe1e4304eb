//! What the program says on standard error, and the exit code.
//!
//! ```text
//! end ---> advice        the next step after a failure, in Verkada's words
//!  |-----> restart       where to go on by hand
//!  `-----> exit_code
//! usage, summary, progress
//!  `-----> messages      lines on standard error, as text or JSON
//! ```

mod advice;
mod end;
mod exit_code;
mod messages;
mod progress;
mod restart;
mod summary;
mod usage;

pub(crate) use end::{fail, finish};
pub(crate) use exit_code::ExitCode;
pub(crate) use messages::{LogFormat, levels, report_error, start};
pub(crate) use progress::show;
pub(crate) use summary::summarise;
pub(crate) use usage::answer;
