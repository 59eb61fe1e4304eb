//! The result of a comparison, by source and day.

use crate::api::Source;

/// The result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// One entry for each source and day of which there is a record: audit logs first, each from old to new.
    pub days: Vec<Day>,
    /// The surplus records that stand in lines without an id. A line that was repeated may be among them, and another one
    /// like it may stand for an identical record that is missing.
    pub surplus_without_id: u64,
    /// Lines of the files that are not records.
    pub foreign_lines: u64,
    /// Records that Verkada sent although they are from far outside the range. They were not compared.
    pub outside: u64,
}

/// The records of one source on one day, which is one of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The source.
    pub source: Source,
    /// The start of the day, in Unix seconds.
    pub start: i64,
    /// Records that Verkada has.
    pub verkada: u64,
    /// Records that the files hold: those that Verkada has, and the surplus ones.
    pub files: u64,
    /// Records that Verkada has and the files do not hold.
    pub missing: u64,
    /// Records that the files hold and Verkada does not have, or not as often.
    pub surplus: u64,
}

impl Default for Day {
    fn default() -> Self {
        Self {
            source: Source::AuditLogs,
            start: 0,
            verkada: 0,
            files: 0,
            missing: 0,
            surplus: 0,
        }
    }
}

impl Findings {
    /// The sums over all days: records that Verkada has, that the files hold, that are missing, and that are surplus.
    pub fn sums(&self) -> [u64; 4] {
        let sum = |count: fn(&Day) -> u64| self.days.iter().map(count).sum();
        [
            sum(|day| day.verkada),
            sum(|day| day.files),
            sum(|day| day.missing),
            sum(|day| day.surplus),
        ]
    }
}
