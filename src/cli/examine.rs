//! The doctor's command: the set-up that the flags describe, examined and shown.

use std::env;
use std::path::Path;

use verkada_audit_logs::demo::DemoServer;
use verkada_audit_logs::doctor::{self, SecretFile, SecretFiles, Setup, Subject};
use verkada_audit_logs::pull::ENDS_IN_FUTURE;

use super::args::PullArgs;
use super::config::{Config, Environment, KEY, Layer, Naming, UsageError, key_file, metrics_file};
use super::output;
use super::report::{CheckPrinter, ExitCode};

/// Examines the set-up, prints each check, and returns the exit code of the first that failed. `flags` are the names of
/// those that were given, `now` is this machine's clock in Unix seconds.
pub(crate) async fn examine(
    args: &PullArgs,
    flags: &[String],
    environment: Result<Environment, UsageError>,
    now: i64,
) -> ExitCode {
    let mut printer = CheckPrinter::default();
    let set_up = match &environment {
        Ok(environment) => set_up(args, flags, environment, now, &mut printer),
        Err(error) => {
            printer.say_unusable(Subject::Settings, error);
            None
        }
    };
    let files = secret_files(args, environment.as_ref().ok());
    let report = &mut |check| printer.show(&check);
    match set_up {
        Some((setup, _demo)) => doctor::examine(setup, &files, report).await,
        None => doctor::skip_without_settings(&files, report),
    }
    printer.finish()
}

/// Prints whether the settings can be used, and returns what they come to, with the simulated organisation that has to
/// live as long. If only the key is at fault, everything else can be looked at all the same.
fn set_up(
    args: &PullArgs,
    flags: &[String],
    environment: &Environment,
    now: i64,
    printer: &mut CheckPrinter,
) -> Option<(Setup, Option<DemoServer>)> {
    let config = Config::new(args, environment, now);
    let has_key = config.is_ok();
    let config = match config {
        Ok(config) => {
            let origins = origins(flags, environment);
            match warnings(&config, environment, now) {
                None => printer.say_ok(Subject::Settings, &origins),
                Some(warnings) => printer.say_warning(Subject::Settings, &origins, &warnings),
            }
            config
        }
        Err(error) => {
            printer.say_unusable(Subject::Settings, &error);
            Config::without_key(args, environment, now).ok()?
        }
    };
    let setup = Setup {
        client: config.client,
        has_key,
        pull: config.pull,
        checkpoint: config.checkpoint,
        origin: config.origin,
        output_check: output::look(config.output.as_deref()),
        output: config.output,
        metrics_file: metrics_file(args, Some(environment)),
    };
    Some((setup, config.demo))
}

/// Says which settings mean something else than they seem to, if any do.
fn warnings(config: &Config, environment: &Environment, now: i64) -> Option<String> {
    let mut warnings = environment.unknown(Naming::All);
    if !warnings.is_empty() {
        warnings.push("correct the name, unless another program reads it".to_owned());
    }
    let is_future = config.pull.end_after(now).is_some();
    warnings.extend(is_future.then(|| ENDS_IN_FUTURE.to_owned()));
    (!warnings.is_empty()).then(|| warnings.join("; "))
}

/// Says where each setting came from: names, never values.
fn origins(flags: &[String], environment: &Environment) -> String {
    let mut parts = Vec::new();
    if !flags.is_empty() {
        parts.push(format!("given as flags: {}", flags.join(", ")));
    }
    let file = environment.path().unwrap_or(Path::new(".env"));
    for (layer, place) in [
        (Layer::Process, "the environment".to_owned()),
        (Layer::File, file.display().to_string()),
    ] {
        let names = environment.taken_from(layer);
        if !names.is_empty() {
            parts.push(format!("from {place}: {}", names.join(", ")));
        }
    }
    if parts.is_empty() {
        return "all by default".to_owned();
    }
    parts.push("the rest by default".to_owned());
    parts.join("; ")
}

/// The files that may hold the key.
fn secret_files(args: &PullArgs, environment: Option<&Environment>) -> SecretFiles {
    let Some(environment) = environment else {
        return SecretFiles {
            remark: Some("the settings were not read".to_owned()),
            ..SecretFiles::default()
        };
    };
    let mut files = Vec::new();
    if let Some(path) = environment.path() {
        files.push(SecretFile {
            path: path.to_owned(),
            holds_key: environment.is_in_file(KEY),
            problem: environment.unread_file().map(str::to_owned),
        });
    }
    let key_file = key_file(&args.read, environment).ok().flatten();
    files.extend(key_file.map(|path| SecretFile {
        path,
        holds_key: true,
        problem: None,
    }));
    let remark = if environment.is_ignored() {
        Some("--demo reads none".to_owned())
    } else if environment.path().is_none() {
        let folder = env::current_dir().unwrap_or_default();
        Some(format!("no .env from {} upwards", folder.display()))
    } else {
        None
    };
    SecretFiles { files, remark }
}
