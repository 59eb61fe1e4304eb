//! The description of a simulated organisation: how busy it is, and how late its records arrive.

use std::time::Duration;

/// Usual times that Verkada takes to process an audit log, in seconds, the most common first.
const PROCESSING_DELAYS: [u32; 8] = [1, 2, 4, 8, 20, 60, 300, 840];

/// Usual times that a late record stays invisible after it was processed, in seconds.
const VISIBILITY_DELAYS: [u32; 3] = [10, 60, 600];

/// The two kinds of record that the API serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// `GET /core/v1/audit_log`.
    AuditLogs,
    /// `GET /cameras/v1/alerts`.
    Notifications,
}

/// Distribution of records over the day. Working hours are 08:00 to 18:00 UTC. The daily average is
/// the same for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DailyCycle {
    /// Every hour is equally busy.
    Flat,
    /// Working hours are three times as busy as nights.
    Moderate,
    /// Working hours are ten times as busy as nights.
    Strong,
}

impl DailyCycle {
    /// Returns the rate of working hours, relative to nights.
    pub(super) fn working_hours_factor(self) -> f64 {
        match self {
            Self::Flat => 1.0,
            Self::Moderate => 3.0,
            Self::Strong => 10.0,
        }
    }
}

/// Records in addition to the usual ones, exactly `records_per_second` in each of `seconds`
/// seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burst {
    /// The kind of record.
    pub source: Source,
    /// The event time of the first records, in Unix seconds.
    pub at: i64,
    /// Length of the burst in seconds.
    pub seconds: u32,
    /// Number of records added to each of those seconds.
    pub records_per_second: u32,
}

/// Description of a simulated [`Organisation`](super::Organisation).
///
/// Two organisations with equal profiles have the same records, byte for byte.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Distinguishes organisations that are alike in everything else.
    pub seed: u64,
    /// Average number of audit logs a day, designed for up to 200 a second (17,280,000). A negative
    /// number counts as 0.
    pub audit_logs_per_day: f64,
    /// Average number of notifications a day, with the same limits.
    pub notifications_per_day: f64,
    /// Distribution of both over the day.
    pub daily_cycle: DailyCycle,
    /// Records in addition to the averages.
    pub bursts: Vec<Burst>,
    /// Seconds from an audit log's event time to its `processed_timestamp`: one of these for each
    /// record, the first for half of them, the second for a quarter, and so on. Empty means always
    /// 0.
    pub processing_delays: Vec<u32>,
    /// Seconds from a late record's own time until the API shows it, each equally likely. Its own
    /// time is its `processed_timestamp` for an audit log and `created` for a notification. Empty
    /// means always 0.
    pub visibility_delays: Vec<u32>,
    /// Number of late records in a thousand. All others are visible from their own time on.
    pub late_per_mille: u32,
    /// Number of twins in a thousand records that are not the first of their second. A twin repeats
    /// the previous record of its second byte for byte, and may become visible at another time.
    pub twins_per_mille: u32,
}

impl Profile {
    /// The organisation of `--demo`: about 30,000 audit logs and 5,000 notifications a day. Nights
    /// are quieter, but every quarter of an hour holds some of each event that is kept by default.
    pub fn demo() -> Self {
        Self {
            audit_logs_per_day: 30_000.0,
            notifications_per_day: 5_000.0,
            daily_cycle: DailyCycle::Moderate,
            ..Self::quiet()
        }
    }

    /// A small municipality: about 330 audit logs and 40 notifications a day, few of them at night.
    pub fn quiet() -> Self {
        Self {
            seed: 2026,
            audit_logs_per_day: 330.0,
            notifications_per_day: 40.0,
            daily_cycle: DailyCycle::Strong,
            bursts: Vec::new(),
            processing_delays: PROCESSING_DELAYS.to_vec(),
            visibility_delays: VISIBILITY_DELAYS.to_vec(),
            late_per_mille: 20,
            twins_per_mille: 10,
        }
    }

    /// An organisation without records, to which bursts may be added.
    pub fn empty() -> Self {
        Self {
            audit_logs_per_day: 0.0,
            notifications_per_day: 0.0,
            daily_cycle: DailyCycle::Flat,
            ..Self::quiet()
        }
    }

    /// Returns the longest time from an event until the API shows it.
    ///
    /// A window that ended longer ago than this is complete and no longer changes.
    pub fn longest_delay(&self) -> Duration {
        let longest = |delays: &[u32]| u64::from(delays.iter().copied().max().unwrap_or(0));
        Duration::from_secs(longest(&self.processing_delays) + longest(&self.visibility_delays))
    }

    /// Returns the average number of records of a source a day, without bursts.
    pub(super) fn records_per_day(&self, source: Source) -> f64 {
        match source {
            Source::AuditLogs => self.audit_logs_per_day,
            Source::Notifications => self.notifications_per_day,
        }
    }
}
