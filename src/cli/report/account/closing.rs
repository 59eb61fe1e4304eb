//! The end of a run's account: an event for each source, the last line of JSON messages, and the metrics file.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use tokio::sync::watch;
use verkada_audit_logs::pull::{Account, Counts, Ending, Progress, Report};
use verkada_audit_logs::{Source, Statistics, VerkadaApi, Window, time_text};

use super::arguments::Arguments;
use super::metrics::{self, OldFile};
use crate::cli::report::end::Ended;
use crate::cli::report::exit_code::ExitCode;
use crate::cli::report::messages::{LogFormat, print_note, report_error};

/// Set when a thread begins to close the run, which is done once.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// The run of this process, once it has begun to read.
static BEGUN: OnceLock<Begun> = OnceLock::new();

/// A run under way, as far as another thread can look at it without waiting for it.
struct Begun {
    at: Instant,
    progress: watch::Receiver<Progress>,
    api: VerkadaApi,
    has_checkpoint: bool,
}

impl Begun {
    /// Its end with `code`, now.
    fn ended(&self, code: ExitCode) -> (Ended, Duration) {
        let accounts = self.progress.borrow().accounts;
        let ended = Ended {
            unfinished: accounts.into_iter().flatten().collect(),
            statistics: self.api.statistics(),
            has_checkpoint: self.has_checkpoint,
            ..Ended::at_once(code)
        };
        (ended, self.at.elapsed())
    }
}

/// Takes note of a run that begins to read, for [`close_at_once`].
pub(crate) fn note_begun(
    progress: watch::Receiver<Progress>,
    api: VerkadaApi,
    has_checkpoint: bool,
) {
    let begun = Begun {
        at: Instant::now(),
        progress,
        api,
        has_checkpoint,
    };
    // A process has one run.
    let _ = BEGUN.set(begun);
}

/// Time in which a run that is being closed ends, unless a disk does not answer. Shorter than what a second signal waits for
/// a last line.
const CLOSING: Duration = Duration::from_millis(500);

/// Reports whether [`log_counts`] shows anything.
pub(crate) fn shows_counts() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

/// Says what was read of each source.
pub(crate) fn log_counts(report: &Report) {
    for account in report.accounts().filter(|one| one.window.is_some()) {
        let Counts {
            read,
            printed,
            filtered,
            repeated,
        } = account.counts;
        tracing::info!(
            source = %account.source,
            read,
            printed,
            filtered,
            repeated,
            late_records = account.lateness.records,
            max_lateness_seconds = account.lateness.largest,
            max_processing_seconds = account.longest_processing,
            max_first_seen_seconds = account.longest_first_seen,
            printed_through = account.printed_through.map(time_text),
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

/// Writes the metrics and the last line of a run of which only the words of its command line are known, and what it had
/// printed if it had begun to read.
fn say_end(arguments: &Arguments, code: ExitCode) {
    if !arguments.are_of_a_run() {
        return;
    }
    let (ended, elapsed) = match BEGUN.get() {
        Some(begun) => begun.ended(code),
        None => (Ended::at_once(code), Duration::ZERO),
    };
    if let Some(path) = arguments.metrics_file() {
        write_metrics(&path, &ended, elapsed, OldFile::OfOurs);
    }
    if arguments.format() == LogFormat::Json {
        print_last_line(&ended, elapsed);
    }
}

fn write_metrics(path: &Path, ended: &Ended, elapsed: Duration, old: OldFile) {
    if let Err(error) = metrics::write(path, ended, elapsed, old) {
        tracing::warn!(
            "--metrics-file {}: the metrics cannot be written: {error}; create the folder, let this user write there, or name another file",
            path.display()
        );
    }
}

/// The last line of JSON messages, with the fields that all of them have.
#[derive(Serialize)]
struct LastLine {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    exit_code: u8,
    duration_seconds: f64,
    requests: u64,
    retries: u64,
    rate_limited: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_logs: Option<SourceAccount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<SourceAccount>,
    target: &'static str,
}

/// The end of one source.
#[derive(Serialize)]
struct SourceAccount {
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
    max_lateness_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_processing_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_first_seen_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed_through: Option<String>,
}

impl SourceAccount {
    fn of(source: &Account, lost_reader: bool) -> Self {
        let window = source.window.as_ref();
        Self {
            outcome: match source.ending {
                Ending::Done => "done",
                Ending::UpToDate => "up to date",
                Ending::Failed if lost_reader => "reader gone",
                Ending::Failed => "failed",
                Ending::Stopped => "stopped",
                Ending::NotBegun => "not begun",
            },
            start: window.map(Window::start).map(time_text),
            end: window.map(Window::end).map(time_text),
            read: source.counts.read,
            printed: source.counts.printed,
            filtered: source.counts.filtered,
            repeated: source.counts.repeated,
            late_records: source.lateness.records,
            max_lateness_seconds: source.lateness.largest,
            max_processing_seconds: source.longest_processing,
            max_first_seen_seconds: source.longest_first_seen,
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
    let accounts = ended.accounts();
    let of = |wanted: Source| {
        let account = accounts.iter().find(|account| account.source == wanted);
        account.map(|account| SourceAccount::of(account, ended.lost_reader_of(wanted)))
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
