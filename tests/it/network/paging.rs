//! Page tokens: when a read continues, and when it ends.

use crate::support::program::{Ended, Program, RANGE, every_record_of};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS, RawServer, Reply};

/// Reads one source from pages of these bodies; a further page fails the read.
fn read(only: &str, bodies: &[&str]) -> (Ended, RawServer) {
    let bodies: Vec<_> = bodies.iter().map(|body| (*body).to_owned()).collect();
    let server = RawServer::issuing_tokens(move |_, number| match bodies.get(number) {
        Some(body) => Reply::json(200, body),
        None => Reply::error(400, "one page too many"),
    });
    let arguments = [&RANGE[..], &every_record_of(only)].concat();
    (Program::asking_raw(&server).run(arguments), server)
}

/// Reads pages in which the list is called `L`, as audit logs and as notifications.
fn read_both(pages: &[&str]) -> [(Ended, RawServer); 2] {
    [
        ("audit-logs", "audit_logs"),
        ("notifications", "notifications"),
    ]
    .map(|(only, list)| {
        let named: Vec<_> = pages.iter().map(|page| page.replace('L', list)).collect();
        let named: Vec<_> = named.iter().map(String::as_str).collect();
        read(only, &named)
    })
}

#[test]
fn a_null_empty_or_absent_token_ends_the_read() {
    for end in [
        r#"{"L":[{"n":1}],"next_page_token":null}"#,
        r#"{"L":[{"n":1}],"next_page_token":""}"#,
        r#"{"L":[{"n":1}]}"#,
    ] {
        for (ended, server) in read_both(&[end]) {
            assert_eq!(ended.quietly().stdout, "{\"n\":1}\n");
            assert_eq!(server.seen().len(), 2);
        }
    }
}

#[test]
fn short_and_empty_pages_with_a_token_go_on() {
    let pages = [
        r#"{"L":[{"n":3}],"next_page_token":"a"}"#,
        r#"{"L":[],"next_page_token":"b"}"#,
        r#"{"L":null,"next_page_token":"c"}"#,
        r#"{"L":[{"n":2},{"n":1}],"next_page_token":""}"#,
    ];
    for (ended, server) in read_both(&pages) {
        assert_eq!(
            ended.quietly().lines(),
            [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#]
        );
        let tokens: Vec<_> = server.seen()[1..]
            .iter()
            .map(|request| request.parameter("page_token").unwrap_or_default())
            .collect();
        assert_eq!(tokens, ["", "a", "b", "c"]);
    }
}

#[test]
fn a_page_token_is_sent_back_unchanged() {
    for (token, expected) in [
        ("1700000000000000123", "1700000000000000123"),
        ("0", "0"),
        (r#""a+b/c==&d e%20""#, "a+b/c==&d e%20"),
        (r#""\u00e9""#, "é"),
        // A raw control character is repaired.
        ("\"a\tb\"", "a\tb"),
    ] {
        let first = format!(r#"{{"L":[{{"n":2}}],"next_page_token":{token}}}"#);
        for (ended, server) in read_both(&[&first, r#"{"L":[{"n":1}]}"#]) {
            assert_eq!(ended.quietly().lines(), [r#"{"n":1}"#, r#"{"n":2}"#]);
            let seen = server.seen();
            assert_eq!(seen[2].parameter("page_token").as_deref(), Some(expected));
        }
    }
}

#[test]
fn every_page_is_asked_for_within_the_same_window() {
    let pages = [
        r#"{"L":[],"next_page_token":"a"}"#,
        r#"{"L":[],"next_page_token":"b"}"#,
        r#"{"L":[]}"#,
    ];
    for (ended, server) in read_both(&pages) {
        ended.quietly();
        for request in &server.seen()[1..] {
            for (name, expected) in [
                ("start_time", "1789401600"),
                ("end_time", "1789402200"),
                ("page_size", "100"),
            ] {
                assert_eq!(request.parameter(name).as_deref(), Some(expected));
            }
        }
    }
}

#[test]
fn pages_that_go_in_circles_end_the_read_and_print_nothing_of_it() {
    let page = |next: &str| format!(r#"{{"L":[{{"n":"{next}"}}],"next_page_token":"{next}"}}"#);
    let (a, b) = (page("A"), page("B"));
    for (pages, requests) in [(vec![&a, &a, &a], 3), (vec![&a, &b, &a, &b], 4)] {
        let pages: Vec<_> = pages.into_iter().map(String::as_str).collect();
        for (ended, server) in read_both(&pages) {
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
            ended.says(&[
                "go in circles",
                "already read",
                "to resume, run the same command with --only",
            ]);
            assert_eq!(server.seen().len(), requests);
        }
    }
}

#[test]
fn a_null_list_is_an_empty_page() {
    for body in [
        r#"{"L":null}"#,
        r#"{"L":[]}"#,
        r#"{"L":null,"something_new":[1]}"#,
    ] {
        for (ended, _server) in read_both(&[body]) {
            assert_eq!(ended.quietly().stdout, "");
        }
    }
}

#[test]
fn anything_but_a_list_is_an_error() {
    for body in [
        r#"{"L":{"n":1}}"#,
        r#"{"L":"n"}"#,
        r#"{"L":7}"#,
        r#"{"L":""}"#,
        r#"{"L":false}"#,
        "17",
        r#"[{"n":1}]"#,
        r#""text""#,
        "null",
        r#"{"L":[],"next_page_token":true}"#,
        r#"{"L":[],"next_page_token":{}}"#,
    ] {
        for (ended, server) in read_both(&[body]) {
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{body}");
            ended.says(&["cannot be used", "--base-url"]);
            assert_eq!(server.seen().len(), 2, "{body} was asked for again");
        }
    }
}

#[test]
fn the_sources_do_not_share_their_page_tokens() {
    let server = RawServer::issuing_tokens(|request, number| match number {
        0 => Reply::page(request, r#"{"n":2}"#, r#""same""#),
        _ => Reply::only_page(request, r#"{"n":1}"#),
    });
    let arguments = [&RANGE[..], &["--all-events"]].concat();
    let ended = Program::asking_raw(&server).run(arguments).quietly();
    assert_eq!(ended.stdout, "{\"n\":1}\n{\"n\":2}\n".repeat(2));
    for path in [AUDIT_LOGS, NOTIFICATIONS] {
        assert_eq!(server.seen_at(path).len(), 2);
    }
}
