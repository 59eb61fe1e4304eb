//! The counts of a run add up: what was read is what was printed, left out or known already.

use std::fs;

use super::{END, MIDDLE, START, counts, last_line, printed, range, server};
use crate::support::program::Program;

#[test]
fn every_record_is_printed_or_left_out_in_slices_and_in_one_piece() {
    let server = server();
    let program = Program::asking_demo(&server);
    let everything = program.run(range(START, END, &["--all-events"]));
    let [audit_logs, notifications] = printed(&everything);
    let line = last_line(&everything);
    assert!(audit_logs > 1_500 && notifications > 200);
    assert_eq!(counts(&line, "audit_logs"), [audit_logs, audit_logs, 0, 0]);
    // 15 minutes a slice, or all of it at once.
    for interval in ["15", "120"] {
        let ended = program.run(range(START, END, &["--interval-minutes", interval]));
        let line = last_line(&ended);
        let [kept, _] = printed(&ended);
        assert!(0 < kept && kept < audit_logs);
        let left_out = audit_logs - kept;
        assert_eq!(counts(&line, "audit_logs"), [audit_logs, kept, left_out, 0]);
        assert_eq!(
            counts(&line, "notifications"),
            [notifications, notifications, 0, 0]
        );
        assert_eq!(line["audit_logs"]["start"], "2026-09-10T00:30:00Z");
        assert_eq!(line["audit_logs"]["outcome"], "done");
        assert_eq!(line["retries"], 0);
        assert!(line["requests"].as_u64() > Some(3));
    }
}

#[test]
fn what_an_earlier_run_has_printed_is_counted_as_known() {
    let server = server();
    let program = Program::asking_demo(&server);
    let everything = program.run(range(START, END, &[]));
    let wanted = printed(&everything);
    let run = |end| program.run(range(START, end, &["--checkpoint", "progress.json"]));
    let (first, second, third) = (run(MIDDLE), run(END), run(END));
    let line = last_line(&second);
    for (number, source) in ["audit_logs", "notifications"].into_iter().enumerate() {
        let [read, new, left_out, known] = counts(&line, source);
        assert_eq!(read, new + left_out + known);
        assert_eq!(new, printed(&second)[number]);
        assert_eq!(printed(&first)[number] + new, wanted[number]);
        assert!(known > 0, "{line}");
        assert_eq!(left_out > 0, source == "audit_logs");
        assert_eq!(line[source]["late_records"], 0);
        assert_eq!(line[source]["printed_through"], "2026-09-10T02:30:00Z");
        // Nothing is read the third time.
        let third = last_line(&third);
        assert_eq!(third[source]["outcome"], "up to date");
        assert_eq!(third[source]["printed_through"], "2026-09-10T02:30:00Z");
    }
    let longest = &line["audit_logs"]["max_processing_seconds"];
    assert!(longest.as_i64() > Some(0), "{line}");
}

#[test]
fn what_a_killed_run_has_written_is_counted_as_known() {
    let server = server();
    let program = Program::asking_demo(&server);
    let files = ["--checkpoint", "progress.json", "--output", "audit.jsonl"];
    let run = |end| program.run(range(START, end, &files));
    run(MIDDLE);
    let (checkpoint, before) = (
        fs::read(program.path("progress.json")).unwrap(),
        fs::read(program.path("audit.jsonl")).unwrap(),
    );
    let whole = last_line(&run(END));
    let after = fs::read(program.path("audit.jsonl")).unwrap();
    // As a run leaves them that was killed when it had written all of its audit logs, and acknowledged none.
    let new = String::from_utf8(after[before.len()..].to_vec()).unwrap();
    let audit_logs = new.lines().take_while(|line| line.contains("event_name"));
    let bytes: usize = audit_logs.map(|line| line.len() + 1).sum();
    program.write("progress.json", checkpoint);
    program.write("audit.jsonl", &after[..before.len() + bytes]);
    let line = last_line(&run(END));
    let [read, new, left_out, known] = counts(&whole, "audit_logs");
    assert!(new > 0);
    assert_eq!(
        counts(&line, "audit_logs"),
        [read, 0, left_out, known + new]
    );
    assert_eq!(
        counts(&line, "notifications"),
        counts(&whole, "notifications")
    );
}

#[test]
fn a_comparison_counts_what_the_files_hold_as_known() {
    let server = server();
    let program = Program::asking_demo(&server);
    let archive = program.run(range(START, END, &[]));
    let [kept, _] = printed(&archive);
    let lines = archive.lines();
    program.write("audit.jsonl", lines[1..].join("\n") + "\n");
    let arguments = [&["verify".to_owned()][..], &range(START, END, &[])].concat();
    let ended = program.run([&arguments[..], &["audit.jsonl".to_owned()]].concat());
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    let line = last_line(&ended);
    let [read, printed, left_out, known] = counts(&line, "audit_logs");
    assert_eq!([printed, known], [1, kept - 1]);
    assert_eq!(read, printed + left_out + known);
}

#[test]
fn with_v_the_counts_are_an_event_of_each_source() {
    let server = server();
    let program = Program::asking_demo(&server);
    let (start, end) = (START.to_string(), MIDDLE.to_string());
    let ended = program.run(["-v", "--start", &start, "--end", &end]);
    let [audit_logs, notifications] = printed(&ended);
    let events: Vec<_> = ended
        .stderr
        .lines()
        .filter(|line| line.contains(" counted "))
        .collect();
    let [first, second] = events[..] else {
        panic!("{}", ended.stderr);
    };
    let printed = format!("printed={audit_logs} ");
    assert!(first.contains("source=audit logs read=") && first.contains(&printed));
    let all = format!(
        "source=notifications read={notifications} printed={notifications} filtered=0 repeated=0"
    );
    assert!(second.contains(&all), "{second}");
}
