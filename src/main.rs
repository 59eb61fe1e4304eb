//! The command-line program; see the library for how it works.

mod cli;

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Instant;

use clap::Parser;
use tokio::sync::watch;
use verkada_audit_logs::demo::{DemoServer, Profile};
use verkada_audit_logs::{Checkpoint, Output, Printer, Progress, PullError, Secret, VerkadaApi};

use cli::args::Args;
use cli::config::{Config, Target};
use cli::environment::Environment;
use cli::exit_code::ExitCode;
use cli::logging::{self, LogFormat};
use cli::settings::UsageError;
use cli::signals::Signals;
use cli::{progress, report};

fn main() -> std::process::ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return cli::args::answer(&error).into(),
    };
    match configure(&args) {
        Ok((config, format)) => run(&args, &config, format).into(),
        Err((error, format)) => {
            logging::report_error(format, &error.to_string());
            ExitCode::Usage.into()
        }
    }
}

fn configure(args: &Args) -> Result<(Config, LogFormat), (UsageError, LogFormat)> {
    let format = LogFormat::of(args).map_err(|error| (error, LogFormat::Text))?;
    let (environment, problem) = match Environment::of(args) {
        Ok(environment) => (environment, None),
        Err(error) => (Environment::ignored(), Some(error)),
    };
    logging::start(format, logging::levels(args, format, &environment));
    if let Some(error) = problem {
        return Err((error, format));
    }
    let now = chrono::Utc::now().timestamp();
    let config = Config::new(args, &environment, now).map_err(|error| (error, format))?;
    Ok((config, format))
}

fn run(args: &Args, config: &Config, format: LogFormat) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(pull(args, config, format)),
        Err(error) => Err(PullError::Output(error)),
    };
    ended.unwrap_or_else(|error| report::fail(format, &error))
}

async fn pull(args: &Args, config: &Config, format: LogFormat) -> Result<ExitCode, PullError> {
    let started = Instant::now();
    // Before signals are listened to: opening a pipe that nobody reads waits, and a signal has to end that.
    let printer = printer(config)?;
    let signals = Signals::listen().map_err(PullError::Output)?;
    let demo = start_demo(config)?;
    let api = client(config, demo.as_ref())?;
    let (progress_sender, progress) = watch::channel(Progress::default());
    let report = tokio::select! {
        report = config.pull.run(&api, printer, &progress_sender, signals.stop()) => report?,
        () = progress::show(api.clone(), config.pull.sources.len(), format, args.quiet, config.output.is_some(), progress) => {
            unreachable!("progress is shown until it is dropped")
        }
    };
    let code = report::finish(config, format, &report, signals.received());
    if code == ExitCode::Done && !args.quiet {
        report::summarise(&report, &api.statistics(), started.elapsed());
    }
    Ok(code)
}

/// The checkpoint comes first: if another run holds it, not even the output is touched.
fn printer(config: &Config) -> Result<Printer, PullError> {
    let checkpoint = config
        .checkpoint
        .as_deref()
        .map(Checkpoint::open)
        .transpose()?;
    let output = match &config.output {
        Some(path) => Output::append(path).map_err(|error| unusable_output(path, &error))?,
        None => Output::stream(standard_output().map_err(PullError::Output)?),
    };
    Ok(Printer::new(
        output,
        checkpoint,
        config.pull.overlap_seconds,
    ))
}

fn unusable_output(path: &Path, error: &std::io::Error) -> PullError {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "; create the folder",
        _ => "",
    };
    let message = format!("--output {}: {error}{hint}", path.display());
    PullError::Output(std::io::Error::new(error.kind(), message))
}

/// Standard output without a buffer of its own: lines are gathered before they are written.
///
/// Where it was closed, the runtime has put the null device in its place, which would swallow every record. It
/// opens that for reading too, as a shell does not. Some programs that start others do: they are told as well.
fn standard_output() -> std::io::Result<std::fs::File> {
    let mut output = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    let device = output.metadata()?.rdev();
    let is_null = std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == device);
    if is_null && output.read(&mut [0]).is_ok() {
        let reason =
            "standard output is closed or discarded; redirect it, or name a file with --output";
        return Err(std::io::Error::other(reason));
    }
    Ok(output)
}

fn start_demo(config: &Config) -> Result<Option<DemoServer>, PullError> {
    match config.target {
        Target::Demo => DemoServer::builder(Profile::demo())
            .start()
            .map(Some)
            .map_err(PullError::Output),
        Target::Verkada { .. } => Ok(None),
    }
}

fn client(config: &Config, demo: Option<&DemoServer>) -> Result<VerkadaApi, PullError> {
    let builder = match (&config.target, demo) {
        (
            Target::Verkada {
                key,
                base_url,
                token_file,
            },
            _,
        ) => config
            .client
            .builder(key.clone(), base_url.clone())
            .token_file(token_file),
        (Target::Demo, Some(demo)) => config
            .client
            .builder(Secret::new(demo.api_key()), demo.base_url().parse()?),
        (Target::Demo, None) => unreachable!("the demo is started before its client"),
    };
    Ok(builder.build()?)
}
