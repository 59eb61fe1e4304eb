//! The end of a run: the failures, how to continue, and the exit code.

use std::collections::HashSet;

use verkada_audit_logs::pull::{
    self, Account, CheckpointError, Outcome, Period, Report, SourceReport,
};
use verkada_audit_logs::{ErrorKind, Source, Statistics, time_text};

use super::advice::{advice, advice_on_output};
use super::exit_code::{ExitCode, is_closed_pipe};
use super::messages::{LogFormat, report_error};
use super::restart::say_how_to_carry_on;
use crate::cli::config::Config;
use crate::cli::output;

/// The end of a run.
pub(crate) struct Ended {
    pub(crate) code: ExitCode,
    /// The end of each source; `None` if the run ended before it read anything.
    pub(crate) report: Option<Report>,
    /// The accounts of sources of a run that was ended in its midst, and has no report.
    pub(crate) unfinished: Vec<Account>,
    pub(crate) statistics: Statistics,
    /// Set if the run went on from a checkpoint.
    pub(crate) has_checkpoint: bool,
}

impl Ended {
    /// A run that ended before it sent anything.
    pub(crate) fn at_once(code: ExitCode) -> Self {
        Self {
            code,
            report: None,
            unfinished: Vec::new(),
            statistics: Statistics::default(),
            // Nothing says that what is known of one has changed.
            has_checkpoint: true,
        }
    }

    /// The account of each source, as far as there is one.
    pub(super) fn accounts(&self) -> Vec<Account> {
        match &self.report {
            Some(report) => report.accounts().copied().collect(),
            None => self.unfinished.clone(),
        }
    }

    /// Reports whether the reader of the pipe went away while `source` was printed.
    pub(super) fn lost_reader_of(&self, source: Source) -> bool {
        let mut sources = self.report.iter().flat_map(|report| &report.sources);
        sources.any(|report| report.account.source == source && lost_its_reader(report))
    }
}

/// Reports the failures, and returns the exit code. `signal` is the code of the signal that was received, if any.
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
            Outcome::UpToDate(through) => say_up_to_date(config, source.account.source, *through),
            Outcome::Failed(error) => {
                let (message, code) = failure(config, source.account.source, error);
                // Both sources fail when there is no token; one line is enough.
                if let Some(message) = message.filter(|message| said.insert(message.clone())) {
                    report_error(format, &message);
                }
                code
            }
            Outcome::Stopped | Outcome::NotBegun => signal.unwrap_or(ExitCode::Done),
        });
    }
    // If the reader of the pipe has gone away, the rest is not wanted.
    if !report.sources.iter().any(lost_its_reader) {
        say_how_to_carry_on(config, format, report);
    }
    code
}

fn lost_its_reader(source: &SourceReport) -> bool {
    matches!(&source.outcome, Outcome::Failed(error) if is_closed_pipe(error))
}

/// Reports a run that failed before anything was read.
pub(crate) fn fail(format: LogFormat, error: &pull::Error) -> ExitCode {
    report_error(format, &with_advice(error));
    ExitCode::of(error)
}

fn say_up_to_date(config: &Config, source: Source, through: i64) -> ExitCode {
    let through = time_text(through);
    match config.pull.period {
        Period::Scheduled => tracing::info!(%source, through, "the checkpoint is up to date"),
        Period::Range { .. } => {
            tracing::warn!(%source, through, "nothing to do: the checkpoint has printed all of this range already")
        }
    }
    ExitCode::Done
}

/// The message for a failure, if there is one, and its exit code.
fn failure(config: &Config, source: Source, error: &pull::Error) -> (Option<String>, ExitCode) {
    if is_closed_pipe(error) {
        if config.checkpoint.is_none() {
            return (None, ExitCode::Done);
        }
        let message =
            "the reader of the pipe has gone away; the checkpoint has not moved past what it took";
        return (Some(message.to_owned()), ExitCode::Failure);
    }
    let subject = if names_its_request(error) {
        String::new()
    } else {
        format!("{source}: ")
    };
    let advice = match error {
        pull::Error::Checkpoint(CheckpointError::Save { .. })
            if !output::is_file(config.output.as_deref()) =>
        {
            "; the next run prints again what the output took since the last save"
        }
        _ => "",
    };
    let message = format!("{subject}{}{advice}", with_advice(error));
    (Some(message), ExitCode::of(error))
}

/// Reports whether the words of `error` say which request failed.
fn names_its_request(error: &pull::Error) -> bool {
    match error {
        pull::Error::Api(error) => {
            error.endpoint().is_some() && !matches!(error.kind(), ErrorKind::TokenExpired)
        }
        _ => false,
    }
}

/// The error with the next step. Errors of the checkpoint and of the configuration name theirs themselves.
pub(super) fn with_advice(error: &pull::Error) -> String {
    let advice = match error {
        pull::Error::Api(error) => advice(error),
        pull::Error::Output(error) => advice_on_output(error).to_owned(),
        _ => String::new(),
    };
    let separator = if advice.is_empty() { "" } else { "; " };
    format!("{error}{separator}{advice}")
}
