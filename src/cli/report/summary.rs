//! The line that sums up a run on a terminal.

use std::io::{self, IsTerminal};
use std::time::Duration;

use verkada_audit_logs::pull::Report;
use verkada_audit_logs::{Statistics, Window, time_text};

use super::counted::counted;
use super::messages::print_note;

/// Sums up a run that went well, if standard error is a terminal.
pub(crate) fn summarise(report: &Report, statistics: &Statistics, elapsed: Duration) {
    if !io::stderr().is_terminal() {
        return;
    }
    let counts: Vec<_> = report
        .sources
        .iter()
        .map(|source| counted(source.printed, source.source))
        .collect();
    let windows = report
        .sources
        .iter()
        .filter_map(|source| source.window.as_ref());
    let start = windows.clone().map(Window::start).min();
    let end = windows.map(Window::end).max();
    let period = match start.zip(end) {
        Some((start, end)) => format!(" of {} to {}", time_text(start), time_text(end)),
        None => String::new(),
    };
    print_note(&format!(
        "printed {}{period}; {} in {:.1} s",
        counts.join(" and "),
        counted(statistics.requests, "requests"),
        elapsed.as_secs_f64()
    ));
}
