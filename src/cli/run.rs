//! A run with its progress on standard error, and its end.

use tokio::sync::watch;
use verkada_audit_logs::Statistics;
use verkada_audit_logs::pull::{self, Printer, Progress, Pull, Report};

use super::config::Config;
use super::report::{self, Ended, ExitCode, LogFormat};
use super::signals::Signals;

/// Carries out what `config` says, reports failures, and says how to carry on.
pub(crate) async fn run(
    config: &Config,
    printer: Printer,
    format: LogFormat,
    quiet: bool,
) -> Ended {
    let mut statistics = Statistics::default();
    let result = carry_out(config, printer, format, quiet, &mut statistics).await;
    let (code, report) = match result {
        Ok((code, report)) => (code, Some(report)),
        Err(error) => (report::fail(format, &error), None),
    };
    Ended {
        code,
        report,
        unfinished: Vec::new(),
        statistics,
        has_checkpoint: config.checkpoint.is_some(),
    }
}

/// Fails if the run ends before anything is read. `statistics` are those of the client, also of one that failed.
async fn carry_out(
    config: &Config,
    printer: Printer,
    format: LogFormat,
    quiet: bool,
    statistics: &mut Statistics,
) -> Result<(ExitCode, Report), pull::Error> {
    let signals = Signals::listen().map_err(pull::Error::Output)?;
    let api = config.client.clone().build()?;
    if !quiet {
        report::say_span(config, format);
    }
    let (progress_sender, progress) = watch::channel(Progress::default());
    report::note_begun(progress.clone(), api.clone(), config.checkpoint.is_some());
    let sources = config.pull.sources.len();
    let prints_to_file = config.output.is_some();
    let pull = Pull {
        measures_times: is_account_shown(config, format),
        ..config.pull.clone()
    };
    let result = tokio::select! {
        result = pull.run(&api, printer, &progress_sender, signals.stop()) => result,
        never = report::show(api.clone(), sources, format, quiet, prints_to_file, progress) => match never {},
    };
    *statistics = api.statistics();
    let report = result?;
    report::log_counts(&report);
    let code = report::finish(config, format, &report, signals.received());
    Ok((code, report))
}

/// Reports whether anybody will see the account of the run, beyond its counts. It takes time for each record.
fn is_account_shown(config: &Config, format: LogFormat) -> bool {
    config.has_metrics || format == LogFormat::Json || report::shows_counts()
}
