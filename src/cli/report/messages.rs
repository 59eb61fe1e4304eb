//! Messages on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::MultiProgress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use crate::cli::config::{UsageError, quoted};

/// Only events of our own are ever shown: those of the HTTP libraries may hold headers.
const OWN_TARGET: &str = "verkada_audit_logs";

/// The target of the regular progress lines.
pub(crate) const PROGRESS_TARGET: &str = "verkada_audit_logs::progress";

/// The target of errors that end a run, which are shown at any level.
const ERROR_TARGET: &str = "verkada_audit_logs::error";

/// The form of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    /// The values of `--log-format`.
    pub(crate) const VALUES: [&str; 2] = ["text", "json"];

    /// Reads the value of `--log-format`.
    pub(crate) fn parse(value: Option<&str>) -> Result<Self, UsageError> {
        match value {
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(UsageError::new(format!(
                "--log-format: {} is neither text nor json",
                quoted(other)
            ))),
        }
    }
}

/// Progress bars of the process; messages are printed above them.
pub(crate) fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

/// Starts showing messages of `levels`.
pub(crate) fn start(format: LogFormat, levels: Targets) {
    let own = filter_fn(|metadata| metadata.target().starts_with(OWN_TARGET));
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| AboveBars)
        // They would be reported with `eprintln!`, which panics if standard error cannot be written.
        .log_internal_errors(false);
    let layer = match format {
        LogFormat::Text => layer.with_target(false).with_ansi(wants_colour()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    let subscriber = Registry::default().with(layer.with_filter(levels.and(own)));
    // Fails only when something shows messages already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Starts showing errors alone, where the flags are not known.
pub(super) fn start_plainly(format: LogFormat) {
    start(format, Targets::new().with_default(LevelFilter::ERROR));
}

/// The levels that `-q`, `-v` or else `RUST_LOG` ask for.
pub(crate) fn levels(
    quiet: bool,
    verbose: u8,
    format: LogFormat,
    rust_log: Option<String>,
) -> Targets {
    let asked = match verbose {
        _ if quiet => Some(LevelFilter::ERROR),
        0 => None,
        1 => Some(LevelFilter::INFO),
        2 => Some(LevelFilter::DEBUG),
        _ => Some(LevelFilter::TRACE),
    };
    if let Some(level) = asked {
        return Targets::new().with_default(level);
    }
    if let Some(targets) = rust_log.and_then(|value| value.parse::<Targets>().ok()) {
        return targets.with_target(ERROR_TARGET, LevelFilter::ERROR);
    }
    let targets = Targets::new().with_default(LevelFilter::WARN);
    match format {
        LogFormat::Json => targets.with_target(PROGRESS_TARGET, LevelFilter::INFO),
        LogFormat::Text => targets,
    }
}

fn wants_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && io::stderr().is_terminal()
}

/// Standard error, with bars hidden while something is written.
struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Reports the failure that ends the run, or a part of it: one line, even if a path in it holds a line feed.
pub(crate) fn report_error(format: LogFormat, message: &str) {
    let message = message.replace(char::is_control, " ");
    match format {
        LogFormat::Json => tracing::error!(target: ERROR_TARGET, "{message}"),
        LogFormat::Text => print_line(&format!("error: {message}")),
    }
}

/// Prints a line for the person at the terminal.
pub(crate) fn print_note(message: &str) {
    print_line(message);
}

/// Like `eprintln!`, but without a panic where standard error cannot be written: no other place is left to say it.
fn print_line(line: &str) {
    let _ = AboveBars.write_all(format!("{line}\n").as_bytes());
}
