//! What has to be settled before the first record is read: the checkpoint fits, each source has a plan, the key belongs
//! to the right organisation, and the output is ready.

use super::error::Error;
use super::plan::{Plan, Planner};
use super::task::Pull;
use super::write::Printer;
use crate::api::{Endpoint, ErrorKind, Source, TimeBase, VerkadaApi, Window};

/// How far back one page is requested to learn which organisation a new key belongs to, in seconds.
const ORGANISATION_LOOK_BACK: i64 = 7 * 24 * 3_600;

/// Settles everything, and returns the plan of each source.
pub(super) async fn prepare(
    pull: &Pull,
    api: &VerkadaApi,
    printer: &mut Printer,
) -> Result<Vec<(Source, Plan)>, Error> {
    if let Some(checkpoint) = printer.checkpoint() {
        checkpoint.check(pull.now)?;
    }
    let plans = plans(pull, printer)?;
    let is_new = printer
        .checkpoint()
        .is_some_and(|checkpoint| !checkpoint.existed());
    if is_new {
        // The beginning of a first run is saved before anything can fail or be stopped, so that the next run catches up
        // from there.
        printer.begin(beginnings(&plans), pull.overlap_seconds)?;
    }
    check_new_key(pull, api, printer).await?;
    if !is_new {
        // Only now: not a byte of the output may be touched for another organisation.
        printer.begin(beginnings(&plans), pull.overlap_seconds)?;
    }
    Ok(plans)
}

fn plans(pull: &Pull, printer: &mut Printer) -> Result<Vec<(Source, Plan)>, Error> {
    let planner = Planner {
        now: pull.now,
        period: pull.period,
        interval: pull.interval_seconds,
        overlap: pull.overlap_seconds,
    };
    let state = printer.checkpoint().map(|checkpoint| &checkpoint.state);
    let plans = pull
        .sources_in_order()
        .map(|source| Ok((source, planner.plan(source, state)?)));
    plans.collect()
}

/// The Unix second at which the first run of each source begins.
fn beginnings(plans: &[(Source, Plan)]) -> impl Iterator<Item = (Source, i64)> {
    plans.iter().filter_map(|(source, plan)| match plan {
        Plan::Read { since, .. } => Some((*source, *since)),
        Plan::UpToDate(_) => None,
    })
}

/// Checks a key that the checkpoint has not seen: it may be a new key of the same organisation, or one of another.
async fn check_new_key(pull: &Pull, api: &VerkadaApi, printer: &mut Printer) -> Result<(), Error> {
    let key_fingerprint = api.key_fingerprint();
    let Some(checkpoint) = printer.checkpoint() else {
        return Ok(());
    };
    let earlier_key = &checkpoint.state.key_fingerprint;
    let is_known = *earlier_key == key_fingerprint;
    let had_another = !is_known && !earlier_key.is_empty();
    let knew_organisation = checkpoint.state.organization_id.is_some();
    // Only audit logs name their organisation: if none are read, this is the time to learn it.
    let learns_later = !checkpoint.existed() && pull.sources.contains(&Source::AuditLogs);
    if !is_known && !learns_later {
        let organisation = match organisation_of_key(pull, api).await {
            // A checkpoint that has known no other key cannot belong to another organisation.
            Err(error) if !had_another && is_about_audit_logs(&error) => {
                tracing::warn!(%error, "the organisation is not known, so the checkpoint is not bound to it yet");
                // The key is not recorded, so the next run takes it for a new one and asks again.
                return Ok(());
            }
            organisation => organisation?,
        };
        checkpoint.check_organisation(organisation.as_deref())?;
        if had_another && !(knew_organisation && organisation.is_some()) {
            tracing::warn!(
                checkpoint = %checkpoint.path().display(),
                "the API key is not the one of earlier runs, and no audit log tells whether it belongs to the same organisation; if not, use another --checkpoint"
            );
        }
    }
    checkpoint.state.key_fingerprint = key_fingerprint;
    Ok(())
}

/// Returns the organisation that a page of recent audit logs names. `None` if there are none, or if the key may not read
/// them; any other failure must not let a wrong key pass.
async fn organisation_of_key(pull: &Pull, api: &VerkadaApi) -> Result<Option<String>, Error> {
    let window = Window::new(pull.now - ORGANISATION_LOOK_BACK, pull.now, TimeBase::Event)?;
    let page = match api.pages(Source::AuditLogs, window).next_page().await {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied) => None,
        page => page?,
    };
    let records = page.map(|page| page.records).unwrap_or_default();
    let organisation = records.iter().find_map(|record| record.organization_id());
    Ok(organisation.map(|id| id.into_owned()))
}

/// Whether it is the audit logs that failed, and not the key or all of Verkada.
fn is_about_audit_logs(error: &Error) -> bool {
    let Error::Api(error) = error else {
        return false;
    };
    let audit_logs = Endpoint::Source(Source::AuditLogs);
    error.endpoint() == Some(audit_logs) && !matches!(error.kind(), ErrorKind::Authentication)
}
