//! One request until it is answered: waits, credentials on the way, compression, large answers, proxies.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use verkada_audit_logs::{
    Endpoint, Error, ErrorKind, NetworkFailure, Secret, Source, VerkadaApi, VerkadaApiBuilder,
};

use crate::support::program::{KEY, Program};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS, RawServer, Reply, gzip};
use crate::support::three_pages::{Step, client, failing, read, requests, window};

/// Longer than any scenario takes.
const LONG: Duration = Duration::from_secs(20);

const PAST: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(LONG, future).await.unwrap() })
}

fn builder(server: &RawServer) -> VerkadaApiBuilder {
    VerkadaApi::builder(Secret::new(KEY).unwrap()).base_url(server.base_url().parse().unwrap())
}

/// Reads the one page that `reply` is.
fn read_one(reply: Reply) -> (Result<Vec<String>, Error>, RawServer) {
    let reply = Mutex::new(Some(reply));
    let server = RawServer::issuing_tokens(move |_, _| {
        let reply = reply.lock().unwrap().take();
        reply.unwrap_or_else(|| Reply::error(418, "asked again"))
    });
    let records = read(server.base_url(), Source::AuditLogs, LONG);
    (records, server)
}

fn packed(encoding: &str, body: impl AsRef<[u8]>) -> Reply {
    Reply::with(200, &format!("content-encoding: {encoding}\r\n"), body)
}

#[test]
fn a_retry_after_that_asks_for_no_wait_is_not_obeyed_at_once() {
    // The cool-down after 429 is five times the first back-off, half of which is jitter.
    for (status, shortest) in [(429, 150), (503, 15)] {
        for asked in ["0", "00", PAST] {
            let server = failing(Step::Page(0), 3, move || {
                Reply::with(status, &format!("retry-after: {asked}\r\n"), "busy")
            });
            let client = builder(&server)
                .first_retry_wait(Duration::from_millis(10))
                .build()
                .unwrap();
            let started = Instant::now();
            assert_eq!(run(client.audit_logs(window())).unwrap().len(), 3);
            let waited = started.elapsed();
            assert!(
                waited >= Duration::from_millis(shortest),
                "{status}, {asked}: {waited:?}"
            );
            assert_eq!(requests(&server, Step::Page(0)), 4);
        }
    }
}

#[test]
fn a_date_to_wait_for_is_one_by_the_servers_clock() {
    // Ten seconds before that date, wherever this machine's clock stands.
    let headers = format!("date: Sun, 06 Nov 1994 08:49:27 GMT\r\nretry-after: {PAST}\r\n");
    let server = failing(Step::Page(0), 9, move || Reply::with(503, &headers, "busy"));
    let client = client(server.base_url(), LONG);
    let read = run(async {
        let reading = client.audit_logs(window());
        tokio::time::timeout(Duration::from_millis(300), reading).await
    });
    assert!(read.is_err(), "{read:?}");
    assert_eq!(requests(&server, Step::Page(0)), 1);
}

#[test]
fn a_source_that_is_refused_for_ever_ends_although_the_other_answers() {
    let server = RawServer::issuing_tokens(|request, _| {
        if request.is_for_audit_logs() {
            Reply::error(429, "Too many")
        } else {
            Reply::only_page(request, r#"{"n":1}"#)
        }
    });
    let client = builder(&server)
        .first_retry_wait(Duration::from_millis(1))
        .rate_limit_patience(Duration::from_millis(150))
        .max_requests_per_minute(60_000)
        .build()
        .unwrap()
        .riding_out_rate_limits();
    let answering = async {
        loop {
            client.notifications(window()).await.unwrap();
        }
    };
    let failure = run(async {
        tokio::select! {
            refused = client.audit_logs(window()) => refused.unwrap_err(),
            () = answering => unreachable!(),
        }
    });
    assert!(
        matches!(failure.kind(), ErrorKind::RateLimited),
        "{failure}"
    );
    assert!(failure.effort().attempts > 4, "{failure}");
}

#[test]
fn a_request_that_arrives_without_its_credentials_is_a_failure_of_credentials() {
    let ends = |server: &RawServer, code: i32, words: &[&str]| {
        let ended = Program::asking_raw(server).run(["--only", "audit-logs"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""));
        ended.says(words);
    };
    for message in [
        "API token is required",
        "api TOKEN is required",
        "Token is required",
        "Missing API token",
        "header x-verkada-auth not found",
    ] {
        let server = RawServer::issuing_tokens(move |_, _| Reply::error(400, message));
        let words = ["audit logs", "HTTP 400", message, "a proxy may do"];
        ends(&server, 3, &words);
        assert_eq!(server.seen().len(), 2, "{message}");
    }
    let server = RawServer::start(|_, _| Reply::error(400, "API key is required"));
    ends(&server, 3, &["a token", "HTTP 400", "a proxy may do"]);
    for other in [
        "Invalid page_token",
        "page token is required",
        "end_time is required",
    ] {
        let server = RawServer::issuing_tokens(move |_, _| Reply::error(400, other));
        ends(&server, 5, &[other, "--start"]);
    }
}

#[test]
fn gzip_is_read_under_all_its_names_and_in_several_members() {
    let body = br#"{"audit_logs":[{"n":1}]}"#;
    let members = [gzip(&body[..9]), gzip(b""), gzip(&body[9..])].concat();
    for (encoding, packed_body) in [
        ("gzip", gzip(body)),
        ("GZIP", gzip(body)),
        ("x-gzip", gzip(body)),
        ("identity, X-Gzip", gzip(body)),
        ("gzip", members.clone()),
        ("gzip, gzip", gzip(&members)),
        ("identity", body.to_vec()),
        ("", body.to_vec()),
    ] {
        let (records, server) = read_one(packed(encoding, packed_body));
        assert_eq!(records.unwrap(), [r#"{"n":1}"#], "{encoding}");
        let asked = &server.seen_at(AUDIT_LOGS)[0];
        assert_eq!(asked.header("accept-encoding"), Some("gzip"));
    }
}

#[test]
fn compression_that_cannot_be_undone_is_final_and_named() {
    let body = br#"{"audit_logs":[{"n":1}]}"#;
    for (reply, words) in [
        (packed("br", body), "compressed as “br”"),
        (
            packed("deflate, gzip", gzip(body)),
            "compressed as “deflate”",
        ),
        (packed("gzip", body), "said to be gzip and is not"),
        // Complete as gzip, so the JSON text inside ends early at the server.
        (packed("gzip", gzip(&body[..20])), "it ends early"),
        (packed("gzip", gzip(b"")), "it is empty"),
        (packed("gzip", b""), "it is empty"),
        (
            Reply::Bytes(
                [
                    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
                    &gzip(&body[..20])[..],
                ]
                .concat(),
            ),
            "it ends early",
        ),
    ] {
        let (failure, server) = read_one(reply);
        let failure = failure.unwrap_err();
        let ErrorKind::UnusableAnswer { problem } = failure.kind() else {
            panic!("{words}: {failure}");
        };
        assert!(problem.contains(words), "{words}: {problem}");
        assert_eq!(server.seen_at(AUDIT_LOGS).len(), 1, "{words}");
    }
}

#[test]
fn gzip_that_is_cut_short_or_damaged_is_asked_for_again() {
    let whole = gzip(br#"{"token":"token","audit_logs":[{"n":1}]}"#);
    let without_length = |body: &[u8]| {
        Reply::Bytes([b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", body].concat())
    };
    let mut damaged = whole.clone();
    let at = damaged.len() - 6;
    damaged[at] ^= 1;
    for body in [
        &whole[..5],
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        &damaged,
    ] {
        let body = body.to_vec();
        let server = failing(Step::Page(1), usize::MAX, move || without_length(&body));
        let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
        let ErrorKind::Connection(NetworkFailure::CutShort(_)) = failure.kind() else {
            panic!("{failure}");
        };
        assert_eq!(requests(&server, Step::Page(1)), 4);
    }
}

#[test]
fn a_compressed_refusal_is_unpacked_before_it_is_quoted() {
    let body = br#"{"id":"zz","message":"No such list","data":null}"#;
    for (encoding, body, shown) in [
        ("x-gzip", gzip(body), "No such list"),
        ("gzip", gzip(b"No such page"), "No such page"),
        ("br", b"\x8b\x02\x80garbled\x03".to_vec(), ""),
    ] {
        let header = format!("content-encoding: {encoding}\r\n");
        let server = failing(Step::Page(0), 1, move || Reply::with(404, &header, &body));
        let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
        assert_eq!(failure.detail().as_str(), shown);
    }
}

#[test]
fn large_answers_that_do_not_fit_side_by_side_are_all_read() {
    // 48 MiB each, and two of them are more than all bodies may take together.
    let filler = "x".repeat(48 << 20);
    let body = gzip(format!(r#"{{"audit_logs":[{{"n":1,"filler":"{filler}"}}]}}"#).as_bytes());
    let server = RawServer::issuing_tokens(move |_, _| packed("gzip", &body));
    let client = client(server.base_url(), LONG);
    let reads = (0..4).map(|_| async {
        let records = client.audit_logs(window()).await.unwrap();
        records
            .iter()
            .map(|record| record.to_line().len())
            .sum::<usize>()
    });
    let lengths = run(futures_util::future::join_all(reads));
    assert_eq!(lengths, [(48 << 20) + r#"{"n":1,"filler":""}"#.len(); 4]);
}

#[test]
fn an_answer_that_finds_no_room_is_asked_for_again_when_there_is() {
    const SHORT: Duration = Duration::from_millis(600);
    // One answer announces 60 MiB and stalls. Another one of 5 MiB, which comes meanwhile, does not fit beside it.
    let server = RawServer::issuing_tokens(|request, number| {
        if request.is_for_audit_logs() && number == 0 {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 60 << 20);
            return Reply::Stall(head.into_bytes());
        }
        std::thread::sleep(Duration::from_millis(100));
        Reply::only_page(request, &format!(r#"{{"n":1}}{}"#, " ".repeat(5 << 20)))
    });
    let client = client(server.base_url(), SHORT);
    let started = Instant::now();
    let reads =
        [Source::AuditLogs, Source::Notifications].map(|source| client.records(source, window()));
    for records in run(futures_util::future::join_all(reads)) {
        assert_eq!(records.unwrap().len(), 1);
    }
    let asked = server.seen_at(NOTIFICATIONS).len();
    // On a busy machine the smaller one may come first; then the other finds no room, long before its time is up.
    assert!(asked >= 2 || started.elapsed() < SHORT, "{asked}");
}

#[test]
fn an_answer_about_tokens_never_shows_the_token() {
    for body in [
        r#"{"message":"issued NEW-TOKEN-OF-THE-TEST too late","token":"NEW-TOKEN-OF-THE-TEST"}"#,
        r#"{"token":"NEW-TOKEN-OF-THE-TEST"}"#,
        r#"{"token":"NEW-TOKEN-OF-THE-TEST"#,
        "token=NEW-TOKEN-OF-THE-TEST",
        "<p>NEW-TOKEN-OF-THE-TEST</p>",
    ] {
        for status in [400, 401, 403, 404, 500] {
            let server = failing(Step::Token, 9, move || Reply::json(status, body));
            let failure = read(server.base_url(), Source::AuditLogs, LONG).unwrap_err();
            assert_eq!(failure.endpoint(), Some(Endpoint::Token));
            let (shown, inner) = (failure.to_string(), format!("{failure:?}"));
            assert!(
                !shown.contains("NEW-TOKEN") && !inner.contains("NEW-TOKEN"),
                "{inner}"
            );
        }
    }
}

/// With certificates that cannot be loaded, the program ends after it has chosen the proxy and before it connects.
#[test]
fn a_proxy_that_is_not_used_need_not_be_usable() {
    let program = |exempt: &str, value: &str| {
        Program::asking("https://api.verkada.com", KEY)
            .with("ALL_PROXY", "socks5://proxy:1080")
            .with("SSL_CERT_FILE", "/no-such-file")
            .with(exempt, value)
    };
    let only = ["--only", "audit-logs"];
    for (exempt, value) in [
        ("NO_PROXY", "*"),
        ("NO_PROXY", "localhost, *.verkada.com"),
        ("no_proxy", "api.verkada.com:443"),
        ("no_proxy", ".VERKADA.com"),
    ] {
        let ended = program(exempt, value).run(only);
        ended.refuses(2, &["SSL_CERT_FILE"]);
    }
    for (exempt, value) in [
        ("NO_PROXY", ""),
        ("NO_PROXY", "example.com"),
        ("no_proxy", "api.verkada.com:8443"),
    ] {
        let ended = program(exempt, value).run(only);
        ended.refuses(2, &["ALL_PROXY"]);
    }
    // The first list that is not empty counts.
    let second = |first: &str| program("NO_PROXY", first).with("no_proxy", "*").run(only);
    second("").refuses(2, &["SSL_CERT_FILE"]);
    second("example.com").refuses(2, &["ALL_PROXY"]);
}
