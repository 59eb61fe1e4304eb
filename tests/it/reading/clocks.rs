//! A clock of this machine that is wrong, and answers that name no time.

use std::fs;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use verkada_audit_logs::demo::{DailyCycle, DemoServer, Fault, Profile, SeenRequest, TimeBase};

use crate::support::now;
use crate::support::program::{Ended, KEY, Program};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS, RawServer, Reply, Request};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Seconds by which Verkada's clock is ahead of this machine's, in cases in which this machine's counts as wrong.
const WRONG: [i64; 6] = [62, -62, 2 * HOUR, -2 * HOUR, 9 * DAY, -9 * DAY];

const EVERYTHING: &[&str] = &["/token", AUDIT_LOGS, NOTIFICATIONS];

/// A server whose clock is a number of seconds ahead of this machine's.
struct Skewed {
    server: DemoServer,
    ahead: Arc<AtomicI64>,
    /// Paths that it refuses.
    failing: Arc<Mutex<&'static [&'static str]>>,
}

impl Skewed {
    fn ahead_by(seconds: i64) -> Self {
        let ahead = Arc::new(AtomicI64::new(seconds));
        let failing = Arc::<Mutex<&[&str]>>::default();
        let (clock, fault) = (Arc::clone(&ahead), Arc::clone(&failing));
        let profile = Profile {
            audit_logs_per_day: 8_000.0,
            notifications_per_day: 4_000.0,
            daily_cycle: DailyCycle::Flat,
            late_per_mille: 0,
            ..Profile::demo()
        };
        let server = DemoServer::builder(profile)
            .clock(Arc::new(move || now() + clock.load(Ordering::SeqCst)))
            .token_lifetime(Duration::from_secs(1 << 40))
            .fault(Arc::new(move |request| {
                let fails = fault.lock().unwrap().contains(&request.path);
                fails.then_some(Fault::Status(404))
            }))
            .start()
            .unwrap();
        Self {
            server,
            ahead,
            failing,
        }
    }

    fn now(&self) -> i64 {
        now() + self.ahead.load(Ordering::SeqCst)
    }

    fn fail(&self, paths: &'static [&'static str]) {
        *self.failing.lock().unwrap() = paths;
    }

    fn advance(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Windows of the requests at `path` so far.
    fn windows(&self, path: &str) -> Vec<(i64, i64)> {
        let requests = self.server.requests();
        let requests = requests.iter().filter(|request| request.path == path);
        requests.map(window).collect()
    }

    fn last_window(&self, path: &str) -> (i64, i64) {
        *self.windows(path).last().unwrap()
    }
}

fn window(request: &SeenRequest) -> (i64, i64) {
    let number = |name: &str| {
        let found = request.query.iter().find(|(known, _)| known == name);
        found.unwrap().1.parse().unwrap()
    };
    (number("start_time"), number("end_time"))
}

/// The checkpoint's part about a source.
fn source(program: &Program, name: &str) -> Value {
    let text = fs::read_to_string(program.path("c")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    state[name].clone()
}

fn watermark(program: &Program, name: &str) -> (i64, i64) {
    let watermark = &source(program, name)["watermark"];
    let number = |name: &str| watermark[name].as_i64().unwrap();
    (number("since"), number("through"))
}

/// Checks that the window is the last whole interval at `earliest` or up to now.
#[track_caller]
fn assert_last_interval(window: (i64, i64), earliest: i64, latest: i64) {
    let (start, end) = window;
    assert_eq!((start, end % 900), (end - 900, 0));
    assert!(earliest - 900 < end && end <= latest, "{end}: {earliest}");
}

#[track_caller]
fn assert_warned_of_clock_once(ended: &Ended) {
    let warnings = ended.stderr.matches("this machine's clock is").count();
    assert_eq!((ended.code, warnings), (Some(0), 1), "{}", ended.stderr);
}

#[test]
fn a_scheduled_run_goes_by_verkadas_clock_if_this_machines_is_wrong() {
    for ahead in WRONG {
        let skewed = Skewed::ahead_by(ahead);
        let program = Program::asking_demo(&skewed.server);
        // The second run finds the token in its file.
        for _ in 0..2 {
            let earliest = skewed.now();
            let ended = program.run(["--all-events"]);
            assert_warned_of_clock_once(&ended);
            for path in [AUDIT_LOGS, NOTIFICATIONS] {
                assert_last_interval(skewed.last_window(path), earliest, skewed.now());
            }
            let (start, end) = skewed.last_window(AUDIT_LOGS);
            let organisation = skewed.server.organisation();
            let audit_logs = organisation.audit_logs(start..=end, TimeBase::Processed);
            let notifications = organisation.notifications(start..=end);
            let mut expected: Vec<_> = audit_logs
                .chain(notifications)
                .map(|record| record.text())
                .collect();
            let mut printed = ended.lines();
            printed.sort_unstable();
            expected.sort_unstable();
            assert!(printed.len() > 10 && printed == expected, "{ahead}");
        }
    }
}

#[test]
fn a_right_clock_costs_no_request() {
    for ahead in [0, 57, -57] {
        for more in [&[][..], &["--checkpoint", "c"]] {
            let skewed = Skewed::ahead_by(ahead);
            let program = Program::asking_demo(&skewed.server);
            let arguments = ["--page-size", "200"].iter().chain(more);
            program.run(arguments).quietly();
            assert_eq!(skewed.server.stats().requests(), 3, "{ahead} {more:?}");
        }
    }
}

#[test]
fn a_first_run_never_begins_where_a_wrong_clock_put_it() {
    for ahead in WRONG {
        for has_token in [false, true] {
            let skewed = Skewed::ahead_by(ahead);
            let program = Program::asking_demo(&skewed.server);
            if has_token {
                program.run([""; 0]);
            }
            let earliest = skewed.now();
            let ended = program.run(["--all-events", "--checkpoint", "c"]);
            assert_warned_of_clock_once(&ended);
            for name in ["audit_logs", "notifications"] {
                let window = watermark(&program, name);
                assert_last_interval(window, earliest, skewed.now());
                assert_eq!(source(&program, name)["provisional"], json!(false));
            }
        }
    }
}

#[test]
fn a_first_run_that_fails_is_caught_up_from_verkadas_time() {
    for ahead in [0, 2 * HOUR, -2 * HOUR] {
        let skewed = Skewed::ahead_by(ahead);
        let program = Program::asking_demo(&skewed.server);
        let earliest = skewed.now();
        // The token's answer names the time.
        skewed.fail(&[AUDIT_LOGS, NOTIFICATIONS]);
        let failed = program.run(["--all-events", "--checkpoint", "c"]);
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(5), ""));
        let (since, through) = watermark(&program, "audit_logs");
        assert_eq!(since, through);
        assert_last_interval((since, since + 900), earliest, skewed.now());
        skewed.fail(&[]);
        skewed.advance(2 * 900);
        let ended = program.run(["--all-events", "--checkpoint", "c"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(skewed.last_window(AUDIT_LOGS).0, since);
        assert!(watermark(&program, "audit_logs").1 >= since + 3 * 900);
    }
}

#[test]
fn a_beginning_that_no_answer_confirmed_is_judged_by_the_first_one() {
    let skewed = Skewed::ahead_by(0);
    let begun = |since: i64| {
        let program =
            Program::asking_demo(&skewed.server).with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000");
        skewed.fail(EVERYTHING);
        let failed = program.run(["--all-events", "--checkpoint", "c"]);
        assert_eq!(failed.code, Some(5), "{}", failed.stderr);
        let text = fs::read_to_string(program.path("c")).unwrap();
        assert_eq!(text.matches("\"provisional\":true").count(), 2, "{text}");
        let (saved, _) = watermark(&program, "audit_logs");
        // As an earlier run with another clock would have left it.
        program.write("c", text.replace(&saved.to_string(), &since.to_string()));
        skewed.fail(&[]);
        program
    };
    for possible in [now() - 2 * HOUR, now() - 6 * DAY] {
        let program = begun(possible);
        let ended = program.run(["--checkpoint", "c"]).quietly();
        assert!(!ended.lines().is_empty());
        assert_eq!(watermark(&program, "audit_logs").0, possible);
        assert_eq!(source(&program, "audit_logs")["provisional"], json!(false));
    }
    for impossible in [0, 900, now() - 8 * DAY, now() + 2 * HOUR, now() + 900 * DAY] {
        let program = begun(impossible);
        let earliest = now();
        let ended = program.run(["--checkpoint", "c"]);
        assert_eq!(ended.code, Some(0));
        let ended = ended.says(&["the checkpoint begins now", "is not read"]);
        assert!(!ended.lines().is_empty());
        assert_last_interval(watermark(&program, "audit_logs"), earliest, now());
        program.run(["--checkpoint", "c"]).quietly();
    }
}

#[test]
fn a_clock_that_is_set_back_locks_no_run_out() {
    let skewed = Skewed::ahead_by(0);
    let program = Program::asking_demo(&skewed.server);
    let run = || program.run(["--all-events", "--checkpoint", "c"]);
    skewed.advance(HOUR);
    assert_warned_of_clock_once(&run());
    for _ in 0..3 {
        // An interval goes by for Verkada, and nothing for this machine.
        skewed.advance(900);
        let (_, before) = watermark(&program, "audit_logs");
        let ended = run();
        assert_warned_of_clock_once(&ended);
        assert!(!ended.lines().is_empty());
        assert_eq!(watermark(&program, "audit_logs").1, before + 900);
    }
    // A server that cannot be asked cannot contradict the clock.
    skewed.fail(EVERYTHING);
    let ended = run();
    ended.refuses(5, &["404", "check --region and --base-url"]);
}

#[test]
fn a_range_with_a_checkpoint_may_start_in_what_only_this_machine_takes_for_the_future() {
    let skewed = Skewed::ahead_by(DAY);
    let program = Program::asking_demo(&skewed.server);
    let (start, end) = (skewed.now() - 2 * HOUR, skewed.now() - HOUR);
    let ended = program.run(range(start, end));
    assert_warned_of_clock_once(&ended);
    assert_eq!(watermark(&program, "audit_logs"), (start, end));

    // By this machine's clock it is over, and for Verkada it is to come.
    let skewed = Skewed::ahead_by(-DAY);
    let program = Program::asking_demo(&skewed.server);
    let ended = program.run(range(now() - 2 * HOUR, now() - HOUR));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    ended.says(&["--start", "is in the future"]);
}

/// A range with a checkpoint.
fn range(start: i64, end: i64) -> Vec<String> {
    let (start, end) = (start.to_string(), end.to_string());
    let arguments = ["--start", &start, "--end", &end, "--all-events"];
    let more = ["--checkpoint", "c"];
    arguments
        .iter()
        .chain(&more)
        .map(|one| (*one).to_owned())
        .collect()
}

#[test]
fn the_requests_of_a_range_end_at_verkadas_present() {
    for ahead in [0, 2 * HOUR, -2 * HOUR] {
        for more in [&[][..], &["--checkpoint", "c"]] {
            let skewed = Skewed::ahead_by(ahead);
            let program = Program::asking_demo(&skewed.server);
            let start = skewed.now() - HOUR;
            let start = start.to_string();
            let range = ["--all-events", "--start", &start, "--end", "2090-01-01"];
            let ended = program.run(range.iter().chain(more));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            let lines = ended.stderr.matches("the range ends in the future").count();
            assert_eq!(lines, 1, "{}", ended.stderr);
            assert!(ended.lines().len() > 300);
            for path in [AUDIT_LOGS, NOTIFICATIONS] {
                // Slices are asked for side by side, so the newest need not arrive last.
                let newest = skewed
                    .windows(path)
                    .into_iter()
                    .max_by_key(|(start, _)| *start);
                let (end, latest) = (newest.unwrap().1, skewed.now());
                assert!((latest - 60..=latest + 60).contains(&end), "{ahead}: {end}");
            }
            assert!(skewed.server.stats().requests() < 40);
            if !more.is_empty() {
                let (_, through) = watermark(&program, "audit_logs");
                assert!((skewed.now() - 60..=skewed.now()).contains(&through));
            }
        }
    }
}

#[test]
fn a_range_that_only_this_machine_takes_for_unfinished_is_asked_for_whole() {
    let skewed = Skewed::ahead_by(2 * HOUR);
    let program = Program::asking_demo(&skewed.server);
    let end = now() + HOUR;
    let start = end - 600;
    let range = ["--start", &start.to_string(), "--end", &end.to_string()];
    let ended = program.run(range.iter().chain(&["--all-events"]));
    assert_warned_of_clock_once(&ended);
    assert!(!ended.stderr.contains("future"), "{}", ended.stderr);
    assert_eq!(skewed.last_window(AUDIT_LOGS), (start, end));
    assert_eq!(skewed.last_window(NOTIFICATIONS), (start, end));
    assert!(ended.lines().len() > 50);
}

/// The dates of a scripted server's answers.
#[derive(Clone, Copy)]
enum Dating {
    Never,
    /// Always with this time.
    At(i64),
}

/// Serves audit logs that were processed at `times`, each with a text of its own.
fn serving(times: Arc<Mutex<Vec<i64>>>, dating: Dating) -> RawServer {
    RawServer::start(move |request, _| {
        let body = match request.path.as_str() {
            "/token" => r#"{"token":"token-0"}"#.to_owned(),
            NOTIFICATIONS => r#"{"notifications":[],"next_page_token":null}"#.to_owned(),
            _ => page(&times.lock().unwrap(), request),
        };
        match dating {
            Dating::Never => Reply::undated(200, "", body),
            Dating::At(second) => {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second.unsigned_abs());
                let date = format!("date: {}\r\n", httpdate::fmt_http_date(time));
                Reply::with(200, &date, body)
            }
        }
    })
}

fn page(times: &[i64], request: &Request) -> String {
    let number = |name| request.parameter(name).unwrap().parse::<i64>().unwrap();
    let window = number("start_time")..=number("end_time");
    let within = times.iter().rev().filter(|time| window.contains(time));
    let records: Vec<_> = within
        .map(|time| {
            let time = verkada_audit_logs::time_text(*time);
            format!(r#"{{"event_name":"x","timestamp":"{time}","processed_timestamp":"{time}"}}"#)
        })
        .collect();
    let list = records.join(",");
    format!(r#"{{"audit_logs":[{list}],"next_page_token":null}}"#)
}

#[test]
fn without_a_date_the_watermark_moves_only_as_far_as_records_show() {
    let times = Arc::<Mutex<Vec<i64>>>::default();
    let server = serving(Arc::clone(&times), Dating::Never);
    let program = Program::asking(server.base_url(), KEY);
    let (start, end) = (now() - 10 * HOUR, now() - HOUR);
    let run = || program.run(range(start, end));
    let warned = |ended: Ended| {
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        ended.says(&["name no time", "newest record"]).stdout
    };
    assert_eq!(warned(run()), "");
    assert_eq!(watermark(&program, "audit_logs"), (start, start));
    times
        .lock()
        .unwrap()
        .extend([start + HOUR, start + 4 * HOUR]);
    assert_eq!(warned(run()).lines().count(), 2);
    let (_, through) = watermark(&program, "audit_logs");
    assert!((start + 4 * HOUR - 30..=start + 4 * HOUR).contains(&through));
    // What shows later is found, and what was printed is not printed again.
    times.lock().unwrap().push(start + 5 * HOUR);
    times.lock().unwrap().push(start + 5 * HOUR);
    assert_eq!(warned(run()).lines().count(), 2);
    assert_eq!(warned(run()), "");
    assert_eq!(watermark(&program, "notifications"), (start, start));
}

#[test]
fn without_a_date_a_clock_that_is_ahead_skips_nothing() {
    let times = Arc::<Mutex<Vec<i64>>>::default();
    let server = serving(Arc::clone(&times), Dating::Never);
    let program = Program::asking(server.base_url(), KEY);
    let run = || program.run(["--all-events", "--only", "audit-logs", "--checkpoint", "c"]);
    // Verkada's present is early in the interval that this machine takes for the last one: it is ahead.
    assert_eq!(run().stdout, "");
    let (since, through) = watermark(&program, "audit_logs");
    assert_eq!(since, through);
    assert_eq!(source(&program, "audit_logs")["provisional"], json!(true));
    times.lock().unwrap().push(since + 100);
    assert_eq!(run().lines().len(), 1);
    times.lock().unwrap().push(since + 200);
    assert_eq!(run().lines().len(), 1);
    assert_eq!(source(&program, "audit_logs")["provisional"], json!(false));
    let (since_then, through) = watermark(&program, "audit_logs");
    assert_eq!(since_then, since);
    assert!((since + 170..=since + 200).contains(&through));
}

#[test]
fn a_range_into_the_future_is_asked_for_as_given_where_nobody_knows_the_present() {
    let server = serving(Arc::default(), Dating::Never);
    let program = Program::asking(server.base_url(), KEY);
    let (start, end) = (now() - 300, now() + 300);
    let range = ["--start", &start.to_string(), "--end", &end.to_string()];
    program.run(range).says(&["ends in the future"]);
    let last = server.seen_at(NOTIFICATIONS).pop().unwrap();
    assert_eq!(last.parameter("end_time"), Some(end.to_string()));
}

#[test]
fn a_date_that_records_contradict_counts_as_none() {
    let start = now() - 3 * HOUR;
    let times = Arc::new(Mutex::new(vec![start + 60, start + 2 * HOUR]));
    // A cache answers with the date of yesterday, or with one that stands still since the range began.
    for date in [now() - DAY, start] {
        let server = serving(Arc::clone(&times), Dating::At(date));
        let program = Program::asking(server.base_url(), KEY);
        let (from, to) = (start.to_string(), (start + 2 * HOUR + 600).to_string());
        let range = ["--start", &from, "--end", &to, "--only", "audit-logs"];
        let more = [
            "--all-events",
            "--checkpoint",
            "c",
            "--interval-minutes",
            "300",
        ];
        let ended = program.run(range.iter().chain(&more));
        assert_eq!((ended.code, ended.lines().len()), (Some(0), 2));
        ended.says(&["name no time that can be relied on"]);
        let (_, through) = watermark(&program, "audit_logs");
        assert!((start + 2 * HOUR - 30..=start + 2 * HOUR).contains(&through));
    }
}
