//! A judge of what is printed already, in place of the ledger.

use crate::api::Source;

/// Knows records that need not be printed, whatever a checkpoint says.
pub(crate) trait Known: Send {
    /// Decides for each line of a slice of `source` that was read whole, in order, whether it is missing. A record that is
    /// known `n` times is missing from the `n + 1`st time on.
    fn missing(&mut self, source: Source, lines: &[&str]) -> Vec<bool>;
}
