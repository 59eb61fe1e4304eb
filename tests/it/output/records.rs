//! Records on standard output: the API's own bytes, in order, and only those that were asked for.

use verkada_audit_logs::INTERESTED_EVENTS;
use verkada_audit_logs::demo::{DemoRecord, DemoServer, Profile, TimeBase};

use crate::support::program::{Ended, Program, RANGE};
use crate::support::raw_server::{RawServer, Reply};

/// Runs the program against one page of audit logs.
fn printed(audit_logs: &str, arguments: &[&str]) -> Ended {
    let server = RawServer::holding(audit_logs, "");
    Program::asking_raw(&server).run([&RANGE[..], arguments].concat())
}

/// Runs the program against one page with this body.
fn printed_of_body(body: impl AsRef<[u8]>) -> Ended {
    let body = body.as_ref().to_owned();
    let server = RawServer::issuing_tokens(move |_, _| {
        Reply::with(200, "content-type: application/json\r\n", &body)
    });
    let arguments = [&RANGE[..], &["--all-events", "--only", "audit-logs"]].concat();
    Program::asking_raw(&server).run(arguments)
}

#[test]
fn a_record_is_printed_byte_for_byte() {
    for record in [
        r#"{"n":12345678901234567890123}"#,
        r#"{"n":1e400,"m":-0.0,"k":1E+2,"z":0.10000000000000000555}"#,
        r#"{"key":1,"key":2,"":3}"#,
        r#"{"s":"\u0041\/\\\"\n\ud83d\ude00\ud800"}"#,
        "{\"raw\":\"\u{2028}\",\"escaped\":\"\\u2028\"}",
        "{\"control\":\"\u{7f}\u{85}\u{202e}\u{feff}\"}",
        r#"{"z":1,"a":{"b":[[],{},null,true]},"unknown_tomorrow":{"x":" y  z "}}"#,
    ] {
        let ended = printed(record, &["--all-events"]).quietly();
        assert_eq!(ended.stdout, format!("{record}\n"));
    }
}

#[test]
fn only_white_space_outside_strings_is_removed() {
    let body = "\u{feff}\r\n{ \"extra\" : { } ,\n  \"audit_logs\" : [\n    {\n\t\"a b\" : \" c \\\" d \" ,\r\n\t\"c\\\\\" : [ 1 , -0.0 , 1e400 , \"\" ]\n    }\n  ] ,\n  \"next_page_token\" : null\n}\n";
    let ended = printed_of_body(body).quietly();
    assert_eq!(
        ended.stdout,
        "{\"a b\":\" c \\\" d \",\"c\\\\\":[1,-0.0,1e400,\"\"]}\n"
    );
}

#[test]
fn a_record_may_be_nested_deeply() {
    let record = format!(r#"{{"a":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    let ended = printed(&record, &["--all-events"]).quietly();
    assert!(ended.stdout.trim_end() == record);
}

#[test]
fn a_record_of_10_mb_is_printed_whole() {
    let record = format!(r#"{{"event_name":"x","s":"{}"}}"#, "é\\n".repeat(2_500_000));
    let ended = printed(&record, &["--all-events"]).quietly();
    assert_eq!(ended.stdout.len(), record.len() + 1);
    assert!(ended.stdout.trim_end() == record);
}

#[test]
fn elements_that_are_not_objects_are_printed_with_a_warning() {
    let page = r#"42, null, "text", [ 1, 2 ], {"event_name":7}, {"event_name":"\ud800"}, {"event_name":"Unwanted"}"#;
    let ended = printed(page, &[]);
    assert_eq!(ended.code, Some(0));
    let mut lines = ended.lines();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "\"text\"",
            "42",
            "[1,2]",
            "null",
            r#"{"event_name":"\ud800"}"#,
            r#"{"event_name":7}"#
        ]
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    ended.says(&["WARN", "records=6", "printed all the same"]);
}

#[test]
fn audit_logs_come_before_notifications_and_each_oldest_first() {
    let server = RawServer::issuing_tokens(|request, number| {
        let [newer, older] = if request.is_for_audit_logs() {
            [
                r#"{"event_name":"Live Stream Started","timestamp":"2026-09-14T16:06:00Z"},{"event_name":"Live Stream Started","timestamp":"2026-09-14T16:05:00.5Z"}"#,
                r#"{"event_name":"Live Stream Started","timestamp":"2026-09-14T16:05:00.25Z"}"#,
            ]
        } else {
            [r#"{"created":1789402000}"#, r#"{"created":1789401999}"#]
        };
        match number {
            0 => Reply::page(request, newer, r#""2""#),
            _ => Reply::only_page(request, older),
        }
    });
    let ended = Program::asking_raw(&server).run(RANGE).quietly();
    let times: Vec<_> = ended
        .lines()
        .into_iter()
        .map(|line| line.trim_end_matches(['"', '}']))
        .map(|line| {
            line.rsplit_once(['"', ':'])
                .map_or(line, |(_, end)| end)
                .to_owned()
        })
        .collect();
    assert_eq!(
        times,
        ["00.25Z", "00.5Z", "00Z", "1789401999", "1789402000"]
    );
}

#[test]
fn records_of_the_same_second_are_printed_oldest_first() {
    let same = |n: u32| format!(r#"{{"n":{n},"timestamp":"2026-09-14T16:05:00Z"}}"#);
    let newest_first = [same(3), same(2), same(1)].join(",");
    let ended = printed(&newest_first, &["--all-events"]).quietly();
    assert_eq!(ended.lines(), [same(1), same(2), same(3)]);
}

/// One audit log for each name.
fn logs(names: &[&str]) -> String {
    let logs = names
        .iter()
        .map(|name| format!(r#"{{"event_name":"{name}"}}"#));
    logs.collect::<Vec<_>>().join(",")
}

#[test]
fn event_names_are_compared_after_trimming_and_ignoring_case() {
    let drifted = [
        " live stream started",
        "ARCHIVE ACTION TAKEN\\t",
        "Video History Streamed",
    ];
    let others = [
        "Live Stream Started Again",
        "Stream",
        "",
        "Live  Stream Started",
    ];
    let page = logs(&[&drifted[..], &others[..]].concat());
    let ended = printed(&page, &[]).quietly();
    let mut lines = ended.lines();
    lines.reverse();
    assert_eq!(lines.join(","), logs(&drifted));
}

#[test]
fn events_are_chosen_by_flag_before_variable() {
    let names = ["Door Opened", "User Added", "Live Stream Started"];
    let chosen = |arguments: &[&str], variable: &str| {
        let server = RawServer::holding(&logs(&names), r#"{"created":1789402000}"#);
        let program = Program::asking_raw(&server).with("INTERESTED_EVENTS", variable);
        let ended = program.run([&RANGE[..], arguments].concat()).quietly();
        let known = names.into_iter().rev();
        assert_eq!(ended.lines().last(), Some(&r#"{"created":1789402000}"#));
        known
            .filter(|name| ended.stdout.contains(name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(chosen(&[], ""), "Live Stream Started");
    assert_eq!(
        chosen(&[], " door opened ,User Added,"),
        "User Added, Door Opened"
    );
    assert_eq!(
        chosen(&["--event", "User Added"], "Door Opened"),
        "User Added"
    );
    assert_eq!(
        chosen(
            &[
                "--event",
                "User Added",
                "--event",
                "never heard of,door opened"
            ],
            ""
        ),
        "User Added, Door Opened"
    );
    assert_eq!(
        chosen(&["--all-events"], "Door Opened"),
        "Live Stream Started, User Added, Door Opened"
    );
}

fn line(record: DemoRecord<'_>) -> String {
    record.text() + "\n"
}

/// Lines in the order in which they are printed.
fn oldest_first(newest_first: impl Iterator<Item = String>) -> String {
    let mut lines: Vec<_> = newest_first.collect();
    lines.reverse();
    lines.concat()
}

#[test]
fn the_output_is_what_the_organisation_holds() {
    let server = DemoServer::builder(Profile::demo()).start().unwrap();
    let organisation = server.organisation();
    // One interval in one piece, and half a day in slices.
    for (start, end) in [
        (1_789_401_600, 1_789_402_500),
        (1_789_360_000, 1_789_403_200),
    ] {
        let program = Program::asking_demo(&server);
        let (from, to) = (start.to_string(), end.to_string());
        let fast = ["--max-requests-per-minute", "60000"];
        let range = [&["--start", &from, "--end", &to], &fast[..]].concat();
        let audit_logs = || organisation.audit_logs(start..=end, TimeBase::Event);
        let notifications = oldest_first(organisation.notifications(start..=end).map(line));

        let everything = program
            .run([&range[..], &["--all-events"]].concat())
            .quietly();
        let expected = oldest_first(audit_logs().map(line)) + &notifications;
        assert!(expected.lines().count() > 50);
        assert!(
            everything.stdout == expected,
            "{start} to {end}: all events"
        );

        let usual = program.run(&range).quietly();
        let interesting =
            |record: &DemoRecord<'_>| INTERESTED_EVENTS.contains(&record.name().trim());
        let expected = oldest_first(audit_logs().filter(interesting).map(line)) + &notifications;
        assert!(
            usual.stdout == expected,
            "{start} to {end}: events of interest"
        );
        assert!(usual.stdout.len() < everything.stdout.len());
    }
}
