//! One page of records, written straight into the body of an answer.

use super::organisation::Organisation;
use super::parameters::Parameters;
use super::profile::Source;
use super::records::DemoRecord;
use super::tokens::PageCursor;

/// Room for a record, in bytes; a body that needs more grows.
const TYPICAL_RECORD: usize = 800;

/// Writes the signed link to a notification's image; called once for each link.
pub(super) type ImageLinks<'a> = &'a dyn Fn() -> String;

/// A page as it is sent.
pub(super) struct Page {
    pub(super) body: String,
    pub(super) records: usize,
}

/// The page that the parameters ask for, of what is visible now; `cursor` says where the page
/// before it ended.
pub(super) fn page(
    organisation: &Organisation,
    parameters: &Parameters,
    cursor: Option<PageCursor>,
    now: i64,
    image_links: ImageLinks<'_>,
) -> Page {
    let start = cursor.map_or(parameters.first, |cursor| cursor.start);
    let mut visible = visible_records(organisation, parameters, cursor, start..=now);
    let mut body = String::with_capacity(TYPICAL_RECORD * (parameters.page_size + 1));
    body.push_str(opening(parameters.source));
    let (mut records, mut last) = (0, None);
    for record in visible.by_ref().take(parameters.page_size) {
        if records > 0 {
            body.push(',');
        }
        write(&record, parameters, image_links, &mut body);
        records += 1;
        last = Some(record.position);
    }
    let more = visible.next().is_some();
    let next = last.filter(|_| more).map(|last| PageCursor { start, last });
    close(next, parameters, &mut body);
    Page { body, records }
}

/// The visible records of the window, newest first, from the cursor on.
fn visible_records<'a>(
    organisation: &'a Organisation,
    parameters: &'a Parameters,
    cursor: Option<PageCursor>,
    existing: std::ops::RangeInclusive<i64>,
) -> impl Iterator<Item = DemoRecord<'a>> {
    let now = *existing.end();
    // Nothing that is newer than now is visible.
    let window = *existing.start()..=parameters.last.min(now);
    let records = match parameters.source {
        Source::AuditLogs => organisation.audit_logs(window, parameters.base),
        Source::Notifications => organisation.notifications(window),
    };
    let records = match cursor {
        Some(cursor) => records.after(cursor.last),
        None => records,
    };
    records.filter(move |record| record.visible_time <= now && is_wanted(record, parameters))
}

fn is_wanted(record: &DemoRecord<'_>, parameters: &Parameters) -> bool {
    let types = &parameters.notification_types;
    let filtered = parameters.source == Source::Notifications && !types.is_empty();
    !filtered || types.iter().any(|name| name == record.name())
}

fn write(
    record: &DemoRecord<'_>,
    parameters: &Parameters,
    image_links: ImageLinks<'_>,
    body: &mut String,
) {
    let wants_image = parameters.source == Source::Notifications && parameters.include_image_url;
    let link = wants_image.then(image_links);
    record.write(body, link.as_deref());
}

fn opening(source: Source) -> &'static str {
    match source {
        Source::AuditLogs => r#"{"audit_logs":["#,
        Source::Notifications => r#"{"notifications":["#,
    }
}

fn close(next: Option<PageCursor>, parameters: &Parameters, body: &mut String) {
    body.push_str(r#"],"next_page_token":"#);
    match next {
        Some(cursor) => {
            body.push('"');
            body.push_str(&cursor.token(parameters.query_key));
            body.push_str("\"}");
        }
        None => body.push_str("null}"),
    }
}
