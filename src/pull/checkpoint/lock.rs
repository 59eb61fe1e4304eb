//! The lock that keeps a second run away from a checkpoint.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::files;
use crate::time::{time_text, unix_now};

/// Length of the text in the file. It never changes, so that a single write replaces the text whole: a run that is
/// killed leaves the old text or the new one, never half of either.
pub(super) const TEXT_BYTES: usize = 128;

/// Limit for reopening a lock file that keeps being removed.
const MOST_ATTEMPTS: usize = 100;

/// A locked file beside the checkpoint, which itself is replaced with each save. It stays when the run ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

/// The run that holds a lock, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The number of its process.
    process: Option<u32>,
    /// The Unix second at which it took the lock, by its machine's clock.
    pub(crate) since: Option<i64>,
}

/// A lock that was not acquired.
#[derive(Debug)]
pub(super) enum NotLocked {
    /// Another run holds it.
    Busy(Holder),
    /// The file cannot be opened, locked or written.
    Failed(io::Error),
}

impl From<io::Error> for NotLocked {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Lock {
    /// Locks the file at `path`, which is created if it does not exist, until this is dropped or the process ends.
    pub(super) fn acquire(path: &Path) -> Result<Self, NotLocked> {
        for _ in 0..MOST_ATTEMPTS {
            let mut file = open(path)?;
            let locked = file.try_lock();
            let mut text = String::new();
            // A text that cannot be read names no holder.
            let _ = (&mut file)
                .take(TEXT_BYTES as u64)
                .read_to_string(&mut text);
            match locked {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(NotLocked::Busy(Holder::named_by(&text)));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(files::at("locking", path, &error).into());
                }
            }
            let lock = Self {
                file,
                path: path.to_owned(),
            };
            // The file may have been removed between opening and locking, and another run may hold a new one.
            if lock.is_held() {
                lock.write()
                    .map_err(|error| files::at("writing", path, &error))?;
                return Ok(lock);
            }
        }
        let message = format!("{} is removed again and again", path.display());
        Err(io::Error::other(message).into())
    }

    /// Reports whether the path still leads to the locked file. If not, another run may hold a lock of the same name.
    pub(super) fn is_held(&self) -> bool {
        let found = fs::metadata(&self.path).and_then(|found| Ok((found, self.file.metadata()?)));
        found
            .is_ok_and(|(found, locked)| (found.dev(), found.ino()) == (locked.dev(), locked.ino()))
    }

    /// The path of the lock file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn write(&self) -> io::Result<()> {
        let holder = Holder {
            process: Some(std::process::id()),
            since: Some(unix_now()),
        };
        let text = format!("{holder}\n");
        let padding = TEXT_BYTES - 1;
        self.file
            .write_all_at(format!("{text:<padding$}\n").as_bytes(), 0)
    }
}

/// Opens the file to be locked. It may be in a folder where others have planted something under its name.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    files::open(path, options.mode(0o600))
}

impl Holder {
    /// Returns the holder that the text of a lock file names. The name is shown, so only the form in which a run writes it
    /// is accepted. Older versions wrote no time.
    pub(super) fn named_by(text: &str) -> Self {
        let words: Vec<_> = text
            .lines()
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let (process, since) = match words[..] {
            ["process", process] => (process, None),
            ["process", process, "since", since] => (process, since.parse::<DateTime<Utc>>().ok()),
            _ => return Self::default(),
        };
        Self {
            process: process.parse().ok(),
            since: since.map(|since| since.timestamp()),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.process {
            Some(process) => write!(formatter, "process {process}")?,
            None => formatter.write_str("process unknown")?,
        }
        match self.since {
            Some(since) => write!(formatter, " since {}", time_text(since)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_second_run_learns_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _held = Lock::acquire(&path).unwrap();
        let NotLocked::Busy(holder) = Lock::acquire(&path).unwrap_err() else {
            panic!("it is locked");
        };
        assert_eq!(holder.process, Some(std::process::id()));
        assert!(holder.since.is_some_and(|since| since <= unix_now()));
    }

    #[test]
    fn the_text_of_a_run_names_it_and_any_other_text_nobody() {
        let named = |text: &str| Holder::named_by(text).to_string();
        let since = "process 42 since 2026-09-14T08:15:00Z";
        assert_eq!(named(&format!("{since}   \nanything else\n")), since);
        assert_eq!(named("process 42   \nanything else\n"), "process 42");
        assert_eq!(named("process 42 since yesterday"), "process 42");
        for text in ["", "\n", "process \u{1b}[2J", "process -1", "anything else"] {
            assert_eq!(named(text), "process unknown", "{text:?}");
        }
    }

    #[test]
    fn a_lock_is_held_only_while_its_path_leads_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("lock"), folder.path().join("away"));
        let first = Lock::acquire(&path).unwrap();
        assert!(first.is_held());
        fs::rename(&path, &away).unwrap();
        assert!(!first.is_held());
        let second = Lock::acquire(&path).unwrap();
        assert!(second.is_held() && !first.is_held());
        fs::rename(&away, &path).unwrap();
        assert!(first.is_held() && !second.is_held());
        fs::remove_file(&path).unwrap();
        assert!(!first.is_held());
    }

    #[test]
    fn one_run_holds_the_lock_however_often_its_file_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let holders = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let Ok(_lock) = Lock::acquire(&path) else {
                            continue;
                        };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        holders.fetch_sub(1, Ordering::SeqCst);
                        fs::remove_file(&path).unwrap();
                    }
                });
            }
        });
    }
}
