//! The look-up of the API key.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use verkada_audit_logs::Secret;

use super::setting::{Setting, Settings};
use super::usage_error::UsageError;
use crate::cli::args::Args;

const KEY: &str = "VERKADA_API_KEY";

/// The variable that names a file with the key.
pub(crate) const FILE: &str = "VERKADA_API_KEY_FILE";

/// At most this many bytes of a key file are read. A key has about a hundred characters.
const LONGEST_KEY_FILE: u64 = 16 << 10;

/// Finds the key: in a file named by flag, then in the environment, then in `.env`; in each of the latter the key itself
/// comes before a file that holds it.
pub(crate) fn find(args: &Args, settings: &Settings<'_>) -> Result<Secret, UsageError> {
    if let Some(path) = &args.api_key_file {
        return key_in_file(path, "--api-key-file");
    }
    for [key, file] in settings.environment.layers([KEY, FILE])? {
        if let Some(value) = key {
            return Setting { name: KEY, value }.parse();
        }
        if let Some(path) = file {
            return key_in_file(Path::new(&path), FILE);
        }
    }
    Err(UsageError::new(
        "no API key: set VERKADA_API_KEY in the environment or in .env, or name a file with --api-key-file or VERKADA_API_KEY_FILE; --demo runs without one",
    ))
}

fn key_in_file(path: &Path, name: &'static str) -> Result<Secret, UsageError> {
    let mut value = String::new();
    let read =
        File::open(path).and_then(|file| file.take(LONGEST_KEY_FILE).read_to_string(&mut value));
    read.map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::IsADirectory | ErrorKind::InvalidData => {
            UsageError::new(format!(
                "{name}: {} cannot be read: {error}",
                path.display()
            ))
        }
        // The path may be the key itself, given by mistake, and must not appear in a log.
        _ => UsageError::new(format!(
            "{name}: there is no such file ({error}); give the path of a file that holds the key, never the key itself"
        )),
    })?;
    let parsed = value.parse::<Secret>();
    parsed.map_err(|reason| UsageError::new(format!("{name}: {}: {reason}", path.display())))
}
