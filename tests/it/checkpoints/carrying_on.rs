//! The next run carries on where the last one stopped, for whatever reason it stopped.

use std::fs::{self, File};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::Value;
use verkada_audit_logs::demo::{DemoServer, Profile};
use verkada_audit_logs::pull::Checkpoint;

use super::{END, MIDDLE, START, Switch, everything, profile, range, server, sorted, watermark};
use crate::support::program::{Ended, Program};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS};

#[test]
fn a_second_run_at_the_same_time_names_the_process_to_wait_for() {
    let server = server();
    let program = Program::asking_demo(&server);
    let held = Checkpoint::open(&program.path("progress.json"), "any").unwrap();
    let holder = format!("process {}", std::process::id());
    let more = ["--output", "records.jsonl"];
    let ended = program.run(range(START, MIDDLE, &more));
    ended.refuses(75, &["another run", &holder, "wait until it is done"]);
    assert_eq!(program.files(), ["progress.json.lock"]);
    drop(held);
    program.run(range(START, MIDDLE, &more)).quietly();
}

#[test]
fn a_second_run_in_the_same_interval_prints_nothing_and_asks_nothing() {
    let server = server();
    let program = Program::asking_demo(&server).with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000");
    let daily = [
        "--checkpoint",
        "progress.json",
        "--interval-minutes",
        "1440",
    ];
    assert!(!program.run(daily).quietly().lines().is_empty());
    let requests = server.stats().requests();
    let checkpoint = fs::read(program.path("progress.json")).unwrap();
    assert_eq!(program.run(daily).quietly().stdout, "");
    assert_eq!(server.stats().requests(), requests);
    assert_eq!(fs::read(program.path("progress.json")).unwrap(), checkpoint);
}

#[test]
fn a_range_neither_leaves_a_gap_nor_reaches_back_nor_is_read_twice() {
    let server = server();
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &[])).quietly();
    let checkpoint = fs::read(program.path("progress.json")).unwrap();
    let gap = program.run(range(MIDDLE + 1, END, &[]));
    gap.refuses(2, &["--start", "would leave a gap", "2026-09-10T"]);
    let before = program.run(range(START - 1, END, &[]));
    before.refuses(
        2,
        &["--start", "before the beginning", "a checkpoint of its own"],
    );
    let done = program.run(range(START, MIDDLE, &[]));
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""));
    done.says(&["nothing to do", "already"]);
    assert_eq!(fs::read(program.path("progress.json")).unwrap(), checkpoint);
}

#[test]
fn ranges_that_overlap_or_meet_print_each_record_once() {
    let server = server();
    let whole = everything(&server, START, END);
    for second_start in [START, START + 1_000, MIDDLE] {
        let program = Program::asking_demo(&server);
        let first = program.run(range(START, MIDDLE, &[])).quietly();
        let second = program.run(range(second_start, END, &[])).quietly();
        assert_eq!(sorted(&[&first.stdout, &second.stdout]), whole);
    }
}

#[test]
fn a_longer_overlap_than_before_repeats_nothing() {
    let server = server();
    let program = Program::asking_demo(&server);
    let runs: Vec<_> = [(MIDDLE, "0"), (MIDDLE + 900, "30"), (END, "600")]
        .into_iter()
        .map(|(end, minutes)| {
            let ended = program.run(range(START, end, &["--overlap-minutes", minutes]));
            ended.quietly().stdout
        })
        .collect();
    let parts: Vec<_> = runs.iter().map(String::as_str).collect();
    assert_eq!(sorted(&parts), everything(&server, START, END));
}

#[test]
fn scheduled_runs_follow_on_from_a_range() {
    let profile = Profile {
        late_per_mille: 0,
        ..profile(1)
    };
    let server = DemoServer::builder(profile).start().unwrap();
    let program = Program::asking_demo(&server);
    let now = chrono::Utc::now().timestamp();
    let (start, end) = (now - 4 * 3_600, now - 2 * 3_600);
    let backfill = program.run(range(start, end, &[])).quietly();
    let scheduled = program.run(["--all-events", "--checkpoint", "progress.json"]);
    let scheduled = scheduled.quietly();
    let (since, through) = watermark(&program, "audit_logs");
    assert_eq!(since, start);
    assert!(through > now - 900);

    let organisation = server.organisation();
    let base = verkada_audit_logs::demo::TimeBase::Event;
    let happened = organisation.audit_logs(start..=through, base);
    let audit_logs = happened
        .filter(|record| record.event_time <= end || record.processed_time <= Some(through))
        .map(|record| record.text());
    let notifications = organisation.notifications(start..=through);
    let mut expected: Vec<_> = audit_logs
        .chain(notifications.map(|record| record.text()))
        .collect();
    expected.sort();
    assert_eq!(sorted(&[&backfill.stdout, &scheduled.stdout]), expected);
}

#[test]
fn a_reader_that_goes_away_leaves_everything_to_the_next_run() {
    let server = server();
    let program = Program::asking_demo(&server);
    let mut child = program.spawn(range(START, MIDDLE, &[]));
    drop(child.stdout.take());
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(1));
    ended.says(&["the checkpoint has not moved"]);
    assert_eq!(watermark(&program, "audit_logs"), (START, START));
    let again = program.run(range(START, MIDDLE, &[])).quietly();
    assert_eq!(sorted(&[&again.stdout]), everything(&server, START, MIDDLE));
}

#[test]
fn a_full_disk_on_standard_output_leaves_everything_to_the_next_run() {
    let server = server();
    let program = Program::asking_demo(&server);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = program.command(range(START, MIDDLE, &[]));
    let ended = Ended::from(command.stdout(Stdio::from(full)).output().unwrap());
    assert_eq!(ended.code, Some(1));
    ended.says(&["could not be written", "make room"]);
    assert_eq!(watermark(&program, "audit_logs"), (START, START));
    assert_eq!(watermark(&program, "notifications"), (START, START));
    let again = program.run(range(START, MIDDLE, &[])).quietly();
    assert_eq!(sorted(&[&again.stdout]), everything(&server, START, MIDDLE));
}

#[test]
fn one_source_that_fails_leaves_its_own_watermark_and_not_the_others() {
    let cases = [
        (AUDIT_LOGS, "audit_logs", "notifications"),
        (NOTIFICATIONS, "notifications", "audit_logs"),
    ];
    for (path, failing, other) in cases {
        let switch = Switch::on();
        let server = switch.server(path);
        let program = Program::asking_demo(&server);
        let first = program.run(range(START, MIDDLE, &[]));
        assert_eq!(first.code, Some(5), "{}", first.stderr);
        assert_eq!(watermark(&program, failing), (START, START));
        assert_eq!(watermark(&program, other), (START, MIDDLE));
        switch.off();
        let second = program.run(range(START, MIDDLE, &[]));
        assert_eq!(second.code, Some(0));
        assert_eq!(watermark(&program, failing), (START, MIDDLE));
        let printed = sorted(&[&first.stdout, &second.stdout]);
        assert_eq!(printed, everything(&server, START, MIDDLE));
    }
}

#[test]
fn an_empty_window_is_progress() {
    let server = DemoServer::builder(Profile::empty()).start().unwrap();
    let program = Program::asking_demo(&server);
    assert_eq!(program.run(range(START, END, &[])).quietly().stdout, "");
    assert_eq!(watermark(&program, "audit_logs"), (START, END));
    assert_eq!(watermark(&program, "notifications"), (START, END));
}

#[test]
fn the_watermark_does_not_pass_the_clock_of_the_server() {
    let clock = Arc::new(AtomicI64::new(MIDDLE - 700));
    let of_server = Arc::clone(&clock);
    let server = DemoServer::builder(profile(1))
        .clock(Arc::new(move || of_server.load(Ordering::SeqCst)))
        .start()
        .unwrap();
    let program = Program::asking_demo(&server);
    let first = program.run(range(START, END, &[]));
    assert_eq!(first.code, Some(0));
    assert_eq!(watermark(&program, "audit_logs"), (START, MIDDLE - 700));
    let first = first.says(&["ahead of Verkada's"]);
    clock.store(END + 7_200, Ordering::SeqCst);
    let second = program.run(range(START, END, &[]));
    assert_eq!(watermark(&program, "audit_logs"), (START, END));
    let printed = sorted(&[&first.stdout, &second.stdout]);
    let program = Program::asking_demo(&server);
    let whole = program.run(range(START, END, &[]));
    assert_eq!(printed, sorted(&[&whole.stdout]));
}

#[test]
fn a_record_that_appears_late_during_a_slow_run_is_found_by_the_next() {
    let profile = Profile {
        processing_delays: Vec::new(),
        visibility_delays: vec![1_800],
        late_per_mille: 1_000,
        ..profile(1)
    };
    let now = chrono::Utc::now().timestamp();
    let (start, end) = (now - 3_000, now + 1_800);
    // The token and the first slice are answered early, all else hours later: it is a slow run.
    let answers = AtomicI64::new(0);
    let server = DemoServer::builder(profile)
        .clock(Arc::new(move || {
            match answers.fetch_add(1, Ordering::SeqCst) {
                ..2 => now,
                _ => now + 4 * 3_600,
            }
        }))
        .token_lifetime(std::time::Duration::from_secs(1 << 40))
        .start()
        .unwrap();
    let program = Program::asking_demo(&server);
    let only = ["--only", "audit-logs"];
    let first = program.run(range(start, end, &only));
    assert_eq!(watermark(&program, "audit_logs"), (start, now));
    let second = program.run(range(start, end, &only));
    assert_eq!(watermark(&program, "audit_logs"), (start, end));
    let whole = Program::asking_demo(&server).run(range(start, end, &only));
    let printed = sorted(&[&first.stdout, &second.stdout]);
    assert!(!second.stdout.is_empty() && printed == sorted(&[&whole.stdout]));
}

#[test]
fn the_organisation_is_asked_for_again_until_audit_logs_answer() {
    let failing = Switch::on();
    let server = failing.server(AUDIT_LOGS);
    let program = Program::asking_demo(&server);
    let organization = || {
        let text = fs::read_to_string(program.path("progress.json")).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        state["organization_id"].is_string()
    };
    let only = ["--only", "notifications"];
    let ended = program.run(range(START, MIDDLE, &only));
    assert_eq!(ended.code, Some(0));
    assert!(ended.lines().len() > 20);
    ended.says(&["the organisation is not known"]);
    assert!(!organization());
    failing.off();
    program.run(range(START, END, &only)).quietly();
    assert!(organization());
}
