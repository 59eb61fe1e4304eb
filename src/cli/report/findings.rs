//! The findings of a comparison with files: a table and a sentence.

use std::path::Path;

use verkada_audit_logs::time_text;
use verkada_audit_logs::verify::{Day, Findings};

use super::counted::{counted, grouped};
use super::exit_code::ExitCode;
use super::messages::{LogFormat, PROGRESS_TARGET, print_note};

/// Characters of a date at the beginning of a time.
const DATE: usize = 10;

/// The records that a comparison has printed.
pub(crate) struct Repair<'a> {
    /// The number of missing records that were printed.
    pub(crate) printed: u64,
    /// The file that they were appended to; `None` is standard output.
    pub(crate) output: Option<&'a Path>,
}

/// Shows the findings, and returns the exit code. With `quiet` they are shown only if something is missing. `is_whole` is
/// set if the whole range was compared.
pub(crate) fn show_findings(
    findings: &Findings,
    repair: &Repair<'_>,
    format: LogFormat,
    quiet: bool,
    is_whole: bool,
) -> ExitCode {
    let [verkada, files, missing, surplus] = findings.sums();
    if !quiet || missing > 0 {
        match format {
            LogFormat::Text => show_table(&findings.days),
            LogFormat::Json => log_days(&findings.days),
        }
        let sentence = sentence(verkada, missing, repair, is_whole);
        match format {
            LogFormat::Text => print_note(&sentence),
            LogFormat::Json => {
                tracing::info!(target: PROGRESS_TARGET, verkada, files, missing, surplus, foreign_lines = findings.foreign_lines, "{sentence}");
            }
        }
    }
    if surplus > 0 {
        warn_of_surplus(surplus, findings.surplus_without_id);
    }
    if findings.outside > 0 {
        tracing::warn!(
            records = findings.outside,
            "Verkada sent records from far outside the range; they were neither compared nor printed"
        );
    }
    if findings.foreign_lines > 0 {
        tracing::warn!(
            lines = findings.foreign_lines,
            "lines of the files are not records: they are torn, or another program's"
        );
    }
    if missing > 0 {
        ExitCode::Missing
    } else {
        ExitCode::Done
    }
}

/// Says what surplus lines may mean. A line with an id stands for no other record than its own.
fn warn_of_surplus(records: u64, without_id: u64) {
    if without_id == 0 {
        tracing::warn!(
            records,
            "the files hold records that Verkada did not send: it has forgotten them, or they are there more than once"
        );
        return;
    }
    tracing::warn!(
        records,
        without_id,
        "the files hold records that Verkada did not send: it has forgotten them, or they are there more than once; lines without an id may then stand for identical ones that are missing"
    );
}

fn sentence(verkada: u64, missing: u64, repair: &Repair<'_>, is_whole: bool) -> String {
    let of = if is_whole {
        "of the range"
    } else {
        "that were read before the end"
    };
    let all = counted(verkada, "records");
    match (verkada, missing) {
        (0, _) if !is_whole => "nothing was compared".to_owned(),
        (0, _) => format!("Verkada has no records {of}"),
        (_, 0) => format!("the files hold all {all} {of}"),
        _ => {
            let verb = if missing == 1 { "is" } else { "are" };
            let end = repair_clause(missing, repair);
            let missing = grouped(missing);
            format!("{missing} of {all} {of} {verb} missing from the files{end}")
        }
    }
}

/// Says which of the missing records were printed, and where.
fn repair_clause(missing: u64, repair: &Repair<'_>) -> String {
    let action = match repair.output {
        Some(path) => format!("appended to {}", path.display()),
        None => "printed".to_owned(),
    };
    match repair.printed {
        0 => format!("; none was {action}"),
        printed if printed < missing => format!("; {} of them were {action}", grouped(printed)),
        1 => format!(", and was {action}"),
        _ => format!(", and were {action}"),
    }
}

fn show_table(days: &[Day]) {
    if days.is_empty() {
        return;
    }
    let row = |cells: [&str; 6]| {
        let [source, day, verkada, files, missing, surplus] = cells;
        print_note(&format!(
            "{source:<13}  {day:<DATE$}  {verkada:>9}  {files:>9}  {missing:>9}  {surplus:>9}"
        ));
    };
    row([
        "source",
        "day (UTC)",
        "Verkada",
        "files",
        "missing",
        "surplus",
    ]);
    for day in days {
        let numbers = [day.verkada, day.files, day.missing, day.surplus];
        let [verkada, files, missing, surplus] = numbers.map(grouped);
        row([
            &day.source.to_string(),
            &date(day),
            &verkada,
            &files,
            &missing,
            &surplus,
        ]);
    }
}

fn log_days(days: &[Day]) {
    for day in days {
        tracing::info!(
            target: PROGRESS_TARGET,
            source = %day.source,
            day = date(day),
            verkada = day.verkada,
            files = day.files,
            missing = day.missing,
            surplus = day.surplus,
            "compared"
        );
    }
}

fn date(day: &Day) -> String {
    time_text(day.start).chars().take(DATE).collect()
}
