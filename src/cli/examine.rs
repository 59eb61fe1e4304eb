//! The doctor's command: the set-up that the flags describe, examined and shown.

use std::env;
use std::path::Path;

use verkada_audit_logs::doctor::{self, SecretFile, SecretFiles, Setup, Subject};

use super::args::PullArgs;
use super::config::{Config, Environment, KEY, Layer, UsageError, key_file};
use super::output;
use super::report::{CheckPrinter, ExitCode};

/// Examines the set-up, prints each check, and returns the exit code of the first that failed. `flags` are the names of
/// those that were given; `config` is what they and the variables of `environment` come to.
pub(crate) async fn examine(
    args: &PullArgs,
    flags: &[String],
    environment: Option<&Environment>,
    config: Result<Config, UsageError>,
) -> ExitCode {
    let mut printer = CheckPrinter::default();
    let files = secret_files(args, environment);
    match (config, environment) {
        (Ok(config), Some(environment)) => {
            printer.say_ok(Subject::Settings, &origins(flags, environment));
            // The simulated organisation lives as long as this.
            let (setup, _alive) = setup(config);
            doctor::examine(setup, &files, &mut |check| printer.show(&check)).await;
        }
        (config, _) => {
            if let Err(error) = config {
                printer.say_unusable(Subject::Settings, &error);
            }
            doctor::skip_without_settings(&files, &mut |check| printer.show(&check));
        }
    }
    printer.finish()
}

fn setup(config: Config) -> (Setup, impl Sized) {
    let setup = Setup {
        client: config.client,
        pull: config.pull,
        checkpoint: config.checkpoint,
        origin: config.origin,
        output_look: output::look(config.output.as_deref()),
        output: config.output,
    };
    (setup, config.demo)
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
