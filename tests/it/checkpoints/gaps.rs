//! A stretch that cannot be read is passed over only if that is accepted, and then it is said and kept.

use std::fs;

use serde_json::{Value, json};

use super::{END, MIDDLE, START, everything, range, server, sorted, watermark};
use crate::support::now;
use crate::support::program::Program;
use crate::support::raw_server::AUDIT_LOGS;

fn gaps(program: &Program, source: &str) -> Value {
    let text = fs::read_to_string(program.path("progress.json")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    state[source]["gaps"].clone()
}

#[test]
fn a_range_passes_over_a_gap_that_is_accepted_and_the_checkpoint_keeps_it() {
    let server = server();
    let program = Program::asking_demo(&server);
    let first = program.run(range(START, MIDDLE, &[])).quietly();
    let resumed = MIDDLE + 1_200;
    program
        .run(range(resumed, END, &[]))
        .refuses(2, &["would leave a gap", "--accept-gap"]);
    let second = program.run(range(resumed, END, &["--accept-gap"]));
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let (from, to) = (
        verkada_audit_logs::time_text(MIDDLE),
        verkada_audit_logs::time_text(resumed),
    );
    assert_eq!(second.stderr.matches("nothing is read").count(), 2);
    let second = second.says(&[&from, &to, "audit logs", "notifications"]);
    let kept = json!([{"from": MIDDLE, "to": resumed}]);
    assert_eq!(gaps(&program, "audit_logs"), kept);
    assert_eq!(gaps(&program, "notifications"), kept);
    assert_eq!(watermark(&program, "audit_logs"), (START, END));
    // The server's windows include their ends, so records exactly on an edge may be in either part.
    let mut expected = everything(&server, START, MIDDLE);
    expected.extend(everything(&server, resumed, END));
    expected.sort();
    assert_eq!(sorted(&[&first.stdout, &second.stdout]), expected);

    // Later runs keep the gap, leave it alone, and say nothing of it.
    let (later, flag) = (END + 900, ["--accept-gap"]);
    program.run(range(resumed, later, &flag)).quietly();
    program.run(range(resumed, later + 900, &[])).quietly();
    assert_eq!(gaps(&program, "audit_logs"), kept);
}

#[test]
fn a_scheduled_run_goes_on_after_a_gap_and_the_next_ones_follow() {
    let server = server();
    let program = Program::asking_demo(&server).with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000");
    // A scheduled run of long ago.
    program.run(["--all-events", "--checkpoint", "progress.json"]);
    let text = fs::read_to_string(program.path("progress.json")).unwrap();
    let (since, through) = watermark(&program, "audit_logs");
    let long_ago = 400 * 86_400;
    let text = text
        .replace(&since.to_string(), &(since - long_ago).to_string())
        .replace(&through.to_string(), &(through - long_ago).to_string());
    program.write("progress.json", text);
    let resumed = now() - 7_200;
    let start = resumed.to_string();
    let arguments = [
        "--all-events",
        "--checkpoint",
        "progress.json",
        "--accept-gap",
        "--start",
        &start,
    ];
    let ended = program.run(arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = ended.says(&["nothing is read of this gap", "--accept-gap"]);
    assert!(ended.lines().len() > 100);
    let requests = server.requests();
    let earliest = requests.iter().filter(|seen| seen.path != "/token");
    let earliest = earliest.skip(2).map(|seen| {
        let found = seen.query.iter().find(|(name, _)| name == "start_time");
        found.unwrap().1.parse::<i64>().unwrap()
    });
    assert_eq!(earliest.min(), Some(resumed));
    assert_eq!(watermark(&program, "notifications").0, since - long_ago);
    let kept = json!([{"from": through - long_ago, "to": resumed}]);
    assert_eq!(gaps(&program, "audit_logs"), kept);
    // The same again, and without the flag, reads on quietly.
    program.run(arguments).quietly();
    let plain = ["--all-events", "--checkpoint", "progress.json"];
    program.run(plain).quietly();
    assert_eq!(gaps(&program, "audit_logs"), kept);
}

#[test]
fn a_gap_before_which_nothing_was_read_is_where_a_first_run_begins() {
    let server = server();
    let program = Program::asking_demo(&server);
    let begins = now() - 5_000;
    let more = ["--checkpoint", "progress.json", "--accept-gap", "--start"];
    let start = begins.to_string();
    program.run(more.iter().chain(&[start.as_str()])).quietly();
    assert_eq!(watermark(&program, "audit_logs").0, begins);
    assert_eq!(gaps(&program, "audit_logs"), json!([]));
}

#[test]
fn a_gap_is_not_kept_before_anything_after_it_is_read() {
    let switch = super::Switch::on();
    switch.off();
    let server = switch.server(AUDIT_LOGS);
    let program = Program::asking_demo(&server);
    program.run(range(START, MIDDLE, &[])).quietly();
    let before = fs::read(program.path("progress.json")).unwrap();
    switch.0.store(true, std::sync::atomic::Ordering::SeqCst);
    let only = ["--only", "audit-logs", "--accept-gap"];
    let ended = program.run(range(MIDDLE + 900, END, &only));
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert_eq!(fs::read(program.path("progress.json")).unwrap(), before);
}

#[test]
fn accepting_a_gap_takes_a_checkpoint_and_a_start_in_the_past() {
    let program = Program::asking("http://127.0.0.1:1", "key");
    let later = (now() + 86_400).to_string();
    for (arguments, words) in [
        (vec!["--accept-gap"], vec!["--start", "--checkpoint"]),
        (vec!["--accept-gap", "--checkpoint", "c"], vec!["--start"]),
        (
            vec!["--accept-gap", "--start", "1789401600"],
            vec!["--accept-gap", "--checkpoint"],
        ),
        (
            vec!["--start", "1789401600", "--checkpoint", "c"],
            vec!["--start", "--end", "--accept-gap"],
        ),
    ] {
        program.run(arguments).refuses(2, &words);
    }
    assert!(program.files().is_empty());
    let server = server();
    let program = Program::asking_demo(&server);
    let arguments = ["--accept-gap", "--start", &later, "--checkpoint", "c"];
    program
        .run(arguments)
        .refuses(2, &["--start", "the last whole interval"]);
    assert_eq!(program.files(), ["c.lock", "token.json"]);
}
