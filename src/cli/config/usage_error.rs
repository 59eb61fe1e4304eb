//! Errors before a run begins.

/// The longest text that a message repeats. The longest flag and the longest time have 25 characters, and keys have 40 or
/// more.
pub(crate) const LONGEST_QUOTED: usize = 32;

/// Wrong usage or configuration, or a system that lacks what the run needs. The message names the flag or variable.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    message: String,
    is_of_the_system: bool,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_of_the_system: false,
        }
    }

    /// An error that no flag or variable can mend, such as a thread that cannot be started.
    pub(crate) fn of_the_system(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_of_the_system: true,
        }
    }

    /// Reports whether the system is at fault, and not the command line.
    pub(crate) fn is_of_the_system(&self) -> bool {
        self.is_of_the_system
    }
}

/// Quotes what was given, for a message, with control characters escaped. A longer text may be a key in the wrong place and
/// is not repeated.
pub(crate) fn quoted(given: &str) -> String {
    if given.chars().count() > LONGEST_QUOTED {
        return "what was given".to_owned();
    }
    let mut shown = String::from("“");
    for letter in given.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown + "”"
}
