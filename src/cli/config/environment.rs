//! Variables: those of the process, and those of the `.env` file.

use std::path::Path;

use super::env_file::EnvFile;
use super::usage_error::UsageError;

/// Variables by name: those of the process win over those of the nearest `.env` file.
#[derive(Default)]
pub(crate) struct Environment {
    file: EnvFile,
    is_ignored: bool,
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
            is_ignored: false,
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
        if let Some(problem) = &self.file.problem {
            tracing::warn!("{problem}");
        }
    }

    /// Returns what is wrong with the `.env` file, for the message that something is missing.
    pub(crate) fn file_problem(&self) -> Option<&str> {
        let file = &self.file;
        file.problem.as_deref().or(file.stray_line.as_deref())
    }

    /// The value of `name`; an empty one counts as unset.
    ///
    /// # Errors
    ///
    /// Fails on a value that is not UTF-8.
    pub(crate) fn get(&self, name: &str) -> Result<Option<String>, UsageError> {
        Ok(self.in_process(name)?.or_else(|| self.in_file(name)))
    }

    /// The values of `names` in the process's environment alone, then those in the `.env` file alone: for variables of
    /// which one can replace another.
    pub(crate) fn layers<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[[Option<String>; N]; 2], UsageError> {
        let mut in_process = [const { None }; N];
        for (value, name) in in_process.iter_mut().zip(names) {
            *value = self.in_process(name)?;
        }
        Ok([in_process, names.map(|name| self.in_file(name))])
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
