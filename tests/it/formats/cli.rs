//! `--format` of the real program.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile};
use verkada_audit_logs::pull::record_text;

use super::{envelopes, schemas};
use crate::support::program::{Ended, Program, RANGE};
use crate::support::raw_server::RawServer;

const HOUR: [&str; 6] = [
    "--demo",
    "--all-events",
    "--start",
    "2026-09-14T08:00:00Z",
    "--end",
    "2026-09-14T09:00:00Z",
];

fn demo(more: &[&str]) -> Ended {
    let program = Program::bare();
    program.run([&HOUR[..], more].concat()).quietly()
}

fn records(lines: &[&str]) -> Vec<String> {
    let records = lines.iter().map(|line| record_text(line).unwrap());
    records.map(std::borrow::Cow::into_owned).collect()
}

#[test]
fn raw_is_the_default_and_adds_nothing() {
    let usual = demo(&[]);
    assert!(usual.lines().len() > 1_000);
    assert!(demo(&["--format", "raw"]).stdout == usual.stdout);
    assert!(records(&usual.lines()) == usual.lines());
}

#[test]
fn every_line_is_an_envelope_of_the_record_in_its_place() {
    let raw = demo(&[]);
    let ended = demo(&["--format", "envelope"]);
    assert!(records(&ended.lines()) == raw.lines());
    let mut organisations = BTreeSet::new();
    for (line, record) in ended.lines().iter().zip(raw.lines()) {
        let envelope = envelopes::valid(line);
        let source = match record.contains("\"notification_type\"") {
            true => "notifications",
            false => "audit-logs",
        };
        assert_eq!(
            (envelope["source"].as_str(), &envelope["host"]),
            (Some(source), &"demo".into())
        );
        assert!(line.ends_with(&format!(r#","record":{record}}}"#)));
        organisations.insert(envelope["organization_id"].as_str().unwrap().to_owned());
    }
    // The audit logs have said which organisation the notifications are of.
    assert_eq!(organisations.len(), 1);
}

#[test]
fn every_line_is_a_valid_event_of_the_record_in_its_place() {
    let raw = demo(&[]);
    let ended = demo(&["--format", "ocsf"]);
    assert!(records(&ended.lines()) == raw.lines());
    for (line, record) in ended.lines().iter().zip(raw.lines()) {
        let event = schemas::valid(line);
        assert_eq!(event["raw_data"], record);
        assert_eq!(event["metadata"]["log_provider"], "demo");
        assert!(event["metadata"]["tenant_uid"].is_string(), "{line}");
    }
}

/// An organisation in which every third record is the twin of another.
fn organisation_of_twins() -> DemoServer {
    let profile = Profile {
        seed: 7,
        audit_logs_per_day: 200_000.0,
        notifications_per_day: 50_000.0,
        daily_cycle: DailyCycle::Flat,
        twins_per_mille: 330,
        ..Profile::demo()
    };
    DemoServer::builder(profile).start().unwrap()
}

/// The ids of all lines, which must differ, and their records.
fn ids(ended: &Ended) -> BTreeSet<(String, String)> {
    let lines = ended.lines();
    let id_of = |line: &&str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let id = value["id"].as_str().or(value["metadata"]["uid"].as_str());
        (
            id.unwrap().to_owned(),
            record_text(line).unwrap().into_owned(),
        )
    };
    let pairs: BTreeSet<_> = lines.iter().map(id_of).collect();
    let ids: HashSet<_> = pairs.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), lines.len(), "two records with one id");
    pairs
}

#[test]
fn an_id_depends_neither_on_format_nor_page_size_slices_window_or_checkpoint() {
    const START: i64 = 1_789_372_800;
    let server = organisation_of_twins();
    let program = Program::asking_demo(&server).with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000");
    let read = |from: i64, to: i64, more: &str| {
        let range = format!(
            "--all-events --start {} --end {} {more}",
            START + from,
            START + to
        );
        program.run(range.split_whitespace()).quietly()
    };
    let whole = ids(&read(0, 1_800, "--format envelope"));
    let twins = whole.iter().filter(|(id, _)| !id.ends_with("-1")).count();
    assert!(twins > 500, "{twins}");
    for other in [
        "--format ocsf",
        "--format envelope --page-size 7",
        "--format envelope --interval-minutes 1",
        "--format envelope --interval-minutes 1440 --page-size 200",
    ] {
        assert!(ids(&read(0, 1_800, other)) == whole, "{other}");
    }
    let part = ids(&read(300, 901, "--format ocsf"));
    assert!(part.len() > 500 && part.is_subset(&whole));
    // Run after run, each of which looks back over what was printed.
    let carrying_on = "--format envelope --checkpoint progress.json --overlap-minutes 10";
    let mut printed = BTreeSet::new();
    for end in [400, 800, 1_200, 1_800] {
        printed.extend(ids(&read(0, end, carrying_on)));
    }
    assert!(printed == whole);
}

#[test]
fn an_unknown_event_name_is_named_once() {
    let record = |name: &str, n: u32| {
        format!(r#"{{"event_name":"{name}","n":{n},"timestamp":"2026-09-14T16:05:00Z"}}"#)
    };
    let page = [
        record("Drone Started", 1),
        record("User Login", 2),
        record(" Drone Started", 3),
        record("Robot\\u001b[31m Seen", 4),
    ];
    let server = RawServer::holding(&page.join(","), "");
    let program = Program::asking_raw(&server);
    let arguments = [&RANGE[..], &["--all-events", "--format", "ocsf"]].concat();
    let ended = program.run(&arguments);
    assert_eq!((ended.code, ended.lines().len()), (Some(0), 4));
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
    let ended = ended.says(&["WARN", "Base Event", "Drone Started", "Robot"]);
    for line in ended.lines() {
        schemas::valid(line);
    }
    let silent = [&RANGE[..], &["--all-events", "--format", "envelope"]].concat();
    program.run(silent).quietly();
}

#[test]
fn a_notification_is_of_no_organisation_until_one_is_known() {
    let server = RawServer::holding(
        r#"{"organization_id":"5b0d","timestamp":"2026-09-14T16:05:00Z"}"#,
        r#"{"created":1789402000}"#,
    );
    let program = Program::asking_raw(&server);
    let organisation = |more: &str| {
        let arguments = format!("{} --format envelope {more}", RANGE.join(" "));
        let ended = program.run(arguments.split_whitespace());
        let lines = ended.lines();
        let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        (
            last["id"].as_str().unwrap().to_owned(),
            last["organization_id"].clone(),
        )
    };
    let (id, known) = organisation("--all-events");
    assert_eq!(known, "5b0d");
    assert_eq!(
        organisation("--only notifications"),
        (id.clone(), Value::Null)
    );
    // The checkpoint asks for it.
    let with_checkpoint = organisation("--only notifications --checkpoint progress.json");
    assert_eq!(with_checkpoint, (id, "5b0d".into()));
}

#[test]
fn the_host_is_that_of_the_address_with_its_port() {
    let server = RawServer::holding("", r#"{"created":1789402000}"#);
    let program = Program::asking_raw(&server).with("VERKADA_FORMAT", "envelope");
    let host = server.base_url().trim_start_matches("http://");
    let ended = program.run(RANGE).quietly();
    assert_eq!(envelopes::valid(ended.lines()[0])["host"], host);
}

#[test]
fn a_format_comes_from_flag_then_variable_and_any_other_is_refused() {
    let server = RawServer::holding("", r#"{"created":1789402000}"#);
    let program = Program::asking_raw(&server);
    program.write(".env", "VERKADA_FORMAT=envelope\n");
    let first = |ended: Ended| ended.quietly().stdout[..6].to_owned();
    assert_eq!(first(program.run(RANGE)), "{\"id\":");
    let program = program.with("VERKADA_FORMAT", "ocsf");
    assert_eq!(first(program.run(RANGE)), "{\"cate");
    let flag = |format| [&RANGE[..], &["--format", format]].concat();
    assert_eq!(first(program.run(flag("raw"))), "{\"crea");
    let refused = program.run(flag("cef"));
    refused.refuses(2, &["--format", "raw, envelope or ocsf"]);
    let program = program.with("VERKADA_FORMAT", "json");
    program
        .run(RANGE)
        .refuses(2, &["VERKADA_FORMAT", "raw, envelope or ocsf"]);
}
