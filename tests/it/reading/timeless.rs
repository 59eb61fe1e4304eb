//! Records without a usable time: none is lost where slices meet, and twins stay two records.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use crate::support::program::{KEY, Program};
use crate::support::raw_server::{AUDIT_LOGS, RawServer, Reply, Request};

const START: i64 = 1_789_344_000;

/// Serves audit logs that belong to a second each, whatever their text says of it; both ends of a window count.
fn serving(records: Vec<(i64, String)>) -> RawServer {
    serving_windows_of(1, records)
}

/// Serves the same with windows that are widened to multiples of `seconds`.
fn serving_windows_of(seconds: i64, records: Vec<(i64, String)>) -> RawServer {
    RawServer::issuing_tokens(move |request, _| page(&records, request, seconds))
}

/// The seconds that `request` asks for, widened to multiples of `multiple`.
fn window(request: &Request, multiple: i64) -> RangeInclusive<i64> {
    let (start, end) = (number(request, "start_time"), number(request, "end_time"));
    let (start, end) = (start.unwrap(), end.unwrap());
    start - start % multiple..=end + (-end).rem_euclid(multiple)
}

fn number(request: &Request, name: &str) -> Option<i64> {
    request.parameter(name).map(|value| value.parse().unwrap())
}

/// The records asked for, newest first. The page token says how many came before.
fn page(records: &[(i64, String)], request: &Request, multiple: i64) -> Reply {
    let window = window(request, multiple);
    let size = number(request, "page_size").unwrap() as usize;
    let before = number(request, "page_token").unwrap_or(0) as usize;
    let matching = records
        .iter()
        .rev()
        .filter(|(second, _)| window.contains(second));
    let rest: Vec<_> = matching
        .skip(before)
        .map(|(_, text)| text.as_str())
        .collect();
    let next = if rest.len() > size {
        format!("\"{}\"", before + size)
    } else {
        "null".to_owned()
    };
    Reply::page(request, &rest[..size.min(rest.len())].join(","), &next)
}

/// Reads `seconds` from the start, in slices.
fn read(server: &RawServer, seconds: i64, more: &[&str]) -> Vec<String> {
    let lines = read_on(&Program::asking(server.base_url(), KEY), seconds, more);
    let seen = server.seen_at(AUDIT_LOGS);
    let starts: HashSet<_> = seen
        .iter()
        .map(|seen| seen.parameter("start_time"))
        .collect();
    assert!(starts.len() >= 3, "no slices meet: {starts:?}");
    lines
}

/// Reads in the folder of `program`, where an earlier read may have left a checkpoint.
fn read_on(program: &Program, seconds: i64, more: &[&str]) -> Vec<String> {
    let (start, end) = (START.to_string(), (START + seconds).to_string());
    let range = [
        "--all-events",
        "--only",
        "audit-logs",
        "--interval-minutes",
        "1",
    ]
    .into_iter()
    .chain([
        "--max-requests-per-minute",
        "60000",
        "--start",
        &start,
        "--end",
        &end,
    ])
    .chain(more.iter().copied());
    let ended = program.run(range);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout.lines().map(str::to_owned).collect()
}

fn counts(lines: &[String]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for line in lines {
        *counts.entry(line.as_str()).or_default() += 1;
    }
    counts
}

#[test]
fn a_record_without_a_time_is_printed_though_the_one_before_it_belongs_to_another_slice() {
    const RECORDS: i64 = 12_000;
    let timed = |number: i64| {
        let time = verkada_audit_logs::time_text(START + number * 2);
        format!(r#"{{"n":{number},"timestamp":"{time}"}}"#)
    };
    let timeless = |number: i64| format!(r#"{{"n":{number},"timestamp":null}}"#);
    let record = |number: i64| match number % 2 {
        0 => timed(number),
        _ => timeless(number),
    };
    let server = serving(
        (0..RECORDS)
            .map(|number| (START + number * 2, record(number)))
            .collect(),
    );
    for more in [&[][..], &["--checkpoint", "progress.json"]] {
        let lines = read(&server, RECORDS * 2, more);
        let counts = counts(&lines);
        for number in 0..RECORDS {
            let count = counts.get(record(number).as_str()).copied().unwrap_or(0);
            // Where slices meet, both are sent the records of two seconds.
            let allowed = if number % 2 == 0 { 1..=1 } else { 1..=2 };
            assert!(allowed.contains(&count), "{}: {count}", record(number));
        }
    }
}

#[test]
fn identical_records_of_different_slices_are_each_printed() {
    const RECORDS: i64 = 90;
    let twin = r#"{"event_name":"x","timestamp":null}"#;
    let server = serving(
        (0..RECORDS)
            .map(|number| (START + number * 1_000 + 500, twin.to_owned()))
            .collect(),
    );
    for more in [&[][..], &["--checkpoint", "progress.json"]] {
        let lines = read(&server, RECORDS * 1_000, more);
        // Two slices that meet may both be sent the record between them.
        let allowed = RECORDS as usize..RECORDS as usize + 20;
        assert!(allowed.contains(&lines.len()), "{}", lines.len());
    }
}

#[test]
fn times_in_other_forms_are_recognised() {
    type Form = fn(i64) -> String;
    const RECORDS: i64 = 6_000;
    let forms: [(&str, Form); 3] = [
        ("an offset without a colon", |second| {
            let text = verkada_audit_logs::time_text(second).replace('Z', "+0000");
            format!("\"{text}\"")
        }),
        ("seconds as text", |second| format!("\"{second}\"")),
        ("milliseconds", |second| format!("{second}000")),
    ];
    for (name, form) in forms {
        let record = |number: i64| {
            let second = START + number * 4;
            (
                second,
                format!(r#"{{"n":{number},"timestamp":{}}}"#, form(second)),
            )
        };
        let server = serving((0..RECORDS).map(record).collect());
        let lines = read(&server, RECORDS * 4, &[]);
        assert_eq!(lines.len(), RECORDS as usize, "{name}");
    }
}

#[test]
fn a_record_dated_before_its_window_is_not_printed_again() {
    let two_hours_earlier = verkada_audit_logs::time_text(START - 7_200);
    let records = [
        format!(r#"{{"n":1,"timestamp":"{two_hours_earlier}"}}"#),
        format!(r#"{{"n":2,"processed_timestamp":"{two_hours_earlier}"}}"#),
        r#"{"n":3,"timestamp":null}"#.to_owned(),
        format!(r#"{{"n":4,"created":{}}}"#, START - 7_200),
    ];
    let filed = records.iter().map(|text| (START + 500, text.clone()));
    let server = serving(filed.collect());
    let program = Program::asking(server.base_url(), KEY);
    let mut lines = Vec::new();
    for seconds in [900, 1_800, 2_700] {
        lines.extend(read_on(
            &program,
            seconds,
            &["--checkpoint", "progress.json"],
        ));
    }
    lines.sort();
    assert_eq!(lines, records);
}

#[test]
fn with_a_checkpoint_a_record_that_several_slices_are_sent_is_printed_once() {
    const RECORDS: i64 = 12_000;
    let record = |number: i64| {
        let second = START + number * 2;
        let time = verkada_audit_logs::time_text(second);
        (second, format!(r#"{{"n":{number},"timestamp":"{time}"}}"#))
    };
    let server = serving_windows_of(60, (0..RECORDS).map(record).collect());
    let lines = read(&server, RECORDS * 2, &["--checkpoint", "progress.json"]);
    assert_eq!(lines.len(), RECORDS as usize);
    assert_eq!(counts(&lines).len(), RECORDS as usize);
    let mut slices = server.seen_at(AUDIT_LOGS);
    slices.retain(|request| request.parameter("page_token").is_none());
    let sent = |slice: &Request| {
        let window = window(slice, 60);
        (0..RECORDS)
            .filter(|number| window.contains(&record(*number).0))
            .count()
    };
    let sent: usize = slices.iter().map(sent).sum();
    assert!(sent > lines.len(), "{sent} records in all slices");
}
