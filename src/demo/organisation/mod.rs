//! The events of a simulated organisation: which records exist, when, and with what content.
//!
//! Nothing is stored. Every record is a pure function of the profile's seed and the record's time,
//! so a window of any length can be listed lazily and always gives the same answer.
//!
//! ```text
//!     Organisation
//!          |
//!          v
//!       records            the records of a window, newest first
//!        |    |
//!        |    +---------> content/     the JSON text of one record
//!        v                   |
//!      stream                |         delays and twins of each record
//!        |                   |
//!        v                   |
//!     density                |         number of records in each second
//!        |                   |
//!        v                   v
//!     profile             random       repeatable draws, used by stream and density too
//! ```

mod content;
mod density;
mod profile;
pub(super) mod random;
mod records;
mod stream;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use content::Catalogue;
use stream::RecordStream;

pub(super) use density::LAST_SECOND;
pub use profile::{Burst, DailyCycle, Profile, Source};
pub(super) use records::RecordPosition;
pub use records::{DemoRecord, DemoRecords, TimeBase};

/// A simulated organisation whose records are a pure function of its profile and the time.
///
/// Nothing is stored: any window can be listed, and gives the same records every time. Records
/// exist from 1970-01-01 to 9999-12-31, so a window should have a start.
pub struct Organisation {
    profile: Profile,
    audit_logs: RecordStream,
    notifications: RecordStream,
    catalogue: Catalogue,
}

impl Organisation {
    /// Creates the organisation that a profile describes.
    pub fn new(profile: Profile) -> Self {
        Self {
            audit_logs: RecordStream::new(&profile, Source::AuditLogs),
            notifications: RecordStream::new(&profile, Source::Notifications),
            catalogue: Catalogue::new(profile.seed),
            profile,
        }
    }

    /// The profile that the organisation was created from.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The `organization_id` of every audit log.
    pub fn id(&self) -> &str {
        &self.catalogue.organisation_id
    }

    /// Lists all audit logs of a window, newest first by the chosen time, including those that are
    /// not visible yet.
    ///
    /// Both ends are included and in Unix seconds. Records of the same second come in the same
    /// order in any window. The iterator is lazy: the newest records of a year cost no more than
    /// those of an hour.
    pub fn audit_logs(&self, window: RangeInclusive<i64>, base: TimeBase) -> DemoRecords<'_> {
        DemoRecords::new(&self.audit_logs, &self.catalogue, base, window)
    }

    /// Lists all notifications of a window by `created`, newest first, like
    /// [`audit_logs`](Self::audit_logs).
    pub fn notifications(&self, window: RangeInclusive<i64>) -> DemoRecords<'_> {
        DemoRecords::new(
            &self.notifications,
            &self.catalogue,
            TimeBase::Event,
            window,
        )
    }
}
