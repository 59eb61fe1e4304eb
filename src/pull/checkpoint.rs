//! How far earlier runs have come, kept in a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checkpoint_file::{CheckpointFile, Unreadable};
use super::lock::{Lock, NotLocked};
use super::output::{Announcement, OutputMark};
use super::printed::Printed;
use crate::api::Source;
use crate::durable_file;

/// A clock may be off by so many seconds before a checkpoint from the future is refused.
pub(super) const CLOCK_TOLERANCE: i64 = 60;

/// The progress of all runs with the same file. The file is locked until this is dropped.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    lock: Lock,
    pub(super) state: State,
    /// Whether there was a file.
    existed: bool,
}

/// What the file holds.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) base_url: String,
    pub(super) organization_id: Option<String>,
    pub(super) key_fingerprint: String,
    pub(super) audit_logs: SourceState,
    pub(super) notifications: SourceState,
    pub(super) output: Option<OutputMark>,
}

/// The progress of one source.
#[derive(Debug, Default)]
pub(super) struct SourceState {
    pub(super) watermark: Option<Watermark>,
    pub(super) printed: Printed,
}

/// Everything from `since` to `through`, in Unix seconds, has been printed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Watermark {
    pub(super) since: i64,
    pub(super) through: i64,
    /// What was printed is remembered from here on. Nothing before may be read again, however far back a
    /// later run wants to look: it could not be told from what is new.
    pub(super) remembered: i64,
}

impl Watermark {
    /// Nothing has been printed yet, and everything from `since` is to be.
    pub(super) fn starting_at(since: i64) -> Self {
        Self {
            since,
            through: since,
            remembered: since,
        }
    }

    /// Whether a run can have left these times behind.
    pub(super) fn is_possible(&self) -> bool {
        let times = [0, self.since, self.remembered, self.through];
        times.is_sorted() && chrono::DateTime::from_timestamp(self.through, 0).is_some()
    }
}

impl State {
    pub(super) fn source(&self, source: Source) -> &SourceState {
        match source {
            Source::AuditLogs => &self.audit_logs,
            Source::Notifications => &self.notifications,
        }
    }

    pub(super) fn source_mut(&mut self, source: Source) -> &mut SourceState {
        match source {
            Source::AuditLogs => &mut self.audit_logs,
            Source::Notifications => &mut self.notifications,
        }
    }
}

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Another run holds the lock.
    #[error("another run ({holder}) holds the checkpoint {}; wait until it is done", path.display())]
    Busy {
        /// The checkpoint.
        path: PathBuf,
        /// Which run, as far as it can be told.
        holder: String,
    },
    /// The file is there, but cannot be gone on from. It is left as it is.
    #[error("the checkpoint {} {problem}; {remedy}", path.display())]
    Unusable {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Progress cannot be saved, so what was printed last will be printed again.
    #[error("the checkpoint {} cannot be saved: {error}; the next run repeats what was printed since the last save", path.display())]
    Save {
        /// The checkpoint.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

const REMEDY_CORRUPT: &str = "restore it from a backup, or move it away and give --start and --end to read from a time that is surely printed";
const REMEDY_OTHER: &str = "give each organisation and host a --checkpoint of its own";
const REMEDY_ACCESS: &str = "make it a file that this user can read and replace";
const REMEDY_FOLDER: &str = "create the folder";
const REMEDY_CLOCK: &str = "set this machine's clock, or restore an older checkpoint";
const REMEDY_VERSION: &str = "run the version that wrote it, or a newer one";

impl Checkpoint {
    /// Locks and reads the checkpoint at `path`; one that does not exist yet is blank.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Busy`] while another run holds it, [`CheckpointError::Unusable`] if it is not
    /// exactly what this program writes. The file is never changed here.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let path = &resolve(path)?;
        check_access(path)?;
        let lock = lock(path)?;
        durable_file::check_replaceable(path).map_err(|error| {
            unusable(path, format!("could not be saved: {error}"), REMEDY_ACCESS)
        })?;
        let state = match fs::read_to_string(path) {
            Ok(text) => Some(parse(path, &text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(unusable(path, "is corrupt (it is no text)", REMEDY_CORRUPT));
            }
            Err(error) => {
                return Err(unusable(
                    path,
                    format!("cannot be read: {error}"),
                    REMEDY_ACCESS,
                ));
            }
        };
        Ok(Self {
            path: path.to_owned(),
            lock,
            existed: state.is_some(),
            state: state.unwrap_or_default(),
        })
    }

    /// Refuses to go on for another host, or by a clock that lies before what was printed. A new checkpoint
    /// is bound to `base_url`.
    pub(super) fn check(&mut self, base_url: &str, now: i64) -> Result<(), CheckpointError> {
        if !self.existed {
            base_url.clone_into(&mut self.state.base_url);
        }
        if self.state.base_url != base_url {
            let problem = format!(
                "belongs to {}, and this run asks {base_url}",
                self.state.base_url
            );
            return Err(unusable(&self.path, problem, REMEDY_OTHER));
        }
        let latest = Source::ALL
            .iter()
            .filter_map(|source| self.state.source(*source).watermark);
        match latest.map(|watermark| watermark.through).max() {
            Some(through) if through > now + CLOCK_TOLERANCE => {
                let problem = format!(
                    "lies in the future: it is printed through {}, and this machine's clock says {}",
                    super::time_text(through),
                    super::time_text(now)
                );
                Err(unusable(&self.path, problem, REMEDY_CLOCK))
            }
            _ => Ok(()),
        }
    }

    /// Refuses the records of another organisation; the first one that is seen is remembered.
    pub(super) fn check_organization(
        &mut self,
        organization_id: Option<&str>,
    ) -> Result<(), CheckpointError> {
        match (&self.state.organization_id, organization_id) {
            (Some(known), Some(seen)) if known != seen => {
                let problem = format!(
                    "belongs to organisation {}, and this key reads {}",
                    shown_id(known),
                    shown_id(seen)
                );
                Err(unusable(&self.path, problem, REMEDY_OTHER))
            }
            (None, Some(seen)) => {
                self.state.organization_id = Some(seen.to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Forgets what no later query can find, and writes the rest to the file, durably.
    pub(super) fn save(&mut self) -> Result<(), CheckpointError> {
        for source in Source::ALL {
            let state = self.state.source_mut(source);
            if let Some(watermark) = state.watermark {
                state.printed.forget_before(watermark.remembered);
            }
        }
        let file = CheckpointFile::from(&self.state);
        let saved = durable_file::replace(&self.path, |writer| {
            Ok(serde_json::to_writer(writer, &file)?)
        });
        saved.map_err(|error| CheckpointError::Save {
            path: self.path.clone(),
            error,
        })
    }

    /// What an earlier run was about to write when it ended.
    pub(super) fn announced(&self) -> Option<Announcement> {
        self.lock.announced()
    }

    /// Notes durably what is about to be written to the output, or that nothing is.
    pub(super) fn announce(
        &mut self,
        announcement: Option<Announcement>,
    ) -> Result<(), CheckpointError> {
        let noted = self.lock.announce(announcement);
        noted.map_err(|error| CheckpointError::Save {
            path: self.path.clone(),
            error,
        })
    }

    /// Whether there was a file when this run began.
    pub(super) fn existed(&self) -> bool {
        self.existed
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// An identifier as it may be shown; the server chooses what it sends as one.
fn shown_id(id: &str) -> &str {
    let is_plain = id.len() <= 64
        && id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_plain { id } else { "of another form" }
}

fn parse(path: &Path, text: &str) -> Result<State, CheckpointError> {
    CheckpointFile::parse(text)
        .map(State::from)
        .map_err(|problem| match problem {
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

/// Where a symbolic link leads, so that whoever comes by another name finds the same lock.
fn resolve(path: &Path) -> Result<PathBuf, CheckpointError> {
    match fs::canonicalize(path) {
        // What was printed may be recorded where the link leads, on a volume that is not there yet.
        Err(_) if path.is_symlink() => Err(unusable(path, "is a link to nothing", REMEDY_ACCESS)),
        resolved => Ok(resolved.unwrap_or_else(|_| path.to_owned())),
    }
}

/// What would fail later, when records have been printed, is better refused now.
fn check_access(path: &Path) -> Result<(), CheckpointError> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(unusable(path, "names a folder", REMEDY_ACCESS));
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(unusable(path, "is a folder", REMEDY_ACCESS)),
        Ok(metadata) if !metadata.is_file() => {
            Err(unusable(path, "is no regular file", REMEDY_ACCESS))
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            Err(unusable(path, "is read-only", REMEDY_ACCESS))
        }
        _ => Ok(()),
    }
}

fn lock(path: &Path) -> Result<Lock, CheckpointError> {
    let locked = durable_file::neighbour(path, "lock")
        .map_err(NotLocked::Failed)
        .and_then(|lock_path| Lock::acquire(&lock_path));
    locked.map_err(|reason| match reason {
        NotLocked::Busy(holder) => CheckpointError::Busy {
            path: path.to_owned(),
            holder,
        },
        NotLocked::Failed(error) if error.kind() == io::ErrorKind::NotFound => {
            unusable(path, "lies in a folder that does not exist", REMEDY_FOLDER)
        }
        NotLocked::Failed(error) => {
            unusable(path, format!("cannot be locked: {error}"), REMEDY_ACCESS)
        }
    })
}

fn unusable(path: &Path, problem: impl Into<String>, remedy: &'static str) -> CheckpointError {
    CheckpointError::Unusable {
        path: path.to_owned(),
        problem: problem.into(),
        remedy,
    }
}
