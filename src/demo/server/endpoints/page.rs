//! The body of one page of records.

use std::ops::RangeInclusive;

use super::parameters::Parameters;
use super::tokens::{PageCursor, Reached};
use crate::demo::organisation::{DemoRecord, Organisation, Source};
use crate::demo::server::settings::{Paging, ServerSettings};

/// Initial capacity for each record of a body, in bytes.
const TYPICAL_RECORD: usize = 800;

/// Returns a signed link to a notification's image; called once for each link.
pub(super) type ImageLinkSigner<'a> = &'a dyn Fn() -> String;

/// A page in the form in which it is sent.
pub(super) struct PageBody {
    pub(super) body: String,
    /// The number of records in the body.
    pub(super) records: usize,
}

/// Writes the requested page of the records that are visible now, starting after the cursor.
pub(super) fn write_page(
    organisation: &Organisation,
    parameters: &Parameters,
    cursor: Option<PageCursor>,
    now: i64,
    settings: &ServerSettings,
    sign_image_link: ImageLinkSigner<'_>,
) -> PageBody {
    let start = cursor.map_or(parameters.first, |cursor| cursor.start);
    let is_gone = |record: &DemoRecord<'_>| {
        let gone = settings.gone.as_ref();
        gone.is_some_and(|gone| gone(record, now))
    };
    let visible = visible_records(organisation, parameters, cursor, start..=now);
    let pages_before = match cursor.map(|cursor| cursor.reached) {
        Some(Reached::Pages(pages)) => pages,
        _ => 0,
    };
    let skipped = usize::try_from(pages_before).unwrap_or(usize::MAX);
    let skipped = skipped.saturating_mul(parameters.page_size);
    let mut visible = visible.filter(|record| !is_gone(record)).skip(skipped);
    let mut body = String::with_capacity(TYPICAL_RECORD * (parameters.page_size + 1));
    body.push_str(opening(parameters.source));
    let (mut records, mut last) = (0, None);
    for record in visible.by_ref().take(parameters.page_size) {
        if records > 0 {
            body.push(',');
        }
        write_record(&record, parameters, sign_image_link, &mut body);
        records += 1;
        last = Some(record.position);
    }
    let more = visible.next().is_some();
    let next = last.filter(|_| more).map(|last| PageCursor {
        start,
        reached: match settings.paging {
            Paging::ByPosition => Reached::Record(last),
            Paging::ByNumber => Reached::Pages(pages_before + 1),
        },
    });
    write_closing(next, parameters, &mut body);
    PageBody { body, records }
}

/// Lists the records of the window that are visible now, newest first, starting after the cursor.
fn visible_records<'a>(
    organisation: &'a Organisation,
    parameters: &'a Parameters,
    cursor: Option<PageCursor>,
    existing: RangeInclusive<i64>,
) -> impl Iterator<Item = DemoRecord<'a>> {
    let now = *existing.end();
    // No record becomes visible before its own time.
    let window = *existing.start()..=parameters.last.min(now);
    let records = match parameters.source {
        Source::AuditLogs => organisation.audit_logs(window, parameters.base),
        Source::Notifications => organisation.notifications(window),
    };
    let records = match cursor.map(|cursor| cursor.reached) {
        Some(Reached::Record(last)) => records.after(last),
        _ => records,
    };
    records.filter(move |record| record.visible_time <= now && is_wanted(record, parameters))
}

fn is_wanted(record: &DemoRecord<'_>, parameters: &Parameters) -> bool {
    let types = &parameters.notification_types;
    let filtered = parameters.source == Source::Notifications && !types.is_empty();
    !filtered || types.iter().any(|name| name == record.name())
}

fn write_record(
    record: &DemoRecord<'_>,
    parameters: &Parameters,
    sign_image_link: ImageLinkSigner<'_>,
    body: &mut String,
) {
    let wants_image = parameters.source == Source::Notifications && parameters.include_image_url;
    let link = wants_image.then(sign_image_link);
    record.write(body, link.as_deref());
}

fn opening(source: Source) -> &'static str {
    match source {
        Source::AuditLogs => r#"{"audit_logs":["#,
        Source::Notifications => r#"{"notifications":["#,
    }
}

fn write_closing(next: Option<PageCursor>, parameters: &Parameters, body: &mut String) {
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
