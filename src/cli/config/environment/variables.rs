//! Variables: those of the process, and those of the `.env` file.

use std::cell::RefCell;
use std::path::Path;

use super::env_file::EnvFile;
use super::names::{is_unknown, meant_by};
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

/// The unknown variables that are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Those that are probably misspelt.
    Misspelt,
    /// Those of the `.env` file that may belong to another program too.
    All,
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

    /// Warns of a `.env` file that was not read, in a run that can do without it, and of names that are misspelt.
    pub(crate) fn warn_of_variables(&self) {
        if let Some(problem) = self.unread_file() {
            tracing::warn!("{problem}");
        }
        for unknown in self.unknown(Naming::Misspelt) {
            tracing::warn!("{unknown}");
        }
    }

    /// Describes the variables that look like those of this program and are none: for each place that has any, a sentence
    /// with their names. In the environment of the process only those count that are probably misspelt: other programs,
    /// and Kubernetes for its services, set names of their own there.
    pub(crate) fn unknown(&self, naming: Naming) -> Vec<String> {
        if self.is_ignored {
            return Vec::new();
        }
        let of_file = self.file.unknown.iter().map(String::as_str);
        let of_file = of_file.filter(|name| naming == Naming::All || meant_by(name).is_some());
        let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let mut of_process: Vec<_> = set
            .filter(|name| is_unknown(name) && meant_by(name).is_some())
            .collect();
        of_process.sort();
        let of_process = of_process.iter().map(String::as_str).collect();
        let file = self.path().map(|path| path.display().to_string());
        let places = [
            (file.unwrap_or_default(), of_file.collect()),
            ("the environment".to_owned(), of_process),
        ];
        let places = places.into_iter();
        places
            .filter_map(|(place, names)| described(&place, names))
            .collect()
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
    pub(crate) fn file_problem(&self) -> Option<String> {
        let file = &self.file;
        let problem = file.problem.as_ref().or(file.stray_line.as_ref()).cloned();
        problem.or_else(|| self.unknown(Naming::Misspelt).into_iter().next())
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

/// Says that `place` sets `names`, which mean nothing, and what may be meant; `None` if there are none.
fn described(place: &str, names: Vec<&str>) -> Option<String> {
    let (last, others) = names.split_last()?;
    let listed = match others {
        [] => (*last).to_owned(),
        others => format!("{} and {last}", others.join(", ")),
    };
    let verb = if others.is_empty() { "means" } else { "mean" };
    let hints = names.iter().filter_map(|name| {
        let meant = meant_by(name)?;
        let subject = if others.is_empty() { "it" } else { name };
        Some(format!("; {subject} may be meant to be {meant}"))
    });
    Some(format!(
        "{place} sets {listed}, which {verb} nothing to this program{}",
        hints.collect::<String>()
    ))
}
