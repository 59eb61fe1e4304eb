//! The command-line program; see the library for how it works.

mod cli;

use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use verkada_audit_logs::pull::{self, Checkpoint, Printer, Progress};

use cli::args::{Command, CommandLine, PullArgs};
use cli::config::{Config, Environment, UsageError};
use cli::documents;
use cli::report::{self, ExitCode, LogFormat};
use cli::signals::Signals;

fn main() -> std::process::ExitCode {
    report::end_panics_in_one_line();
    let (line, flags) = match CommandLine::read() {
        Ok(read) => read,
        Err(error) => return report::answer(&error).into(),
    };
    match line.command {
        None => with_runtime(|runtime| run(&line.pull, runtime)),
        Some(Command::Doctor(args)) => with_runtime(|runtime| examine(&args, &flags, runtime)),
        Some(Command::Completions(args)) => {
            report::print_document(Ok(documents::completions(args.shell)))
        }
        Some(Command::Man(_)) => report::print_document(documents::man_page()),
    }
    .into()
}

/// Starts the runtime before anything else needs a thread: the simulated organisation has one of its own.
fn with_runtime(job: impl FnOnce(&Runtime) -> ExitCode) -> ExitCode {
    match cli::start::runtime() {
        Ok(runtime) => job(&runtime),
        Err(reason) => report::fail_early(&reason),
    }
}

/// The main job.
fn run(args: &PullArgs, runtime: &Runtime) -> ExitCode {
    let (environment, format) = start(args, false);
    match environment.and_then(|environment| Config::new(args, &environment, now())) {
        Ok(config) => {
            let ended = runtime.block_on(pull(args, &config, format));
            ended.unwrap_or_else(|error| report::fail(format, &error))
        }
        Err(error) => {
            report::report_error(format, &error.to_string());
            ExitCode::of_usage(&error)
        }
    }
}

/// The command `doctor`. What there is to say is said on standard output.
fn examine(args: &PullArgs, flags: &[String], runtime: &Runtime) -> ExitCode {
    let (environment, _) = start(args, true);
    runtime.block_on(cli::examine::examine(args, flags, environment, now()))
}

/// Reads the variables, and starts the messages in the form that was asked for. `errors_alone` holds unless more was asked
/// for.
fn start(args: &PullArgs, errors_alone: bool) -> (Result<Environment, UsageError>, LogFormat) {
    let messages = &args.messages;
    let format = match LogFormat::parse(messages.log_format.as_deref()) {
        Ok(format) => format,
        Err(error) => return (Err(error), LogFormat::Text),
    };
    // The demo ignores the environment.
    let environment = if args.read.demo {
        Ok(Environment::ignored())
    } else {
        Environment::load()
    };
    let rust_log = environment
        .as_ref()
        .ok()
        .and_then(|environment| environment.peek("RUST_LOG").ok().flatten());
    let more_asked = messages.verbose > 0 || rust_log.is_some();
    let quiet = messages.quiet || (errors_alone && !more_asked);
    report::start(
        format,
        report::levels(quiet, messages.verbose, format, rust_log),
    );
    // Only now can an error be reported in the format that was asked for.
    (environment, format)
}

/// The beginning of the run by this machine's clock, in Unix seconds.
fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

async fn pull(
    args: &PullArgs,
    config: &Config,
    format: LogFormat,
) -> Result<ExitCode, pull::Error> {
    let started = Instant::now();
    let quiet = args.messages.quiet;
    // Before signals are listened to: opening a pipe without a reader waits, and a signal has to end that.
    let printer = printer(config)?;
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
    if code == ExitCode::Done && !quiet {
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
    Ok(Printer::new(output, checkpoint))
}
