//! One setting at a time: where it was given, and what its value says.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::environment::Environment;

/// The longest text of the command line that a message repeats; the longest flag and the longest time have 25
/// characters, and keys 40 or more.
pub(crate) const LONGEST_QUOTED: usize = 32;

/// Something that the person at the keyboard can mend; names the flag or variable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(String);

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Looks settings up: flag, then variable.
pub(crate) struct Settings<'a> {
    pub(crate) environment: &'a Environment,
}

/// A value and the name of where it was given, for the message if it cannot be used.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

impl Settings<'_> {
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
        let value = self.environment.get(variable)?;
        Ok(value.map(|value| Setting {
            name: variable,
            value,
        }))
    }

    pub(crate) fn path(
        &self,
        flag: Option<&Path>,
        variable: &'static str,
    ) -> Result<Option<PathBuf>, UsageError> {
        match flag {
            Some(path) => Ok(Some(path.to_owned())),
            None => Ok(self.environment.get(variable)?.map(PathBuf::from)),
        }
    }
}

impl Setting {
    fn refuse(&self, reason: impl fmt::Display) -> UsageError {
        UsageError::new(format!("{}: {reason}", self.name))
    }

    pub(crate) fn parse<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, UsageError> {
        self.value.parse().map_err(|reason| self.refuse(reason))
    }

    pub(crate) fn number(&self, least: u32, most: u32) -> Result<u32, UsageError> {
        let number = self.value.trim().parse().ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                self.refuse(format!(
                    "{} is no whole number from {least} to {most}",
                    quoted(&self.value)
                ))
            })
    }
}

/// What was given, for a message. A longer text may be a key in the wrong place, and is not repeated.
pub(crate) fn quoted(given: &str) -> String {
    match given.chars().count() {
        0..=LONGEST_QUOTED => format!("“{given}”"),
        _ => "what was given".to_owned(),
    }
}

/// The comma-separated words of `values`; each value must hold one, or something was meant and lost.
pub(crate) fn words(values: &[String], name: &str) -> Result<Vec<String>, UsageError> {
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
    Ok(all)
}
