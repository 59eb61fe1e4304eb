//! Networks and servers that fail: through the public client, whose waits can be shortened.

use std::net::TcpListener;
use std::time::Duration;

use verkada_audit_logs::{Endpoint, Error, ErrorKind, MAX_RETRIES, NetworkFailure, Source};

use crate::support::raw_server::{RawServer, Reply, gzip};
use crate::support::three_pages::{STEPS, Step, client, failing, read, requests, window};

const ATTEMPTS: usize = MAX_RETRIES as usize + 1;

/// Time-out for a server that hangs; longer than a busy machine delays a good answer.
const SHORT: Duration = Duration::from_millis(600);
/// Longer than any scenario takes.
const LONG: Duration = Duration::from_secs(20);

fn stalls(name: &str) -> bool {
    name == "hang" || name.ends_with("stall")
}

const GZIP: &str = "content-type: application/json\r\ncontent-encoding: gzip\r\n";

/// A fault and its name, or the words that are said of it.
type Fault = (&'static str, fn() -> Reply);

/// Failures of the network, which the same request may survive.
const NETWORK_FAULTS: [Fault; 8] = [
    ("reset", || Reply::Reset),
    ("hang", || Reply::Stall(Vec::new())),
    ("headers, then stall", || {
        Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"".to_vec())
    }),
    ("half of the headers", || {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())
    }),
    ("cut short", || {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"audit_logs\":[".to_vec())
    }),
    ("cut in a chunk", || {
        Reply::Bytes(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n5\r\nab".to_vec(),
        )
    }),
    ("cut without a length", || {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"audit_logs\":[{".to_vec())
    }),
    ("corrupt gzip", || {
        let mut bytes = gzip(br#"{"token":"token","audit_logs":[],"notifications":[]}"#);
        let middle = bytes.len() / 2;
        bytes[middle..].fill(0x55);
        Reply::with(200, GZIP, bytes)
    }),
];

#[test]
fn a_read_is_complete_in_spite_of_one_network_failure_at_any_step() {
    std::thread::scope(|scope| {
        for (name, fault) in NETWORK_FAULTS {
            let timeout = if stalls(name) { SHORT } else { LONG };
            scope.spawn(move || {
                for (at, source) in STEPS.into_iter().zip(Source::ALL.into_iter().cycle()) {
                    let server = failing(at, 1, fault);
                    let records = read(server.base_url(), source, timeout);
                    let records = records.unwrap_or_else(|error| panic!("{name}, {at:?}: {error}"));
                    assert_eq!(
                        records,
                        [r#"{"n":2}"#, r#"{"n":1}"#, r#"{"n":0}"#],
                        "{name}, {at:?}"
                    );
                    // On a busy machine a good answer may come too late as well.
                    let asked = (requests(&server, at), server.seen().len());
                    assert!(stalls(name) || asked == (2, 5), "{name}, {at:?}: {asked:?}");
                }
            });
        }
    });
}

#[test]
fn a_network_that_keeps_failing_is_given_up_after_the_retries() {
    for (name, fault) in NETWORK_FAULTS {
        // With the token no other request has to make it in the time that the hang is given.
        let steps = if stalls(name) {
            &STEPS[..1]
        } else {
            &STEPS[..]
        };
        let timeout = if stalls(name) {
            Duration::from_millis(30)
        } else {
            LONG
        };
        for at in steps.iter().copied() {
            let server = failing(at, usize::MAX, fault);
            let failure = read(server.base_url(), Source::AuditLogs, timeout).unwrap_err();
            let ErrorKind::Connection(cause) = failure.kind() else {
                panic!("{name}, {at:?}: {failure}");
            };
            let expected = match at {
                Step::Token => Endpoint::Token,
                Step::Page(_) => Endpoint::Source(Source::AuditLogs),
            };
            assert_eq!(failure.endpoint(), Some(expected), "{name}, {at:?}");
            assert_eq!(
                failure.effort().attempts as usize,
                ATTEMPTS,
                "{name}, {at:?}"
            );
            // A request that timed out may not have got as far as the server.
            assert!(
                stalls(name) || requests(&server, at) == ATTEMPTS,
                "{name}, {at:?}"
            );
            let matches = match name {
                "hang" | "headers, then stall" => matches!(cause, NetworkFailure::TimedOut(_)),
                "reset" | "half of the headers" => matches!(cause, NetworkFailure::Connect(_)),
                _ => matches!(cause, NetworkFailure::CutShort(_)),
            };
            assert!(matches, "{name}, {at:?}: {cause:?}");
        }
    }
}

#[test]
fn a_refused_connection_is_retried_and_then_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = read(&base_url, Source::AuditLogs, LONG).unwrap_err();
    let ErrorKind::Connection(NetworkFailure::Connect(cause)) = failure.kind() else {
        panic!("{failure}");
    };
    assert_eq!(failure.effort().attempts as usize, ATTEMPTS);
    assert!(cause.as_str().contains("refused"), "{}", cause.as_str());
    assert!(failure.to_string().contains("4 attempts"), "{failure}");
}

/// The variant that stands for `status` after the retries, and how many attempts it counts.
fn is_given_up(status: u16, error: &Error) -> Option<usize> {
    let fits = match error.kind() {
        ErrorKind::RateLimited => status == 429,
        ErrorKind::Unavailable => status != 429,
        _ => false,
    };
    (fits && error.status() == Some(status)).then_some(error.effort().attempts as usize)
}

#[test]
fn these_statuses_are_retried_and_then_given_up() {
    for status in [408, 425, 429, 500, 502, 503, 504, 507] {
        for (at, source) in STEPS.into_iter().zip(Source::ALL.into_iter().cycle()) {
            let server = failing(at, usize::MAX, move || Reply::error(status, "busy"));
            let failure = read(server.base_url(), source, LONG).unwrap_err();
            assert_eq!(
                is_given_up(status, &failure),
                Some(ATTEMPTS),
                "{status}, {at:?}: {failure}"
            );
            assert!(failure.to_string().contains("busy"), "{failure}");
            assert_eq!(requests(&server, at), ATTEMPTS, "{status}, {at:?}");

            let server = failing(at, MAX_RETRIES as usize, move || {
                Reply::with(status, "content-type: text/html\r\n", "<h1>busy</h1>")
            });
            let records = read(server.base_url(), source, LONG).unwrap();
            assert_eq!(records.len(), 3, "{status}, {at:?}");
        }
    }
}

#[test]
fn other_refusals_are_final_at_once() {
    for status in [400, 402, 404, 405, 406, 410, 412, 413, 418, 422, 451] {
        for at in STEPS {
            if may_be_of_the_page_token(status, at) {
                continue;
            }
            let server = failing(at, usize::MAX, move || Reply::error(status, "no"));
            let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
            assert!(
                matches!(failure.kind(), ErrorKind::Rejected) && failure.status() == Some(status),
                "{status}, {at:?}: {failure}"
            );
            assert_eq!(requests(&server, at), 1, "{status}, {at:?}");
        }
    }
}

#[test]
fn a_success_other_than_200_and_an_answer_from_a_cache_are_not_pages() {
    for status in [201, 202, 204, 206, 300, 304, 305] {
        for at in STEPS {
            let server = failing(at, usize::MAX, move || Reply::with(status, "", ""));
            let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
            assert!(
                matches!(failure.kind(), ErrorKind::UnusableAnswer { .. })
                    && failure.status() == Some(status),
                "{status}, {at:?}: {failure}"
            );
            assert!(failure.to_string().contains(&format!("HTTP {status}")));
            assert_eq!(requests(&server, at), 1, "{status}, {at:?}");
        }
    }
}

/// Reports whether a refusal of this step may be one of its page token, which new pages do not need.
fn may_be_of_the_page_token(status: u16, at: Step) -> bool {
    matches!(status, 400 | 403 | 404 | 410) && matches!(at, Step::Page(1..))
}

#[test]
fn a_refusal_that_may_be_of_a_page_token_is_final_after_a_few_reads_from_the_first_page() {
    const READS: usize = 5;
    for status in [400, 403, 404, 410] {
        for at in STEPS {
            if !may_be_of_the_page_token(status, at) {
                continue;
            }
            let server = failing(at, READS - 1, move || Reply::error(status, "no"));
            let records = read(server.base_url(), Source::Notifications, LONG).unwrap();
            assert_eq!(records.len(), 3, "{status}, {at:?}");

            let server = failing(at, usize::MAX, move || Reply::error(status, "no"));
            let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
            assert!(
                matches!(failure.kind(), ErrorKind::PageRefused { .. })
                    && failure.status() == Some(status),
                "{status}, {at:?}: {failure}"
            );
            assert_eq!(requests(&server, at), READS, "{status}, {at:?}");
        }
    }
}

/// Answers that say success, and what is said of them.
const UNUSABLE: [Fault; 6] = [
    ("it is empty", || Reply::json(200, "")),
    ("HTML", || {
        Reply::with(
            200,
            "content-type: text/html\r\n",
            "<!doctype html><title>Sign in</title>",
        )
    }),
    ("UTF-8", || {
        Reply::with(200, GZIP, gzip(b"{\"audit_logs\":[\xff]}"))
    }),
    ("JSON", || Reply::json(200, "Service temporarily fine")),
    ("64 MiB", || {
        Reply::with(200, GZIP, gzip(&vec![b' '; (64 << 20) + 1]))
    }),
    ("JSON", || {
        Reply::json(200, r#"{"audit_logs":[]} {"audit_logs":[]}"#)
    }),
];

#[test]
fn an_answer_that_cannot_be_used_is_final_and_reported() {
    for (words, answer) in UNUSABLE {
        for at in [Step::Token, Step::Page(0), Step::Page(2)] {
            let server = failing(at, usize::MAX, answer);
            let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
            let ErrorKind::UnusableAnswer { problem } = failure.kind() else {
                panic!("{words}, {at:?}: {failure}");
            };
            assert!(problem.contains(words), "{words}, {at:?}: {problem}");
            assert_eq!(requests(&server, at), 1, "{words}, {at:?}");
        }
    }
}

#[test]
fn an_answer_without_a_token_is_an_error() {
    for body in [
        "{}",
        "[]",
        r#"{"token":null}"#,
        r#"{"token":""}"#,
        r#"{"token":7}"#,
        r#"{"token":"a\nb"}"#,
    ] {
        let server = failing(Step::Token, usize::MAX, move || Reply::json(200, body));
        let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
        assert!(
            matches!(failure.kind(), ErrorKind::UnusableAnswer { .. })
                && failure.endpoint() == Some(Endpoint::Token),
            "{body}: {failure}"
        );
        assert_eq!(server.seen().len(), 1, "{body}");
    }
}

#[test]
fn a_token_is_read_from_any_valid_json() {
    for body in [
        "\u{feff}{\"token\":\"token\"}",
        "\r\n{\n  \"new\" : { \"token\" : 1 } ,\n  \"token\" : \"to\\u006ben\"\n}\n",
    ] {
        let server = failing(Step::Token, 1, move || Reply::json(200, body));
        let records = read(server.base_url(), Source::AuditLogs, LONG);
        assert_eq!(records.unwrap().len(), 3, "{body}");
        assert_eq!(server.seen()[1].header("x-verkada-auth"), Some("token"));
    }
}

#[test]
fn good_json_is_read_with_any_content_type_and_encoding() {
    let body = br#"{"audit_logs":[{"n":1}]}"#;
    let chunked = [
        &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n"[..],
        &body[..10],
        b"\r\ne\r\n",
        &body[10..],
        b"\r\n0\r\n\r\n",
    ];
    for reply in [
        Reply::with(200, "content-type: text/plain\r\n", body),
        Reply::with(200, "", body),
        Reply::with(200, GZIP, gzip(body)),
        Reply::Bytes(chunked.concat()),
        Reply::Bytes([b"HTTP/1.1 200 OK\r\n\r\n", &body[..]].concat()),
    ] {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = RawServer::issuing_tokens(move |_, _| reply.lock().unwrap().take().unwrap());
        let records = read(server.base_url(), Source::AuditLogs, LONG);
        assert_eq!(records.unwrap(), [r#"{"n":1}"#]);
    }
}

#[test]
fn a_patient_client_rides_out_more_rate_limits_than_there_are_retries() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = failing(Step::Page(1), 2 * ATTEMPTS, || {
        Reply::error(429, "Too many")
    });
    let impatient = client(server.base_url(), LONG);
    let count = runtime.block_on(async {
        let mut pages = impatient
            .riding_out_rate_limits()
            .pages(Source::AuditLogs, window());
        let mut count = 0;
        while let Some(page) = pages.next_page().await.unwrap() {
            count += page.records.len();
        }
        count
    });
    assert_eq!(
        (count, requests(&server, Step::Page(1))),
        (3, 2 * ATTEMPTS + 1)
    );
    assert_eq!(impatient.statistics().rate_limited, 2 * ATTEMPTS as u64);
}
