//! Parts that the events of audit logs and of notifications have in common.

use std::borrow::Cow;

use super::super::origin::Origin;
use super::super::record_id::RecordId;
use super::event::{Event, Metadata, OCSF_VERSION, Product, Text, Transformation};
use super::mapping::MAPPING_VERSION;
use super::members::{Members, Value};
use crate::api::{Source, parse_time};
use crate::json::decode_string;
use crate::time::time_text;

/// Stands for what a class requires and a record does not say.
pub(super) const UNKNOWN: &str = "Unknown";

/// An event of `record` before anything of it has found its place.
pub(super) fn event<'a>(record: &'a str, id: RecordId, origin: &Origin<'a>) -> Event<'a> {
    let log_name = match origin.source {
        Source::AuditLogs => "audit_log",
        Source::Notifications => "alerts",
    };
    let metadata = Metadata {
        version: OCSF_VERSION,
        uid: Some(id),
        product: Product {
            name: "Command",
            vendor_name: "Verkada",
        },
        log_name,
        log_provider: origin.host,
        transformation_info_list: [Transformation {
            name: env!("CARGO_PKG_NAME"),
            uid: MAPPING_VERSION,
        }],
        ..Metadata::default()
    };
    Event {
        metadata,
        raw_data: record,
        ..Event::default()
    }
}

/// Moves the times to their places: `key` says when it happened. Without a readable time the event is of the time at which
/// it was processed, and without that of 1970.
pub(super) fn place_times<'a>(event: &mut Event<'a>, members: &mut Members<'a>, key: &str) {
    let happened = members.take_if(key, |json| Some((milliseconds(json)?, text_of(json)?)));
    let processed = members.get("processed_timestamp").and_then(milliseconds);
    if let Some(processed) = processed {
        // The text itself stays if the number does not say all of it.
        members.take_if("processed_timestamp", |json| {
            let canonical = time_text(processed / 1_000);
            (processed % 1_000 == 0 && decode_string(json)? == canonical).then_some(())
        });
    }
    event.metadata.logged_time = processed;
    event.time = match happened {
        Some((time, text)) => {
            event.metadata.original_time = Some(text);
            time
        }
        None => processed.unwrap_or(0),
    };
}

fn milliseconds(json: &str) -> Option<i64> {
    Some(parse_time(json)?.timestamp_millis())
}

/// A string, or the text of a number.
fn text_of(json: &str) -> Option<Text<'_>> {
    match json.as_bytes().first() {
        Some(b'"') => decode_string(json),
        _ => Some(Cow::Borrowed(json)),
    }
}

/// Moves the organisation to its place; a notification has the one that is known from elsewhere.
pub(super) fn place_organisation<'a>(
    event: &mut Event<'a>,
    members: &mut Members<'a>,
    origin: &Origin<'a>,
) {
    let own = members.take_text("organization_id");
    event.metadata.tenant_uid = match own {
        Some(own) => Some(own),
        None => origin
            .organization_of(None)
            .map(|id| Cow::Owned(id.to_owned())),
    };
}

/// Gives the rest of the record its place. A record that is not an object stands there whole.
pub(super) fn place_rest<'a>(event: &mut Event<'a>, mut rest: Members<'a>, record: &'a str) {
    if !record.starts_with('{') {
        rest.push("record", Value::Json(record));
    }
    event.unmapped = rest;
}
