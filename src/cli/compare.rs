//! The command `verify`: a range that was read again, compared with files.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::oneshot;
use verkada_audit_logs::pull::{self, Checkpoint, Outcome, Period, Printer};
use verkada_audit_logs::verify::{Archive, Comparison};
use verkada_audit_logs::{TimeBase, Window, time_text};

use super::args::{PullArgs, VerifyArgs};
use super::config::{Config, UsageError, parse_span};
use super::output;
use super::report::{self, Ended, LogFormat, Repair};
use super::run::run;
use super::signals::unless_stopped;

/// Refuses what the main job would take, or give other advice on.
pub(crate) fn check_flags(args: &VerifyArgs) -> Result<(), UsageError> {
    let PullArgs { read, write, .. } = &args.pull;
    if write.accept_gap {
        return Err(UsageError::new("verify takes no --accept-gap"));
    }
    if read.since.is_none() && (read.start.is_none() || read.end.is_none()) {
        return Err(UsageError::new(
            "verify needs a range: --start and --end, or --since",
        ));
    }
    Ok(())
}

/// Checks what only `verify` asks of its settings. The checkpoint of a variable is left alone if the lines do not go into the
/// file that the scheduled runs write.
pub(crate) fn check(args: &VerifyArgs, config: &mut Config) -> Result<(), UsageError> {
    if let Some((since, rest)) = rest_of_span(args) {
        return Err(UsageError::new(format!(
            "{rest}: no such file; quote a span with a space: --since '{since} {rest}'"
        )));
    }
    if config.output.is_none() {
        if args.pull.write.checkpoint.is_some() {
            return Err(UsageError::new(
                "verify takes --checkpoint only together with --output: name the file that the scheduled runs append to",
            ));
        }
        config.checkpoint = None;
    }
    if let Some(path) = config.checkpoint.as_ref().filter(|path| !path.exists()) {
        return Err(UsageError::new(format!(
            "--checkpoint {} does not exist: name the one that the scheduled runs use, or none",
            path.display()
        )));
    }
    Ok(())
}

/// Returns the span of --since and the word after it, if that is taken for a file and is probably the rest of the span.
fn rest_of_span(args: &VerifyArgs) -> Option<(&str, &str)> {
    let since = args.pull.read.since.as_deref()?;
    let missing = args.files.iter().filter(|path| !path.exists());
    let mut words = missing.filter_map(|path| path.to_str());
    let rest = words.find(|word| parse_span(word).is_ok())?;
    Some((since, rest))
}

/// Reads the files and the range, prints what is missing, and shows the findings.
pub(crate) async fn compare(args: &VerifyArgs, config: &Config, format: LogFormat) -> Ended {
    let quiet = args.pull.messages.quiet;
    let (comparison, printer) = match unless_stopped(prepare(args, config)).await {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(error)) => return Ended::at_once(report::fail(format, &error)),
        Err(code) => {
            report::report_error(
                format,
                "stopped before the files were read; nothing was compared",
            );
            return Ended::at_once(code);
        }
    };
    say_if_recent(config);
    let ended = run(config, printer, format, quiet).await;
    let Some(report) = &ended.report else {
        return ended;
    };
    let whole = report.sources.iter();
    let whole: Vec<_> = whole
        .filter(|source| matches!(source.outcome, Outcome::Done))
        .map(|source| source.account.source)
        .collect();
    let is_whole = whole.len() == report.sources.len();
    let findings = comparison.findings(&whole);
    let repair = Repair {
        printed: report
            .accounts()
            .map(|account| account.counts.printed)
            .sum(),
        output: config.output.as_deref(),
    };
    let found = report::show_findings(&findings, &repair, format, quiet, is_whole);
    // A comparison that was stopped has not said whether the range is complete.
    let code = if ended.code.is_of_signal() {
        ended.code
    } else {
        ended.code.merge(found)
    };
    Ended { code, ..ended }
}

/// Reads the files, and opens what the missing records go to.
async fn prepare(args: &VerifyArgs, config: &Config) -> Result<(Comparison, Printer), pull::Error> {
    // The lock is taken before the files are read, so that no run appends to them in between.
    let checkpoint = config.checkpoint.as_deref();
    let checkpoint = checkpoint
        .map(|path| Checkpoint::open(path, config.origin.as_str()))
        .transpose()?;
    let output = output::open(config.output.as_deref()).map_err(pull::Error::Output)?;
    let archive = archive(args, config).await?;
    // What is printed may be appended to the files.
    let format = config.format.unwrap_or_else(|| archive.format());
    let comparison = Comparison::with(archive);
    let printer = comparison.printer(output, checkpoint);
    let printer = printer.with_format(format, config.host.clone());
    Ok((comparison, printer))
}

/// Reads what the files hold of the range.
async fn archive(args: &VerifyArgs, config: &Config) -> Result<Archive, pull::Error> {
    let Period::Range { start, end } = config.pull.period else {
        return Err(pull::Error::Output(io::ErrorKind::InvalidInput.into()));
    };
    let window = Window::new(start, end, TimeBase::Event)?;
    let (filter, types) = (
        config.pull.filter.clone(),
        config.notification_types.clone(),
    );
    let archive = Archive::new(window, filter, types);
    let files = args.files.clone();
    let (sender, read) = oneshot::channel();
    // Standard input may never end, and the runtime would wait for a thread of its own.
    thread::spawn(move || drop(sender.send(fill(archive, &files))));
    read.await.unwrap_or(Err(pull::Error::BrokenOff))
}

fn fill(mut archive: Archive, files: &[PathBuf]) -> Result<Archive, pull::Error> {
    let mut seen = HashSet::new();
    for path in files {
        if !seen.insert(identity(path)) {
            tracing::warn!(path = %path.display(), "the file was named before; it is read once");
            continue;
        }
        add(&mut archive, path).map_err(|error| pull::Error::Archive {
            path: path.clone(),
            error,
        })?;
    }
    Ok(archive)
}

/// The file that a path leads to, by whatever name.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn add(archive: &mut Archive, path: &Path) -> io::Result<()> {
    if path == "-" {
        return archive.add(io::stdin().lock());
    }
    archive.add(File::open(path)?)
}

fn say_if_recent(config: &Config) {
    let Period::Range { end, .. } = config.pull.period else {
        return;
    };
    let (now, overlap) = (config.pull.now, config.pull.overlap_seconds);
    let settled = now - overlap;
    // Of an end in the future the run itself warns.
    if end > settled && end <= now {
        tracing::warn!(
            settled_before = time_text(settled),
            "the range ends less than {} minutes ago, so late records may still appear; verify it again later",
            overlap / 60
        );
    }
}
