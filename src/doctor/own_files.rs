//! The files that a run writes: checkpoint, output, token file, metrics file. Looked at, not touched.

use std::io;
use std::path::Path;

use super::check::{CheckOutcome, Subject};
use super::connection::Connected;
use super::setup::{Now, Reporter, Setup};
use crate::files::{self, Space};
use crate::pull::{
    Contents, Error, ExpectedCheckpoint, Holder, Inspection, Organisations, OutputMark, Pull,
    alteration, check_plans, inspect,
};
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
    let (found, mark) = checkpoint(&setup, connected.now, organisations);
    report(Subject::Checkpoint.found(found));
    let token_file = token_file(&setup, connected.stored);
    let metrics_file = metrics_file(setup.metrics_file.as_deref());
    report(Subject::Output.found(output(setup, mark.as_ref())));
    report(Subject::TokenFile.found(token_file));
    report(Subject::MetricsFile.found(metrics_file));
}

/// Returns the mark of the output as well, by which the checkpoint knows it.
fn checkpoint(
    setup: &Setup,
    now: Now,
    organisations: &Organisations,
) -> (CheckOutcome, Option<OutputMark>) {
    let Some(path) = &setup.checkpoint else {
        let found = "none is used, so each run prints its own interval";
        return (CheckOutcome::ok(found), None);
    };
    let expected = ExpectedCheckpoint {
        origin: &setup.origin,
        now: now.seconds,
        is_verkadas: now.is_verkadas,
        organisations,
    };
    let Inspection { holder, contents } = inspect(path, &expected);
    let holding = holder.map(|holder| holding(holder, &setup.pull));
    let contents = contents.map_err(Error::from).and_then(|contents| {
        check_plans(&setup.pull, path, &contents, now.seconds, now.is_verkadas)?;
        Ok(contents)
    });
    let contents = match contents {
        Ok(contents) => contents,
        Err(error) => {
            let remark = holding.map(|holding| match holding {
                Holding::Usual(found) | Holding::Long(found) => found,
            });
            return (CheckOutcome::fail_with_remark(error, remark), None);
        }
    };
    let progress = progress(path, &contents);
    let found = match holding {
        None => CheckOutcome::ok(progress),
        Some(Holding::Usual(found)) => CheckOutcome::ok(format!("{progress}; {found}")),
        Some(Holding::Long(found)) => CheckOutcome::warn(
            format!("{progress}; {found}"),
            "see whether that process still works, and end it if not: until then each other run ends with exit code 75",
        ),
    };
    let found = with_space(found, path, Space::to_replace(path));
    (found, contents.output)
}

/// A run that holds the checkpoint now, in words.
enum Holding {
    /// For no longer than one interval, as scheduled runs do.
    Usual(String),
    /// For longer than one interval, so that scheduled runs have failed meanwhile, or for an unknown time.
    Long(String),
}

/// Describes the run that holds the checkpoint. Its start is by this machine's clock, and so is the present of `pull`.
fn holding(holder: Holder, pull: &Pull) -> Holding {
    match holder.since.map(|since| pull.now - since) {
        Some(seconds) if seconds <= pull.interval_seconds => {
            Holding::Usual(format!("a run is under way ({holder})"))
        }
        Some(_) => Holding::Long(format!(
            "a run ({holder}) has held it for longer than the interval of {} minutes",
            pull.interval_seconds / 60
        )),
        None => Holding::Long(format!("a run ({holder}) holds it")),
    }
}

/// Says how far the checkpoint has come.
fn progress(path: &Path, contents: &Contents) -> String {
    let shown = path.display();
    if !contents.exists {
        return format!("{shown} does not exist yet; the first run begins it");
    }
    let sources = contents.printed_through.iter().map(|(source, through)| {
        let through = through.map_or_else(
            || "not printed yet".to_owned(),
            |through| format!("printed through {}", time_text(through)),
        );
        format!("{source} {through}")
    });
    let sources = sources.collect::<Vec<_>>().join(", ");
    let gaps = match contents.gaps {
        0 => String::new(),
        gaps => format!(", with {gaps} accepted gaps"),
    };
    format!("{shown}: {sources}{gaps}")
}

fn output(setup: Setup, mark: Option<&OutputMark>) -> CheckOutcome {
    match (setup.output_check, setup.output) {
        (Err(error), _) => CheckOutcome::fail(Error::Output(error)),
        (Ok(()), None) => CheckOutcome::ok("standard output"),
        (Ok(()), Some(path)) => {
            let space = Space::to_append(&path);
            if let Space::None(error) = space {
                let message = format!("--output {}: {error}", path.display());
                return CheckOutcome::fail(Error::Output(io::Error::new(error.kind(), message)));
            }
            with_space(output_file(&path, mark), &path, space)
        }
    }
}

fn output_file(path: &Path, mark: Option<&OutputMark>) -> CheckOutcome {
    if let Some(alteration) = mark.and_then(|mark| alteration(path, mark)) {
        let shown = path.display().to_string();
        return CheckOutcome::warn(alteration.finding(&shown), alteration.remedy());
    }
    let kind = if path.exists() {
        "can be appended to"
    } else {
        "can be created"
    };
    CheckOutcome::ok(format!("{} {kind}", path.display()))
}

/// Adds to a finding about a file that the space for it is getting short, if it is.
fn with_space(found: CheckOutcome, path: &Path, space: Space) -> CheckOutcome {
    const REMEDY: &str = "make room there before it is full";
    let Space::Little(bytes) = space else {
        return found;
    };
    let left = format!(
        "only {:.1} MiB are left in the folder {}",
        bytes as f64 / f64::from(1 << 20),
        files::shown_folder(path).display()
    );
    match found {
        CheckOutcome::Ok(found) => CheckOutcome::warn(format!("{found}; {left}"), REMEDY),
        CheckOutcome::Warn { found, remedy } => {
            CheckOutcome::warn(format!("{found}; {left}"), format!("{remedy}; {REMEDY}"))
        }
        other => other,
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
    let look = || files::could_replace(path).and_then(|()| Space::to_replace(path).some_left());
    match stored.unwrap_or_else(look) {
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

/// A run goes on without its metrics, so that they are worth no more than a warning.
fn metrics_file(path: Option<&Path>) -> CheckOutcome {
    let Some(path) = path else {
        return CheckOutcome::ok("none is used");
    };
    if files::is_mount_point(path) {
        return CheckOutcome::warn(
            format!(
                "{} is a mount point, so it cannot be replaced",
                path.display()
            ),
            "mount its folder instead of the file; until then the metrics of each run are lost",
        );
    }
    if let Err(error) = files::could_replace(path) {
        return CheckOutcome::warn(
            format!("{} cannot be written: {error}", path.display()),
            "let this user write there, or name another --metrics-file; until then the metrics of each run are lost",
        );
    }
    let space = Space::to_replace(path);
    if let Space::None(error) = space {
        return CheckOutcome::warn(
            format!("{} cannot be written: {error}", path.display()),
            "make room; until then the metrics of each run are lost",
        );
    }
    let found = CheckOutcome::ok(format!("{} can be written", path.display()));
    with_space(found, path, space)
}
