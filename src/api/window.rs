//! What is asked for: which source, between which times, by which clock.

use std::fmt;

use super::error::ConfigurationError;

/// One of the two lists that Verkada keeps and this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// `GET /core/v1/audit_log`: who did what in Command.
    AuditLogs,
    /// `GET /cameras/v1/alerts`: what cameras noticed.
    Notifications,
}

impl Source {
    /// Both, in the order in which they are printed.
    pub const ALL: [Self; 2] = [Self::AuditLogs, Self::Notifications];

    /// The path below the base URL.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::AuditLogs => "/core/v1/audit_log",
            Self::Notifications => "/cameras/v1/alerts",
        }
    }

    /// The key that holds the list in an answer.
    pub(super) fn list_key(self) -> &'static str {
        match self {
            Self::AuditLogs => "audit_logs",
            Self::Notifications => "notifications",
        }
    }

    /// The permission that a key needs, in the words of Command's own page.
    pub fn permission(self) -> &'static str {
        match self {
            Self::AuditLogs => "Core, Read-only",
            Self::Notifications => "Cameras, Read-only",
        }
    }

    /// The name that `--only` takes.
    pub fn flag_value(self) -> &'static str {
        match self {
            Self::AuditLogs => "audit-logs",
            Self::Notifications => "notifications",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AuditLogs => "audit logs",
            Self::Notifications => "notifications",
        })
    }
}

/// Which of a record's times a window is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBase {
    /// When it happened: `timestamp` of an audit log, `created` of a notification.
    Event,
    /// When Verkada finished processing it (`use_processed_timestamp=true`), so that a late record is not
    /// missed. Exists since 2025-08-12. Notifications have no such time and ignore this.
    Processed,
}

/// A span of time in Unix seconds. Both ends go to the API as they are; whether Verkada counts records
/// exactly on an end as inside is not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    start: i64,
    end: i64,
    time_base: TimeBase,
}

impl Window {
    /// A window from `start` to `end`, in Unix seconds.
    ///
    /// # Errors
    ///
    /// Fails unless `start` lies before `end`.
    pub fn new(start: i64, end: i64, time_base: TimeBase) -> Result<Self, ConfigurationError> {
        if start >= end {
            return Err(ConfigurationError::new(format!(
                "the start ({start}) must lie before the end ({end})"
            )));
        }
        Ok(Self {
            start,
            end,
            time_base,
        })
    }

    /// The first second, in Unix seconds.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The last second, in Unix seconds.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// The clock that the window is about.
    pub fn time_base(&self) -> TimeBase {
        self.time_base
    }
}
