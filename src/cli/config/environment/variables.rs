//! Variables: those of the process, and those of the `.env` file.

use std::cell::RefCell;
use std::path::Path;

use super::env_file::EnvFile;
use crate::cli::config::usage_error::UsageError;

/// Variables by name: those of the process win over those of the nearest `.env` file.
#[derive(Default)]
pub(crate) struct Environment {
    file: EnvFile,
    is_ignored: bool,
    /// The variables whose values were taken, in the order in which they were asked for.
    taken: RefCell<Vec<(&'static str, Layer)>>,
}

/// The place where a variable is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// The environment of the process.
    Process,
    /// The `.env` file.
    File,
}

/// A variable that is set.
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    /// True if no other of the variables that were asked for is set in the same place.
    pub(crate) is_alone: bool,
}

impl Environment {
    /// Reads the nearest `.env` file from the working directory upwards, if there is one. Variables that libraries read,
    /// such as those of a proxy, are set in the process unless they are set already.
    ///
    /// # Errors
    ///
    /// Names the file and the line that sets a variable of this program and cannot be read, without quoting it: it may
    /// hold the key.
    pub(crate) fn load() -> Result<Self, UsageError> {
        Ok(Self {
            file: EnvFile::load()?,
            ..Self::default()
        })
    }

    /// An environment in which none of the program's own variables is set.
    pub(crate) fn ignored() -> Self {
        Self {
            is_ignored: true,
            ..Self::default()
        }
    }

    /// The `.env` file, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.path.as_deref()
    }

    /// Warns of a `.env` file that was not read, in a run that can do without it.
    pub(crate) fn warn_of_file(&self) {
        if let Some(problem) = self.unread_file() {
            tracing::warn!("{problem}");
        }
    }

    /// Returns why the `.env` file was not read, if there is one.
    pub(crate) fn unread_file(&self) -> Option<&str> {
        self.file.problem.as_deref()
    }

    /// Reports whether variables and the `.env` file are ignored, as in the demo.
    pub(crate) fn is_ignored(&self) -> bool {
        self.is_ignored
    }

    /// Returns what is wrong with the `.env` file, for the message that something is missing.
    pub(crate) fn file_problem(&self) -> Option<&str> {
        let file = &self.file;
        file.problem.as_deref().or(file.stray_line.as_deref())
    }

    /// Reports whether the `.env` file sets `name`.
    pub(crate) fn is_in_file(&self, name: &str) -> bool {
        self.in_file(name).is_some()
    }

    /// The variables whose values were taken from `layer` so far.
    pub(crate) fn taken_from(&self, layer: Layer) -> Vec<&'static str> {
        let taken = self.taken.borrow();
        let names = taken.iter().filter(|(_, from)| *from == layer);
        names.map(|(name, _)| *name).collect()
    }

    /// The value of `name`, for a look that takes no setting from it; an empty one counts as unset.
    ///
    /// # Errors
    ///
    /// Fails on a value that is not UTF-8.
    pub(crate) fn peek(&self, name: &str) -> Result<Option<String>, UsageError> {
        Ok(self.in_process(name)?.or_else(|| self.in_file(name)))
    }

    /// Takes the first of `names` that is set, in the process's environment or else in the `.env` file: the process's
    /// wins, whichever name it is. Empty values count as unset.
    ///
    /// # Errors
    ///
    /// Fails on a value that is not UTF-8.
    pub(crate) fn first_of<const N: usize>(
        &self,
        names: [&'static str; N],
    ) -> Result<Option<Found>, UsageError> {
        let mut set = Vec::new();
        let mut layer = Layer::Process;
        for name in names {
            set.extend(self.in_process(name)?.map(|value| (name, value)));
        }
        if set.is_empty() {
            layer = Layer::File;
            set.extend(
                names
                    .iter()
                    .filter_map(|name| Some((*name, self.in_file(name)?))),
            );
        }
        let is_alone = set.len() == 1;
        let first = set.into_iter().next();
        Ok(first.map(|(name, value)| {
            let mut taken = self.taken.borrow_mut();
            // A path is looked up more than once.
            if !taken.contains(&(name, layer)) {
                taken.push((name, layer));
            }
            Found {
                name,
                value,
                is_alone,
            }
        }))
    }

    /// The value in the process's environment alone.
    fn in_process(&self, name: &str) -> Result<Option<String>, UsageError> {
        match std::env::var(name) {
            _ if self.is_ignored => Ok(None),
            Ok(value) if !value.is_empty() => Ok(Some(value)),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(UsageError::new(format!("{name}: the value is not UTF-8")))
            }
            _ => Ok(None),
        }
    }

    /// The value in the `.env` file alone.
    fn in_file(&self, name: &str) -> Option<String> {
        let value = self.file.variables.get(name);
        value.filter(|value| !value.is_empty()).cloned()
    }
}
