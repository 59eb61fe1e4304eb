//! A simulated organisation: which records exist in which window.

use std::ops::RangeInclusive;

use super::catalogue::Catalogue;
use super::profile::{Profile, Source};
use super::records::Records;
use super::stream::Stream;

/// Which of an audit log's two times a window is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeBase {
    /// `timestamp`: when it happened.
    Event,
    /// `processed_timestamp`: when Verkada had finished processing it
    /// (`use_processed_timestamp=true`).
    Processed,
}

/// A simulated organisation whose records are a pure function of its profile and the time.
///
/// Nothing is stored: any window may be asked for, and gives the same records every time. Records
/// exist from 1970-01-01 to 9999-12-31, so a window ought to have a start.
pub struct Organisation {
    profile: Profile,
    audit_logs: Stream,
    notifications: Stream,
    catalogue: Catalogue,
}

impl Organisation {
    /// The organisation that a profile describes.
    pub fn new(profile: Profile) -> Self {
        Self {
            audit_logs: Stream::new(&profile, Source::AuditLogs),
            notifications: Stream::new(&profile, Source::Notifications),
            catalogue: Catalogue::new(profile.seed),
            profile,
        }
    }

    /// What the organisation was made from.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The `organization_id` of every audit log.
    pub fn id(&self) -> &str {
        &self.catalogue.organisation_id
    }

    /// All audit logs of a window, newest first by the time it is about, whether visible yet or
    /// not.
    ///
    /// Both ends are included and in Unix seconds. Records of the same second come in the same
    /// order in any window. The iterator is lazy: the newest records of a year cost no more than
    /// those of an hour.
    pub fn audit_logs(&self, window: RangeInclusive<i64>, base: TimeBase) -> Records<'_> {
        Records::new(self, Source::AuditLogs, base, window)
    }

    /// All notifications of a window by `created`, newest first, like
    /// [`audit_logs`](Self::audit_logs).
    pub fn notifications(&self, window: RangeInclusive<i64>) -> Records<'_> {
        Records::new(self, Source::Notifications, TimeBase::Event, window)
    }

    /// The records of a source.
    pub(super) fn stream(&self, source: Source) -> &Stream {
        match source {
            Source::AuditLogs => &self.audit_logs,
            Source::Notifications => &self.notifications,
        }
    }

    /// The people and cameras that records mention.
    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
}
