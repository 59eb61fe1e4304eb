//! The event of a notification: a Detection Finding, whatever its type.

use std::borrow::Cow;

use super::super::origin::Origin;
use super::super::record_id::RecordId;
use super::activity::finding;
use super::common;
use super::event::{Event, FindingInfo, Resource};
use super::mapping::STATE_REPORTS;
use super::members::Members;

/// The event of `record`.
pub(super) fn event<'a>(record: &'a str, id: RecordId, origin: &Origin<'a>) -> Event<'a> {
    let mut event = common::event(record, id, origin);
    let mut rest = Members::of(record);
    event.classify(2004, "Detection Finding", finding::CREATE, None);
    common::place_organisation(&mut event, &mut rest, origin);
    common::place_times(&mut event, &mut rest, "created");
    let kind = rest.take_text("notification_type");
    let is_state_report = kind.as_deref().is_some_and(|kind| {
        let kind = kind.trim();
        STATE_REPORTS
            .iter()
            .any(|state| state.eq_ignore_ascii_case(kind))
    });
    event.is_alert = Some(!is_state_report);
    event.metadata.event_code = kind.clone();
    event.finding_info = Some(FindingInfo {
        uid: Some(id),
        title: kind.clone(),
        types: kind.into_iter().collect(),
        created_time: event.metadata.original_time.is_some().then_some(event.time),
        src_url: rest.take_text("video_url"),
    });
    event.resources.extend(camera(&mut rest));
    common::place_rest(&mut event, rest, record);
    event
}

fn camera<'a>(rest: &mut Members<'a>) -> Option<Resource<'a>> {
    Some(Resource {
        uid: Some(rest.take_text("camera_id")?),
        kind: Some(Cow::Borrowed("Camera")),
        ..Resource::default()
    })
}
