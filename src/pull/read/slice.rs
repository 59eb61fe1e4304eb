//! A slice: a part of a window that has been read whole.

use chrono::{DateTime, Utc};

use super::bounds::Bounds;
use super::line::Line;
use super::odd_records::OddRecords;
use crate::api::{Source, TimeBase};
use crate::pull::filter::MatchedNames;
use crate::pull::organisations::Organisations;

/// A part of a window that has been read whole.
#[derive(Debug)]
pub(in crate::pull) struct Slice {
    pub(in crate::pull) source: Source,
    pub(in crate::pull) bounds: Bounds,
    /// The time by which its records were asked for.
    pub(in crate::pull) time_base: TimeBase,
    /// Oldest first.
    pub(in crate::pull) lines: Vec<Line>,
    /// Records of the slice that the filter left out.
    pub(in crate::pull) filtered: u64,
    /// Those of its lines of which something is odd.
    pub(in crate::pull) odd: OddRecords,
    /// The names of the filter that its records have.
    pub(in crate::pull) matched_names: MatchedNames,
    /// The longest time from the event of a kept audit log to its processing, in seconds, if it is measured.
    pub(in crate::pull) longest_processing: Option<i64>,
    /// The server's clock when it answered the first page.
    pub(in crate::pull) server_time: Option<DateTime<Utc>>,
    /// The organisations that its audit logs name.
    pub(in crate::pull) organisations: Organisations,
    /// The time of the newest record within the bounds, whether the filter kept it or not.
    pub(in crate::pull) newest: Option<i64>,
    pub(in crate::pull) edge: Edge,
}

/// Findings about the seconds at the ends of a slice, from all its records, kept or not. They show where a read can be
/// carried on by hand without a gap or a repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::pull) struct Edge {
    /// A record was exactly on the first second that was requested, so Verkada counts the start of a window as inside.
    pub(in crate::pull) first_asked: bool,
    /// A record was exactly on the last second of the slice.
    pub(in crate::pull) last_whole: bool,
    /// A record was a fraction of a second after that.
    pub(in crate::pull) last_fraction: bool,
}
