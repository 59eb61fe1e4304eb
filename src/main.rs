//! The command-line program; see the library for how it works.

mod cli;

use std::time::Instant;

use tokio::runtime::Runtime;
use verkada_audit_logs::pull::{self, Checkpoint, Printer};

use cli::args::{Command, CommandLine, PullArgs, VerifyArgs};
use cli::compare;
use cli::config::{Config, Environment, UsageError, check_compared, is_among, metrics_file};
use cli::documents;
use cli::report::{self, Ended, ExitCode, LogFormat};
use cli::run;
use cli::signals::unless_stopped;

fn main() -> std::process::ExitCode {
    report::end_panics_in_one_line();
    let (line, flags) = match CommandLine::read() {
        Ok(read) => read,
        Err(error) => return report::answer(&error).into(),
    };
    if line.prints_on_standard_output()
        && let Err(error) = cli::output::look(None)
    {
        return report::fail_plainly(&error.to_string()).into();
    }
    match line.command {
        None => with_runtime(|runtime| main_job(&line.pull, runtime)),
        Some(Command::Doctor(args)) => with_runtime(|runtime| examine(&args, &flags, runtime)),
        Some(Command::Verify(args)) => with_runtime(|runtime| verify(&args, runtime)),
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
fn main_job(args: &PullArgs, runtime: &Runtime) -> ExitCode {
    let started = Instant::now();
    let (environment, format) = start(args, false);
    let metrics = metrics_file(args, environment.as_ref().ok());
    let ended = match environment.and_then(|environment| Config::new(args, &environment, now())) {
        Ok(config) => runtime.block_on(pull(args, &config, format, started)),
        Err(error) => refuse(format, &error),
    };
    report::close(&ended, started.elapsed(), format, metrics.as_deref())
}

fn refuse(format: LogFormat, error: &UsageError) -> Ended {
    report::report_error(format, &error.to_string());
    Ended::at_once(ExitCode::of_usage(error))
}

/// The command `verify`.
fn verify(args: &VerifyArgs, runtime: &Runtime) -> ExitCode {
    let started = Instant::now();
    let (environment, format) = start(&args.pull, false);
    // A variable names the file of the scheduled runs, and a comparison must not replace what it says of them.
    let is_given = args.pull.write.metrics_file.is_some();
    let metrics = metrics_file(&args.pull, environment.as_ref().ok())
        .filter(|path| is_given && !is_among(path, &args.files));
    let config = environment.and_then(|environment| {
        compare::check_flags(args)?;
        let mut config = Config::new(&args.pull, &environment, now())?;
        compare::check(args, &mut config)?;
        check_compared(&args.files, &args.pull, &environment)?;
        Ok(config)
    });
    let ended = match config {
        Ok(config) => runtime.block_on(compare::compare(args, &config, format)),
        Err(error) => refuse(format, &error),
    };
    report::close(&ended, started.elapsed(), format, metrics.as_deref())
}

/// The command `doctor`. What there is to say is said on standard output.
fn examine(args: &PullArgs, flags: &[String], runtime: &Runtime) -> ExitCode {
    let (environment, _) = start(args, true);
    let examined = cli::examine::examine(args, flags, environment, now());
    let code = runtime.block_on(unless_stopped(examined));
    code.unwrap_or_else(|code| {
        report::report_error(LogFormat::Text, "stopped before all checks were made");
        code
    })
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

async fn pull(args: &PullArgs, config: &Config, format: LogFormat, started: Instant) -> Ended {
    let quiet = args.messages.quiet;
    // Before signals are listened to: opening a pipe without a reader waits, and a signal has to end that.
    let printer = match printer(config) {
        Ok(printer) => printer,
        Err(error) => return Ended::at_once(report::fail(format, &error)),
    };
    let ended = run::run(config, printer, format, quiet).await;
    if !quiet {
        report::summarise(config, format, &ended, started.elapsed());
    }
    ended
}

/// The checkpoint comes first: if another run holds it, not even the output is touched.
fn printer(config: &Config) -> Result<Printer, pull::Error> {
    let checkpoint = config.checkpoint.as_deref();
    let checkpoint = checkpoint
        .map(|path| Checkpoint::open(path, config.origin.as_str()))
        .transpose()?;
    let output = cli::output::open(config.output.as_deref()).map_err(pull::Error::Output)?;
    let printer = Printer::new(output, checkpoint);
    Ok(printer.with_format(config.format.unwrap_or_default(), config.host.clone()))
}
