//! The metrics file: whole, readable and true after every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use verkada_audit_logs::demo::DemoServer;
use verkada_audit_logs::pull::Checkpoint;

use super::{END, MIDDLE, START, counts, last_line, range, server};
use crate::support::now;
use crate::support::program::{BINARY, Program};
use crate::support::say_left_out;

const FILES: [&str; 4] = [
    "--checkpoint",
    "progress.json",
    "--metrics-file",
    "acme.prom",
];

/// The samples of a metrics file, by name and labels.
fn samples(program: &Program, name: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(program.path(name)).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let series = series.strip_prefix("verkada_audit_logs_").unwrap();
            (series.to_owned(), value.to_owned())
        })
        .collect()
}

/// The value of a gauge that has no labels but the name.
#[track_caller]
fn value(program: &Program, gauge: &str) -> f64 {
    let samples = samples(program, "acme.prom");
    let series = format!("{gauge}{{name=\"acme\"}}");
    let value = samples.get(&series);
    value
        .unwrap_or_else(|| panic!("no {gauge} in {samples:?}"))
        .parse()
        .unwrap()
}

/// Holds `text` against Prometheus' own check.
fn check_by_promtool(text: &str) {
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return say_left_out(
                "promtool is not installed, so no metrics file was held against it",
            );
        }
        started => started.unwrap(),
    };
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let checked = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned()
        + &String::from_utf8_lossy(&checked.stderr);
    assert!(
        checked.status.success() && said.is_empty(),
        "{said}\n{text}"
    );
}

/// A program whose first run has gone well.
fn after_a_run(server: &DemoServer) -> Program {
    let program = Program::asking_demo(server);
    let ended = program.run(range(START, MIDDLE, &FILES));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    program
}

#[test]
fn the_gauges_say_what_the_last_line_says_and_prometheus_accepts_them() {
    let server = server();
    let program = after_a_run(&server);
    let ended = program.run(range(START, END, &FILES));
    let line = last_line(&ended);
    let samples = samples(&program, "acme.prom");
    for source in ["audit_logs", "notifications"] {
        let outcomes = ["read", "printed", "filtered", "repeated"];
        for (outcome, count) in outcomes.into_iter().zip(counts(&line, source)) {
            let series = format!(r#"records{{name="acme",source="{source}",outcome="{outcome}"}}"#);
            assert_eq!(samples[&series], count.to_string());
        }
        for (gauge, value) in [
            ("printed_through_timestamp_seconds", END),
            ("late_records", 0),
            ("max_lateness_seconds", 0),
        ] {
            let series = format!(r#"{gauge}{{name="acme",source="{source}"}}"#);
            assert_eq!(samples[&series], value.to_string());
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let info = format!(r#"build_info{{name="acme",version="{version}"}}"#);
    assert_eq!(samples[&info], "1");
    assert_eq!(
        samples[r#"max_processing_seconds{name="acme",source="audit_logs"}"#],
        line["audit_logs"]["max_processing_seconds"].to_string()
    );
    assert_eq!(samples.len(), 8 + 2 * (4 + 3) + 1);
    assert_eq!(value(&program, "exit_code"), 0.0);
    assert_eq!(
        value(&program, "requests"),
        line["requests"].as_f64().unwrap()
    );
    let ended_at = value(&program, "last_run_timestamp_seconds");
    assert!((now() as f64 - ended_at).abs() < 60.0);
    assert_eq!(value(&program, "last_success_timestamp_seconds"), ended_at);
    check_by_promtool(&fs::read_to_string(program.path("acme.prom")).unwrap());
}

#[test]
fn a_failed_run_keeps_what_it_does_not_know() {
    let server = server();
    let program = after_a_run(&server);
    let succeeded = value(&program, "last_success_timestamp_seconds");
    let through = |program: &Program| {
        let series = r#"printed_through_timestamp_seconds{name="acme",source="audit_logs"}"#;
        samples(program, "acme.prom").get(series).cloned()
    };
    assert_eq!(through(&program), Some(MIDDLE.to_string()));
    let program = program.with("VERKADA_METRICS_FILE", "acme.prom");
    for (arguments, code) in [
        (&["--start", "yesterday"][..], 2.0),
        (&["--evnt", "x"], 2.0),
        (&["--metrics-file", "acme.prom", "--evnt", "x"], 2.0),
        (
            &[
                "--base-url",
                "http://127.0.0.1:1",
                "--only",
                "audit-logs",
                "--api-key-file",
                "none",
            ],
            2.0,
        ),
    ] {
        program.run(arguments);
        assert_eq!(value(&program, "exit_code"), code, "{arguments:?}");
        assert_eq!(value(&program, "last_success_timestamp_seconds"), succeeded);
        assert_eq!(through(&program), Some(MIDDLE.to_string()));
        assert_eq!(value(&program, "requests"), 0.0);
    }
    check_by_promtool(&fs::read_to_string(program.path("acme.prom")).unwrap());
}

#[test]
fn a_run_beside_another_one_writes_them_too() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    let held = Checkpoint::open(&program.path("progress.json"), "any").unwrap();
    let ended = program.run(FILES);
    drop(held);
    ended.refuses(75, &["another run"]);
    assert_eq!(value(&program, "exit_code"), 75.0);
    let samples = samples(&program, "acme.prom");
    assert!(
        !samples
            .keys()
            .any(|series| series.starts_with("last_success"))
    );
}

#[test]
fn the_first_run_of_all_may_fail_and_writes_them_in_a_mode_for_all() {
    let program = Program::bare();
    let script = format!("umask 077; exec {BINARY} --metrics-file acme.prom");
    program.shell(&script).refuses(2, &["VERKADA_API_KEY"]);
    assert_eq!(value(&program, "exit_code"), 2.0);
    let mode = fs::metadata(program.path("acme.prom"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o644);
    assert_eq!(program.files(), ["acme.prom"]);
}

#[test]
fn a_damaged_file_is_replaced() {
    let server = server();
    for damaged in [
        &b""[..],
        b"\xff\xfe",
        b"verkada_audit_logs_last_success_timestamp_seconds{",
    ] {
        let program = Program::asking_demo(&server);
        program.write("acme.prom", damaged);
        let ended = program.run(range(START, MIDDLE, &FILES));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(value(&program, "exit_code"), 0.0);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_a_warning() {
    let server = server();
    let program = Program::asking_demo(&server);
    fs::create_dir(program.path("folder.prom")).unwrap();
    program.make_pipe("pipe.prom");
    for path in ["folder.prom", "none/acme.prom", "pipe.prom"] {
        let ended = program.run(range(START, MIDDLE, &["--metrics-file", path]));
        assert_eq!(ended.code, Some(0), "{path}");
        assert!(!ended.stdout.is_empty());
        assert_eq!(last_line(&ended)["audit_logs"]["outcome"], "done");
        ended.says(&["WARN", "--metrics-file", path]);
    }
}

#[test]
fn another_file_of_the_run_is_never_overwritten() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    let content = "{\"not\":\"metrics\"}\n";
    program.write("a", content);
    for (arguments, name) in [
        (
            ["--checkpoint", "a", "--metrics-file", "./a"],
            "--checkpoint",
        ),
        (["--output", "a", "--metrics-file", "a"], "--output"),
        (["--token-file", "a", "--metrics-file", "a"], "--token-file"),
        (
            ["--api-key-file", "a", "--metrics-file", "a"],
            "the API key",
        ),
    ] {
        program.run(arguments).refuses(2, &[name, "--metrics-file"]);
        // Nor if another mistake is found first.
        let wrong = [&arguments[..], &["--start", "yesterday"]].concat();
        program.run(wrong).refuses(2, &["--start"]);
        let unread = [&arguments[..], &["--evnt", "x"]].concat();
        program.run(unread).refuses(2, &["--evnt"]);
        assert_eq!(fs::read_to_string(program.path("a")).unwrap(), content);
    }
    assert_eq!(program.files(), ["a"]);
}

#[test]
fn a_comparison_leaves_the_file_of_the_scheduled_runs_alone() {
    let server = server();
    let program = after_a_run(&server).with("VERKADA_METRICS_FILE", "acme.prom");
    program.write("audit.jsonl", "");
    let before = fs::read(program.path("acme.prom")).unwrap();
    let compare = |more: &[&str]| {
        let arguments = [&["verify".to_owned()][..], &range(START, MIDDLE, more)].concat();
        let ended = program.run([&arguments[..], &["audit.jsonl".to_owned()]].concat());
        assert_eq!(ended.code, Some(6), "{}", ended.stderr);
        last_line(&ended)
    };
    compare(&[]);
    program.run(["verify", "--evnt"]).refuses(2, &[]);
    assert!(fs::read(program.path("acme.prom")).unwrap() == before);
    let line = compare(&["--metrics-file", "week.prom"]);
    let printed = counts(&line, "audit_logs")[1];
    let series = r#"records{name="week",source="audit_logs",outcome="printed"}"#;
    assert_eq!(samples(&program, "week.prom")[series], printed.to_string());
    assert_eq!(
        samples(&program, "week.prom")[r#"exit_code{name="week"}"#],
        "6"
    );
}

#[test]
fn files_of_several_organisations_stand_in_one_folder() {
    let server = server();
    let program = Program::asking_demo(&server);
    let names = ["north.prom", "a \"quoted\\ name.prom"];
    let texts = names.map(|name| {
        let ended = program.run(range(START, MIDDLE, &["--metrics-file", name]));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        fs::read_to_string(program.path(name)).unwrap()
    });
    let part = |text: &str, is_comment: bool| -> BTreeSet<String> {
        let lines = text
            .lines()
            .filter(|line| line.starts_with('#') == is_comment);
        lines
            .map(|line| match is_comment {
                true => line.to_owned(),
                false => line.rsplit_once(' ').unwrap().0.to_owned(),
            })
            .collect()
    };
    let [north, other] = &texts;
    // As Prometheus wants it of files that are read together: the same words, and no sample twice.
    assert_eq!(part(north, true), part(other, true));
    assert!(part(north, false).is_disjoint(&part(other, false)));
    let mut together = String::new();
    for line in north.lines() {
        together += &format!("{line}\n");
        if line.starts_with("# TYPE") {
            let metric = line.split(' ').nth(2).unwrap();
            let samples = other
                .lines()
                .filter(|sample| sample.starts_with(&format!("{metric}{{")));
            samples.for_each(|sample| together += &format!("{sample}\n"));
        }
    }
    assert_eq!(
        together.lines().count(),
        north.lines().count() + part(other, false).len()
    );
    for text in [north, other, &together] {
        check_by_promtool(text);
    }
}
