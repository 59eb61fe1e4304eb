//! Findings: exactly the records that the files do not hold.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;
use verkada_audit_logs::demo::{DemoServer, Fault, Profile};

use super::{
    END, START, archive, archive_in, program, server, sorted, verify, verify_in, week, write_lines,
};
use crate::support::program::{Ended, Program};
use crate::support::raw_server::RawServer;
use crate::support::signals::send;

#[test]
fn a_complete_archive_prints_nothing_and_a_table() {
    let server = server();
    let program = program(&server);
    let lines = archive(&program);
    let ended = verify(&program, &["audit.jsonl"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    let table: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(table.len(), 1 + 14 + 1, "{}", ended.stderr);
    assert!(table[0].starts_with("source "), "{}", table[0]);
    assert!(table[1].starts_with("audit logs     2026-09-07 "));
    assert!(table[14].starts_with("notifications  2026-09-13 "));
    let count = |column| -> usize {
        let cells = table[1..15].iter().map(|row| {
            let cell = row.split_whitespace().rev().nth(column).unwrap();
            cell.parse::<usize>().unwrap()
        });
        cells.sum()
    };
    // Surplus, missing, in the files, at Verkada.
    let all = lines.len();
    assert_eq!([count(0), count(1), count(2), count(3)], [0, 0, all, all]);
    let sentence = format!("the files hold all {all} records of the range");
    // Thousands are separated.
    assert_eq!(table[15].replace(',', ""), sentence);
    let quiet = verify(&program, &["-q", "audit.jsonl"]);
    quiet.quietly();
}

#[test]
fn whatever_happens_to_lines_exactly_the_lost_ones_are_printed() {
    let server = server();
    let program = program(&server);
    for (format, start, altered_start) in FORMATS {
        let lines = archive_in(format, &program);
        for seed in 0..12 {
            let mut dice = fastrand::Rng::with_seed(seed);
            let (kept, lost, foreign) = damage(&lines, [start, altered_start], &mut dice);
            write_lines(&program, "damaged.jsonl", &kept);
            let ended = verify_in(format, &program, &["damaged.jsonl"]);
            let case = format!("{format}, seed {seed}");
            assert_eq!(ended.code, Some(6), "{case}: {}", ended.stderr);
            let printed: Vec<_> = ended.lines().into_iter().map(str::to_owned).collect();
            // A repeated raw line stands for a lost twin of it.
            let expected = match format {
                "raw" => less_repeated(&lines, &kept, &lost),
                _ => lost,
            };
            assert_eq!(sorted(printed), sorted(expected), "{case}");
            ended.says(&["surplus", &format!("lines={foreign}")]);
        }
    }
}

/// Each format, the text in its lines at which the record begins, and that text with a key more in the record.
const FORMATS: [(&str, &str, &str); 3] = [
    ("raw", "{", r#"{"another":1,"#),
    ("envelope", r#""record":{"#, r#""record":{"another":1,"#),
    ("ocsf", r#""raw_data":"{"#, r#""raw_data":"{\"another\":1,"#),
];

/// Loses, repeats, tears and rewrites some of `lines`, and alters the records of some at their beginning. Returns what the
/// file holds then, the lines whose records it does not hold, and the number of lines in it that are not records.
fn damage(
    lines: &[String],
    [start, altered_start]: [&str; 2],
    dice: &mut fastrand::Rng,
) -> (Vec<String>, Vec<String>, u32) {
    let (mut kept, mut lost, mut foreign) = (Vec::new(), Vec::new(), 0);
    for line in lines {
        match dice.u32(0..40) {
            0 => lost.push(line.clone()),
            1 => kept.extend([line.clone(), line.clone()]),
            2 => {
                let mut half = dice.usize(1..line.len());
                while !line.is_char_boundary(half) {
                    half -= 1;
                }
                kept.push(line[..half].to_owned());
                lost.push(line.clone());
                foreign += 1;
            }
            3 => kept.push(reordered(line)),
            4 => kept.push(line.replacen("\":", "\" : ", 3)),
            5 => {
                kept.push(line.replacen(start, altered_start, 1));
                assert_ne!(kept.last(), Some(line));
                lost.push(line.clone());
            }
            _ => kept.push(line.clone()),
        }
    }
    dice.shuffle(&mut kept);
    (kept, lost, foreign)
}

/// The lost lines, less those of which another copy was repeated.
fn less_repeated(lines: &[String], kept: &[String], lost: &[String]) -> Vec<String> {
    let (want, have) = (count(lines), count(kept));
    let distinct: BTreeSet<_> = lost.iter().collect();
    let missing = distinct.into_iter().flat_map(|line| {
        let record = record(line).unwrap();
        let have = have.get(&record).copied().unwrap_or(0);
        std::iter::repeat_n(line.clone(), want[&record].saturating_sub(have))
    });
    missing.collect()
}

/// Counts the records, whatever their form.
fn count(lines: &[String]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for record in lines.iter().filter_map(|line| record(line)) {
        *counts.entry(record).or_default() += 1;
    }
    counts
}

/// The record of a line with its keys in order; `None` for a torn one.
fn record(line: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(value.to_string())
}

/// The same record with its keys in another order.
fn reordered(line: &str) -> String {
    let inner = line.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    // The first members of an event and the last ones of a record have no members of their own.
    let border = if inner.starts_with("\"details\"") {
        inner.rfind(",\"")
    } else {
        inner.find(",\"")
    };
    let (first, rest) = inner.split_at(border.unwrap());
    format!("{{{},{first}}}", &rest[1..])
}

#[test]
fn one_of_two_identical_records_is_missed() {
    let server = server();
    let program = program(&server);
    let mut lines = archive(&program);
    let is_twin = |at: &usize| lines[at + 1..].contains(&lines[*at]);
    let twin = (0..lines.len()).find(is_twin).unwrap();
    let lost = lines.remove(twin);
    write_lines(&program, "audit.jsonl", &lines);
    let ended = verify(&program, &["audit.jsonl"]);
    assert_eq!(ended.code, Some(6));
    assert_eq!(ended.lines(), [lost]);
    ended.says(&["is missing from the files, and was printed"]);
}

#[test]
fn several_files_standard_input_and_compressed_ones_count_together() {
    let server = server();
    let program = program(&server);
    let lines = archive(&program);
    let third = lines.len() / 3;
    write_lines(&program, "audit.jsonl.1", &lines[2 * third..]);
    let compressed = fs::File::create(program.path("audit.jsonl.2.gz")).unwrap();
    let mut compressed = GzEncoder::new(compressed, Compression::fast());
    for line in &lines[..third] {
        writeln!(compressed, "{line}").unwrap();
    }
    compressed.finish().unwrap();
    let week = week();
    let mut child = program
        .command(
            ["verify"]
                .into_iter()
                .chain(week.iter().map(String::as_str))
                .chain(["-", "audit.jsonl.1", "audit.jsonl.2.gz"]),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let middle = lines[third..2 * third].join("\n");
    input.write_all(middle.as_bytes()).unwrap();
    drop(input);
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ended.stderr
    );
}

#[test]
fn records_that_the_flags_leave_out_are_neither_missing_nor_surplus() {
    let server = server();
    let program = program(&server);
    archive(&program);
    let (start, end) = (START.to_string(), END.to_string());
    let range = ["verify", "--start", &start, "--end", &end];
    for flags in [
        &[][..],
        &["--only", "audit-logs", "--all-events"],
        &["--only", "notifications", "--notification-type", "motion"],
        &["--exclude-event", "Live Stream Started"],
    ] {
        let arguments = [&range[..], flags, &["audit.jsonl"]].concat();
        let ended = program.run(&arguments);
        assert_eq!(ended.code, Some(0), "{flags:?}: {}", ended.stderr);
        assert!(
            !ended.stderr.contains("WARN"),
            "{flags:?}: {}",
            ended.stderr
        );
    }
    // A part of the archive.
    let later = (START + 86_400).to_string();
    let part = ["verify", "--all-events", "--start", &later, "--end", &end];
    let ended = program.run(part.iter().chain(&["audit.jsonl"]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
}

#[test]
fn a_source_that_cannot_be_read_is_not_compared() {
    let profile = Profile {
        audit_logs_per_day: 200.0,
        notifications_per_day: 100.0,
        ..Profile::demo()
    };
    let refusing = DemoServer::builder(profile.clone())
        .fault(Arc::new(|request| {
            (request.path == "/cameras/v1/alerts").then_some(Fault::Status(403))
        }))
        .start()
        .unwrap();
    let server = DemoServer::builder(profile).start().unwrap();
    let whole = program(&server);
    let lines = archive(&whole);
    let program = program(&refusing);
    write_lines(&program, "audit.jsonl", &lines);
    let ended = verify(&program, &["audit.jsonl"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
    assert!(
        !ended.stderr.contains("surplus records"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
    ended.says(&["Cameras, Read-only", "that were read before the end"]);
}

#[test]
fn what_verify_cannot_do_is_refused_before_anything_is_asked() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    program.write("audit.jsonl", "");
    program
        .run(["verify", "audit.jsonl"])
        .refuses(2, &["--start and --end, or --since"]);
    program
        .run(["verify", "--since", "1d"])
        .refuses(2, &["FILE"]);
    verify(&program, &["nothing.jsonl"]).refuses(2, &["nothing.jsonl", "No such file"]);
    verify(&program, &["--checkpoint", "c", "audit.jsonl"])
        .refuses(2, &["--checkpoint", "--output"]);
    verify(
        &program,
        &[
            "--checkpoint",
            "c",
            "--output",
            "audit.jsonl",
            "audit.jsonl",
        ],
    )
    .refuses(2, &["--checkpoint c does not exist"]);
    assert_eq!(program.files(), ["audit.jsonl"]);
}

#[test]
fn what_is_far_outside_the_range_is_neither_missing_nor_printed() {
    let record = |second: i64| {
        let time = verkada_audit_logs::time_text(second);
        format!(r#"{{"event_name":"Login","timestamp":"{time}","second":{second}}}"#)
    };
    let (inside, outside) = (record(START + 500), record(START - 40_000));
    let server = RawServer::holding(&format!("{inside},{outside}"), "");
    let program = Program::asking_raw(&server);
    program.write("audit.jsonl", format!("{inside}\n{outside}\n"));
    let (start, end) = (START.to_string(), (START + 800).to_string());
    let flags = ["--only", "audit-logs", "--all-events"];
    let range = ["verify", "--start", &start, "--end", &end];
    let ended = program.run(range.iter().chain(&flags).chain(&["audit.jsonl"]));
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ended.stderr
    );
    ended.says(&["far outside the range", "records=1"]);
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let server = server();
    let program = program(&server);
    let mut lines = archive(&program);
    let is_twin = |at: &usize| lines[at + 1..].contains(&lines[*at]);
    let twin = (0..lines.len()).find(is_twin).unwrap();
    let lost = lines.remove(twin);
    write_lines(&program, "audit.jsonl", &lines);
    let ended = verify(&program, &["audit.jsonl", "./audit.jsonl"]);
    assert_eq!((ended.code, ended.lines()), (Some(6), vec![lost.as_str()]));
    ended.says(&["named before"]);
}

#[test]
fn lines_of_another_shape_are_said_and_a_byte_order_mark_is_not_a_part_of_a_line() {
    let server = server();
    let program = program(&server);
    let lines = archive(&program);
    let text = format!(
        "\u{feff}{}\n{{\"log\":\"wrapped\"}}\n[]\ntorn {{\n",
        lines.join("\n")
    );
    program.write("audit.jsonl", text);
    let ended = verify(&program, &["audit.jsonl"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.says(&["not records", "lines=3"]);
}

#[test]
fn a_signal_while_the_files_are_read_ends_with_a_line() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    program.make_pipe("pipe");
    let week = week();
    let arguments = ["verify"]
        .into_iter()
        .chain(week.iter().map(String::as_str));
    let child = program.spawn_stoppable(arguments.chain(["pipe"]));
    // It opens once the program reads it.
    let _writer = fs::File::options()
        .write(true)
        .open(program.path("pipe"))
        .unwrap();
    send(Signal::TERM, &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    ended.refuses(143, &["stopped before the files were read"]);
}
