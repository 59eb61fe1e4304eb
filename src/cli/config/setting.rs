//! One setting at a time: the flag or variable that gives it, and the meaning of its value.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::environment::{Environment, Found};
use super::usage_error::{UsageError, quoted};

/// Looks settings up: flag, then variable.
pub(crate) struct Settings<'a> {
    pub(crate) environment: &'a Environment,
}

/// A value, and the flag or variable that gave it, which the message names if it cannot be used.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

impl Settings<'_> {
    /// The value of a flag, or else of a variable.
    pub(crate) fn pick(
        &self,
        flag: &Option<String>,
        flag_name: &'static str,
        variable: &'static str,
    ) -> Result<Option<Setting>, UsageError> {
        if let Some(value) = flag {
            return Ok(Some(Setting {
                name: flag_name,
                value: value.clone(),
            }));
        }
        Ok(self.environment.first_of([variable])?.map(Setting::from))
    }

    /// The path that a flag, or else a variable, names.
    pub(crate) fn path(
        &self,
        flag: Option<&Path>,
        variable: &'static str,
    ) -> Result<Option<PathBuf>, UsageError> {
        match flag {
            Some(path) => Ok(Some(path.to_owned())),
            None => {
                let found = self.environment.first_of([variable])?;
                Ok(found.map(|found| PathBuf::from(found.value)))
            }
        }
    }
}

impl From<Found> for Setting {
    fn from(found: Found) -> Self {
        let Found { name, value, .. } = found;
        Self { name, value }
    }
}

impl Setting {
    /// The refusal of the value, for `reason`.
    pub(crate) fn refuse(&self, reason: impl fmt::Display) -> UsageError {
        UsageError::new(format!("{}: {reason}", self.name))
    }

    pub(crate) fn parse<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, UsageError> {
        self.value.parse().map_err(|reason| self.refuse(reason))
    }

    /// Reads the value as a whole number from `least` to `most`.
    pub(crate) fn number(&self, least: u32, most: u32) -> Result<u32, UsageError> {
        let number = self.value.trim().parse().ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                self.refuse(format!(
                    "{} is not a whole number between {least} and {most}",
                    quoted(&self.value)
                ))
            })
    }
}

/// Splits `values` at commas. A value without a word is refused as a mistake. So is a word between quotes, or with a
/// letter that `is_foreign`; the message then shows the right `form`.
pub(crate) fn words(
    values: &[String],
    name: &str,
    form: &str,
    is_foreign: impl Fn(char) -> bool,
) -> Result<Vec<String>, UsageError> {
    let mut all = Vec::new();
    for value in values {
        let words = value
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let before = all.len();
        all.extend(words.map(str::to_owned));
        if all.len() == before {
            return Err(UsageError::new(format!(
                "{name}: {} names nothing",
                quoted(value)
            )));
        }
    }
    let is_quoted = |word: &String| word.starts_with(['\'', '`']) || word.ends_with(['\'', '`']);
    match all
        .iter()
        .find(|word| is_quoted(word) || word.contains(&is_foreign))
    {
        Some(word) => Err(UsageError::new(format!(
            "{name}: {} cannot be a name; {form}",
            quoted(word)
        ))),
        None => Ok(all),
    }
}
