//! The files of a run, and the check that each serves one purpose.

use std::fmt;
use std::path::{Path, PathBuf};

use verkada_audit_logs::DEFAULT_TOKEN_FILE;

use super::api_key;
use super::environment::Environment;
use super::setting::Settings;
use super::usage_error::UsageError;
use crate::cli::args::PullArgs;

/// The flag that names the metrics file, and the variable.
const METRICS: &str = "--metrics-file";
pub(crate) const METRICS_FILE: &str = "VERKADA_METRICS_FILE";

/// The flags of files that a run replaces.
const REPLACED: [&str; 3] = ["--checkpoint", "--token-file", METRICS];

/// The files that a run writes or reads.
#[derive(Debug, Default)]
pub(super) struct Files {
    token_file: Option<PathBuf>,
    checkpoint: Option<PathBuf>,
    output: Option<PathBuf>,
    metrics: Option<PathBuf>,
    key_file: Option<PathBuf>,
    env_file: Option<PathBuf>,
}

/// A path that is in use.
struct UsedFile {
    /// The flag, or the words, that name the file.
    name: &'static str,
    /// Words before the name, if the path is that of a file beside it.
    part: &'static str,
    path: PathBuf,
}

impl fmt::Display for UsedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.part, self.name)
    }
}

impl Files {
    /// Finds the files that the flags and variables name.
    pub(super) fn of(args: &PullArgs, settings: &Settings<'_>) -> Result<Self, UsageError> {
        let PullArgs { read, write, .. } = args;
        let token_file = settings.path(read.token_file.as_deref(), "VERKADA_TOKEN_FILE")?;
        let token_file = token_file.unwrap_or_else(|| DEFAULT_TOKEN_FILE.into());
        Ok(Self {
            token_file: (!read.demo).then_some(token_file),
            checkpoint: settings.path(write.checkpoint.as_deref(), "VERKADA_CHECKPOINT")?,
            output: write.output.clone().filter(|path| path != "-"),
            metrics: settings.path(write.metrics_file.as_deref(), METRICS_FILE)?,
            key_file: api_key::file(read, settings.environment)?,
            env_file: settings.environment.path().map(Path::to_owned),
        })
    }

    /// Refuses a file that is given for two purposes, because one would overwrite the other.
    pub(super) fn check_distinct(&self) -> Result<(), UsageError> {
        let files = self.named();
        for (index, file) in files.iter().enumerate() {
            let same = |other: &&UsedFile| other.name != file.name && other.path == file.path;
            if let Some(other) = files[..index].iter().find(same) {
                return Err(UsageError::new(format!(
                    "{other} and {file} are the same file; give each its own"
                )));
            }
        }
        Ok(())
    }

    /// Reports whether a metrics file is named.
    pub(super) fn has_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// Every path that is in use.
    fn named(&self) -> Vec<UsedFile> {
        let mut files = vec![("--output", "", self.output.as_deref().map(resolved))];
        for (part, ending) in [
            ("", ""),
            ("the lock file of ", ".lock"),
            ("the temporary file of ", ".tmp"),
        ] {
            let beside = |path: &Path| {
                let mut path = resolved(path).into_os_string();
                path.push(ending);
                PathBuf::from(path)
            };
            files.push(("--checkpoint", part, self.checkpoint.as_deref().map(beside)));
            files.push(("--token-file", part, self.token_file.as_deref().map(beside)));
        }
        files.push((METRICS, "", self.metrics.as_deref().map(resolved)));
        let key_file = self.key_file.as_deref().map(resolved);
        files.push(("the file with the API key", "", key_file));
        files.push((".env", "", self.env_file.as_deref().map(resolved)));
        let files = files.into_iter();
        files
            .filter_map(|(name, part, path)| {
                let path = path?;
                Some(UsedFile { name, part, path })
            })
            .collect()
    }

    /// Reports whether the metrics file serves another purpose as well.
    fn shares_metrics(&self) -> bool {
        let files = self.named();
        let metrics = files.iter().find(|file| file.name == METRICS);
        metrics.is_some_and(|metrics| {
            files
                .iter()
                .any(|file| file.name != METRICS && file.path == metrics.path)
        })
    }
}

/// Refuses to compare a file that the run would replace: its lines would be lost. The output is another matter, because it
/// only grows.
pub(crate) fn check_compared(
    compared: &[PathBuf],
    args: &PullArgs,
    environment: &Environment,
) -> Result<(), UsageError> {
    let files = Files::of(args, &Settings { environment })?;
    let replaced = files.named().into_iter();
    let mut replaced = replaced.filter(|file| REPLACED.contains(&file.name));
    match replaced.find(|file| is_among(&file.path, compared)) {
        None => Ok(()),
        Some(UsedFile { name, path, .. }) => Err(UsageError::new(format!(
            "{name} would replace {}, which is to be verified; give each its own",
            path.display()
        ))),
    }
}

/// Reports whether `path` leads to one of `files`, by whatever name.
pub(crate) fn is_among(path: &Path, files: &[PathBuf]) -> bool {
    let path = resolved(path);
    files.iter().any(|file| resolved(file) == path)
}

/// Finds the metrics file, also for a run whose other settings are refused. `None` if none is named, or if it is another
/// file of the run, which must not be overwritten. Without an `environment` that can be read, the variables of the process
/// count.
pub(crate) fn metrics_file(args: &PullArgs, environment: Option<&Environment>) -> Option<PathBuf> {
    let of_the_process = Environment::default();
    let environment = environment.unwrap_or(&of_the_process);
    let files = Files::of(args, &Settings { environment }).ok()?;
    // Nothing is looked up on the disk unless there is a metrics file.
    let metrics = files.metrics.clone()?;
    (!files.shares_metrics()).then_some(metrics)
}

/// Resolves a path even if its last part does not exist yet.
fn resolved(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")));
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}
