//! The account of a run when it ends, failed ones included.
//!
//! ```text
//! closing ---> metrics       the last line of JSON messages, and the metrics file
//!    `-------> arguments     the words of a command line that was never read
//! summary                    the line on a terminal
//! ```

mod arguments;
mod closing;
mod metrics;
mod summary;

pub(crate) use closing::{close, close_at_once, log_counts, note_begun, shows_counts};
pub(crate) use summary::{say_span, summarise};

pub(super) use arguments::Arguments;
pub(super) use closing::close_unread;
