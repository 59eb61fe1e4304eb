//! One page of each list, and what it shows.

use super::pages::{Lists, Sample};
use super::{event_names, page_token, records, window_ends};
use crate::api::{Page, Source, TimeBase, VerkadaApi, Window};
use crate::doctor::check::{Check, CheckOutcome, Subject};
use crate::doctor::setup::{Now, Reporter, Setup, skip_after};
use crate::pull::{Organisations, Period};
use crate::time::time_text;

/// The length of the time until now that a page is asked for, in seconds, unless a range was given.
const LOOK_BACK: i64 = 7 * 24 * 3_600;

/// Checks both lists and what they show. Returns the organisations that the audit logs name.
pub(in crate::doctor) async fn check(
    setup: &Setup,
    api: &VerkadaApi,
    now: Now,
    report: Reporter<'_>,
) -> Organisations {
    let lists = Lists { api };
    let window = window(setup.pull.period, now);
    let audit_logs = look(setup, &lists, Source::AuditLogs, window, report).await;
    let notifications = look(setup, &lists, Source::Notifications, window, report).await;
    let Some(page) = audit_logs else {
        let reason = "not checked: no audit logs were read";
        skip_after(Subject::Notifications, Subject::WindowEnds, reason, report);
        return Organisations::default();
    };
    let sample = Sample { page, window };
    let by_event_time = by_event_time(&lists, &sample).await;
    let is_hidden = by_event_time.is_some();
    let sample = by_event_time.unwrap_or(sample);
    if sample.page.records.is_empty() {
        let reason = format!("not checked: no audit logs from {}", period(window));
        skip_after(Subject::Notifications, Subject::WindowEnds, &reason, report);
        return Organisations::default();
    }
    let mut organisations = Organisations::default();
    for record in &sample.page.records {
        organisations.note(record);
    }
    let organisation = records::organisation(&organisations, &sample.page.records);
    report(Subject::Organisation.found(organisation));
    for check in examine_sample(setup, &sample, is_hidden, notifications.as_ref()) {
        report(check);
    }
    let ends = window_ends::check(&lists, &sample, setup.checkpoint.is_some()).await;
    report(Subject::WindowEnds.found(ends));
    organisations
}

/// The range that was given, or else the last days by processed time, as scheduled runs ask.
fn window(period: Period, now: Now) -> Window {
    let (start, end, time_base) = match period {
        Period::Range { start, end } => (start, end, TimeBase::Event),
        Period::Scheduled => {
            // A clock without a battery says 1970.
            let end = now.seconds.max(1);
            ((end - LOOK_BACK).max(0), end, TimeBase::Processed)
        }
    };
    Window::new(start, end, time_base).expect("ranges are checked, and the look back is not empty")
}

/// Asks for one page of `source`, if it is to be read at all.
async fn look(
    setup: &Setup,
    lists: &Lists<'_>,
    source: Source,
    window: Window,
    report: Reporter<'_>,
) -> Option<Page> {
    let subject = match source {
        Source::AuditLogs => Subject::AuditLogs,
        Source::Notifications => Subject::Notifications,
    };
    if !setup.pull.sources.contains(&source) {
        report(subject.found(CheckOutcome::skipped("not checked: left out by --only")));
        return None;
    }
    match lists.first_page(source, window).await {
        Ok(page) => {
            let found = match page.records.len() {
                0 => format!("readable; none from {}", period(window)),
                count => format!("readable; a page of {count} from {}", period(window)),
            };
            report(subject.found(CheckOutcome::ok(found)));
            Some(page)
        }
        Err(no_page) => {
            report(subject.found(no_page.outcome()));
            None
        }
    }
}

/// Asks by event time, where there is nothing by processed time.
async fn by_event_time(lists: &Lists<'_>, sample: &Sample) -> Option<Sample> {
    let window = sample.window;
    if window.time_base() == TimeBase::Event || !sample.page.records.is_empty() {
        return None;
    }
    let window = Window::new(window.start(), window.end(), TimeBase::Event).ok()?;
    let page = lists.first_page(Source::AuditLogs, window).await.ok()?;
    Some(Sample { page, window }).filter(|sample| !sample.page.records.is_empty())
}

/// Looks at what the pages show by themselves. `is_hidden` is set if it shows only by event time.
fn examine_sample(
    setup: &Setup,
    sample: &Sample,
    is_hidden: bool,
    notifications: Option<&Page>,
) -> [Check; 5] {
    let audit_logs = &sample.page.records;
    [
        Subject::ProcessedTime.found(records::processed_time(sample, is_hidden)),
        Subject::Lateness.found(records::lateness(audit_logs, setup)),
        Subject::EventNames.found(event_names::check(&setup.pull.filter, audit_logs)),
        Subject::Order.found(records::order(sample, notifications)),
        Subject::PageToken.found(page_token::check(&sample.page, notifications)),
    ]
}

fn period(window: Window) -> String {
    let (start, end) = (time_text(window.start()), time_text(window.end()));
    format!("{start} to {end}")
}
