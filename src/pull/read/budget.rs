//! The memory for fetching ahead: a limit for the records that wait to be printed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Limit for the text of records that wait in memory to be printed. The slice that is printed next is read regardless.
const READ_AHEAD_BYTES: usize = 24 << 20;

/// Limit for a source that is printed after another one, until that one is done.
const READ_AHEAD_BYTES_WHILE_WAITING: usize = 8 << 20;

/// The read-ahead budget of one source.
#[derive(Default)]
pub(super) struct ReadAheadBudget {
    bytes: AtomicUsize,
    is_printing: AtomicBool,
    changed: Notify,
}

impl ReadAheadBudget {
    /// Reports whether more may be fetched ahead.
    pub(super) fn has_room(&self) -> bool {
        let most = if self.is_printing() {
            READ_AHEAD_BYTES
        } else {
            READ_AHEAD_BYTES_WHILE_WAITING
        };
        self.bytes.load(Ordering::Relaxed) < most
    }

    /// Reports whether this is the source that is being printed.
    pub(super) fn is_printing(&self) -> bool {
        self.is_printing.load(Ordering::Relaxed)
    }

    /// Makes this the source that is being printed, which widens the budget.
    pub(super) fn mark_printing(&self) {
        self.is_printing.store(true, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Returns when there may be more room than at the last call.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// A part of the budget; given back when dropped.
pub(in crate::pull) struct Reservation {
    budget: Arc<ReadAheadBudget>,
    bytes: usize,
}

impl Reservation {
    /// Reserves nothing yet.
    pub(super) fn new(budget: Arc<ReadAheadBudget>) -> Self {
        Self { budget, bytes: 0 }
    }

    /// Reserves `bytes` more. The budget may be exceeded: it decides what is requested next, not what is kept.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.budget.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.budget.changed.notify_one();
    }
}
