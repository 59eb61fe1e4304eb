//! Variables: those of the process, and those of the `.env` file.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::usage_error::UsageError;

/// Variables by name: those of the process win over those of the nearest `.env` file.
#[derive(Default)]
pub(crate) struct Environment {
    /// The path of the file.
    path: Option<PathBuf>,
    file: HashMap<String, String>,
    /// Names that the process has from the file alone.
    loaded: HashSet<String>,
    ignored: bool,
}

impl Environment {
    /// Reads the nearest `.env` file from the working directory upwards, if there is one.
    ///
    /// # Errors
    ///
    /// Names the file, and the line that cannot be read, without quoting it: it may hold the key.
    pub(crate) fn load() -> Result<Self, UsageError> {
        let Some(path) = nearest_file() else {
            return Ok(Self::default());
        };
        let text = text_of(&path)?;
        let file = variables(&path, &text)?;
        let names = file.keys().cloned();
        let loaded = names
            .filter(|name| std::env::var_os(name).is_none())
            .collect();
        // For variables that libraries read, such as those of a proxy. It never overrides what is set.
        dotenvy::from_read(text.as_bytes())
            .map_err(|_| UsageError::new(format!("{} cannot be read", path.display())))?;
        Ok(Self {
            path: Some(path),
            file,
            loaded,
            ignored: false,
        })
    }

    /// An environment in which none of the program's own variables is set.
    pub(crate) fn ignored() -> Self {
        Self {
            ignored: true,
            ..Self::default()
        }
    }

    /// The `.env` file, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
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
            _ if self.ignored || self.loaded.contains(name) => Ok(None),
            Ok(value) if !value.is_empty() => Ok(Some(value)),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(UsageError::new(format!("{name}: the value is not UTF-8")))
            }
            _ => Ok(None),
        }
    }

    /// The value in the `.env` file alone.
    fn in_file(&self, name: &str) -> Option<String> {
        self.file
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    }
}

fn nearest_file() -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    let mut candidates = folder.ancestors().map(|folder| folder.join(".env"));
    // A virtual environment of Python is often a folder of this name.
    candidates.find(|path| path.is_file())
}

/// Reads the file, without the byte order mark that some editors put first.
fn text_of(path: &Path) -> Result<String, UsageError> {
    let text = fs::read_to_string(path)
        .map_err(|error| UsageError::new(format!("{}: cannot be read: {error}", path.display())))?;
    if text.contains('\0') {
        return Err(UsageError::new(format!(
            "{}: holds a NUL byte, so it is not text; write it again as UTF-8",
            path.display()
        )));
    }
    Ok(text.trim_start_matches('\u{FEFF}').to_owned())
}

fn variables(path: &Path, text: &str) -> Result<HashMap<String, String>, UsageError> {
    let unreadable = |reason: String| UsageError::new(format!("{}: {reason}", path.display()));
    let variables = dotenvy::from_read_iter(text.as_bytes());
    variables.collect::<Result<_, _>>().map_err(|error| match error {
        dotenvy::Error::LineParse(line, _) => unreadable(format!(
            "line {} is not of the form NAME=value; put the value in single quotes if it holds a space, “#”, “$” or “\\”",
            line_number(text, &line)
        )),
        _ => unreadable("cannot be read".to_owned()),
    })
}

fn line_number(text: &str, line: &str) -> usize {
    let first = line.lines().next().unwrap_or_default().trim();
    text.lines()
        .position(|candidate| candidate.contains(first))
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named_and_not_quoted() {
        let text = "# comment\nVERKADA_REGION=eu\nVERKADA_API_KEY=two words\n";
        let message = variables(Path::new(".env"), text)
            .err()
            .unwrap()
            .to_string();
        assert!(message.contains("line 3"), "{message}");
        assert!(!message.contains("words"), "{message}");
    }

    #[test]
    fn an_empty_value_counts_as_unset() {
        let environment = Environment {
            file: HashMap::from([("A".into(), String::new()), ("B".into(), "b".into())]),
            ..Environment::default()
        };
        assert_eq!(environment.in_file("A"), None);
        assert_eq!(environment.in_file("B").as_deref(), Some("b"));
    }
}
