//! The files that hold the API key, and who may read them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::check::{Check, CheckOutcome, Subject};

/// The mode bits of everybody who is neither the owner nor in the group. A group is given access on purpose, as to a
/// secret that a container mounts.
const OTHERS: u32 = 0o007;

/// The files that may hold the API key.
#[derive(Debug, Default)]
pub struct SecretFiles {
    /// Each of them that there is.
    pub files: Vec<SecretFile>,
    /// A remark on files that were not looked for or not found, if there is one.
    pub remark: Option<String>,
}

/// A file that may hold the API key.
#[derive(Debug)]
pub struct SecretFile {
    /// Its path.
    pub path: PathBuf,
    /// True if the key is in it.
    pub holds_key: bool,
    /// The reason why it was not read, if it was not.
    pub problem: Option<String>,
}

/// Looks at the modes of the files.
pub(super) fn check(secret_files: &SecretFiles) -> Check {
    let SecretFiles { files, remark } = secret_files;
    let mut found: Vec<_> = remark.iter().cloned().collect();
    for file in files {
        match look(file) {
            Ok(words) => found.push(words),
            Err(warning) => return Subject::SecretFiles.found(warning),
        }
    }
    Subject::SecretFiles.found(CheckOutcome::ok(found.join("; ")))
}

/// Describes a file, or warns of it.
fn look(file: &SecretFile) -> Result<String, CheckOutcome> {
    if let Some(problem) = &file.problem {
        let remedy = "a run does without it, so fix it or take it away";
        return Err(CheckOutcome::warn(problem, remedy));
    }
    let shown = file.path.display();
    let Ok(metadata) = fs::metadata(&file.path) else {
        return Ok(format!("{shown} (gone)"));
    };
    if !metadata.is_file() {
        // A pipe has no reader but this one, and a folder holds no key.
        return Ok(format!("{shown} (not a regular file)"));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if file.holds_key && mode & OTHERS != 0 {
        let found =
            format!("every user of this machine can read the API key in {shown} (mode {mode:04o})");
        return Err(CheckOutcome::warn(found, format!("chmod 600 {shown}")));
    }
    Ok(format!("{shown} (mode {mode:04o})"))
}
