//! Where the API key is found.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use verkada_audit_logs::Secret;

use super::args::Args;
use super::settings::{Setting, Settings, UsageError};

const KEY: &str = "VERKADA_API_KEY";

/// The variable that names a file with the key.
pub(crate) const FILE: &str = "VERKADA_API_KEY_FILE";

/// So much of a key file is read; a key has about a hundred characters.
const LONGEST_KEY_FILE: u64 = 16 << 10;

/// The key: a file named by flag, then the environment, then `.env`; in each of the latter the key itself
/// before a file that holds it.
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
        // Whoever gives the key itself instead of a path must not find it in a log.
        _ => UsageError::new(format!(
            "{name}: there is no such file ({error}); give the path of a file that holds the key, never the key itself"
        )),
    })?;
    let parsed = value.parse::<Secret>();
    parsed.map_err(|reason| UsageError::new(format!("{name}: {}: {reason}", path.display())))
}
