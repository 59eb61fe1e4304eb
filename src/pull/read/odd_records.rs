//! Counts of records that are printed although something about them is odd.

use std::ops::AddAssign;

use crate::api::Source;

/// Records of which something is odd. They are printed all the same: rather twice than never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::pull) struct OddRecords {
    /// Those without a readable event name, so that the filter cannot judge them.
    pub(super) unclassified: u64,
    /// Those without a readable time in a slice that is not the whole window.
    pub(super) timeless: u64,
    /// Those whose time is outside the slice that they came with.
    pub(super) strays: u64,
}

impl OddRecords {
    /// Warns of each kind that there is, once for a source, however many slices it has.
    pub(in crate::pull) fn warn(&self, source: Source) {
        let Self {
            unclassified,
            timeless,
            strays,
        } = *self;
        if unclassified > 0 {
            let name = match source {
                Source::AuditLogs => "event name",
                Source::Notifications => "type",
            };
            tracing::warn!(%source, records = unclassified, "records without a readable {name} were printed all the same");
        }
        if timeless > 0 {
            tracing::warn!(%source, records = timeless, "records without a readable time were printed; one that is just where two slices of the read meet is printed by both");
        }
        if strays > 0 {
            tracing::warn!(%source, records = strays, "Verkada sent records from outside the requested window; they are not left out");
        }
    }
}

impl AddAssign for OddRecords {
    fn add_assign(&mut self, other: Self) {
        self.unclassified += other.unclassified;
        self.timeless += other.timeless;
        self.strays += other.strays;
    }
}
