//! Files that are replaced whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What is added to the name of a file while it is written, if nobody else writes it at the same time.
const TEMPORARY: &str = "tmp";

/// Replaces `path` by what `write` writes, for the owner only (0600): written beside it, synced, renamed, and
/// the folder synced, so that a crash at any instant leaves the old file or the new one. A symbolic link is
/// followed.
///
/// # Errors
///
/// Any failure to write, also that `path` is a folder, a pipe or a device; `path` is then as it was.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    replace_by(path, TEMPORARY, write)
}

/// Like [`replace`]; the file beside it has the further ending `ending`, which tells it from those of other writers.
pub(crate) fn replace_by(
    path: &Path,
    ending: &str,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|existing| !existing.is_file()) {
        // Renaming onto it would replace `/dev/null` for everybody.
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    let neighbour = neighbour(&path, ending)?;
    let written = write_new(&neighbour, write).and_then(|()| fs::rename(&neighbour, &path));
    if written.is_err() {
        // The failure to report is the first one.
        let _ = fs::remove_file(&neighbour);
    }
    written?;
    sync_folder(&path)
}

/// Whether [`replace`] could write beside `path` now.
///
/// # Errors
///
/// Why it could not.
pub(crate) fn check_replaceable(path: &Path) -> io::Result<()> {
    let neighbour = neighbour(path, TEMPORARY)?;
    write_new(&neighbour, |_| Ok(()))?;
    fs::remove_file(&neighbour)
}

/// `path` with a further ending: `folder/name.ending`.
pub(crate) fn neighbour(path: &Path, ending: &str) -> io::Result<PathBuf> {
    let mut name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
        .to_owned();
    name.push(".");
    name.push(ending);
    Ok(path.with_file_name(name))
}

/// Makes the name of `path` in its folder survive a power cut.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn write_new(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    // A left-over of a killed run. `create_new` then refuses whatever somebody else puts there meanwhile.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let mut writer = BufWriter::new(file);
    write(&mut writer)?;
    writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()
}
