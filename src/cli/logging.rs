//! Messages on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::MultiProgress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use super::args::Args;
use super::environment::Environment;
use super::settings::{UsageError, quoted};

/// Only events of our own are ever shown: those of the HTTP libraries may hold headers.
const OWN_TARGET: &str = "verkada_audit_logs";

/// The target of the regular progress lines.
pub(crate) const PROGRESS_TARGET: &str = "verkada_audit_logs::progress";

/// The target of what ends a run, which is said at any level.
const ERROR_TARGET: &str = "verkada_audit_logs::error";

/// How messages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    pub(crate) fn of(args: &Args) -> Result<Self, UsageError> {
        match args.log_format.as_deref() {
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
        // It would be said with `eprintln!`, which panics if standard error cannot be written.
        .log_internal_errors(false);
    let layer = match format {
        LogFormat::Text => layer.with_target(false).with_ansi(wants_colour()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    let subscriber = Registry::default().with(layer.with_filter(levels.and(own)));
    // Fails only when something shows messages already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The levels that were asked for.
pub(crate) fn levels(args: &Args, format: LogFormat, environment: &Environment) -> Targets {
    let asked = match (args.quiet, args.verbose) {
        (true, _) => Some(LevelFilter::ERROR),
        (_, 0) => None,
        (_, 1) => Some(LevelFilter::INFO),
        (_, 2) => Some(LevelFilter::DEBUG),
        _ => Some(LevelFilter::TRACE),
    };
    if let Some(level) = asked {
        return Targets::new().with_default(level);
    }
    let variable = environment.get("RUST_LOG").ok().flatten();
    if let Some(targets) = variable.and_then(|value| value.parse::<Targets>().ok()) {
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

/// Reports the failure that ends the run, or a part of it: one line.
pub(crate) fn report_error(format: LogFormat, message: &str) {
    match format {
        LogFormat::Json => tracing::error!(target: ERROR_TARGET, "{message}"),
        LogFormat::Text => print_line(&format!("error: {message}")),
    }
}

/// Prints a line for the person at the terminal.
pub(crate) fn print_note(message: &str) {
    print_line(message);
}

/// `eprintln!` would panic where standard error cannot be written, and there is nobody left to tell.
fn print_line(line: &str) {
    let _ = AboveBars.write_all(format!("{line}\n").as_bytes());
}
