//! The exit codes.

use std::io;

use verkada_audit_logs::ErrorKind;
use verkada_audit_logs::pull::{self, CheckpointError};

use crate::cli::config::UsageError;

/// The documented exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExitCode {
    /// Done; also when the reader of the pipe has gone away, unless a checkpoint was asked for.
    Done = 0,
    /// An unexpected failure; output could not be written.
    Failure = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Credentials refused, or a permission missing.
    Credentials = 3,
    /// Verkada could not be reached, or kept failing.
    Unreachable = 4,
    /// An answer that cannot be used.
    UnusableAnswer = 5,
    /// Records are missing from the files that were verified.
    Missing = 6,
    /// Another run holds the checkpoint.
    Busy = 75,
    /// Stopped by SIGHUP.
    HungUp = 129,
    /// Stopped by SIGINT.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl ExitCode {
    /// Picks one of two codes: failure before success, and of two failures the smaller one.
    pub(crate) fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Done, other) => other,
            (code, Self::Done) => code,
            (code, other) => code.min(other),
        }
    }

    /// Reports whether a signal stopped the run.
    pub(crate) fn is_of_signal(self) -> bool {
        matches!(self, Self::HungUp | Self::Interrupted | Self::Terminated)
    }

    /// The code for flags and variables that do not make a configuration.
    pub(crate) fn of_usage(error: &UsageError) -> Self {
        if error.is_of_the_system() {
            Self::Failure
        } else {
            Self::Usage
        }
    }

    /// The code for a failed run.
    pub(crate) fn of(error: &pull::Error) -> Self {
        match error {
            pull::Error::Api(error) => Self::of_kind(error.kind()),
            pull::Error::Configuration(_)
            | pull::Error::Archive { .. }
            | pull::Error::Checkpoint(CheckpointError::Unusable { .. }) => Self::Usage,
            pull::Error::Checkpoint(
                CheckpointError::Busy { .. } | CheckpointError::LockLost { .. },
            ) => Self::Busy,
            _ => Self::Failure,
        }
    }

    /// The only place that turns the kind of an API error into a code.
    fn of_kind(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::Authentication
            | ErrorKind::CredentialsLost
            | ErrorKind::TokenExpired
            | ErrorKind::PermissionDenied => Self::Credentials,
            ErrorKind::Connection(_)
            | ErrorKind::Certificate(_)
            | ErrorKind::RateLimited
            | ErrorKind::Unavailable => Self::Unreachable,
            ErrorKind::Rejected
            | ErrorKind::Redirected { .. }
            | ErrorKind::UnusableAnswer { .. }
            | ErrorKind::PageRefused { .. }
            | ErrorKind::ShiftedPages { .. }
            | ErrorKind::RepeatedPages { .. }
            | ErrorKind::CircularPages { .. }
            | ErrorKind::EndlessPages { .. } => Self::UnusableAnswer,
            ErrorKind::Configuration(_) => Self::Usage,
            _ => Self::Failure,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Reports whether the reader of the pipe has gone away.
pub(crate) fn is_closed_pipe(error: &pull::Error) -> bool {
    matches!(error, pull::Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_outweighs_success_and_the_smallest_failure_wins() {
        use ExitCode::{Busy, Credentials, Done, Failure, Unreachable, UnusableAnswer, Usage};
        let all = [
            Done,
            Failure,
            Usage,
            Credentials,
            Unreachable,
            UnusableAnswer,
            Busy,
        ];
        for left in all {
            assert_eq!(left.merge(Done), left);
            assert_eq!(left.merge(left), left);
            for right in all {
                assert_eq!(left.merge(right), right.merge(left));
                if left != Done && right != Done {
                    assert_eq!(left.merge(right) as u8, (left as u8).min(right as u8));
                }
            }
        }
    }
}
