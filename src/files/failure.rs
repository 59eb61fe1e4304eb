//! Errors that name the path they are about. The system's own do not.

use std::fs;
use std::io;
use std::path::{self, Path, PathBuf};

/// Returns `error` with what was being done, and to which path.
pub(crate) fn at(doing: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}

/// Returns `error` for a file that could not be opened or created. If there is no such file, the folder is named: it is
/// what keeps the file from being created.
pub(super) fn opening(path: &Path, error: &io::Error) -> io::Error {
    let is_too_long = error.kind() == io::ErrorKind::InvalidFilename;
    if is_too_long || fs::symlink_metadata(path).is_ok() {
        return at("opening", path, error);
    }
    at("creating a file in the folder", &shown_folder(path), error)
}

/// Returns the absolute path of the folder that `path` is in: under cron or systemd, a reader of the message cannot
/// know what `.` is.
pub(crate) fn shown_folder(path: &Path) -> PathBuf {
    let folder = folder_of(path);
    let whole = fs::canonicalize(&folder).or_else(|_| path::absolute(&folder));
    whole.unwrap_or(folder)
}

/// Returns the folder that `path` is in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}
