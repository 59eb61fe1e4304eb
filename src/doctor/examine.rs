//! All checks, in their order.

use super::check::Subject;
use super::secret_files::SecretFiles;
use super::setup::{Reporter, Setup, skip_after};
use super::{connection, lists, own_files, secret_files};
use crate::pull::Organisations;

/// Makes every check but that of the settings, and hands each to `report` as soon as it is made. Sends at most
/// [`MOST_REQUESTS`](super::MOST_REQUESTS) requests, and repeats one only with a new token in place of a refused one.
/// Changes nothing but the token file.
pub async fn examine(setup: Setup, files: &SecretFiles, report: Reporter<'_>) {
    report(secret_files::check(files));
    let connected = connection::check(&setup, report).await;
    let mut organisations = Organisations::default();
    match &connected.api {
        Ok(api) => organisations = lists::check(&setup, api, connected.now, report).await,
        Err(reason) => skip_after(Subject::Token, Subject::WindowEnds, reason, report),
    }
    own_files::check(setup, connected, &organisations, report);
}

/// Makes the checks that need no usable settings, and skips the others.
pub fn skip_without_settings(files: &SecretFiles, report: Reporter<'_>) {
    report(secret_files::check(files));
    let reason = "not checked: the settings cannot be used";
    skip_after(Subject::SecretFiles, Subject::MetricsFile, reason, report);
}
