//! What is said at the end of a run, and the exit code.

use std::collections::HashSet;
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
    let mut said = HashSet::new();
    let mut code = ExitCode::Done;
    for source in &report.sources {
        code = code.merge(match &source.outcome {
            Outcome::Done => ExitCode::Done,
            Outcome::UpToDate(through) => say_up_to_date(config, source.source, *through),
            Outcome::Failed(error, _) => {
                let (message, code) = failure(config, source.source, error);
                // A token that cannot be had is wanted by both sources, and said once.
                if let Some(message) = message.filter(|message| said.insert(message.clone())) {
                    report_error(format, &message);
                }
                code
            }
            Outcome::Stopped(_) | Outcome::NotBegun => signal.unwrap_or(ExitCode::Done),
        });
    }
    if !report.sources.iter().any(lost_its_reader) {
        say_how_to_carry_on(config, format, report);
    }
    code
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

/// What to say of a failure, if anything, and its exit code.
fn failure(config: &Config, source: Source, error: &PullError) -> (Option<String>, ExitCode) {
    if is_closed_pipe(error) {
        if config.checkpoint.is_none() {
            return (None, ExitCode::Done);
        }
        let message =
            "the reader of the pipe has gone away; the checkpoint has not moved past what it took";
        return (Some(message.to_owned()), ExitCode::Failure);
    }
    let advice = match error {
        PullError::Api(error) => advice(error),
        PullError::Output(_) => "make room, or choose another --output".to_owned(),
        _ => String::new(),
    };
    let separator = if advice.is_empty() { "" } else { "; " };
    let subject = match error {
        PullError::Api(error) if error.endpoint() == Some(Endpoint::Token) => String::new(),
        _ => format!("{source}: "),
    };
    let message = format!("{subject}{error}{separator}{advice}");
    (Some(message), ExitCode::of(error))
}

/// The next step, in Verkada's words.
fn advice(error: &Error) -> String {
    match error {
        Error::Authentication { .. } | Error::TokenExpired { .. } => {
            "check that the key of VERKADA_API_KEY or --api-key-file is neither expired nor revoked, and that --region or --base-url is its own".to_owned()
        }
        Error::PermissionDenied { endpoint: Endpoint::Source(source), .. } => format!(
            "the key needs the permission “{}”, which is chosen when a key is created, so create a new one; a wrong --region or --base-url gives the same answer",
            source.permission()
        ),
        Error::PermissionDenied { .. } => "check the key's permissions, --region and --base-url".to_owned(),
        Error::Connection { .. } => "check the network, HTTPS_PROXY and --base-url; the next run may succeed".to_owned(),
        Error::RateLimited { .. } => {
            "all programs of the organisation share 300 requests a minute: lower --max-requests-per-minute, or find what else uses them up".to_owned()
        }
        Error::Unavailable { .. } => "see status.verkada.com; the next run may succeed".to_owned(),
        Error::Rejected { status: 400, endpoint: Endpoint::Source(_), .. } => "check --start, --end, --page-size and --notification-type".to_owned(),
        Error::Redirected { .. } | Error::Rejected { .. } => "check --region and --base-url".to_owned(),
        Error::UnusableAnswer { .. } => {
            "check --base-url: hosts under command.verkada.com are the web interface, and a proxy may answer in Verkada's place".to_owned()
        }
        Error::CircularPages { .. } | Error::EndlessPages { .. } => "ask again later; if it stays, tell Verkada's support".to_owned(),
        _ => String::new(),
    }
}

/// What is missing of a source.
struct Rest {
    source: Source,
    /// What became of it, if it did not fail.
    state: &'static str,
    /// Whether the output may end within a line.
    torn: bool,
    carry_on: CarryOn,
}

impl Rest {
    fn of(config: &Config, report: &SourceReport) -> Option<Self> {
        if config.checkpoint.is_some() && !matches!(report.outcome, Outcome::Stopped(_)) {
            // The next run reads it without being told.
            return None;
        }
        let carry_on = match &report.outcome {
            Outcome::Failed(_, carry_on) | Outcome::Stopped(carry_on) => *carry_on,
            Outcome::NotBegun => CarryOn {
                start: match config.pull.span {
                    Span::Range { start, .. } => start,
                    Span::Scheduled => scheduled(config).start(),
                },
                repeats_start: false,
            },
            Outcome::Done | Outcome::UpToDate(_) => return None,
        };
        let writes_whole_lines = config.output.as_deref().is_some_and(Path::is_file);
        Some(Self {
            source: report.source,
            state: match report.outcome {
                Outcome::Failed(..) => "",
                Outcome::NotBegun => "not begun; ",
                _ => "stopped; ",
            },
            torn: matches!(report.outcome, Outcome::Failed(PullError::Output(_), _))
                && !writes_whole_lines,
            carry_on,
        })
    }

    fn is_like(&self, other: &Self) -> bool {
        let key = |rest: &Self| (rest.state, rest.torn, rest.carry_on);
        key(self) == key(other)
    }
}

/// Without a checkpoint, what is missing has to be asked for by hand: at once, if it is the same of all sources.
fn say_how_to_carry_on(config: &Config, format: LogFormat, report: &Report) {
    let sources = report.sources.iter();
    let rests: Vec<_> = sources
        .filter_map(|source| Rest::of(config, source))
        .collect();
    let alike = rests.windows(2).all(|two| two[0].is_like(&two[1]));
    match &rests[..] {
        [first, _, ..] if alike && rests.len() == config.pull.sources.len() => {
            say_rest(config, format, first, "", "");
        }
        rests => {
            for rest in rests {
                let only = format!("--only {} ", rest.source.flag_value());
                say_rest(config, format, rest, &format!("{}: ", rest.source), &only);
            }
        }
    }
}

fn say_rest(config: &Config, format: LogFormat, rest: &Rest, subject: &str, only: &str) {
    let state = rest.state;
    if config.checkpoint.is_some() {
        let message = "the next run with the same --checkpoint carries on";
        return report_error(format, &format!("{subject}{state}{message}"));
    }
    let by_event_time = match config.pull.span {
        Span::Scheduled => {
            "; that goes by event time, and with --checkpoint the next run would have caught up by itself"
        }
        Span::Range { .. } => "",
    };
    let repeats = if rest.torn {
        " (the output may end within a line, and records from then on come again)"
    } else if rest.carry_on.repeats_start {
        " (records of that one second come again)"
    } else {
        ""
    };
    report_error(
        format,
        &format!(
            "{subject}{state}to carry on, append the output of the same command with {only}--start {} --end {}{repeats}{by_event_time}",
            rest.carry_on.start,
            end_of(config)
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
