//! Checks of paths by looking alone: nothing is written. A quota may still be used up, which only a write shows.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use super::durable::check_owner;
use super::failure::{at, folder_of, shown_folder};
use super::trust::resolve;

/// Checks that [`replace`](super::replace) could replace `path` now.
///
/// # Errors
///
/// The reason why it could not. Names the path.
pub(crate) fn could_replace(path: &Path) -> io::Result<()> {
    let path = &resolve(path)?;
    if fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
        let message = format!("{} is not a regular file", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    check_owner(path)?;
    could_create(path)
}

/// Checks that something could be appended to `path` now: to what is there, or to a new file.
///
/// # Errors
///
/// The reason why it could not. Names the path.
pub(crate) fn could_append(path: &Path) -> io::Result<()> {
    let Ok(existing) = fs::metadata(path) else {
        // A link to nothing has the file created where it leads.
        let target = fs::read_link(path).map(|target| folder_of(path).join(target));
        return could_create(&target.unwrap_or_else(|_| path.to_owned()));
    };
    if existing.is_dir() {
        return Err(at("opening", path, &io::ErrorKind::IsADirectory.into()));
    }
    access(path, Access::WRITE_OK).map_err(|error| at("opening", path, &error.into()))
}

/// Checks that a file could be created in the folder of `path`.
fn could_create(path: &Path) -> io::Result<()> {
    let allowed = access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK);
    allowed.map_err(|error| {
        let doing = "creating a file in the folder";
        at(doing, &shown_folder(path), &error.into())
    })
}
