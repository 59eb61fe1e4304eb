//! The place that a record came from.

use crate::api::Source;

/// The place that a record came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The list that it is from.
    pub source: Source,
    /// The host that was asked, such as `api.eu.verkada.com`.
    pub host: &'a str,
    /// The organisation that is read, if it is known: for notifications, which do not name theirs.
    pub organization_id: Option<&'a str>,
}

impl Origin<'_> {
    /// The organisation of a record that names `own`. An audit log has no other: what is known from other records may change
    /// from run to run, and the line of a record must not.
    pub(super) fn organization_of<'a>(&'a self, own: Option<&'a str>) -> Option<&'a str> {
        match self.source {
            Source::AuditLogs => own,
            Source::Notifications => own.or(self.organization_id),
        }
    }
}
