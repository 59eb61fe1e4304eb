//! The window that a request asks for, by which clock, and its other parameters.

use crate::support::now;
use crate::support::program::{KEY, Program, RANGE};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS, RawServer, Request};

/// Runs the program against empty lists, and returns the request for audit logs and that for notifications.
#[track_caller]
fn asked(program: impl Fn(&RawServer) -> Program, arguments: &[&str]) -> [Request; 2] {
    let server = RawServer::holding("", "");
    let ended = program(&server).run(arguments).quietly();
    assert_eq!(ended.stdout, "");
    [AUDIT_LOGS, NOTIFICATIONS].map(|path| match &server.seen_at(path)[..] {
        [request] => request.clone(),
        seen => panic!("{path} was asked for {} times", seen.len()),
    })
}

fn number(request: &Request, name: &str) -> i64 {
    request.parameter(name).unwrap().parse().unwrap()
}

/// Checks that `request` asks for the last whole interval of `interval` seconds.
#[track_caller]
fn assert_scheduled(request: &Request, interval: i64, earliest: i64) {
    let (start, end) = (number(request, "start_time"), number(request, "end_time"));
    assert_eq!(end % interval, 0, "{end}");
    assert_eq!(start, end - interval);
    let latest = now();
    assert!(
        end <= latest && earliest < end + interval,
        "{end} is not the end of the last interval between {earliest} and {latest}"
    );
}

#[test]
fn a_scheduled_run_asks_for_the_last_whole_interval_by_processed_time() {
    let earliest = now();
    let [audit_logs, notifications] = asked(Program::asking_raw, &[]);
    assert_scheduled(&audit_logs, 900, earliest);
    assert_scheduled(&notifications, 900, earliest);
    let by_processed = audit_logs.parameter("use_processed_timestamp");
    assert_eq!(by_processed.as_deref(), Some("true"));
    assert_eq!(notifications.parameter("use_processed_timestamp"), None);
}

#[test]
fn the_interval_is_set_by_flag_before_variable() {
    let earliest = now();
    let by_variable =
        |server: &RawServer| Program::asking_raw(server).with("CRON_INTERVAL_MINUTES", "60");
    for (arguments, interval) in [
        (&[][..], 3_600),
        (&["--interval-minutes", "1"], 60),
        (&["--interval-minutes", "1440"], 86_400),
        // Not a divisor of a day: intervals are counted from the epoch all the same.
        (&["--interval-minutes", "7"], 420),
    ] {
        for request in asked(by_variable, arguments) {
            assert_scheduled(&request, interval, earliest);
        }
    }
}

#[test]
fn a_range_goes_to_the_api_exactly_as_given_and_by_event_time() {
    for (start, end) in [
        ("1789344000", "1789344601"),
        ("2026-09-14T00:00:00Z", "2026-09-14T00:10:01Z"),
        ("2026-09-14", "2026-09-14T02:10:01+02:00"),
    ] {
        for request in asked(Program::asking_raw, &["--start", start, "--end", end]) {
            assert_eq!(number(&request, "start_time"), 1_789_344_000, "{start}");
            assert_eq!(number(&request, "end_time"), 1_789_344_601, "{end}");
            assert_eq!(request.parameter("use_processed_timestamp"), None);
        }
    }
}

#[test]
fn the_page_size_is_set_by_flag_before_variable() {
    let by_variable =
        |server: &RawServer| Program::asking_raw(server).with("VERKADA_PAGE_SIZE", "17");
    let sizes = |requests: [Request; 2]| requests.map(|request| number(&request, "page_size"));
    assert_eq!(sizes(asked(Program::asking_raw, &[])), [100, 100]);
    assert_eq!(sizes(asked(Program::asking_raw, &RANGE)), [100, 100]);
    assert_eq!(sizes(asked(by_variable, &[])), [17, 17]);
    assert_eq!(
        sizes(asked(by_variable, &["--page-size", "200"])),
        [200, 200]
    );
    assert_eq!(
        sizes(asked(Program::asking_raw, &["--page-size", "1"])),
        [1, 1]
    );
}

#[test]
fn a_long_range_is_read_from_start_to_end_by_event_time_in_large_pages() {
    let server = RawServer::holding("", "");
    let (start, end) = (1_789_401_600, 1_789_488_001);
    let (from, to) = (start.to_string(), end.to_string());
    let arguments = ["--start", &from, "--end", &to];
    let fast = ["--max-requests-per-minute", "60000"];
    let program = Program::asking_raw(&server);
    program.run(arguments.iter().chain(&fast)).quietly();
    for path in [AUDIT_LOGS, NOTIFICATIONS] {
        let seen = server.seen_at(path);
        assert!(seen.len() > 1, "{path} is read in one piece");
        let starts = seen.iter().map(|request| number(request, "start_time"));
        assert_eq!(starts.min(), Some(start));
        let ends = seen.iter().map(|request| number(request, "end_time"));
        assert_eq!(ends.max(), Some(end));
        for request in seen {
            assert_eq!(request.parameter("use_processed_timestamp"), None);
            assert_eq!(number(&request, "page_size"), 200);
        }
    }
}

#[test]
fn one_source_can_be_read_alone() {
    for (only, asked, spared) in [
        ("audit-logs", AUDIT_LOGS, NOTIFICATIONS),
        ("notifications", NOTIFICATIONS, AUDIT_LOGS),
    ] {
        let server = RawServer::holding("", "");
        Program::asking_raw(&server).run(["--only", only]).quietly();
        assert_eq!(server.seen_at(asked).len(), 1);
        assert_eq!(server.seen_at(spared).len(), 0);
    }
}

#[test]
fn notification_types_are_joined_by_commas_and_any_word_is_accepted() {
    let arguments = [
        "--notification-type",
        "motion",
        "--notification-type",
        "person_of_interest, invented_tomorrow",
    ];
    let [audit_logs, notifications] = asked(Program::asking_raw, &arguments);
    let types = notifications.parameter("notification_type");
    assert_eq!(
        types.as_deref(),
        Some("motion,person_of_interest,invented_tomorrow")
    );
    assert_eq!(audit_logs.parameter("notification_type"), None);
    let [_, unasked] = asked(Program::asking_raw, &[]);
    assert_eq!(unasked.parameter("notification_type"), None);
}

#[test]
fn signed_image_links_are_asked_for_by_flag_only() {
    let links = |arguments: &[&str]| {
        asked(Program::asking_raw, arguments).map(|request| request.parameter("include_image_url"))
    };
    assert_eq!(links(&["--include-image-url"]), [None, Some("true".into())]);
    assert_eq!(links(&[]), [None, None]);
}

#[test]
fn a_request_names_the_program_offers_gzip_and_carries_one_secret() {
    let server = RawServer::holding("", "");
    Program::asking_raw(&server).run([""; 0]).quietly();
    let name = concat!("verkada-audit-logs/", env!("CARGO_PKG_VERSION"));
    for request in server.seen() {
        assert_eq!(request.header("user-agent"), Some(name));
        let offered = request.header("accept-encoding").unwrap_or_default();
        assert!(offered.contains("gzip"), "{offered}");
        // A proxy may refuse a request with a body that does not say how long it is.
        let is_post = request.method == "POST";
        assert_eq!(request.header("content-length"), is_post.then_some("0"));
        let secrets = ["x-api-key", "x-verkada-auth"].map(|name| request.header(name));
        match request.path.as_str() {
            "/token" => assert_eq!(
                (request.method.as_str(), secrets),
                ("POST", [Some(KEY), None])
            ),
            _ => assert_eq!(
                (request.method.as_str(), secrets),
                ("GET", [None, Some("token-0")])
            ),
        }
    }
}
