//! All checks, in their order.

use std::io;
use std::path::PathBuf;

use super::check::{Check, Outcome, Subject};
use super::secret_files::SecretFiles;
use super::{connection, lists, own_files, secret_files};
use crate::api::VerkadaApiBuilder;
use crate::pull::{Organisations, Pull};

/// At most this many requests are sent.
pub const MOST_REQUESTS: u64 = 10;

/// The set-up of a run: what it would read, and the files that it would use.
pub struct Setup {
    /// The client, ready to be built.
    pub client: VerkadaApiBuilder,
    /// False if the client's key only stands in for one that is missing, so that no request may carry it.
    pub has_key: bool,
    /// The task of the run.
    pub pull: Pull,
    /// The checkpoint, if there is one.
    pub checkpoint: Option<PathBuf>,
    /// The name that a checkpoint is bound to: the host that is read.
    pub origin: String,
    /// The file that is appended to; `None` for standard output.
    pub output: Option<PathBuf>,
    /// The reason why the output cannot be written, if it cannot.
    pub output_check: io::Result<()>,
}

/// The present, by the best clock that is known.
#[derive(Clone, Copy)]
pub(super) struct Now {
    /// Unix seconds.
    pub(super) seconds: i64,
    /// True if Verkada's clock says so.
    pub(super) is_verkadas: bool,
}

/// Takes a check as soon as it is made.
pub(super) type Reporter<'a> = &'a mut dyn FnMut(Check);

/// Makes every check but that of the settings, and hands each to `report` as soon as it is made. Sends at most
/// [`MOST_REQUESTS`] requests, none of them again but with a new token in place of a refused one, and changes nothing but
/// the token file.
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

/// Makes what checks there are without usable settings, and skips the others.
pub fn skip_without_settings(files: &SecretFiles, report: Reporter<'_>) {
    report(secret_files::check(files));
    let reason = "the settings cannot be used";
    skip_after(Subject::SecretFiles, Subject::TokenFile, reason, report);
}

/// Skips the checks after `subject` through `last`.
pub(super) fn skip_after(subject: Subject, last: Subject, reason: &str, report: Reporter<'_>) {
    for subject in subject.until(last) {
        report(subject.found(Outcome::skipped(reason)));
    }
}
