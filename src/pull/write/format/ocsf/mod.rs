//! One OCSF event of a record.
//!
//! Every member of a record goes to its place in the event or, byte for byte, to `unmapped`; the whole text is in
//! `raw_data` besides. Whatever a record holds, its event satisfies the schema: a value of another type than expected has
//! no place, and what a class requires and the record does not say is `Unknown`.
//!
//! ```text
//! audit_log ------> mapping ---> class, activity     event name -> class and activity: the table
//!  |     `--------> people, devices                  who did it, and to what
//!  |                   |
//! notification ----> common                          time, id, organisation, text
//!                      |
//!                    event, members                  the attributes of OCSF; the members of a record
//! ```

mod activity;
mod audit_log;
mod class;
mod common;
mod devices;
mod event;
mod mapping;
mod members;
mod notification;
mod people;

use std::borrow::Cow;

use super::origin::Origin;
use super::record_id::RecordId;
use crate::api::Source;
use event::BASE_EVENT;

pub use mapping::MAPPING_VERSION;

/// The event of `record` on one line, and the event name if the mapping does not know it.
pub(super) fn line(record: &str, id: RecordId, origin: Origin<'_>) -> (String, Option<String>) {
    let event = match origin.source {
        Source::AuditLogs => audit_log::event(record, id, &origin),
        Source::Notifications => notification::event(record, id, &origin),
    };
    let text = serde_json::to_string(&event)
        .expect("an event has text for keys, and writing to memory cannot fail");
    let name = event.metadata.event_code;
    let unknown_name = name.filter(|_| event.class_uid == BASE_EVENT);
    (text, unknown_name.map(Cow::into_owned))
}

/// Every event name that the mapping knows.
pub fn mapped_event_names() -> impl Iterator<Item = &'static str> {
    mapping::AUDIT_LOGS.iter().map(|(name, _)| *name)
}
