//! Records that vanish, and the rule that decides which.

use std::sync::Arc;

use crate::demo::organisation::DemoRecord;

/// Decides whether a record is gone at a time by the server's clock, in Unix seconds. Called for each record of each page
/// that is asked for.
pub type Gone = Arc<dyn Fn(&DemoRecord<'_>, i64) -> bool + Send + Sync>;
