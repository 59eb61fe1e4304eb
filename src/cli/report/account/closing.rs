//! The end of a run's account: an event for each source, the last line of JSON messages, and the metrics file.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use verkada_audit_logs::pull::{Counts, Outcome, Report, SourceReport};
use verkada_audit_logs::{Source, Statistics, Window, time_text};

use super::arguments::Arguments;
use super::metrics::{self, OldFile};
use crate::cli::report::end::Ended;
use crate::cli::report::exit_code::{ExitCode, is_closed_pipe};
use crate::cli::report::messages::{LogFormat, print_note, report_error};

/// Set when a thread begins to close the run, which is done once.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Time in which a run that is being closed ends, unless a disk does not answer. Shorter than what a second signal waits for
/// a last line.
const CLOSING: Duration = Duration::from_millis(500);

/// Reports whether [`log_counts`] shows anything.
pub(crate) fn shows_counts() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

/// Says what was read of each source.
pub(crate) fn log_counts(report: &Report) {
    for source in report.sources.iter().filter(|one| one.window.is_some()) {
        let Counts {
            read,
            printed,
            filtered,
            repeated,
        } = source.counts;
        tracing::info!(
            source = %source.source,
            read,
            printed,
            filtered,
            repeated,
            late_records = source.lateness.records,
            max_lateness_seconds = source.lateness.largest,
            max_processing_seconds = source.longest_processing,
            max_first_seen_seconds = source.longest_first_seen,
            printed_through = source.printed_through.map(time_text),
            "counted"
        );
    }
}

/// Ends a run: writes the metrics file, if there is one, and the last line of JSON messages. Returns the exit code. A
/// metrics file that cannot be written is a warning.
pub(crate) fn close(
    ended: &Ended,
    elapsed: Duration,
    format: LogFormat,
    metrics_file: Option<&Path>,
) -> ExitCode {
    close_once();
    if let Some(path) = metrics_file {
        write_metrics(path, ended, elapsed, OldFile::Any);
    }
    if format == LogFormat::Json {
        print_last_line(ended, elapsed);
    }
    ended.code
}

/// Ends a run whose flags were never read, or that a panic has ended, as [`close`] does. Nothing is known about its files
/// then, so the metrics replace only older ones.
pub(in crate::cli::report) fn close_unread(arguments: &Arguments, code: ExitCode) {
    // A panic while the run is closed must not wait for itself.
    if !CLOSED.swap(true, Ordering::SeqCst) {
        say_end(arguments, code);
    }
}

/// Ends a run that a second signal does not let stop in good order.
pub(crate) fn close_at_once(code: ExitCode) {
    let is_closing = CLOSED.swap(true, Ordering::SeqCst);
    if is_closing {
        // The run may be over in a moment. If it is not, a disk does not answer, and that must not end without a word.
        thread::sleep(CLOSING);
    }
    let arguments = Arguments::of_the_process();
    let words = "ended at once by a second signal, before the run had stopped in good order";
    report_error(arguments.format(), words);
    if !is_closing {
        say_end(&arguments, code);
    }
}

/// Returns unless another thread closes the run, which then ends the process.
fn close_once() {
    if CLOSED.swap(true, Ordering::SeqCst) {
        loop {
            thread::park();
        }
    }
}

/// Writes the metrics and the last line of a run of which only the words of its command line are known.
fn say_end(arguments: &Arguments, code: ExitCode) {
    if !arguments.are_of_a_run() {
        return;
    }
    let ended = Ended::at_once(code);
    if let Some(path) = arguments.metrics_file() {
        write_metrics(&path, &ended, Duration::ZERO, OldFile::OfOurs);
    }
    if arguments.format() == LogFormat::Json {
        print_last_line(&ended, Duration::ZERO);
    }
}

fn write_metrics(path: &Path, ended: &Ended, elapsed: Duration, old: OldFile) {
    if let Err(error) = metrics::write(path, ended, elapsed, old) {
        tracing::warn!(
            "--metrics-file {}: the metrics cannot be written: {error}",
            path.display()
        );
    }
}

/// The last line of JSON messages, with the fields that all of them have.
#[derive(Serialize)]
struct LastLine<'a> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    exit_code: u8,
    duration_seconds: f64,
    requests: u64,
    retries: u64,
    rate_limited: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_logs: Option<SourceAccount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<SourceAccount<'a>>,
    target: &'static str,
}

/// The end of one source.
#[derive(Serialize)]
struct SourceAccount<'a> {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    read: u64,
    printed: u64,
    filtered: u64,
    repeated: u64,
    late_records: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_lateness_seconds: &'a Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_processing_seconds: &'a Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_first_seen_seconds: &'a Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed_through: Option<String>,
}

impl<'a> SourceAccount<'a> {
    fn of(source: &'a SourceReport) -> Self {
        let window = source.window.as_ref();
        Self {
            outcome: match source.outcome {
                Outcome::Done => "done",
                Outcome::UpToDate(_) => "up to date",
                Outcome::Failed(ref error) if is_closed_pipe(error) => "reader gone",
                Outcome::Failed(_) => "failed",
                Outcome::Stopped => "stopped",
                Outcome::NotBegun => "not begun",
            },
            start: window.map(Window::start).map(time_text),
            end: window.map(Window::end).map(time_text),
            read: source.counts.read,
            printed: source.counts.printed,
            filtered: source.counts.filtered,
            repeated: source.counts.repeated,
            late_records: source.lateness.records,
            max_lateness_seconds: &source.lateness.largest,
            max_processing_seconds: &source.longest_processing,
            max_first_seen_seconds: &source.longest_first_seen,
            printed_through: source.printed_through.map(time_text),
        }
    }
}

fn print_last_line(ended: &Ended, elapsed: Duration) {
    let Statistics {
        requests,
        retries,
        rate_limited,
        ..
    } = ended.statistics;
    let of = |wanted: Source| {
        let mut sources = ended.report.iter().flat_map(|report| &report.sources);
        let source = sources.find(|source| source.source == wanted);
        source.map(SourceAccount::of)
    };
    let line = LastLine {
        timestamp: Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
        level: "INFO",
        message: "run finished",
        exit_code: ended.code as u8,
        duration_seconds: (elapsed.as_secs_f64() * 1_000.0).round() / 1_000.0,
        requests,
        retries,
        rate_limited,
        audit_logs: of(Source::AuditLogs),
        notifications: of(Source::Notifications),
        target: "verkada_audit_logs",
    };
    if let Ok(line) = serde_json::to_string(&line) {
        print_note(&line);
    }
}
