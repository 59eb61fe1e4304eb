//! Wrong usage: an error that the person at the keyboard can mend.

/// The longest text that a message repeats. The longest flag and the longest time have 25 characters, and keys have 40 or
/// more.
pub(crate) const LONGEST_QUOTED: usize = 32;

/// Wrong usage or configuration. The message names the flag or variable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(String);

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Quotes what was given, for a message. A longer text may be a key in the wrong place and is not repeated.
pub(crate) fn quoted(given: &str) -> String {
    match given.chars().count() {
        0..=LONGEST_QUOTED => format!("“{given}”"),
        _ => "what was given".to_owned(),
    }
}
