//! A judge of what is printed already, in place of the ledger.

use super::format::RecordId;
use crate::api::Source;

/// Knows records that need not be printed, whatever a checkpoint says.
pub(crate) trait Known: Send {
    /// Decides for each record of a slice of `source` that was read whole, in order, whether it is missing. A record is
    /// compact JSON, and its id has its number among the identical records of the slice.
    fn missing(&mut self, source: Source, records: &[(RecordId, &str)]) -> Vec<bool>;
}
