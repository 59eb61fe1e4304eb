//! The two lists that Verkada keeps.

use std::fmt;

/// One of the two lists that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// `GET /core/v1/audit_log`: who did what in Command.
    AuditLogs,
    /// `GET /cameras/v1/alerts`: what cameras noticed.
    Notifications,
}

impl Source {
    /// Both sources, in the order in which they are printed.
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
