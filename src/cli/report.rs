//! What is said at the end of a run, and the exit code.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use verkada_audit_logs::{
    CarryOn, Endpoint, Error, Outcome, PullError, Report, Source, SourceReport, Span, Statistics,
    Window, scheduled_window, time_text,
};

use super::config::Config;
use super::exit_code::{ExitCode, is_closed_pipe};
use super::logging::{LogFormat, print_note, report_error};

/// Says what went wrong, and returns the exit code. `signal` is the code of the signal that came, if any.
pub(crate) fn finish(
    config: &Config,
    format: LogFormat,
    report: &Report,
    signal: Option<ExitCode>,
) -> ExitCode {
    let reader_left = report.sources.iter().any(lost_its_reader);
    let codes = report.sources.iter().map(|source| {
        let code = match &source.outcome {
            Outcome::Done => ExitCode::Done,
            Outcome::UpToDate(through) => say_up_to_date(config, source.source, *through),
            Outcome::Failed(error, _) => say_failure(config, format, source.source, error),
            Outcome::Stopped(_) | Outcome::NotBegun => signal.unwrap_or(ExitCode::Done),
        };
        if !reader_left {
            say_how_to_carry_on(config, format, source);
        }
        code
    });
    // Evaluated in full: each failure is reported.
    codes
        .collect::<Vec<_>>()
        .into_iter()
        .fold(ExitCode::Done, ExitCode::merge)
}

/// Then nobody wants the rest.
fn lost_its_reader(source: &SourceReport) -> bool {
    matches!(&source.outcome, Outcome::Failed(error, _) if is_closed_pipe(error))
}

/// Reports a run that failed before anything was read.
pub(crate) fn fail(format: LogFormat, error: &PullError) -> ExitCode {
    report_error(format, &error.to_string());
    ExitCode::of(error)
}

fn say_up_to_date(config: &Config, source: Source, through: i64) -> ExitCode {
    let through = time_text(through);
    match config.pull.span {
        Span::Scheduled => tracing::info!(%source, through, "the checkpoint is up to date"),
        Span::Range { .. } => {
            tracing::warn!(%source, through, "nothing to do: the checkpoint has printed all of this range already")
        }
    }
    ExitCode::Done
}

fn say_failure(config: &Config, format: LogFormat, source: Source, error: &PullError) -> ExitCode {
    if is_closed_pipe(error) {
        if config.checkpoint.is_none() {
            return ExitCode::Done;
        }
        report_error(
            format,
            "the reader of the pipe has gone away; the checkpoint has not moved past what it took",
        );
        return ExitCode::Failure;
    }
    let advice = match error {
        PullError::Api(error) => advice(error),
        PullError::Output(_) => "make room, or choose another --output".to_owned(),
        _ => String::new(),
    };
    let separator = if advice.is_empty() { "" } else { "; " };
    report_error(format, &format!("{source}: {error}{separator}{advice}"));
    ExitCode::of(error)
}

/// The next step, in Verkada's words.
fn advice(error: &Error) -> String {
    match error {
        Error::Authentication { .. } | Error::TokenExpired { .. } => {
            "check that VERKADA_API_KEY is neither expired nor revoked, and that --region is the key's own".to_owned()
        }
        Error::PermissionDenied { endpoint: Endpoint::Source(source), .. } => format!(
            "the key needs the permission “{}”, which is chosen when a key is created, so create a new one; a wrong --region or --base-url gives the same answer",
            source.permission()
        ),
        Error::PermissionDenied { .. } => "check the key's permissions, --region and --base-url".to_owned(),
        Error::Connection { .. } => "check the network, HTTPS_PROXY and --base-url; the next run may succeed".to_owned(),
        Error::RateLimited { .. } => {
            "all programs of the organisation share 300 requests a minute: lower --max-requests-per-minute or find the other one".to_owned()
        }
        Error::Unavailable { .. } => "see status.verkada.com; the next run may succeed".to_owned(),
        Error::Redirected { .. } | Error::Rejected { .. } => "check --region and --base-url".to_owned(),
        Error::UnusableAnswer { .. } => {
            "check --base-url: hosts under command.verkada.com are the web interface, and a proxy may answer in Verkada's place".to_owned()
        }
        Error::EndlessPages { .. } => "ask again later; if it stays, tell Verkada's support".to_owned(),
        _ => String::new(),
    }
}

/// Without a checkpoint, what is missing has to be asked for by hand.
fn say_how_to_carry_on(config: &Config, format: LogFormat, report: &SourceReport) {
    let carry_on = match &report.outcome {
        Outcome::Failed(_, carry_on) | Outcome::Stopped(carry_on) => *carry_on,
        Outcome::NotBegun => match config.pull.span {
            Span::Range { start, .. } => CarryOn {
                start,
                repeats_start: false,
            },
            Span::Scheduled => CarryOn {
                start: scheduled(config).start(),
                repeats_start: false,
            },
        },
        _ => return,
    };
    let (source, end) = (report.source, end_of(config));
    if config.checkpoint.is_some() {
        return if matches!(report.outcome, Outcome::Stopped(_)) {
            report_error(
                format,
                &format!("{source}: stopped; the next run with the same --checkpoint carries on"),
            );
        };
    }
    let by_event_time = match config.pull.span {
        Span::Scheduled => {
            "; that goes by event time, and with --checkpoint the next run would have caught up by itself"
        }
        Span::Range { .. } => "",
    };
    let stopped = if matches!(report.outcome, Outcome::Failed(..)) {
        ""
    } else {
        "stopped; "
    };
    let tore = matches!(&report.outcome, Outcome::Failed(PullError::Output(_), _))
        && !config.output.as_deref().is_some_and(Path::is_file);
    let repeats = if tore {
        " (the output may end within a line, and records from then on come again)"
    } else if carry_on.repeats_start {
        " (records of that one second come again)"
    } else {
        ""
    };
    report_error(
        format,
        &format!(
            "{source}: {stopped}to carry on, append the output of the same command with --only {} --start {} --end {end}{repeats}{by_event_time}",
            source.flag_value(),
            carry_on.start
        ),
    );
}

fn end_of(config: &Config) -> i64 {
    match config.pull.span {
        Span::Range { end, .. } => end,
        Span::Scheduled => scheduled(config).end(),
    }
}

fn scheduled(config: &Config) -> Window {
    scheduled_window(config.pull.now, config.pull.interval_seconds)
}

/// On a terminal, one line that sums up a run that went well.
pub(crate) fn summarise(report: &Report, statistics: &Statistics, elapsed: Duration) {
    if !io::stderr().is_terminal() {
        return;
    }
    let counts: Vec<_> = report
        .sources
        .iter()
        .map(|source| format!("{} {}", source.printed, source.source))
        .collect();
    let windows = report
        .sources
        .iter()
        .filter_map(|source| source.window.as_ref());
    let start = windows.clone().map(Window::start).min();
    let end = windows.map(Window::end).max();
    let span = match start.zip(end) {
        Some((start, end)) => format!(" of {} to {}", time_text(start), time_text(end)),
        None => String::new(),
    };
    print_note(&format!(
        "printed {}{span}; {} requests in {:.1} s",
        counts.join(" and "),
        statistics.requests,
        elapsed.as_secs_f64()
    ));
}
