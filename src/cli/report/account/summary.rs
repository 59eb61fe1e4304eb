//! Lines for the person at a terminal: what a run reads, and what it did.

use std::io::{self, IsTerminal};
use std::time::Duration;

use verkada_audit_logs::doctor::describe_unmatched;
use verkada_audit_logs::pull::{Counts, EventFilter, Outcome, Period, Report};
use verkada_audit_logs::{Source, Statistics, Window, time_text};

use crate::cli::config::Config;
use crate::cli::report::counted::{counted, grouped};
use crate::cli::report::end::Ended;
use crate::cli::report::exit_code::ExitCode;
use crate::cli::report::messages::{LogFormat, print_note};

/// Says which range `--since` has come to, if standard error is a terminal.
pub(crate) fn say_span(config: &Config, format: LogFormat) {
    let Period::Range { start, end } = config.pull.period else {
        return;
    };
    if config.is_since && is_for_people(format) {
        print_note(&format!(
            "reading {} to {}",
            time_text(start),
            time_text(end)
        ));
    }
}

/// Sums up a run, if standard error is a terminal. After a failure or a signal the sums are those up to then. There is none
/// if the reader of the pipe went away: it is not known how much of a slice it took.
pub(crate) fn summarise(config: &Config, format: LogFormat, ended: &Ended, elapsed: Duration) {
    let Some(report) = ended.report.as_ref().filter(|_| is_for_people(format)) else {
        return;
    };
    let mut sources = report.sources.iter();
    let lost_reader = sources.any(|source| ended.lost_reader_of(source.account.source));
    if ended.code == ExitCode::Done && lost_reader {
        return;
    }
    let filter = &config.pull.filter;
    let incomplete = match ended.code {
        ExitCode::Done => "",
        _ => "incomplete: ",
    };
    let summary = summary(report, filter, &ended.statistics, elapsed);
    print_note(&format!("{incomplete}{summary}"));
    // Nobody typed the default names, so one that matched nothing is not a typing mistake.
    if *filter == EventFilter::default() {
        return;
    }
    for source in &report.sources {
        let is_done = matches!(source.outcome, Outcome::Done);
        // A quiet interval says nothing about a name.
        if is_done && source.account.counts.read > 0 && !source.unmatched_names.is_empty() {
            print_note(&describe_unmatched(&source.unmatched_names));
        }
    }
}

fn is_for_people(format: LogFormat) -> bool {
    format == LogFormat::Text && io::stderr().is_terminal()
}

fn summary(
    report: &Report,
    filter: &EventFilter,
    statistics: &Statistics,
    elapsed: Duration,
) -> String {
    if let Some(through) = up_to_date_through(report) {
        let through = time_text(through);
        return format!("up to date: everything through {through} was printed before");
    }
    let counts = report
        .accounts()
        .map(|account| counts(account.source, account.counts, filter));
    let counts: Vec<_> = counts.collect();
    let windows = report
        .accounts()
        .filter_map(|account| account.window.as_ref());
    let start = windows.clone().map(Window::start).min();
    let end = windows.map(Window::end).max();
    let period = match start.zip(end) {
        Some((start, end)) => format!(" of {} to {}", time_text(start), time_text(end)),
        None => String::new(),
    };
    format!(
        "printed {}{period}; {} in {:.1} s",
        counts.join(" and "),
        counted(statistics.requests, "requests"),
        elapsed.as_secs_f64()
    )
}

/// Returns the Unix second through which everything had been printed, if nothing was left to read.
fn up_to_date_through(report: &Report) -> Option<i64> {
    let through = report.sources.iter().map(|source| match source.outcome {
        Outcome::UpToDate(through) => Some(through),
        _ => None,
    });
    through.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// Says how many records of `source` were printed, of how many, and what became of the others.
fn counts(source: Source, counts: Counts, filter: &EventFilter) -> String {
    let Counts {
        read,
        printed,
        filtered,
        repeated,
    } = counts;
    let mut others = Vec::new();
    if filtered > 0 {
        others.push(filtered_records(filtered, filter));
    }
    match repeated {
        0 => {}
        1 => others.push("1 was printed before".to_owned()),
        _ => others.push(format!("{} were printed before", grouped(repeated))),
    }
    if others.is_empty() {
        return counted(printed, source);
    }
    format!(
        "{} of {} ({})",
        grouped(printed),
        counted(read, source),
        others.join("; ")
    )
}

fn filtered_records(filtered: u64, filter: &EventFilter) -> String {
    let (one, many) = match filter {
        EventFilter::Except(_) => ("has an excluded name", "have excluded names"),
        _ => ("has another name", "have other names"),
    };
    match filtered {
        1 => format!("1 {one}; --all-events keeps it"),
        _ => format!("{} {many}; --all-events keeps them", grouped(filtered)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_say_what_became_of_what_was_not_printed() {
        let shown = |[printed, filtered, repeated]: [u64; 3], filter: &EventFilter| {
            let read = printed + filtered + repeated;
            let sums = Counts {
                read,
                printed,
                filtered,
                repeated,
            };
            counts(Source::AuditLogs, sums, filter)
        };
        let usual = EventFilter::default();
        assert_eq!(shown([0, 0, 0], &usual), "0 audit logs");
        assert_eq!(shown([1_432, 0, 0], &usual), "1,432 audit logs");
        assert_eq!(
            shown([432, 908, 0], &usual),
            "432 of 1,340 audit logs (908 have other names; --all-events keeps them)"
        );
        assert_eq!(
            shown([0, 1, 1], &usual),
            "0 of 2 audit logs (1 has another name; --all-events keeps it; 1 was printed before)"
        );
        assert_eq!(
            shown([0, 0, 1], &usual),
            "0 of 1 audit log (1 was printed before)"
        );
        let excluding = EventFilter::except(["Login"]);
        assert_eq!(
            shown([5, 2, 1_000], &excluding),
            "5 of 1,007 audit logs (2 have excluded names; --all-events keeps them; 1,000 were printed before)"
        );
    }
}
