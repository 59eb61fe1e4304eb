//! The lock that keeps a second run away from a checkpoint.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::announcement::Announcement;

/// Length of the text in the file. It never changes, so that a single write replaces the text whole: a run that is
/// killed leaves the old text or the new one, never half of either.
const TEXT_BYTES: usize = 128;

/// A locked file beside the checkpoint, which itself is replaced with each save. It stays when the run ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    announced: Option<Announcement>,
}

/// Why the lock was not acquired.
#[derive(Debug)]
pub(super) enum NotLocked {
    /// Another run holds it: its process, as far as it is known.
    Busy(String),
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
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.mode(0o600).open(path)?;
        let locked = file.try_lock();
        let mut text = String::new();
        // A text that cannot be read names no holder and announces nothing.
        let _ = file.read_to_string(&mut text);
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = text.lines().next().unwrap_or("process unknown");
                return Err(NotLocked::Busy(holder.trim_end().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut lock = Self {
            file,
            announced: text.lines().find_map(Announcement::parse),
        };
        lock.write()?;
        Ok(lock)
    }

    /// The write that an earlier run had announced when it ended, or that this one has announced since.
    pub(super) fn announced(&self) -> Option<Announcement> {
        self.announced
    }

    /// Notes durably what is about to be written to the output; `None` withdraws an announcement.
    pub(super) fn announce(&mut self, announcement: Option<Announcement>) -> io::Result<()> {
        self.announced = announcement;
        self.write()?;
        self.file.sync_data()
    }

    fn write(&mut self) -> io::Result<()> {
        let mut text = format!("process {}\n", std::process::id());
        if let Some(announcement) = self.announced {
            text.push_str(&announcement.to_string());
        }
        let padding = TEXT_BYTES - 1;
        self.file
            .write_all_at(format!("{text:<padding$}\n").as_bytes(), 0)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_announced_is_found_by_the_next_run_until_it_is_withdrawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let longest = Announcement {
            offset: u64::MAX,
            bytes: u64::MAX,
        };
        for announcement in [Some(longest), None] {
            let mut lock = Lock::acquire(&path).unwrap();
            lock.announce(announcement).unwrap();
            drop(lock);
            for _ in 0..2 {
                assert_eq!(Lock::acquire(&path).unwrap().announced(), announcement);
            }
            assert_eq!(fs::read(&path).unwrap().len(), TEXT_BYTES);
        }
    }

    #[test]
    fn a_second_run_learns_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _held = Lock::acquire(&path).unwrap();
        let NotLocked::Busy(holder) = Lock::acquire(&path).unwrap_err() else {
            panic!("it is locked");
        };
        assert_eq!(holder, format!("process {}", std::process::id()));
    }
}
