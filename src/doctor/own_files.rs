//! The files that a run writes: checkpoint, output, token file. Looked at, not touched.

use std::io;
use std::path::Path;

use super::check::{CheckOutcome, Subject};
use super::connection::Connected;
use super::setup::{Now, Reporter, Setup};
use crate::files;
use crate::pull::{Error, ExpectedCheckpoint, Inspection, Organisations, inspect};
use crate::time::time_text;

/// Checks that a run could append to `path` now, without opening it: it may be a pipe whose reader would notice.
///
/// # Errors
///
/// The reason why it could not. Names the path.
pub fn could_append(path: &Path) -> io::Result<()> {
    files::could_append(path)
}

/// Checks all of them.
pub(super) fn check(
    setup: Setup,
    connected: Connected,
    organisations: &Organisations,
    report: Reporter<'_>,
) {
    let found = checkpoint(&setup, connected.now, organisations);
    report(Subject::Checkpoint.found(found));
    let token_file = token_file(&setup, connected.stored);
    report(Subject::Output.found(output(setup)));
    report(Subject::TokenFile.found(token_file));
}

fn checkpoint(setup: &Setup, now: Now, organisations: &Organisations) -> CheckOutcome {
    let Some(path) = &setup.checkpoint else {
        return CheckOutcome::ok("none is used, so each run prints its own interval");
    };
    let expected = ExpectedCheckpoint {
        origin: &setup.origin,
        now: now.seconds,
        is_verkadas: now.is_verkadas,
        organisations,
    };
    let inspection = match inspect(path, &expected) {
        Ok(inspection) => inspection,
        Err(error) => return CheckOutcome::fail(error),
    };
    let progress = progress(path, &inspection);
    match inspection.holder {
        None => CheckOutcome::ok(progress),
        Some(holder) => CheckOutcome::warn(
            format!("{progress}; another run ({holder}) holds it"),
            "wait until it is done: a run that starts now ends with exit code 75",
        ),
    }
}

/// Says how far the checkpoint has come.
fn progress(path: &Path, inspection: &Inspection) -> String {
    let shown = path.display();
    if !inspection.exists {
        return format!("{shown} does not exist yet; the first run begins it");
    }
    let sources = inspection.printed_through.iter().map(|(source, through)| {
        let through = through.map_or_else(
            || "not printed yet".to_owned(),
            |through| format!("printed through {}", time_text(through)),
        );
        format!("{source} {through}")
    });
    let sources = sources.collect::<Vec<_>>().join(", ");
    let gaps = match inspection.gaps {
        0 => String::new(),
        gaps => format!(", with {gaps} accepted gaps"),
    };
    format!("{shown}: {sources}{gaps}")
}

fn output(setup: Setup) -> CheckOutcome {
    match (setup.output_check, setup.output) {
        (Err(error), _) => CheckOutcome::fail(Error::Output(error)),
        (Ok(()), None) => CheckOutcome::ok("standard output"),
        (Ok(()), Some(path)) => {
            let kind = if path.exists() {
                "can be appended to"
            } else {
                "can be created"
            };
            CheckOutcome::ok(format!("{} {kind}", path.display()))
        }
    }
}

/// Judges the token file by the attempt to store a token; where there was none, by a look.
fn token_file(setup: &Setup, stored: Option<io::Result<()>>) -> CheckOutcome {
    let Some(path) = setup.client.token_file_path() else {
        return CheckOutcome::ok("none is used");
    };
    if let Err(error) = setup.client.check_token_file() {
        return CheckOutcome::fail(error);
    }
    let shown = path.display();
    let holds_token = stored.is_some();
    match stored.unwrap_or_else(|| files::could_replace(path)) {
        Ok(()) if holds_token => {
            CheckOutcome::ok(format!("{shown} holds the new token, for its owner only"))
        }
        Ok(()) => CheckOutcome::ok(format!("{shown} can be written")),
        Err(error) => CheckOutcome::warn(
            format!("{shown} cannot be written: {error}"),
            "let this user write there, or name another --token-file; until then each run asks for a token of its own",
        ),
    }
}
