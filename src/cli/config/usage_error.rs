//! Errors before a run begins.

pub(crate) use verkada_audit_logs::{LONGEST_QUOTED, quoted};

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
