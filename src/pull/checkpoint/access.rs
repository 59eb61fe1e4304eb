//! A checkpoint while a run has it: opened under its lock, checked, saved.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file::{self, CheckpointFile, Unreadable};
use super::lock::{Lock, NotLocked};
use super::state::State;
use crate::api::Source;
use crate::files;
use crate::pull::clock::RunClock;
use crate::pull::organisations::Organisations;
use crate::pull::task::Period;
use crate::time::{CLOCK_TOLERANCE_SECONDS, time_text};

/// The progress of all runs with the same file. The file is locked until this is dropped.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    lock: Lock,
    /// The host that the run reads.
    origin: String,
    pub(in crate::pull) state: State,
    /// True if there was a file when the run began.
    existed: bool,
}

/// A checkpoint that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Another run holds the lock.
    #[error("another run ({holder}) holds the checkpoint {}; wait until it is done", path.display())]
    Busy {
        /// The checkpoint.
        path: PathBuf,
        /// The other run, if known.
        holder: String,
    },
    /// The file is there, but no run can go on from it. It is left as it is.
    #[error("the checkpoint {} {problem}; {remedy}", path.display())]
    Unusable {
        /// The checkpoint.
        path: PathBuf,
        /// The problem.
        problem: String,
        /// The remedy.
        remedy: &'static str,
    },
    /// The lock file was removed or replaced during the run, so another run may have begun with the same checkpoint.
    #[error("the lock file {} was removed or replaced during the run, and another run may hold the checkpoint now; nothing more is printed, and the next run carries on", lock.display())]
    LockLost {
        /// The lock file.
        lock: PathBuf,
    },
    /// Progress cannot be saved.
    #[error("the checkpoint {} cannot be saved: {error}; {}", path.display(), remedy(error.kind()))]
    Save {
        /// The checkpoint.
        path: PathBuf,
        /// The system's error, with the path.
        error: io::Error,
    },
}

const REMEDY_CORRUPT: &str = "restore it from a backup, or move it away and give --start and --end to read from a time that is certainly printed";
const REMEDY_EXISTING: &str = "name the one that the scheduled runs use, or none";
const REMEDY_OTHER: &str = "give each organisation and host a --checkpoint of its own";
const REMEDY_FILE: &str = "name a file";
const REMEDY_LINK: &str = "mount or create what it leads to, or remove it";
const REMEDY_MOUNT: &str = "mount its folder instead of the file";
const REMEDY_READABLE: &str = "make it a file that this user can read and write";
const REMEDY_CLOCK: &str = "set this machine's clock, or restore an older checkpoint";
const REMEDY_SCHEDULED: &str = "to read a range, leave out --checkpoint or name another file, and to pass over a gap, give --accept-gap and --start without --end or --since";
const REMEDY_VERSION: &str = "run the version that wrote it, or a newer one";

impl Checkpoint {
    /// Locks and reads the checkpoint at `path` for a run that reads the host `origin`. A file that does not exist yet
    /// is a blank checkpoint.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Busy`] while another run holds it, [`CheckpointError::Unusable`] if it is not
    /// exactly what this program writes. The file is never changed here.
    pub fn open(path: &Path, origin: impl Into<String>) -> Result<Self, CheckpointError> {
        let path = &resolve(path)?;
        check_access(path)?;
        let lock = lock(path)?;
        files::check_replaceable(path)
            .map_err(|error| unusable_after(path, "could not be saved", &error))?;
        let state = read(path)?;
        Ok(Self {
            path: path.to_owned(),
            lock,
            origin: origin.into(),
            existed: state.is_some(),
            state: state.unwrap_or_default(),
        })
    }

    /// Refuses to go on if there was no file.
    pub(in crate::pull) fn check_existence(&self) -> Result<(), CheckpointError> {
        if self.existed {
            return Ok(());
        }
        let problem = "does not exist, so no run has printed anything with it";
        Err(unusable(&self.path, problem, REMEDY_EXISTING))
    }

    /// Refuses to go on for another host. A new checkpoint is bound to the host.
    pub(in crate::pull) fn check_host(&mut self) -> Result<(), CheckpointError> {
        if !self.existed {
            self.origin.clone_into(&mut self.state.base_url);
        }
        if self.state.base_url == self.origin {
            return Ok(());
        }
        Err(of_other_host(&self.path, &self.state, &self.origin))
    }

    /// Refuses to go on at a time before that through which everything is printed: what has not happened yet cannot have
    /// been printed, so the clock or the checkpoint is wrong.
    pub(in crate::pull) fn check_time(&self, clock: &RunClock) -> Result<(), CheckpointError> {
        check_time(&self.path, &self.state, clock.now(), clock.is_known())
    }

    /// Refuses the records of another organisation: those of which none names the one that the checkpoint is bound to. A
    /// checkpoint without one is bound to the one that most of them name.
    pub(in crate::pull) fn check_organisation(
        &mut self,
        named: &Organisations,
    ) -> Result<(), CheckpointError> {
        let Some(seen) = named.most_named() else {
            return Ok(());
        };
        match &self.state.organization_id {
            Some(known) if !named.contains(known) => {
                Err(of_other_organisation(&self.path, known, seen))
            }
            Some(_) => Ok(()),
            None => {
                self.state.organization_id = Some(seen.to_owned());
                Ok(())
            }
        }
    }

    /// Refuses to go on if this run has lost its lock. Called before each write, so that no two runs print the same.
    pub(in crate::pull) fn check_lock(&self) -> Result<(), CheckpointError> {
        if self.lock.is_held() {
            return Ok(());
        }
        Err(CheckpointError::LockLost {
            lock: self.lock.path().to_owned(),
        })
    }

    /// Forgets what no later query can find, and writes the rest to the file, durably.
    pub(in crate::pull) fn save(&mut self) -> Result<(), CheckpointError> {
        // Another run that has begun since knows more than this one.
        self.check_lock()?;
        for source in Source::ALL {
            let state = self.state.source_mut(source);
            if let Some(watermark) = state.watermark {
                state.ledger.forget_before(watermark.remembered);
            }
        }
        self.state.forget_recovered();
        let file = CheckpointFile::from(&self.state);
        let saved = files::replace(&self.path, |writer| {
            Ok(serde_json::to_writer(writer, &file)?)
        });
        saved.map_err(|error| CheckpointError::Save {
            path: self.path.clone(),
            error,
        })
    }

    /// Reports whether there was a file when this run began.
    pub(in crate::pull) fn existed(&self) -> bool {
        self.existed
    }

    /// The path of the file.
    pub(in crate::pull) fn path(&self) -> &Path {
        &self.path
    }
}

/// The refusal of a checkpoint that is bound to another host than `origin`.
pub(super) fn of_other_host(path: &Path, state: &State, origin: &str) -> CheckpointError {
    let problem = format!("belongs to {}, and this run reads {origin}", state.base_url);
    unusable(path, problem, REMEDY_OTHER)
}

/// The refusal of a checkpoint that is bound to the organisation `known`, where the records name `seen`.
pub(super) fn of_other_organisation(path: &Path, known: &str, seen: &str) -> CheckpointError {
    let problem = format!(
        "belongs to organisation {}, and this key reads {}",
        shown_id(known),
        shown_id(seen)
    );
    unusable(path, problem, REMEDY_OTHER)
}

/// Refuses a checkpoint that is printed through a time after `now`, which is Verkada's if its clock `is_known`.
pub(super) fn check_time(
    path: &Path,
    state: &State,
    now: i64,
    is_known: bool,
) -> Result<(), CheckpointError> {
    let through = state.printed_through();
    let Some(through) = through.filter(|through| *through > now + CLOCK_TOLERANCE_SECONDS) else {
        return Ok(());
    };
    let (whose, remedy) = if is_known {
        ("Verkada's", REMEDY_CORRUPT)
    } else {
        ("this machine's", REMEDY_CLOCK)
    };
    let problem = format!(
        "is in the future: it is printed through {}, and {whose} clock says {}",
        time_text(through),
        time_text(now)
    );
    Err(unusable(path, problem, remedy))
}

/// Refuses a range with a checkpoint that scheduled runs use. These look back only as far as the overlap, and by processed
/// time: a range, which goes by event time, would move the watermark past records that are still to come.
pub(in crate::pull) fn check_period(
    path: &Path,
    state: &State,
    period: Period,
) -> Result<(), CheckpointError> {
    if period == Period::Scheduled || !state.is_scheduled {
        return Ok(());
    }
    let problem = "is used by scheduled runs, which catch up by themselves";
    Err(unusable(path, problem, REMEDY_SCHEDULED))
}

/// Returns an identifier if it may be shown: the server chooses what it sends as one.
pub(crate) fn shown_id(id: &str) -> &str {
    let is_plain = id.len() <= 64
        && id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_plain { id } else { "of another form" }
}

fn parse(path: &Path, text: &str) -> Result<State, CheckpointError> {
    file::parse(text).map_err(|problem| match problem {
        Unreadable::Empty => unusable(
            path,
            "is empty, as after a full disk or a crash",
            REMEDY_CORRUPT,
        ),
        Unreadable::Corrupt(place) => {
            unusable(path, format!("is corrupt ({place})"), REMEDY_CORRUPT)
        }
        Unreadable::Newer(version) => {
            let problem =
                format!("was written by a newer version of this program (format {version})");
            unusable(path, problem, REMEDY_VERSION)
        }
    })
}

/// Reads the file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<State>, CheckpointError> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let mut text = String::new();
    let read = files::open(path, OpenOptions::new().read(true))
        .and_then(|mut file| file.read_to_string(&mut text));
    match read {
        Ok(_) => parse(path, &text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(unusable(
            path,
            "is corrupt (it is not text)",
            REMEDY_CORRUPT,
        )),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(unusable(
            path,
            format!("cannot be read: {error}"),
            REMEDY_READABLE,
        )),
        Err(error) => Err(unusable_after(path, "cannot be read", &error)),
    }
}

/// Follows symbolic links, so that a run that uses another name finds the same lock.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, CheckpointError> {
    let resolved =
        files::resolve(path).map_err(|error| unusable_after(path, "cannot be used", &error))?;
    // The checkpoint may be where the link leads, on a volume that is not mounted yet.
    if path.is_symlink() && !resolved.exists() {
        return Err(unusable(path, "is a link to nothing", REMEDY_LINK));
    }
    Ok(resolved)
}

/// Refuses now what would fail later, when records have been printed.
pub(super) fn check_access(path: &Path) -> Result<(), CheckpointError> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(unusable(path, "names a folder", REMEDY_FILE));
    }
    if files::is_mount_point(path) {
        let problem = "is a mount point, so it cannot be replaced";
        return Err(unusable(path, problem, REMEDY_MOUNT));
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(unusable(path, "is a folder", REMEDY_FILE)),
        Ok(metadata) if !metadata.is_file() => {
            Err(unusable(path, "is not a regular file", REMEDY_FILE))
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            Err(unusable(path, "is read-only", REMEDY_READABLE))
        }
        // A path that cannot be looked at fails, with the reason, when it is locked.
        _ => Ok(()),
    }
}

fn lock(path: &Path) -> Result<Lock, CheckpointError> {
    let locked = files::neighbour(path, "lock")
        .map_err(NotLocked::Failed)
        .and_then(|lock_path| Lock::acquire(&lock_path));
    locked.map_err(|reason| match reason {
        NotLocked::Busy(holder) => CheckpointError::Busy {
            path: path.to_owned(),
            holder: holder.to_string(),
        },
        NotLocked::Failed(error) => unusable_after(path, "cannot be locked", &error),
    })
}

fn unusable(path: &Path, problem: impl Into<String>, remedy: &'static str) -> CheckpointError {
    CheckpointError::Unusable {
        path: path.to_owned(),
        problem: problem.into(),
        remedy,
    }
}

/// The checkpoint cannot be used because of `error`, which names the path that it is about.
pub(super) fn unusable_after(path: &Path, consequence: &str, error: &io::Error) -> CheckpointError {
    let remedy = remedy(error.kind());
    unusable(path, format!("{consequence}: {error}"), remedy)
}

/// The next step after a failure to open, lock or write a file. The failure's message names the path.
fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "create the folder",
        io::ErrorKind::NotADirectory => "name a path whose folders are folders",
        io::ErrorKind::PermissionDenied => "let this user read and write there",
        io::ErrorKind::ReadOnlyFilesystem => "name a path where files can be written",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room",
        io::ErrorKind::InvalidFilename => "choose a shorter name",
        io::ErrorKind::ResourceBusy => REMEDY_MOUNT,
        io::ErrorKind::Unsupported => "name a path on a file system that can lock files",
        // Something else is there under this name.
        io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory => {
            "remove it, or name a path in a folder that only this user may write to"
        }
        _ => "once that is fixed, the next run carries on",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::checkpoint::Watermark;

    #[test]
    fn only_what_is_printed_more_than_a_minute_ahead_is_in_the_future() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let mut checkpoint = Checkpoint::open(&path, "https://api.verkada.com").unwrap();
        let clock = RunClock::new(1_000_000);
        assert!(checkpoint.check_time(&clock).is_ok());
        for (since, through, is_future) in [
            (0, 1_000_060, false),
            (0, 1_000_061, true),
            (1_000_061, 1_000_061, false),
        ] {
            checkpoint.state.notifications.watermark = Some(Watermark {
                through,
                ..Watermark::starting_at(since)
            });
            assert_eq!(checkpoint.check_time(&clock).is_err(), is_future);
        }
    }
}
