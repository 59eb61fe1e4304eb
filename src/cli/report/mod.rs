//! Standard error and the exit code.
//!
//! ```text
//! end ---> advice        the next step after a failure, in Verkada's words
//!  |-----> restart       how to continue by hand
//!  `-----> exit_code
//! findings                   what a comparison with files has found
//! checks                     one line for each check of the doctor, with advice
//! account/                   the account of a run: a summary, the last line of JSON messages, metrics
//! progress/                  a bar, or a line now and then
//! usage, progress, panic
//!  |-----> counted       numbers with their words
//!  `-----> messages      lines on standard error, as text or JSON
//! ```

mod account;
mod advice;
mod checks;
mod counted;
mod end;
mod exit_code;
mod findings;
mod messages;
mod panic;
mod progress;
mod restart;
mod usage;

pub(crate) use account::{
    close, close_at_once, log_counts, note_begun, say_span, shows_counts, summarise,
};
pub(crate) use checks::CheckPrinter;
pub(crate) use end::{Ended, fail, finish};
pub(crate) use exit_code::ExitCode;
pub(crate) use findings::{Repair, show_findings};
pub(crate) use messages::{LogFormat, levels, report_error, start};
pub(crate) use panic::end_panics_in_one_line;
pub(crate) use progress::show;
pub(crate) use usage::{answer, fail_early, fail_plainly, print_document};
