//! What could be written to a path, told by looking alone. A file system may still be full, which only a write shows.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use super::durable::check_owner;
use super::failure::{at, folder_of, shown_folder};
use super::trust::resolve;

/// Looks whether [`replace`](super::replace) could replace `path` now.
///
/// # Errors
///
/// Why it could not. Names the path.
pub(crate) fn look_replaceable(path: &Path) -> io::Result<()> {
    let path = &resolve(path)?;
    if fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
        let message = format!("{} is not a regular file", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    check_owner(path)?;
    look_creatable(path)
}

/// Looks whether something could be appended to `path` now: to what is there, or to a new file.
///
/// # Errors
///
/// Why it could not. Names the path.
pub(crate) fn look_appendable(path: &Path) -> io::Result<()> {
    let Ok(existing) = fs::metadata(path) else {
        return look_creatable(path);
    };
    if existing.is_dir() {
        return Err(at("opening", path, &io::ErrorKind::IsADirectory.into()));
    }
    access(path, Access::WRITE_OK).map_err(|error| at("opening", path, &error.into()))
}

/// Looks whether a file could be created in the folder of `path`.
fn look_creatable(path: &Path) -> io::Result<()> {
    let allowed = access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK);
    allowed.map_err(|error| {
        let doing = "creating a file in the folder";
        at(doing, &shown_folder(path), &error.into())
    })
}
