//! The check that each file serves one purpose.

use std::path::{Path, PathBuf};

use super::usage_error::UsageError;

/// Refuses a file that is given for two purposes, because one would overwrite the other. `read` are the files that are
/// only read, with the words that name them.
pub(super) fn check_distinct(
    token_file: Option<&Path>,
    checkpoint: Option<&Path>,
    output: Option<&Path>,
    read: &[(&'static str, Option<&Path>)],
) -> Result<(), UsageError> {
    let mut files = vec![("--output", output.map(resolved))];
    for ending in ["", ".lock", ".tmp"] {
        let beside = |path: &Path| {
            let mut path = resolved(path).into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        files.push(("--checkpoint", checkpoint.map(beside)));
        files.push(("--token-file", token_file.map(beside)));
    }
    files.extend(read.iter().map(|(name, path)| (*name, path.map(resolved))));
    for (index, (name, path)) in files.iter().enumerate() {
        let same = |(other, earlier): &&(&str, Option<PathBuf>)| other != name && earlier == path;
        if let Some((other, _)) = files[..index].iter().filter(|_| path.is_some()).find(same) {
            return Err(UsageError::new(format!(
                "{other} and {name} are the same file, or one that the other needs; give each its own"
            )));
        }
    }
    Ok(())
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
