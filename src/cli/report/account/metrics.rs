//! The metrics of the latest run, as a text file for Prometheus.
//!
//! All are gauges without time stamps, and carry the name of the file without its ending as a label, so that the files of
//! several organisations can stand in one folder.

use std::fmt::{Display, Write};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use verkada_audit_logs::pull::{Account, Counts};
use verkada_audit_logs::{Source, publish};

use crate::cli::report::end::Ended;
use crate::cli::report::exit_code::ExitCode;

const PREFIX: &str = "verkada_audit_logs_";
const LAST_SUCCESS: &str = "last_success_timestamp_seconds";
const PRINTED_THROUGH: &str = "printed_through_timestamp_seconds";

/// The beginning of every file that this module writes.
const BEGINNING: &str = "# HELP verkada_audit_logs_";

/// Limit for the part of an old file that is read. Those of this module are far shorter.
const LONGEST_READ: u64 = 64 << 10;

/// The file that may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldFile {
    /// Whatever is there.
    Any,
    /// Only one that an earlier run has written, if there is one.
    OfOurs,
}

/// Replaces the metrics at `path` by those of a run that ended now.
pub(super) fn write(
    path: &Path,
    ended: &Ended,
    elapsed: Duration,
    replaced: OldFile,
) -> io::Result<()> {
    let old = old_text(path);
    if replaced == OldFile::OfOurs && path.exists() && !old.starts_with(BEGINNING) {
        return Err(io::Error::other("another file is there"));
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let now = Utc::now().timestamp();
    publish(path, &text(&name, ended, elapsed, &Earlier::of(&old), now))
}

/// The text of the file so far; empty if there is none that can be read.
fn old_text(path: &Path) -> String {
    let mut text = String::new();
    // A pipe would wait for a writer.
    if fs::metadata(path).is_ok_and(|old| old.is_file())
        && let Ok(file) = File::open(path)
        && file.take(LONGEST_READ).read_to_string(&mut text).is_err()
    {
        text.clear();
    }
    text
}

/// Values of earlier runs that a failed one does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Earlier {
    last_success: Option<i64>,
    /// In the order of [`Source::ALL`].
    printed_through: [Option<i64>; 2],
}

impl Earlier {
    /// Reads them from the text of the old file, as far as they are there.
    fn of(text: &str) -> Self {
        let value = |metric: &str, label: &str| {
            let line = text.lines().find(|line| {
                let labels = line
                    .strip_prefix(PREFIX)
                    .and_then(|rest| rest.strip_prefix(metric));
                labels.is_some_and(|labels| labels.starts_with('{') && labels.contains(label))
            });
            line?.rsplit_once(' ')?.1.parse().ok()
        };
        Self {
            last_success: value(LAST_SUCCESS, ""),
            printed_through: Source::ALL
                .map(|source| value(PRINTED_THROUGH, &format!("\",{}}}", source_label(source)))),
        }
    }
}

fn text(name: &str, ended: &Ended, elapsed: Duration, earlier: &Earlier, now: i64) -> String {
    let is_success = ended.code == ExitCode::Done;
    let last_success = if is_success {
        Some(now)
    } else {
        earlier.last_success
    };
    let accounts = ended.accounts();
    let mut sheet = Sheet::new(name);
    sheet.one(
        "last_run_timestamp_seconds",
        "Time at which the latest run ended.",
        now,
    );
    if let Some(time) = last_success {
        let help = "Time at which the latest run with exit code 0 ended.";
        sheet.one(LAST_SUCCESS, help, time);
    }
    sheet.one(
        "exit_code",
        "Exit code of the latest run.",
        ended.code as u8,
    );
    sheet.one(
        "duration_seconds",
        "Duration of the latest run.",
        format!("{:.3}", elapsed.as_secs_f64()),
    );
    sheet.one(
        "requests",
        "Requests of the latest run, for tokens and again after failures included.",
        ended.statistics.requests,
    );
    sheet.one(
        "retries",
        "Requests of the latest run that were sent again after a failure.",
        ended.statistics.retries,
    );
    sheet.one(
        "rate_limited",
        "Answers with status 429 in the latest run.",
        ended.statistics.rate_limited,
    );
    sheet.family(
        "build_info",
        "Version of the program; the value is always 1.",
        [(format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1)],
    );
    sheet.family(
        PRINTED_THROUGH,
        "Time through which every record is printed, with a checkpoint.",
        printed_through(ended, &accounts, earlier),
    );
    add_sources(&mut sheet, &accounts);
    sheet.text
}

fn add_sources(sheet: &mut Sheet, sources: &[Account]) {
    sheet.family(
        "records",
        "Records of the latest run: read is the sum of printed, filtered (left out by name) and repeated (known already).",
        sources.iter().flat_map(records),
    );
    let of_each = |value: fn(&Account) -> i64| {
        let samples = sources.iter();
        samples.map(move |source| (source_label(source.source), value(source)))
    };
    sheet.family(
        "late_records",
        "Records of the latest run that came after an earlier one had looked for them, with a checkpoint.",
        of_each(|source| source.lateness.records.cast_signed()),
    );
    sheet.family(
        "max_lateness_seconds",
        "Longest time from a late record's own time until the latest run read it; 0 without late records.",
        of_each(|source| source.lateness.largest.unwrap_or(0)),
    );
    let where_measured = |value: fn(&Account) -> Option<i64>| {
        let samples = sources.iter();
        samples.filter_map(move |source| Some((source_label(source.source), value(source)?)))
    };
    sheet.family(
        "max_processing_seconds",
        "Longest time from an audit log's own time until Verkada had processed it, of those that the latest run kept.",
        where_measured(|source| source.longest_processing),
    );
    sheet.family(
        "max_first_seen_seconds",
        "Longest time from the event of a record until a run first saw it, of those that the latest run, a scheduled one, printed.",
        where_measured(|source| source.longest_first_seen),
    );
}

fn records(source: &Account) -> [(String, u64); 4] {
    let Counts {
        read,
        printed,
        filtered,
        repeated,
    } = source.counts;
    let counts = [
        ("read", read),
        ("printed", printed),
        ("filtered", filtered),
        ("repeated", repeated),
    ];
    let label = source_label(source.source);
    counts.map(|(outcome, count)| (format!("{label},outcome=\"{outcome}\""), count))
}

/// The time through which each source is printed: as this run has found it, or else as the run before did.
fn printed_through(ended: &Ended, accounts: &[Account], earlier: &Earlier) -> Vec<(String, i64)> {
    let sources = Source::ALL.into_iter().zip(earlier.printed_through);
    let through = sources.filter_map(|(source, before)| {
        let account = accounts.iter().find(|account| account.source == source);
        let now = account.and_then(|account| account.printed_through);
        let through = now.or(before.filter(|_| ended.has_checkpoint));
        Some((source_label(source), through?))
    });
    through.collect()
}

fn source_label(source: Source) -> String {
    let name = match source {
        Source::AuditLogs => "audit_logs",
        Source::Notifications => "notifications",
    };
    format!("source=\"{name}\"")
}

/// A text file under construction.
struct Sheet {
    /// The label that all samples have.
    label: String,
    text: String,
}

impl Sheet {
    fn new(name: &str) -> Self {
        Self {
            label: format!("name=\"{}\"", escaped(name)),
            text: String::new(),
        }
    }

    /// Adds a gauge with one sample.
    fn one(&mut self, metric: &str, help: &str, value: impl Display) {
        self.family(metric, help, [(String::new(), value)]);
    }

    /// Adds a gauge with samples that differ by their further labels; nothing if there are none.
    fn family<V: Display>(
        &mut self,
        metric: &str,
        help: &str,
        samples: impl IntoIterator<Item = (String, V)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_some() {
            self.add(format_args!("# HELP {PREFIX}{metric} {help}"));
            self.add(format_args!("# TYPE {PREFIX}{metric} gauge"));
        }
        for (labels, value) in samples {
            let comma = if labels.is_empty() { "" } else { "," };
            let label = self.label.clone();
            self.add(format_args!(
                "{PREFIX}{metric}{{{label}{comma}{labels}}} {value}"
            ));
        }
    }

    fn add(&mut self, line: std::fmt::Arguments<'_>) {
        // A string takes whatever is written.
        let _ = writeln!(self.text, "{line}");
    }
}

/// Escapes the value of a label.
fn escaped(value: &str) -> String {
    value
        .replace('\\', r"\\")
        .replace('"', r#"\""#)
        .replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use verkada_audit_logs::Statistics;

    use super::*;

    fn failed() -> Ended {
        Ended {
            code: ExitCode::Busy,
            report: None,
            unfinished: Vec::new(),
            statistics: Statistics::default(),
            has_checkpoint: true,
        }
    }

    #[test]
    fn what_a_failed_run_does_not_know_is_taken_from_the_file_before() {
        let earlier = Earlier {
            last_success: Some(1_789_400_000),
            printed_through: [Some(1_789_399_800), None],
        };
        let text = text(
            "acme",
            &failed(),
            Duration::from_millis(1_500),
            &earlier,
            1_789_401_600,
        );
        for line in [
            r#"verkada_audit_logs_last_run_timestamp_seconds{name="acme"} 1789401600"#,
            r#"verkada_audit_logs_last_success_timestamp_seconds{name="acme"} 1789400000"#,
            r#"verkada_audit_logs_exit_code{name="acme"} 75"#,
            r#"verkada_audit_logs_duration_seconds{name="acme"} 1.500"#,
            r#"verkada_audit_logs_printed_through_timestamp_seconds{name="acme",source="audit_logs"} 1789399800"#,
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in {text}");
        }
        assert!(!text.contains("notifications"), "{text}");
        assert_eq!(Earlier::of(&text), earlier);
    }

    #[test]
    fn how_far_is_printed_is_forgotten_without_a_checkpoint() {
        let earlier = Earlier {
            printed_through: [Some(1), Some(2)],
            ..Earlier::default()
        };
        let ended = Ended {
            has_checkpoint: false,
            ..failed()
        };
        let text = text("acme", &ended, Duration::ZERO, &earlier, 3);
        assert!(
            !text.contains(PRINTED_THROUGH) && !text.contains(LAST_SUCCESS),
            "{text}"
        );
    }

    #[test]
    fn a_damaged_old_file_says_nothing() {
        for damaged in [
            "",
            "garbage",
            "verkada_audit_logs_last_success_timestamp_seconds",
            "verkada_audit_logs_last_success_timestamp_seconds{name=\"a\"} ",
            "verkada_audit_logs_last_success_timestamp_seconds{name=\"a\"} 1e9",
            "# HELP verkada_audit_logs_last_success_timestamp_seconds 1",
        ] {
            assert_eq!(Earlier::of(damaged), Earlier::default(), "{damaged}");
        }
    }

    #[test]
    fn a_name_of_any_letters_is_one_label() {
        assert_eq!(escaped("a\"b\\c\nd"), r#"a\"b\\c\nd"#);
        let name = "x\",source=\"audit_logs\"} 7";
        let earlier = Earlier {
            last_success: Some(5),
            ..Earlier::default()
        };
        let text = text(name, &failed(), Duration::ZERO, &earlier, 9);
        assert_eq!(Earlier::of(&text), earlier);
    }
}
