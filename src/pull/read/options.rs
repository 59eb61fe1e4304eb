//! Options of the read of one source.

use crate::api::{Source, Window};
use crate::pull::filter::EventFilter;

/// Options of the read of one source.
#[derive(Clone, Debug)]
pub(in crate::pull) struct ReadOptions {
    pub(in crate::pull) source: Source,
    pub(in crate::pull) window: Window,
    /// Length of the first slice in seconds; `None` reads the window in one piece, however much it holds.
    pub(in crate::pull) first_slice: Option<i64>,
    pub(in crate::pull) filter: EventFilter,
    /// With a checkpoint: the time that a record without a processed time may have been processed after its event, in
    /// seconds. `None` without a checkpoint: nothing is remembered then, so it does not matter how long a record may be
    /// found.
    pub(in crate::pull) processing_allowance: Option<i64>,
    /// True if the time from an audit log's event to its processing is measured, as it always is with a checkpoint.
    pub(in crate::pull) measures_processing: bool,
    /// True if the time from a record's event until it is first seen is measured as well.
    pub(in crate::pull) measures_first_seen: bool,
    /// The beginning of the run in Unix seconds. A record cannot be processed later than it is read.
    pub(in crate::pull) now: i64,
}
