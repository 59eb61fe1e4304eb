//! The account of a run for a person at a terminal.

use super::{END, START, server};
use crate::support::now;
use crate::support::program::{Ended, Program};
use crate::support::raw_server::RawServer;
use crate::support::terminal::{COLUMNS, Stdout, run_on_terminal, screen};

/// The lines that a run against the simulated organisation leaves on the screen, and the run.
fn shown(more: &[&str]) -> (Vec<String>, Ended) {
    let server = server();
    let program = Program::asking_demo(&server);
    let (start, end) = (START.to_string(), END.to_string());
    let arguments = [&["--start", &start, "--end", &end][..], more].concat();
    let ended = run_on_terminal(&program, &arguments, Stdout::Piped);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    (lines(&ended), ended)
}

/// The lines that are left on the screen, with those put together that are longer than it is wide.
pub(super) fn lines(ended: &Ended) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for row in screen(&ended.stderr) {
        match lines.last_mut() {
            Some(line) if line.chars().count() % COLUMNS == 0 => *line += &row,
            _ => lines.push(row),
        }
    }
    lines
}

#[test]
fn the_summary_says_what_was_left_out_and_how_to_keep_it() {
    let (lines, _) = shown(&[]);
    let [summary] = &lines[..] else {
        panic!("{lines:?}");
    };
    let (printed, rest) = summary
        .strip_prefix("printed ")
        .and_then(|rest| rest.split_once(" of "))
        .unwrap();
    let (read, rest) = rest.split_once(" audit logs (").unwrap();
    let (left_out, rest) = rest
        .split_once(" have other names; --all-events keeps them) and ")
        .unwrap_or_else(|| panic!("{summary}"));
    let number = |text: &str| text.replace(',', "").parse::<u64>().unwrap();
    assert_eq!(number(printed) + number(left_out), number(read));
    assert!(read.contains(','), "{summary}");
    assert!(
        rest.contains(" notifications of 2026-09-10T00:30:00Z to "),
        "{summary}"
    );
}

#[test]
fn a_name_that_nothing_has_is_said_with_the_nearest_known_one() {
    let (lines, _) = shown(&["--event", "Live Steam Started,Live Stream Started"]);
    let [_, said] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(
        said,
        "no audit log that was read is called “Live Steam Started”; the nearest known name is “Live Stream Started”"
    );
    let (lines, _) = shown(&["--exclude-event", "live stream started,Zzzzzzzzzzzz"]);
    assert!(lines[0].contains(" have excluded names; "), "{lines:?}");
    assert!(
        lines[1].contains("“Zzzzzzzzzzzz”; no known name is like"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2);
    for more in [&["--event", "Live Stream Started"][..], &["--all-events"]] {
        assert_eq!(shown(more).0.len(), 1);
    }
    let (lines, ended) = shown(&["-q", "--event", "Zzzzzzzzzzzz"]);
    assert!(lines.is_empty() && !ended.stdout.is_empty());
}

#[test]
fn a_run_by_span_says_its_range_first() {
    let server = RawServer::holding("", "");
    let program = Program::asking_raw(&server);
    let earliest = now() - 7_200;
    let ended = run_on_terminal(&program, &["--since", "2h"], Stdout::Piped);
    let latest = now() - 7_200;
    let lines = lines(&ended);
    let said = lines[0].strip_prefix("reading ").unwrap();
    let (start, end) = said.split_once(" to ").unwrap();
    let seconds = |text: &str| {
        assert!(text.ends_with('Z'), "{text}");
        chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp()
    };
    assert!((earliest..=latest).contains(&seconds(start)), "{said}");
    assert_eq!(seconds(end) - seconds(start), 7_200);
    assert!(lines[1].starts_with("printed 0 audit logs and 0 notifications of "));
    // Neither without a terminal nor with -q.
    program.run(["--since", "2h"]).quietly();
    let quiet = run_on_terminal(&program, &["-q", "--since", "2h"], Stdout::Piped);
    assert_eq!(quiet.stderr, "");
}
