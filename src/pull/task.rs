//! The task of a run.

use super::filter::EventFilter;
use super::plan::{Period, scheduled_window};
use crate::api::{ConfigurationError, Source, TimeBase, Window};

/// The task of one run; [`Pull::run`] carries it out.
#[derive(Clone, Debug)]
pub struct Pull {
    /// The beginning of the run by this machine's clock, in Unix seconds.
    pub now: i64,
    /// The stretch of time that it is about.
    pub period: Period,
    /// The sources to read. Audit logs are printed first, whatever the order here.
    pub sources: Vec<Source>,
    /// The audit logs to keep.
    pub filter: EventFilter,
    /// Length of the scheduled interval in seconds.
    pub interval_seconds: i64,
    /// With a checkpoint: how far back to look again for late records, in seconds.
    pub overlap_seconds: i64,
    /// With a checkpoint: go on from this Unix second although what lies between cannot be read.
    pub accept_gap_to: Option<i64>,
}

impl Pull {
    /// The sources to read, in the order of printing.
    pub(super) fn sources_in_order(&self) -> impl Iterator<Item = Source> {
        Source::ALL
            .into_iter()
            .filter(|source| self.sources.contains(source))
    }

    /// Reports whether a first run begins where the clock says.
    pub(super) fn begins_by_the_clock(&self) -> bool {
        self.period == Period::Scheduled && self.accept_gap_to.is_none()
    }

    /// The window that was asked for at `now`, before a checkpoint has a say.
    pub(super) fn requested_window(&self, now: i64) -> Result<Window, ConfigurationError> {
        match self.period {
            Period::Scheduled => Ok(scheduled_window(now, self.interval_seconds)),
            Period::Range { start, end } => Window::new(start, end, TimeBase::Event),
        }
    }
}
