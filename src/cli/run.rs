//! A run with its progress on standard error, and its end.

use std::time::Instant;

use tokio::sync::watch;
use verkada_audit_logs::Statistics;
use verkada_audit_logs::pull::{self, Printer, Progress, Report};

use super::config::Config;
use super::report::{self, ExitCode, LogFormat};
use super::signals::Signals;

/// The end of a run.
pub(crate) struct Ended {
    pub(crate) report: Report,
    pub(crate) code: ExitCode,
    pub(crate) statistics: Statistics,
    pub(crate) started: Instant,
}

/// Carries out what `config` says, reports failures, and says how to carry on.
///
/// # Errors
///
/// Those of [`pull::Pull::run`], before anything was read.
pub(crate) async fn run(
    config: &Config,
    printer: Printer,
    format: LogFormat,
    quiet: bool,
) -> Result<Ended, pull::Error> {
    let started = Instant::now();
    let signals = Signals::listen().map_err(pull::Error::Output)?;
    let api = config.client.clone().build()?;
    let (progress_sender, progress) = watch::channel(Progress::default());
    let sources = config.pull.sources.len();
    let prints_to_file = config.output.is_some();
    let report = tokio::select! {
        report = config.pull.run(&api, printer, &progress_sender, signals.stop()) => report?,
        never = report::show(api.clone(), sources, format, quiet, prints_to_file, progress) => match never {},
    };
    let code = report::finish(config, format, &report, signals.received());
    Ok(Ended {
        report,
        code,
        statistics: api.statistics(),
        started,
    })
}
