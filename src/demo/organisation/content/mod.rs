//! The JSON text of one record. It depends only on the record's content key and times, and names
//! people, keys and cameras from the organisation's catalogue.
//!
//! ```text
//!     audit_log             notification
//!      |   |  |               |    |
//!      |   |  +------+--------|----+
//!      v   |         v        |
//!    event |     json_text    |        fragments of JSON
//!          |                  |
//!          +--> catalogue <---+        invented people, API keys, sites and cameras
//! ```

mod audit_log;
mod catalogue;
mod event;
mod json_text;
mod notification;

pub(super) use audit_log::{AuditLog, event_name};
pub(super) use catalogue::Catalogue;
pub(super) use notification::{Notification, notification_type};
