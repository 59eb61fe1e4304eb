//! Which organisation a key belongs to, where the checkpoint has to know.

use super::Error;
use super::printer::Printer;
use super::run::Pull;
use crate::api::{self, Endpoint, Source, TimeBase, VerkadaApi, Window};

/// How far back a single page is asked for to learn which organisation a new key belongs to, in seconds.
const ORGANIZATION_LOOK_BACK: i64 = 7 * 24 * 3_600;

/// A key that the checkpoint has not seen may be a new key of the same organisation, or one of another.
pub(super) async fn check_new_key(
    pull: &Pull,
    api: &VerkadaApi,
    printer: &mut Printer,
) -> Result<(), Error> {
    let key_fingerprint = api.key_fingerprint();
    let Some(checkpoint) = printer.checkpoint() else {
        return Ok(());
    };
    let earlier_key = &checkpoint.state.key_fingerprint;
    let is_known = *earlier_key == key_fingerprint;
    let had_another = !is_known && !earlier_key.is_empty();
    let knew_organization = checkpoint.state.organization_id.is_some();
    // Only audit logs name their organisation: if none are read, this is the time to learn it.
    let learns_later = !checkpoint.existed() && pull.sources.contains(&Source::AuditLogs);
    if !is_known && !learns_later {
        let organization_id = match organization_of_key(pull, api).await {
            // A checkpoint that has known no other key can be of no other organisation.
            Err(error) if !had_another && is_about_audit_logs(&error) => {
                tracing::warn!(%error, "the organisation is not known, so the checkpoint is not bound to it yet");
                // The next run takes the key for a new one, and asks again.
                return Ok(());
            }
            organization_id => organization_id?,
        };
        checkpoint.check_organization(organization_id.as_deref())?;
        if had_another && !(knew_organization && organization_id.is_some()) {
            tracing::warn!(
                checkpoint = %checkpoint.path().display(),
                "the API key is another one than before, and no audit log tells whether it belongs to the same organisation; if not, use another --checkpoint"
            );
        }
    }
    checkpoint.state.key_fingerprint = key_fingerprint;
    Ok(())
}

/// The organisation that a page of recent audit logs names. `None` if there are none, or if the key may
/// not read them; any other failure must not let a wrong key pass.
async fn organization_of_key(pull: &Pull, api: &VerkadaApi) -> Result<Option<String>, Error> {
    let window = Window::new(pull.now - ORGANIZATION_LOOK_BACK, pull.now, TimeBase::Event)?;
    let page = match api.audit_log_pages(window).next().await {
        Err(api::Error::PermissionDenied { .. }) => None,
        page => page?,
    };
    let records = page.map(|page| page.records).unwrap_or_default();
    let organization_id = records.iter().find_map(|record| record.organization_id());
    Ok(organization_id.map(|id| id.into_owned()))
}

/// Whether it is the audit logs that failed, and not the key or all of Verkada.
fn is_about_audit_logs(error: &Error) -> bool {
    let Error::Api(error) = error else {
        return false;
    };
    let audit_logs = Endpoint::Source(Source::AuditLogs);
    error.endpoint() == Some(audit_logs) && !matches!(error, api::Error::Authentication { .. })
}
