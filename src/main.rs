//! The command-line program; see the library for how it works.

mod cli;

use std::time::Instant;

use clap::Parser;
use tokio::sync::watch;
use verkada_audit_logs::pull::{self, Checkpoint, Printer, Progress};

use cli::args::Args;
use cli::config::{Config, Environment, UsageError};
use cli::report::{self, ExitCode, LogFormat};
use cli::signals::Signals;

fn main() -> std::process::ExitCode {
    report::end_panics_in_one_line();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return report::answer(&error).into(),
    };
    // Before anything else needs a thread: the simulated organisation has one of its own.
    let runtime = match cli::start::runtime() {
        Ok(runtime) => runtime,
        Err(reason) => return report::fail_early(&reason).into(),
    };
    match configure(&args) {
        Ok((config, format)) => {
            let ended = runtime.block_on(pull(&args, &config, format));
            ended.unwrap_or_else(|error| report::fail(format, &error))
        }
        Err((error, format)) => {
            report::report_error(format, &error.to_string());
            if error.is_of_the_system() {
                ExitCode::Failure
            } else {
                ExitCode::Usage
            }
        }
    }
    .into()
}

fn configure(args: &Args) -> Result<(Config, LogFormat), (UsageError, LogFormat)> {
    let format =
        LogFormat::parse(args.log_format.as_deref()).map_err(|error| (error, LogFormat::Text))?;
    // The demo ignores the environment.
    let loaded = if args.demo {
        Ok(Environment::ignored())
    } else {
        Environment::load()
    };
    let rust_log = loaded
        .as_ref()
        .ok()
        .and_then(|environment| environment.get("RUST_LOG").ok().flatten());
    report::start(
        format,
        report::levels(args.quiet, args.verbose, format, rust_log),
    );
    // Only now can an error be reported in the format that was asked for.
    let environment = loaded.map_err(|error| (error, format))?;
    let now = chrono::Utc::now().timestamp();
    let config = Config::new(args, &environment, now).map_err(|error| (error, format))?;
    Ok((config, format))
}

async fn pull(args: &Args, config: &Config, format: LogFormat) -> Result<ExitCode, pull::Error> {
    let started = Instant::now();
    // Before signals are listened to: opening a pipe without a reader waits, and a signal has to end that.
    let printer = printer(config)?;
    let signals = Signals::listen().map_err(pull::Error::Output)?;
    let api = config.client.clone().build()?;
    let (progress_sender, progress) = watch::channel(Progress::default());
    let sources = config.pull.sources.len();
    let prints_to_file = config.output.is_some();
    let report = tokio::select! {
        report = config.pull.run(&api, printer, &progress_sender, signals.stop()) => report?,
        never = report::show(api.clone(), sources, format, args.quiet, prints_to_file, progress) => match never {},
    };
    let code = report::finish(config, format, &report, signals.received());
    if code == ExitCode::Done && !args.quiet {
        report::summarise(&report, &api.statistics(), started.elapsed());
    }
    Ok(code)
}

/// The checkpoint comes first: if another run holds it, not even the output is touched.
fn printer(config: &Config) -> Result<Printer, pull::Error> {
    let checkpoint = config.checkpoint.as_deref();
    let checkpoint = checkpoint
        .map(|path| Checkpoint::open(path, config.origin.as_str()))
        .transpose()?;
    let output = cli::output::open(config.output.as_deref()).map_err(pull::Error::Output)?;
    let printer = Printer::new(output, checkpoint);
    Ok(printer.with_format(config.format, config.host.clone()))
}
