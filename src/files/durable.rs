//! Files that are replaced whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::geteuid;

use super::failure::{at, folder_of, opening, shown_folder};
use super::trust::{STICKY, resolve};

/// The ending of a file while it is written, if no other run writes it at the same time.
const TEMPORARY: &str = "tmp";

/// Digits in the further ending of a file that several runs may write at the same time.
const RANDOM_DIGITS: usize = 16;

/// A temporary file that has not been written to for this long is left over from a run that was killed.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(60);

/// Those who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    Owner,
    Everyone,
}

/// Replaces `path` by what `write` writes, for the owner only (0600). The new file is written beside it, synced and
/// renamed, and the folder is synced, so that a crash at any instant leaves the old file or the new one. A symbolic
/// link is followed if no other user can have planted it.
///
/// # Errors
///
/// Fails if it cannot be written, or if `path` is a folder, a pipe or a device; `path` is then as it was. Names the
/// path.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    replace_by(&resolve(path)?, TEMPORARY, Readers::Owner, write)
}

/// Replaces `path` by `text`, which every user may read (0644), beside it and renamed.
///
/// # Errors
///
/// Any failure to write; `path` is then as it was. Names the path.
pub fn publish(path: &Path, text: &str) -> io::Result<()> {
    replace_at_any_time(path, Readers::Everyone, |file| {
        file.write_all(text.as_bytes())
    })
}

/// Like [`replace`], for a file that several runs may replace at the same time. What killed runs have left beside it is
/// removed.
pub(crate) fn replace_shared(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    replace_at_any_time(path, Readers::Owner, write)
}

fn replace_at_any_time(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let path = resolve(path)?;
    remove_left_overs(&path);
    let ending = format!(
        "{:0digits$x}.{TEMPORARY}",
        fastrand::u64(..),
        digits = RANDOM_DIGITS
    );
    replace_by(&path, &ending, readers, write)
}

/// Replaces `path`, which is not a link, by way of the file beside it with the further ending `ending`.
fn replace_by(
    path: &Path,
    ending: &str,
    readers: Readers,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
        // Renaming onto it would replace `/dev/null` for everybody.
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is not a regular file", path.display()),
        ));
    }
    let neighbour = neighbour(path, ending)?;
    let written = write_new(&neighbour, readers, write)
        .and_then(|()| fs::rename(&neighbour, path).map_err(|error| at("replacing", path, &error)));
    if written.is_err() {
        // The failure to report is the first one.
        let _ = fs::remove_file(&neighbour);
    }
    written?;
    sync_folder(path)
}

/// Checks that [`replace`] could replace `path` now.
///
/// # Errors
///
/// Fails with the reason for which it could not.
pub(crate) fn check_replaceable(path: &Path) -> io::Result<()> {
    check_owner(path)?;
    let neighbour = neighbour(path, TEMPORARY)?;
    write_new(&neighbour, Readers::Owner, |_| Ok(()))?;
    fs::remove_file(&neighbour).map_err(|error| at("removing", &neighbour, &error))
}

/// Refuses a file of another user that only that user may rename onto.
pub(super) fn check_owner(path: &Path) -> io::Result<()> {
    if !is_bound_to_its_owner(path) {
        return Ok(());
    }
    let message = format!(
        "{} belongs to another user, and in its folder only that user may replace it",
        path.display()
    );
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}

/// Reports whether the folder's sticky bit keeps this user from renaming onto `path`, although the folder lets it create
/// files.
fn is_bound_to_its_owner(path: &Path) -> bool {
    let (Ok(existing), Ok(folder)) = (fs::metadata(path), fs::metadata(folder_of(path))) else {
        return false;
    };
    let user = geteuid();
    folder.mode() & STICKY != 0
        && !user.is_root()
        && ![existing.uid(), folder.uid()].contains(&user.as_raw())
}

/// `path` with a further ending: `folder/name.ending`.
pub(crate) fn neighbour(path: &Path, ending: &str) -> io::Result<PathBuf> {
    let mut name = path
        .file_name()
        .ok_or_else(|| {
            let message = format!("{} does not name a file", path.display());
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?
        .to_owned();
    name.push(".");
    name.push(ending);
    Ok(path.with_file_name(name))
}

/// Makes the name of `path` in its folder survive a power cut, where the file system can do that.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    let failed = match File::open(&folder) {
        // A folder may be entered and written to by those who may not list it. The name is in place all the same.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(error) => Some(error),
        Ok(opened) => opened
            .sync_all()
            .err()
            .filter(|error| !is_unsupported(error)),
    };
    failed.map_or(Ok(()), |error| {
        Err(at("syncing the folder", &shown_folder(path), &error))
    })
}

/// Reports whether `error` says that the file system cannot sync folders, as network and user-space ones do.
fn is_unsupported(error: &io::Error) -> bool {
    let errors = [
        Errno::BADF,
        Errno::INVAL,
        Errno::NOSYS,
        Errno::NOTSUP,
        Errno::OPNOTSUPP,
    ];
    errors
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn write_new(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    // Left by a killed run. `create_new` then refuses a file that another program puts there meanwhile.
    match fs::remove_file(path) {
        Err(error) if fs::symlink_metadata(path).is_ok() => {
            return Err(at("removing", path, &error));
        }
        _ => {}
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| opening(path, &error))?;
    if readers == Readers::Everyone {
        // Whatever the mask of this process takes away.
        let mode = Permissions::from_mode(0o644);
        file.set_permissions(mode)
            .map_err(|error| at("changing the mode of", path, &error))?;
    }
    let mut writer = BufWriter::new(file);
    write(&mut writer)
        .and_then(|()| writer.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(|file| file.sync_all())
        .map_err(|error| at("writing", path, &error))
}

/// Removes what killed runs have left beside `path`: such a file may hold a token. A failure to do so is no reason not to
/// replace `path`, and the next run tries again.
fn remove_left_overs(path: &Path) {
    let (Some(name), Ok(entries)) = (path.file_name(), fs::read_dir(folder_of(path))) else {
        return;
    };
    for entry in entries.flatten() {
        if is_temporary_of(name, &entry.file_name()) && is_left_over(&entry) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Reports whether `candidate` is a name that [`replace_shared`] gives to what it writes beside `name`.
fn is_temporary_of(name: &OsStr, candidate: &OsStr) -> bool {
    let ending = candidate.as_bytes().strip_prefix(name.as_bytes());
    let digits = ending
        .and_then(|ending| ending.strip_prefix(b"."))
        .and_then(|ending| ending.strip_suffix(TEMPORARY.as_bytes()))
        .and_then(|ending| ending.strip_suffix(b"."));
    digits.is_some_and(|digits| {
        digits.len() == RANDOM_DIGITS
            && digits
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Reports whether no run can be writing the file any more: another one may be at it right now.
fn is_left_over(entry: &DirEntry) -> bool {
    let Ok(metadata) = entry.metadata() else {
        return false;
    };
    let age = metadata
        .modified()
        .ok()
        .and_then(|time| time.elapsed().ok());
    metadata.is_file()
        && metadata.uid() == geteuid().as_raw()
        && age.is_some_and(|age| age >= LEFT_OVER_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_that_cannot_sync_folders_is_not_a_failure() {
        let is_unsupported = |errno: Errno| is_unsupported(&errno.into());
        for errno in [Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS] {
            assert!(is_unsupported(errno), "{errno}");
        }
        for errno in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS] {
            assert!(!is_unsupported(errno), "{errno}");
        }
    }

    #[test]
    fn only_names_that_this_program_gives_are_left_overs() {
        let is_temporary = |name: &str| is_temporary_of(OsStr::new("token.json"), OsStr::new(name));
        assert!(is_temporary("token.json.0123456789abcdef.tmp"));
        for other in [
            "token.json",
            "token.json.tmp",
            "token.json.0123456789abcde.tmp",
            "token.json.0123456789abcdef0.tmp",
            "token.json.0123456789abcdeg.tmp",
            "token.json.0123456789ABCDEF.tmp",
            "token.json.0123456789abcdef",
            "token.json.0123456789abcdef.tmp.bak",
            "other.json.0123456789abcdef.tmp",
            "token.json0123456789abcdef.tmp",
        ] {
            assert!(!is_temporary(other), "{other}");
        }
    }
}
