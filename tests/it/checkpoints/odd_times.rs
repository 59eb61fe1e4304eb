//! Records whose times no clock shows: they are printed once, and not remembered for ever.

use std::fs;

use serde_json::Value;

use crate::support::program::{KEY, Program};
use crate::support::raw_server::{RawServer, Reply};

const START: i64 = 1_789_344_000;

/// Audit logs that belong to a second each, whatever their text says of it.
fn serving(records: Vec<(i64, String)>) -> RawServer {
    RawServer::issuing_tokens(move |request, _| {
        let number = |name: &str| request.parameter(name).unwrap().parse::<i64>().unwrap();
        let window = number("start_time")..=number("end_time");
        let found = records.iter().rev();
        let found =
            found.filter(|(second, _)| request.is_for_audit_logs() && window.contains(second));
        let found: Vec<_> = found.map(|(_, text)| text.as_str()).collect();
        Reply::only_page(request, &found.join(","))
    })
}

#[test]
fn records_with_times_that_cannot_be_are_forgotten_with_the_window_that_found_them() {
    let odd = [
        "1789401600000000",
        "1789401600000000000",
        "\"9999-12-31T23:59:59Z\"",
        "253402300799",
        "\"2126-09-14T00:00:00Z\"",
        "0",
        "-62135596800",
        "\"1970-01-01T00:00:00Z\"",
    ];
    let fields = ["timestamp", "processed_timestamp", "created"];
    let mut records = Vec::new();
    for time in odd {
        for field in fields {
            let text = format!(r#"{{"n":{},"{field}":{time}}}"#, records.len());
            records.push((START + 100, text));
        }
        let text = format!(
            r#"{{"n":{},"timestamp":{time},"processed_timestamp":{time}}}"#,
            records.len()
        );
        records.push((START + 100, text));
    }
    let mut expected: Vec<_> = records.iter().map(|(_, text)| text.clone()).collect();
    let server = serving(records);
    let program = Program::asking(server.base_url(), KEY);
    let mut printed = Vec::new();
    let remembered = || {
        let text = fs::read_to_string(program.path("c")).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        state["audit_logs"]["printed"].as_array().unwrap().len()
    };
    let mut counts = Vec::new();
    for minutes in [15, 30, 45, 90, 120] {
        let (start, end) = (START.to_string(), (START + minutes * 60).to_string());
        let range = ["--start", &start, "--end", &end, "--only", "audit-logs"];
        let more = ["--all-events", "--checkpoint", "c"];
        let ended = program.run(range.iter().chain(&more));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        printed.extend(ended.stdout.lines().map(str::to_owned));
        counts.push(remembered());
    }
    printed.sort();
    expected.sort();
    assert_eq!(printed, expected);
    assert_eq!(counts[0], expected.len());
    assert_eq!(counts[4], 0, "{counts:?}");
}

#[test]
fn a_record_without_a_readable_time_is_warned_of_only_where_slices_meet() {
    let record = |second: i64| {
        let text = r#"{"event_name":"x","timestamp":1789401600000000,"second":NUMBER}"#;
        (START + second, text.replace("NUMBER", &second.to_string()))
    };
    let server = serving([100, 2_000, 5_000].map(record).to_vec());
    let program = Program::asking(server.base_url(), KEY);
    let run = |seconds: i64| {
        let (start, end) = (START.to_string(), (START + seconds).to_string());
        let range = ["--start", &start, "--end", &end, "--only", "audit-logs"];
        program.run(range.iter().chain(&["--all-events"]))
    };
    // A window in one piece has no edges inside.
    assert_eq!(run(600).quietly().lines().len(), 1);
    let sliced = run(7_200);
    assert_eq!((sliced.code, sliced.lines().len()), (Some(0), 3));
    // Once, however many slices have such records.
    let warning = "records without a readable time were printed";
    assert_eq!(
        sliced.stderr.matches(warning).count(),
        1,
        "{}",
        sliced.stderr
    );
    sliced.says(&["records=3"]);
}
