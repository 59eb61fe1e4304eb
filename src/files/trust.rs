//! The target of a path, and whether it may be used. In a folder that others may write to, such as `/tmp`, anybody can
//! plant a link to a file of ours, or a pipe, under the name that we are about to use.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use super::failure::{at, folder_of, opening};

/// Limit for links in a row, the same as that of Linux.
const MOST_LINKS: usize = 40;

/// Mode bits that let the group or everybody write.
const OTHERS_WRITE: u32 = 0o022;

/// Mode bit of a folder in which each file can be renamed or removed by its owner only.
pub(super) const STICKY: u32 = 0o1000;

/// Follows the symbolic links that `path` is. A path that leads nowhere is returned as it is: opening it says why.
///
/// # Errors
///
/// Refuses a link that another user can have planted.
pub(crate) fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            return Ok(path);
        };
        if !metadata.is_symlink() {
            return Ok(path);
        }
        let folder = folder_of(&path);
        let around = fs::metadata(&folder).map_err(|error| at("reading", &folder, &error))?;
        if !is_ours(metadata.uid()) && !is_ours_alone(&around) {
            return Err(refused(
                &path,
                "is a link of another user, in a folder that is not this user's alone",
            ));
        }
        let target = fs::read_link(&path).map_err(|error| at("reading", &path, &error))?;
        path = folder.join(target);
    }
    Err(refused(&path, "is one of too many links in a row"))
}

/// Opens the regular file that `path` leads to as `options` say, without ever waiting for the other end of a pipe.
///
/// # Errors
///
/// Names the path, or the folder in which the file cannot be created. Refuses what another user can have planted.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let path = resolve(path)?;
    // A link that takes the place of the file only now is not followed.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.custom_flags(flags.bits().cast_signed()).open(&path);
    let file = match file {
        // Linux itself may have refused it, if fs.protected_regular is set, without a reason.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let found = fs::symlink_metadata(&path).ok();
            let problem = found.and_then(|found| check(&path, &found).err());
            return Err(problem.unwrap_or_else(|| opening(&path, &error)));
        }
        opened => opened.map_err(|error| opening(&path, &error))?,
    };
    let metadata = file
        .metadata()
        .map_err(|error| at("reading", &path, &error))?;
    check(&path, &metadata).map(|()| file)
}

/// Refuses what is not a regular file, or may be the work of another user.
fn check(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(refused(path, "is not a regular file"));
    }
    let folder = folder_of(path);
    let around = fs::metadata(&folder).map_err(|error| at("reading", &folder, &error))?;
    match planted(metadata, &around) {
        Some(problem) => Err(refused(path, problem)),
        None => Ok(()),
    }
}

/// Returns the reason for which a regular file in the folder `around` may be the work of another user; `None` if it
/// cannot be.
fn planted(file: &Metadata, around: &Metadata) -> Option<&'static str> {
    let is_shared = around.mode() & STICKY != 0 && around.mode() & OTHERS_WRITE != 0;
    // As Linux does with fs.protected_regular: elsewhere the users of a folder trust each other.
    if is_shared && !is_ours(file.uid()) && file.uid() != around.uid() {
        return Some("belongs to another user, in a folder that everybody shares");
    }
    // A hard link to a file of ours looks like a file of ours.
    if file.nlink() > 1 && !is_ours_alone(around) {
        return Some("has a second name, and is in a folder that is not this user's alone");
    }
    None
}

/// Reports whether only this user and root can have put anything into the folder.
fn is_ours_alone(folder: &Metadata) -> bool {
    is_ours(folder.uid()) && folder.mode() & OTHERS_WRITE == 0
}

fn is_ours(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
}

/// All refusals are of one kind, by which the checkpoint knows what to advise.
fn refused(path: &Path, problem: &str) -> io::Error {
    let message = format!("{} {problem}", path.display());
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_of_ours_are_followed_to_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "").unwrap();
        symlink("file", path("second")).unwrap();
        symlink(path("second"), path("first")).unwrap();
        assert_eq!(resolve(&path("first")).unwrap(), path("file"));
        assert_eq!(resolve(&path("file")).unwrap(), path("file"));
        assert_eq!(resolve(&path("missing")).unwrap(), path("missing"));
        symlink("nowhere", path("dangling")).unwrap();
        assert_eq!(resolve(&path("dangling")).unwrap(), path("nowhere"));
    }

    #[test]
    fn links_that_go_in_circles_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink("second", path("first")).unwrap();
        symlink("first", path("second")).unwrap();
        let error = resolve(&path("first")).unwrap_err().to_string();
        assert!(error.contains("too many links"), "{error}");
    }

    #[test]
    fn a_second_name_counts_only_in_a_folder_that_others_may_write_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        fs::hard_link(&path, folder.path().join("other")).unwrap();
        let open = || open(&path, OpenOptions::new().read(true));
        assert!(open().is_ok());
        for mode in [0o1777, 0o777, 0o770] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            let error = open().unwrap_err().to_string();
            assert!(error.contains("has a second name"), "{mode:o}: {error}");
        }
        fs::remove_file(folder.path().join("other")).unwrap();
        assert!(open().is_ok());
    }

    #[test]
    fn the_folder_is_named_where_a_file_cannot_be_created() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let create = |name: &str| {
            let mut options = OpenOptions::new();
            let opened = open(
                &folder.path().join(name),
                options.write(true).create(true).truncate(false),
            );
            opened.unwrap_err().to_string()
        };
        let shown = folder.path().display();
        for (name, words) in [
            ("missing/file", format!("in the folder {shown}/missing:")),
            ("file/within", format!("in the folder {shown}/file:")),
            (
                &"x".repeat(300)[..],
                format!("opening {shown}/{}:", "x".repeat(300)),
            ),
            (".", format!("opening {shown}/.:")),
        ] {
            let error = create(name);
            assert!(error.contains(&words), "{error}");
        }
    }
}
