//! The last resort: a panic ends the run with one line and an exit code, like any other failure.

use std::any::Any;
use std::panic;

use super::account::{Arguments, close_unread};
use super::exit_code::ExitCode;
use super::messages::{LogFormat, report_error, start_plainly};

/// Makes a panic in any thread print one line and end the process with exit code 1.
#[expect(
    clippy::exit,
    reason = "a panic would otherwise end the process with SIGABRT, or leave it waiting for a thread that is gone"
)]
pub(crate) fn end_panics_in_one_line() {
    panic::set_hook(Box::new(|panic| {
        let arguments = Arguments::of_the_process();
        let format = arguments.format();
        if format == LogFormat::Json {
            // Has no effect if messages are shown already.
            start_plainly(format);
        }
        let words = words_of(panic.payload());
        let place = panic.location().map_or_else(String::new, |place| {
            format!(" (at {}:{})", place.file(), place.line())
        });
        report_error(
            format,
            &format!("unexpected failure: {words}{place}; please report this"),
        );
        close_unread(&arguments, ExitCode::Failure);
        std::process::exit(ExitCode::Failure as i32);
    }));
}

fn words_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let owned = || payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(owned).unwrap_or("a panic")
}
