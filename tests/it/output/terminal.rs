//! The view of a person at a terminal: a bar while a long read lasts, one line at its end, and colour.

use std::time::Duration;

use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile};

use crate::support::program::{Ended, Program, RANGE};
use crate::support::raw_server::RawServer;
use crate::support::terminal::{Stdout, run_on_terminal, screen};

/// The first character of every control sequence.
const ESCAPE: char = '\u{1b}';

/// Reads at least ten pages one after another from a server that takes 300 ms for each, so for longer than the two
/// seconds after which a bar appears.
fn long_read(more: &[&str], stdout: Stdout) -> Ended {
    let profile = Profile {
        audit_logs_per_day: 20_000.0,
        daily_cycle: DailyCycle::Flat,
        ..Profile::demo()
    };
    let latency = Duration::from_millis(300);
    let server = DemoServer::builder(profile).latency(latency);
    let server = server.start().unwrap();
    let one_by_one = ["--all-events", "--only", "audit-logs", "--page-size", "12"];
    let arguments = [&RANGE[..], &one_by_one, more].concat();
    let ended = run_on_terminal(&Program::asking_demo(&server), &arguments, stdout);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(server.stats().audit_log_requests >= 10);
    ended
}

/// The beginning of the bar's second line.
const BAR: &str = "audit logs at 2026-09-14 16:00 · ";

#[test]
fn a_long_read_shows_a_bar_and_clears_it() {
    let ended = long_read(&[], Stdout::Piped);
    assert!(ended.stderr.contains(BAR), "{:?}", ended.stderr);
    let printed = format!("printed {} audit logs of ", ended.lines().len());
    match &screen(&ended.stderr)[..] {
        [summary] => assert!(summary.starts_with(&printed), "{summary}"),
        left => panic!("{left:#?}"),
    }
}

#[test]
fn no_bar_is_drawn_among_records_on_the_same_terminal() {
    let shown = long_read(&[], Stdout::OnTheTerminal).stderr;
    assert!(shown.contains("\nprinted ") && !shown.contains(BAR) && !shown.contains(ESCAPE));
}

#[test]
fn quiet_shows_neither_a_bar_nor_the_line_at_the_end() {
    assert_eq!(long_read(&["--quiet"], Stdout::Piped).stderr, "");
}

/// Runs on a terminal against a server that holds one record a source, and returns what is shown.
fn short_run(audit_log: &str, no_colour: Option<&str>, arguments: &[&str]) -> String {
    let server = RawServer::holding(audit_log, r#"{"n":2}"#);
    let mut program = Program::asking_raw(&server);
    if let Some(value) = no_colour {
        program = program.with("NO_COLOR", value);
    }
    let arguments = [&RANGE[..], &["--all-events"], arguments].concat();
    let ended = run_on_terminal(&program, &arguments, Stdout::Piped);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.lines(), [audit_log, r#"{"n":2}"#]);
    ended.stderr
}

#[test]
fn a_run_ends_with_one_line_that_sums_it_up() {
    let shown = short_run(r#"{"n":1}"#, None, &[]);
    let seconds = shown
        .strip_prefix(
            "printed 1 audit log and 1 notification of 2026-09-14T16:00:00Z to 2026-09-14T16:10:00Z; 3 requests in ",
        )
        .and_then(|rest| rest.strip_suffix(" s\n"));
    let seconds: Result<f64, _> = seconds.unwrap_or_else(|| panic!("{shown:?}")).parse();
    assert!(seconds.is_ok(), "{shown:?}");
    assert_eq!(short_run(r#"{"n":1}"#, None, &["--quiet"]), "");
}

#[test]
fn a_run_with_nothing_left_to_read_says_through_when_all_is_printed() {
    let server = DemoServer::builder(Profile::demo()).start().unwrap();
    let program = Program::asking_demo(&server);
    let arguments = [&RANGE[..], &["--checkpoint", "progress.json"]].concat();
    let [first, second] = [(); 2].map(|()| run_on_terminal(&program, &arguments, Stdout::Piped));
    assert!(first.stderr.contains("printed "), "{}", first.stderr);
    let summary = "up to date: everything through 2026-09-14T16:10:00Z was printed before";
    assert_eq!(second.stderr.lines().last(), Some(summary));
}

#[test]
fn no_color_takes_the_colour_from_a_terminal() {
    const BARE_NUMBER: &str = "7";
    // An empty variable counts as unset.
    for (no_colour, is_coloured) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let shown = short_run(BARE_NUMBER, no_colour, &["-v"]);
        assert!(shown.contains("WARN"), "{shown:?}");
        assert_eq!(shown.contains(ESCAPE), is_coloured, "{shown:?}");
    }
}
