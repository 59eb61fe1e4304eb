//! A look at a checkpoint, to learn whether a run could use it. It changes nothing, and creates no file.

use std::fs::{OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::Path;

use super::access::{
    CheckpointError, check_access, check_time, of_other_host, of_other_organisation, read, resolve,
    unusable_after,
};
use super::lock::{Holder, TEXT_BYTES};
use super::output_mark::OutputMark;
use super::state::State;
use crate::api::Source;
use crate::files::{self, Space};
use crate::pull::organisations::Organisations;

/// The things that a run would read, as far as they are known: a checkpoint of something else is refused.
pub(crate) struct ExpectedCheckpoint<'a> {
    /// The host.
    pub(crate) origin: &'a str,
    /// The present, in Unix seconds.
    pub(crate) now: i64,
    /// True if `now` is by Verkada's clock.
    pub(crate) is_verkadas: bool,
    /// The organisations that the records name.
    pub(crate) organisations: &'a Organisations,
}

/// The findings of a look at a checkpoint.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// The run that holds it now, if one does.
    pub(crate) holder: Option<Holder>,
    /// Its contents; [`CheckpointError::Unusable`] if a run would refuse it.
    pub(crate) contents: Result<Contents, CheckpointError>,
}

/// The contents of a checkpoint, as a person wants to know them.
#[derive(Debug)]
pub(crate) struct Contents {
    /// False if there is no file yet.
    pub(crate) exists: bool,
    /// The Unix second through which each source is printed, if any of it is.
    pub(crate) printed_through: [(Source, Option<i64>); 2],
    /// The number of stretches that were accepted as never read.
    pub(crate) gaps: usize,
    /// The mark of the output file, if the last run wrote to one.
    pub(crate) output: Option<OutputMark>,
    /// The whole of it, from which a run would go on.
    pub(in crate::pull) state: State,
}

/// Looks at the checkpoint at `path`. Its lock is shared for an instant, and only if no run holds it.
pub(crate) fn inspect(path: &Path, expected: &ExpectedCheckpoint<'_>) -> Inspection {
    let found = resolve(path).and_then(|path| {
        check_access(&path)?;
        let holder = holder(&path);
        let holder = holder.map_err(|error| unusable_after(&path, "cannot be locked", &error))?;
        Ok((path, holder))
    });
    match found {
        Ok((path, holder)) => Inspection {
            holder,
            contents: contents(&path, expected),
        },
        Err(error) => Inspection {
            holder: None,
            contents: Err(error),
        },
    }
}

/// Reads the checkpoint at `path`.
fn contents(path: &Path, expected: &ExpectedCheckpoint<'_>) -> Result<Contents, CheckpointError> {
    files::could_replace(path)
        .and_then(|()| Space::to_replace(path).some_left())
        .map_err(|error| unusable_after(path, "could not be saved", &error))?;
    let state = read(path)?;
    if let Some(state) = &state {
        expected.check(path, state)?;
    }
    let exists = state.is_some();
    let state = state.unwrap_or_default();
    Ok(Contents {
        exists,
        printed_through: Source::ALL.map(|source| {
            let watermark = state.source(source).watermark;
            let moved = watermark.filter(|watermark| watermark.has_moved());
            (source, moved.map(|watermark| watermark.through))
        }),
        gaps: Source::ALL
            .map(|source| state.source(source).gaps.len())
            .iter()
            .sum(),
        output: state.output.clone(),
        state,
    })
}

impl ExpectedCheckpoint<'_> {
    fn check(&self, path: &Path, state: &State) -> Result<(), CheckpointError> {
        if state.base_url != self.origin {
            return Err(of_other_host(path, state, self.origin));
        }
        check_time(path, state, self.now, self.is_verkadas)?;
        match (&state.organization_id, self.organisations.most_named()) {
            (Some(known), Some(seen)) if !self.organisations.contains(known) => {
                Err(of_other_organisation(path, known, seen))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the run that holds the lock of the checkpoint at `path`, if one does. A lock file that does not exist is free.
fn holder(path: &Path) -> io::Result<Option<Holder>> {
    let lock_path = files::neighbour(path, "lock")?;
    // A run has to write to it.
    files::could_append(&lock_path)?;
    let file = match files::open(&lock_path, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // A text that cannot be read names no holder.
            let _ = file.take(TEXT_BYTES as u64).read_to_string(&mut text);
            Ok(Some(Holder::named_by(&text)))
        }
        Err(TryLockError::Error(error)) => Err(files::at("locking", &lock_path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::pull::checkpoint::Checkpoint;

    const ORIGIN: &str = "https://api.verkada.com";

    fn look(path: &Path) -> Inspection {
        let expected = ExpectedCheckpoint {
            origin: ORIGIN,
            now: 1_800_000_000,
            is_verkadas: true,
            organisations: &Organisations::default(),
        };
        inspect(path, &expected)
    }

    #[test]
    fn a_look_creates_nothing_and_a_run_can_begin_right_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let found = look(&path);
        assert!(!found.contents.unwrap().exists && found.holder.is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let run = Checkpoint::open(&path, ORIGIN).unwrap();
        let holder = look(&path).holder.unwrap().to_string();
        let process = format!("process {} since ", std::process::id());
        assert!(holder.starts_with(&process), "{holder}");
        drop(run);
        assert!(look(&path).holder.is_none());
        assert!(Checkpoint::open(&path, ORIGIN).is_ok());
    }
}
