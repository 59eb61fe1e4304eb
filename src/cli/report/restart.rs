//! Advice on how to read the part of a window that was not printed.

use std::path::Path;

use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{self, Outcome, Period, Report, RestartHint, SourceReport};

use super::messages::{LogFormat, report_error};
use crate::cli::config::Config;

/// The missing part of a source.
struct Rest {
    source: Source,
    /// The outcome, if it is not a failure.
    outcome: &'static str,
    /// Set if the output may end within a line.
    torn: bool,
    hint: RestartHint,
}

impl Rest {
    fn of(config: &Config, report: &SourceReport) -> Option<Self> {
        if config.checkpoint.is_some() && !matches!(report.outcome, Outcome::Stopped) {
            // The next run reads it by itself.
            return None;
        }
        let writes_whole_lines = config.output.as_deref().is_some_and(Path::is_file);
        Some(Self {
            source: report.account.source,
            outcome: match report.outcome {
                Outcome::NotBegun => "not begun; ",
                Outcome::Stopped => "stopped; ",
                _ => "",
            },
            torn: matches!(report.outcome, Outcome::Failed(pull::Error::Output(_)))
                && !writes_whole_lines,
            hint: report.rest?,
        })
    }

    fn is_like(&self, other: &Self) -> bool {
        let key = |rest: &Self| (rest.outcome, rest.torn, rest.hint);
        key(self) == key(other)
    }
}

/// Says which command reads the missing part: once, if it is the same for all sources.
pub(super) fn say_how_to_carry_on(config: &Config, format: LogFormat, report: &Report) {
    let sources = report.sources.iter();
    let rests: Vec<_> = sources
        .filter_map(|source| Rest::of(config, source))
        .collect();
    let are_alike = rests.windows(2).all(|two| two[0].is_like(&two[1]));
    match &rests[..] {
        [first, _, ..] if are_alike && rests.len() == config.pull.sources.len() => {
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
    let outcome = rest.outcome;
    if config.checkpoint.is_some() {
        let message = "the next run with the same --checkpoint carries on";
        return report_error(format, &format!("{subject}{outcome}{message}"));
    }
    let by_event_time = match config.pull.period {
        Period::Scheduled => {
            "; that goes by event time, and with --checkpoint the next run would have caught up by itself"
        }
        Period::Range { .. } => "",
    };
    let instead = if config.is_since {
        " in place of --since"
    } else {
        ""
    };
    let RestartHint {
        start,
        end,
        repeats_start,
        ..
    } = rest.hint;
    let append = match config.output {
        Some(_) => "",
        None => " and append its output",
    };
    let repeats = if rest.torn {
        " (the output may end within a line, and records from then on come again)"
    } else if repeats_start {
        " (records of that one second come again)"
    } else {
        ""
    };
    report_error(
        format,
        &format!(
            "{subject}{outcome}to resume, run the same command with {only}--start {start} --end {end}{instead}{append}{repeats}{by_event_time}"
        ),
    );
}
