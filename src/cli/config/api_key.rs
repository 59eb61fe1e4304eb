//! The look-up of the API key.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use verkada_audit_logs::Secret;

use super::environment::Environment;
use super::setting::{Setting, Settings};
use super::usage_error::UsageError;
use crate::cli::args::ReadArgs;

/// The variable that holds the key.
pub(crate) const KEY: &str = "VERKADA_API_KEY";

/// The variable that names a file with the key.
const FILE: &str = "VERKADA_API_KEY_FILE";

/// At most this many bytes of a key file are read. A key has about a hundred characters.
const LONGEST_KEY_FILE: u64 = 16 << 10;

/// Finds the key: in a file named by flag, then in the environment, then in `.env`; in each of the latter the key itself
/// comes before a file that holds it.
pub(super) fn find(args: &ReadArgs, settings: &Settings<'_>) -> Result<Secret, UsageError> {
    if let Some(path) = &args.api_key_file {
        return key_in_file(path, "--api-key-file");
    }
    match settings.environment.first_of([KEY, FILE])? {
        Some(found) if found.name == FILE => return key_in_file(Path::new(&found.value), FILE),
        Some(found) => return Setting::from(found).parse(),
        None => {}
    }
    let because = match settings.environment.file_problem() {
        Some(problem) => format!(" ({problem})"),
        None => String::new(),
    };
    Err(UsageError::new(format!(
        "no API key{because}: set VERKADA_API_KEY in the environment or in .env, or name a file with --api-key-file or VERKADA_API_KEY_FILE; --demo runs without one"
    )))
}

/// A key for a client that must not send it.
pub(super) fn stand_in() -> Result<Secret, UsageError> {
    let key = Secret::new("none");
    key.map_err(|error| UsageError::new(error.to_string()))
}

/// The path of the file with the key that is named, whether or not the key is taken from it.
pub(crate) fn file(
    args: &ReadArgs,
    environment: &Environment,
) -> Result<Option<PathBuf>, UsageError> {
    match &args.api_key_file {
        Some(path) => Ok(Some(path.clone())),
        None => Ok(environment.peek(FILE)?.map(PathBuf::from)),
    }
}

fn key_in_file(path: &Path, name: &'static str) -> Result<Secret, UsageError> {
    let mut value = String::new();
    let read =
        File::open(path).and_then(|file| file.take(LONGEST_KEY_FILE).read_to_string(&mut value));
    read.map_err(|error| {
        let exists = matches!(
            error.kind(),
            ErrorKind::PermissionDenied | ErrorKind::IsADirectory | ErrorKind::InvalidData
        );
        if exists || !looks_like_key(path) {
            let shown = path.display();
            return UsageError::new(format!(
                "{name}: {shown} cannot be read: {error}; give the path of a file that holds the key"
            ));
        }
        UsageError::new(format!(
            "{name}: there is no such file; give the path of a file that holds the key, never the key itself"
        ))
    })?;
    let parsed = value.parse::<Secret>();
    parsed.map_err(|reason| UsageError::new(format!("{name}: {}: {reason}", path.display())))
}

/// The length from which a text may be a key.
const SHORTEST_KEY: usize = 40;

/// Reports whether a path may be the key itself, given by mistake, which must not appear in a log. Some keys hold slashes, so
/// a relative path is a path only if its first folder is there.
fn looks_like_key(path: &Path) -> bool {
    let text = path.as_os_str();
    let is_path = path.is_absolute() || text.as_encoded_bytes().contains(&b'.');
    let first = path.components().next();
    let has_folder = path.components().nth(1).is_some()
        && first.is_some_and(|folder| Path::new(folder.as_os_str()).is_dir());
    text.len() >= SHORTEST_KEY && !is_path && !has_folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_word_that_leads_nowhere_may_be_a_key() {
        let nested = "src/".repeat(12);
        for path in [
            "/etc/verkada/api-ky",
            "api-ky",
            "/a/long/path/to/a/folder/that/does/not/exist/api-key",
            "credentials-of-the-organisation-in-europe.txt",
            nested.as_str(),
        ] {
            assert!(!looks_like_key(Path::new(path)), "{path}");
        }
        let with_slashes = "AbC/0123456789/x+/==".repeat(4);
        for key in [
            "vkd_api_0123456789abcdef0123456789abcdef",
            with_slashes.as_str(),
        ] {
            assert!(looks_like_key(Path::new(key)), "{key}");
        }
    }
}
