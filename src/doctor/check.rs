//! A check and its outcome.

use std::fmt;

use crate::pull;

/// Something that was looked at.
#[derive(Debug)]
pub struct Check {
    /// The thing that was looked at.
    pub subject: Subject,
    /// The finding.
    pub outcome: CheckOutcome,
}

/// The things that checks look at, in the order in which the checks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The places where settings came from.
    Settings,
    /// The `.env` file and the file with the key: who may read them.
    SecretFiles,
    /// The proxy that the environment names.
    Proxy,
    /// DNS, connection and TLS.
    Connection,
    /// This machine's clock, beside Verkada's.
    Clock,
    /// The exchange of the key for a token.
    Token,
    /// One page of audit logs.
    AuditLogs,
    /// One page of notifications.
    Notifications,
    /// The organisation that the audit logs name.
    Organisation,
    /// The processed time of audit logs: whether it is there.
    ProcessedTime,
    /// Times from events to their processing.
    Lateness,
    /// The names that audit logs are kept or left out by.
    EventNames,
    /// The order of a page.
    Order,
    /// The form of a page token.
    PageToken,
    /// Records exactly on the ends of a window: whether they are within it.
    WindowEnds,
    /// The checkpoint: readable, free, and how far it has come.
    Checkpoint,
    /// The output: whether it can be written.
    Output,
    /// The token file: whether it can be written.
    TokenFile,
    /// The metrics file: whether it can be written.
    MetricsFile,
}

/// The finding.
#[derive(Debug)]
pub enum CheckOutcome {
    /// Everything is as it should be: this was found.
    Ok(String),
    /// Something that a run can live with, but that should be mended or known.
    Warn {
        /// The finding.
        found: String,
        /// The next step.
        remedy: String,
    },
    /// A run would fail.
    Fail {
        /// The error that it would end with.
        error: Box<pull::Error>,
        /// Something else that was found, if it should be known.
        remark: Option<String>,
    },
    /// The check was not made, for this reason.
    Skipped(String),
}

impl Subject {
    /// All of them, in order.
    pub const ALL: [Self; 19] = [
        Self::Settings,
        Self::SecretFiles,
        Self::Proxy,
        Self::Connection,
        Self::Clock,
        Self::Token,
        Self::AuditLogs,
        Self::Notifications,
        Self::Organisation,
        Self::ProcessedTime,
        Self::Lateness,
        Self::EventNames,
        Self::Order,
        Self::PageToken,
        Self::WindowEnds,
        Self::Checkpoint,
        Self::Output,
        Self::TokenFile,
        Self::MetricsFile,
    ];

    /// The subjects after `self`, through `last`.
    pub(super) fn until(self, last: Self) -> impl Iterator<Item = Self> {
        let all = Self::ALL.into_iter();
        all.filter(move |subject| *subject > self && *subject <= last)
    }

    /// The check of this subject with `outcome`.
    pub fn found(self, outcome: CheckOutcome) -> Check {
        Check {
            subject: self,
            outcome,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Settings => "settings",
            Self::SecretFiles => "secret files",
            Self::Proxy => "proxy",
            Self::Connection => "connection",
            Self::Clock => "clock",
            Self::Token => "token",
            Self::AuditLogs => "audit logs",
            Self::Notifications => "notifications",
            Self::Organisation => "organisation",
            Self::ProcessedTime => "processed time",
            Self::Lateness => "lateness",
            Self::EventNames => "event names",
            Self::Order => "order",
            Self::PageToken => "page token",
            Self::WindowEnds => "window ends",
            Self::Checkpoint => "checkpoint",
            Self::Output => "output",
            Self::TokenFile => "token file",
            Self::MetricsFile => "metrics file",
        })
    }
}

impl CheckOutcome {
    /// Something that is as it should be.
    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self::Ok(found.into())
    }

    /// A warning.
    pub(super) fn warn(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Warn {
            found: found.into(),
            remedy: remedy.into(),
        }
    }

    /// A failure.
    pub(super) fn fail(error: impl Into<pull::Error>) -> Self {
        Self::fail_with_remark(error, None)
    }

    /// A failure, and something else that was found.
    pub(super) fn fail_with_remark(error: impl Into<pull::Error>, remark: Option<String>) -> Self {
        Self::Fail {
            error: Box::new(error.into()),
            remark,
        }
    }

    /// A check that was not made.
    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subjects_are_listed_in_their_order() {
        assert!(Subject::ALL.is_sorted());
        let between: Vec<_> = Subject::Proxy.until(Subject::Clock).collect();
        assert_eq!(between, [Subject::Connection, Subject::Clock]);
    }
}
