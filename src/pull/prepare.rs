//! The preparation of a run, before its first record is read: the checkpoint fits, each source has a plan, the key
//! belongs to the right organisation, and the output is ready.

use std::path::Path;

use super::checkpoint::{Beginning, Checkpoint, Contents, State, check_period};
use super::clock::RunClock;
use super::error::Error;
use super::organisations::Organisations;
use super::plan::{Plan, Planner, Start};
use super::task::{Period, Pull};
use super::write::Printer;
use crate::api::{Endpoint, ErrorKind, Page, Source, TimeBase, VerkadaApi, Window};
use crate::time::{CLOCK_TOLERANCE_SECONDS, time_text};

/// Length of the window in which one page is requested to learn which organisation a new key belongs to, in seconds.
const ORGANISATION_LOOK_BACK: i64 = 7 * 24 * 3_600;

/// Checks the checkpoint, the plan, the key and the output, in this order, and returns the plan of each source.
///
/// Whatever can be refused without a request is refused before the first one, and the output is not touched before it
/// is known that the records belong to it. Only the beginning of a first run is saved early: if it fails or is stopped
/// after that, the next run still catches up from there.
pub(super) async fn prepare(
    pull: &Pull,
    api: &VerkadaApi,
    printer: &mut Printer,
    clock: &mut RunClock,
) -> Result<Vec<(Source, Plan)>, Error> {
    if let Some(checkpoint) = printer.checkpoint() {
        checkpoint.check_host()?;
    }
    // Asked before the time is checked: to a clock that is slow, a good checkpoint seems to be in the future.
    if seems_too_early(pull, printer, clock) {
        ask_for_time(pull, api, printer, clock).await?;
    }
    if let Some(checkpoint) = printer.checkpoint() {
        checkpoint.check_time(clock)?;
    }
    let sources: Vec<_> = pull.sources_in_order().collect();
    // The first plans refuse a range that does not fit the checkpoint, and say where a first run begins.
    let plans = make_plans(pull, &sources, printer, clock)?;
    let is_new = printer
        .checkpoint()
        .is_some_and(|checkpoint| !checkpoint.existed());
    if is_new {
        let has_begun = note_starts(pull, api, printer, clock, &plans);
        printer.begin(has_begun, pull.overlap_seconds, clock.now())?;
    }
    check_new_key(pull, api, printer, clock).await?;
    // The answer about the key may have shown that the clock is wrong, and then the first plans are wrong too.
    let plans = make_plans(pull, &sources, printer, clock)?;
    let has_begun = note_starts(pull, api, printer, clock, &plans);
    if is_new {
        save_beginning(printer, has_begun)?;
    } else {
        // Only now: not a byte of the output may be touched for another organisation.
        printer.begin(has_begun, pull.overlap_seconds, clock.now())?;
    }
    Ok(plans)
}

/// Makes the plans of `sources` once more, after the clock has become known.
pub(super) fn prepare_again(
    pull: &Pull,
    api: &VerkadaApi,
    printer: &mut Printer,
    clock: &RunClock,
    sources: &[Source],
) -> Result<Vec<(Source, Plan)>, Error> {
    let plans = make_plans(pull, sources, printer, clock)?;
    let has_begun = note_starts(pull, api, printer, clock, &plans);
    save_beginning(printer, has_begun)?;
    Ok(plans)
}

fn save_beginning(printer: &mut Printer, has_begun: bool) -> Result<(), Error> {
    if let Some(checkpoint) = printer.checkpoint().filter(|_| has_begun) {
        checkpoint.save()?;
    }
    Ok(())
}

/// Reports whether by this machine's clock the run would be refused or do nothing, because the checkpoint or the range
/// is in the future. That is worth a question to Verkada: if the clock is slow, every run would end like that until it
/// has caught up.
fn seems_too_early(pull: &Pull, printer: &mut Printer, clock: &RunClock) -> bool {
    let start = match pull.period {
        Period::Range { start, .. } => Some(start),
        Period::Scheduled => pull.accept_gap_to,
    };
    let latest = clock.now() + CLOCK_TOLERANCE_SECONDS;
    [furthest(printer), start]
        .into_iter()
        .flatten()
        .any(|time| time > latest)
}

/// The latest time in the checkpoint.
fn furthest(printer: &mut Printer) -> Option<i64> {
    let watermarks = printer.checkpoint()?.state.watermarks();
    watermarks.map(|watermark| watermark.through).max()
}

/// Requests one page, of a window of one second, only to learn Verkada's time from the answer.
async fn ask_for_time(
    pull: &Pull,
    api: &VerkadaApi,
    printer: &mut Printer,
    clock: &mut RunClock,
) -> Result<(), Error> {
    let Some(source) = pull.sources_in_order().next() else {
        return Ok(());
    };
    // Verkada might refuse a second of 1970, which is what a clock without a battery says.
    let end = furthest(printer).unwrap_or(clock.now()).max(1);
    let window = Window::new(end - 1, end, TimeBase::Event)?;
    api.pages(source, window).next_page().await?;
    clock.learn_from_answer(api, None);
    Ok(())
}

fn make_plans(
    pull: &Pull,
    sources: &[Source],
    printer: &mut Printer,
    clock: &RunClock,
) -> Result<Vec<(Source, Plan)>, Error> {
    let checkpoint = printer.checkpoint();
    let checkpoint = checkpoint.map(|checkpoint| (checkpoint.path(), &checkpoint.state));
    plans_of(pull, sources, checkpoint, clock)
}

/// Refuses what a run would refuse of its range and `--accept-gap` with the checkpoint at `path`, as soon as it knows the
/// time: `now` in Unix seconds, by Verkada's clock if it `is_verkadas`.
pub(crate) fn check_plans(
    pull: &Pull,
    path: &Path,
    contents: &Contents,
    now: i64,
    is_verkadas: bool,
) -> Result<(), Error> {
    let clock = RunClock::at(pull.now, is_verkadas.then(|| now - pull.now));
    let sources: Vec<_> = pull.sources_in_order().collect();
    plans_of(pull, &sources, Some((path, &contents.state)), &clock).map(drop)
}

fn plans_of(
    pull: &Pull,
    sources: &[Source],
    checkpoint: Option<(&Path, &State)>,
    clock: &RunClock,
) -> Result<Vec<(Source, Plan)>, Error> {
    if let Some((path, state)) = checkpoint {
        check_period(path, state, pull.period)?;
    }
    let planner = Planner {
        now: clock.now(),
        standing: clock.standing(),
        period: pull.period,
        interval: pull.interval_seconds,
        overlap: pull.overlap_seconds,
        accept_gap_to: pull.accept_gap_to,
    };
    let state = checkpoint.map(|(_, state)| state);
    let plans = sources
        .iter()
        .map(|source| Ok((*source, planner.plan(*source, state)?)));
    plans.collect()
}

/// Notes the start and the filter of each source in the checkpoint, in memory. Returns whether a source has a beginning
/// that has to be saved at once; everything else is saved with the first progress.
fn note_starts(
    pull: &Pull,
    api: &VerkadaApi,
    printer: &mut Printer,
    clock: &RunClock,
    plans: &[(Source, Plan)],
) -> bool {
    let Some(checkpoint) = printer.checkpoint() else {
        return false;
    };
    let mut has_begun = false;
    for (source, plan) in plans {
        if let Plan::Read { start, .. } = plan {
            note_filter(pull, api, checkpoint, *source, start);
            has_begun |= note_start(pull, checkpoint, clock, *source, start);
            checkpoint.state.is_scheduled |= pull.period == Period::Scheduled;
        }
    }
    has_begun
}

/// Notes one source's start. Returns whether it is a beginning that is not saved yet.
fn note_start(
    pull: &Pull,
    checkpoint: &mut Checkpoint,
    clock: &RunClock,
    source: Source,
    start: &Start,
) -> bool {
    let state = checkpoint.state.source_mut(source);
    let saved = (state.watermark, state.beginning);
    if let Some(gap) = start.gap {
        tracing::warn!(
            %source,
            from = time_text(gap.from),
            to = time_text(gap.to),
            "nothing is read of this gap, as --accept-gap allows; the checkpoint keeps a note of it"
        );
        state.gaps.push(gap);
    }
    let keeps_beginning = state
        .watermark
        .is_some_and(|watermark| watermark.since == start.watermark.since);
    // A beginning that this run itself chose may move without a word: nothing of it has been lost yet.
    if let Some(discarded) = state.watermark.filter(|_| !keeps_beginning)
        && pull.begins_by_the_clock()
        && state.beginning != Beginning::ProvisionalNow
    {
        tracing::warn!(
            %source,
            discarded = time_text(discarded.since),
            beginning = time_text(start.watermark.since),
            "the clock by which the first run chose its beginning was wrong, so the checkpoint begins now; what happened before is not read"
        );
    }
    state.watermark = Some(start.watermark);
    if clock.is_known() {
        state.beginning = Beginning::Settled;
    } else if !keeps_beginning && pull.begins_by_the_clock() {
        state.beginning = Beginning::ProvisionalNow;
    }
    // A gap is saved only with the first records after it: until then another run may still read what is in it.
    start.gap.is_none() && saved != (state.watermark, state.beginning)
}

/// Notes the filter of one source, and warns if earlier runs had another one: they have passed over the records that
/// only the new one keeps.
fn note_filter(
    pull: &Pull,
    api: &VerkadaApi,
    checkpoint: &mut Checkpoint,
    source: Source,
    start: &Start,
) {
    let other_since = Source::ALL
        .into_iter()
        .filter(|other| *other != source)
        .find_map(|other| checkpoint.state.source(other).watermark)
        .map(|watermark| watermark.since);
    let state = checkpoint.state.source_mut(source);
    let now = pull.filter.description(source, api.notification_types());
    let earlier = state.filter.replace(now.clone());
    state.has_new_filter |= earlier.as_ref() != Some(&now);
    let passed_over = match (state.watermark, earlier) {
        (Some(watermark), Some(earlier)) if earlier != now && watermark.has_moved() => {
            Some((earlier, watermark.since, watermark.through))
        }
        // The source is new to the checkpoint, since --only left it out. Its past begins with that of the other source.
        (None, None) if checkpoint.existed() && pull.begins_by_the_clock() => other_since
            .map(|since| ("nothing".to_owned(), since, start.watermark.since))
            .filter(|(_, since, until)| since < until),
        _ => None,
    };
    if let Some((earlier, since, until)) = passed_over {
        let only = source.flag_value();
        tracing::warn!(
            %source,
            earlier,
            now,
            "the filter has changed since the last run with this checkpoint; to add what only the new one keeps of the time before, run the command verify with the same flags, --only {only} --start {since} --end {until}, and the files"
        );
    }
}

/// Checks a key that the checkpoint has not seen: it may be a new key of the same organisation, or one of another.
async fn check_new_key(
    pull: &Pull,
    api: &VerkadaApi,
    printer: &mut Printer,
    clock: &mut RunClock,
) -> Result<(), Error> {
    let key_fingerprint = api.key_fingerprint();
    let Some(checkpoint) = printer.checkpoint() else {
        return Ok(());
    };
    let earlier_key = &checkpoint.state.key_fingerprint;
    let is_known = *earlier_key == key_fingerprint;
    let had_another = !is_known && !earlier_key.is_empty();
    let knew_organisation = checkpoint.state.organization_id.is_some();
    // A new checkpoint is bound by its first audit logs. Notifications name no organisation, so a run of those alone
    // has to ask now.
    let learns_later = !checkpoint.existed() && pull.sources.contains(&Source::AuditLogs);
    if !is_known && !learns_later {
        let named = match organisations_of_key(api, clock).await {
            // A checkpoint that has known no other key cannot belong to another organisation.
            Err(error) if !had_another && is_about_audit_logs(&error) => {
                tracing::warn!(%error, "the organisation is not known, so the checkpoint is not bound to it yet");
                // The key is not recorded, so the next run takes it for a new one and asks again.
                return Ok(());
            }
            named => named?,
        };
        checkpoint.check_organisation(&named)?;
        if had_another && !(knew_organisation && named.most_named().is_some()) {
            tracing::warn!(
                checkpoint = %checkpoint.path().display(),
                "the API key is not the one of earlier runs, and no audit log shows whether it belongs to the same organisation; if not, use another --checkpoint"
            );
        }
    }
    checkpoint.state.key_fingerprint = key_fingerprint;
    Ok(())
}

/// Returns the organisations that a page of recent audit logs names: none if there are no records, or if the key may
/// not read audit logs. Any other failure is an error, so that a wrong key does not pass.
async fn organisations_of_key(
    api: &VerkadaApi,
    clock: &mut RunClock,
) -> Result<Organisations, Error> {
    loop {
        let now = clock.now();
        let start = (now - ORGANISATION_LOOK_BACK).max(0);
        let window = Window::new(start, now.max(start + 1), TimeBase::Event)?;
        let answer = api.pages(Source::AuditLogs, window).next_page().await;
        let page = answer.as_ref().ok().and_then(Option::as_ref);
        clock.learn(api, page.and_then(|page| newest_within(page, window)));
        if clock.now() != now {
            // The clock was wrong, so this was the wrong week.
            continue;
        }
        let page = match answer {
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied) => None,
            answer => answer?,
        };
        let mut organisations = Organisations::default();
        let records = page.map(|page| page.records).unwrap_or_default();
        records.iter().for_each(|record| organisations.note(record));
        return Ok(organisations);
    }
}

/// The time of the newest record of `page` that is within `window`.
fn newest_within(page: &Page, window: Window) -> Option<i64> {
    let times = page.records.iter();
    let times = times.filter_map(|record| Some(record.time(window.time_base())?.timestamp()));
    times.filter(|time| *time <= window.end()).max()
}

/// Reports whether `error` is about audit logs alone, and not about the key or all of Verkada.
fn is_about_audit_logs(error: &Error) -> bool {
    let Error::Api(error) = error else {
        return false;
    };
    let audit_logs = Endpoint::Source(Source::AuditLogs);
    error.endpoint() == Some(audit_logs) && !matches!(error.kind(), ErrorKind::Authentication)
}
