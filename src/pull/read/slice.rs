//! A slice: a part of a window that has been read whole.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::bounds::Bounds;
use super::odd_records::OddRecords;
use crate::api::{Record, Source, TextRange, TimeBase};
use crate::pull::filter::MatchedNames;
use crate::pull::organisations::Organisations;

/// The text of a record on one line, without the line feed.
#[derive(Clone, Debug)]
pub(in crate::pull) enum LineText {
    /// Within the text of its page, which is kept in memory for it.
    Shared(Arc<String>, TextRange),
    /// In memory of its own.
    Own(Box<str>),
}

impl LineText {
    /// The text of `record`. With `shares_page` it stays within the text of its page if nothing has to be removed, which
    /// is cheaper when most of a page is kept.
    pub(super) fn of(record: Record, shares_page: bool) -> Self {
        if shares_page && record.is_compact() {
            let (page, range) = record.into_page();
            return Self::Shared(page, range);
        }
        Self::Own(record.to_line().into_boxed_str())
    }

    pub(in crate::pull) fn as_str(&self) -> &str {
        match self {
            Self::Shared(page, range) => &page[range.start as usize..range.end as usize],
            Self::Own(text) => text,
        }
    }
}

/// One record on one line, ready to be printed.
#[derive(Clone, Debug)]
pub(in crate::pull) struct Line {
    /// Compact JSON without the line feed.
    pub(in crate::pull) text: LineText,
    /// The latest time, in Unix seconds, by which a later query could select this record again.
    pub(in crate::pull) findable_until: i64,
    /// The time of its event in Unix seconds, if that is measured and plausible. 32 bits fit into the padding of the struct.
    pub(in crate::pull) event_time: Option<NonZeroU32>,
    /// True if its time is outside the window of the slice that it came with.
    pub(in crate::pull) is_stray: bool,
}

#[cfg(test)]
impl Line {
    /// A line of which only the text matters.
    pub(in crate::pull) fn of(text: &str) -> Self {
        Self {
            text: LineText::Own(text.into()),
            findable_until: 0,
            event_time: None,
            is_stray: false,
        }
    }
}

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
