//! Free space of file systems, as far as they tell. A quota does not show.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{StatVfs, statvfs};
use rustix::process::geteuid;

use super::failure::{folder_of, shown_folder};

/// With less space than this, in bytes, soon nothing more can be written.
const LITTLE: u64 = 64 << 20;

/// The space for what is to be written to a path.
#[derive(Debug)]
pub(crate) enum Space {
    /// Enough, or unknown.
    Enough,
    /// These bytes.
    Little(u64),
    /// None. The error is that of a write, and names the folder.
    None(io::Error),
}

impl Space {
    /// Looks at the file system that a file at `path` would grow in.
    pub(crate) fn to_append(path: &Path) -> Self {
        match fs::metadata(path) {
            // A pipe or a device takes what it takes.
            Ok(existing) if !existing.is_file() => Self::Enough,
            Ok(_) => Self::of(path, path, false),
            Err(_) => Self::to_replace(path),
        }
    }

    /// Looks at the file system in which a new file would be put in the place of `path`.
    pub(crate) fn to_replace(path: &Path) -> Self {
        // A link has the file written where it leads.
        let target = fs::canonicalize(path).or_else(|_| {
            let target = fs::read_link(path)?;
            Ok::<_, io::Error>(folder_of(path).join(target))
        });
        let target = target.unwrap_or_else(|_| path.to_owned());
        Self::of(&folder_of(&target), &target, true)
    }

    /// Fails as a write would if there is none.
    pub(crate) fn some_left(self) -> io::Result<()> {
        match self {
            Self::None(error) => Err(error),
            Self::Enough | Self::Little(_) => Ok(()),
        }
    }

    /// The space in the file system of `looked_at`, for a file at `path`.
    fn of(looked_at: &Path, path: &Path, is_new: bool) -> Self {
        // Other checks say why a path leads nowhere.
        let Ok(told) = statvfs(looked_at) else {
            return Self::Enough;
        };
        let full = |words: &str| {
            let folder = shown_folder(path);
            let message = format!("{words} in the folder {}", folder.display());
            Self::None(io::Error::new(io::ErrorKind::StorageFull, message))
        };
        match free_bytes(&told, geteuid().is_root()) {
            Some(0) => full("no space is left"),
            _ if is_new && takes_no_files(&told) => full("the file system takes no more files"),
            Some(bytes) if bytes < LITTLE => Self::Little(bytes),
            _ => Self::Enough,
        }
    }
}

/// The bytes that this user may still write; `None` where the file system tells nothing, as those of other machines may.
fn free_bytes(told: &StatVfs, is_root: bool) -> Option<u64> {
    let blocks = if is_root { told.f_bfree } else { told.f_bavail };
    (told.f_blocks > 0).then(|| blocks.saturating_mul(told.f_frsize))
}

/// Reports whether every file that the file system can hold is there. One that makes room for them as it goes tells 0 of
/// 0.
fn takes_no_files(told: &StatVfs) -> bool {
    told.f_files > 0 && told.f_ffree == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_for_root_is_free_for_root_alone() {
        let here = statvfs(".").unwrap();
        let told = StatVfs {
            f_frsize: 4_096,
            f_blocks: 100,
            f_bfree: 5,
            f_bavail: 0,
            ..here
        };
        assert_eq!(free_bytes(&told, true), Some(5 * 4_096));
        assert_eq!(free_bytes(&told, false), Some(0));
    }

    #[test]
    fn a_file_system_that_tells_nothing_is_not_full() {
        let here = statvfs(".").unwrap();
        let told = StatVfs {
            f_blocks: 0,
            f_bfree: 0,
            f_bavail: 0,
            f_files: 0,
            f_ffree: 0,
            ..here
        };
        assert_eq!(free_bytes(&told, false), None);
        assert!(!takes_no_files(&told));
        let told = StatVfs { f_files: 7, ..told };
        assert!(takes_no_files(&told));
    }
}
