//! Tokens, rejections, the rate limit, faults, and the end of the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use super::{NOW, TestClock, get, request, server_at, started, token};
use crate::demo::{DEMO_API_KEY, DemoServer, Fault, FaultPlan, Profile};

#[test]
fn rejections_have_the_status_and_envelope_of_the_real_api() {
    let server = server_at(&TestClock::at(NOW));
    let status = |method, target, header| request(&server, method, target, header).unwrap().status;
    assert_eq!(status("POST", "/token", ""), 401);
    assert_eq!(status("POST", "/token", "x-api-key: wrong\r\n"), 401);
    assert_eq!(status("GET", "/core/v1/audit_log", ""), 400);
    assert_eq!(status("GET", "/core/v1/audit_logs", ""), 403);
    assert_eq!(status("GET", "/token", ""), 403);
    let expired = request(
        &server,
        "GET",
        "/cameras/v1/alerts",
        "x-verkada-auth: v2_x\r\n",
    )
    .unwrap();
    assert_eq!(
        expired.body,
        r#"{"id":"0e2d","message":"Token expired","data":null}"#
    );
    assert_eq!(
        get(&server, "/core/v1/audit_log?start_time=soon").status,
        400
    );
    assert_eq!(server.stats().unauthorized, 3);
}

#[test]
fn tokens_expire_by_the_clock_and_after_a_number_of_pages() {
    let clock = TestClock::at(NOW);
    let builder = DemoServer::builder(Profile::quiet()).clock(clock.clock());
    let server = started(
        builder
            .token_lifetime(Duration::from_secs(60))
            .tokens_expire_after(2),
    );
    let header = format!("x-verkada-auth: {}\r\n", token(&server));
    let status = |header: &str| {
        request(&server, "GET", "/core/v1/audit_log", header)
            .unwrap()
            .status
    };
    assert_eq!(
        [status(&header), status(&header), status(&header)],
        [200, 200, 401]
    );
    let header = format!("x-verkada-auth: {}\r\n", token(&server));
    clock.set(NOW + 60);
    assert_eq!(status(&header), 401);
}

#[test]
fn too_many_requests_are_refused_with_the_configured_header() {
    let builder = DemoServer::builder(Profile::quiet()).enforce_rate_limit(true);
    let server = started(
        builder
            .rate_limit(2, Duration::from_secs(3_600))
            .retry_after(Some("3".to_owned())),
    );
    assert_eq!(get(&server, "/core/v1/audit_log").status, 200);
    let refused = request(&server, "POST", "/token", "").unwrap();
    assert_eq!(refused.status, 429);
    assert!(refused.head.contains("retry-after: 3"), "{}", refused.head);
    let stats = server.stats();
    assert_eq!(
        (stats.rejected_too_many, stats.most_requests_in_interval),
        (1, 3)
    );
}

#[test]
fn planned_requests_fail() {
    let plan: FaultPlan = Arc::new(|request| match request.number {
        1 => Some(Fault::Drop),
        2 => Some(Fault::Status(503)),
        3 => Some(Fault::StatusWith {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: "<html>".to_owned(),
        }),
        _ => None,
    });
    let server = started(DemoServer::builder(Profile::quiet()).fault(plan));
    assert!(request(&server, "GET", "/token", "").is_none());
    assert_eq!(request(&server, "GET", "/token", "").unwrap().status, 503);
    let html = request(&server, "GET", "/token", "").unwrap();
    assert!(html.head.contains("text/html") && html.body == "<html>");
    let statuses: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [None, Some(503), Some(200)]);
}

#[test]
fn requests_are_remembered_without_their_secrets() {
    let server = server_at(&TestClock::at(NOW));
    let reply = get(&server, "/core/v1/audit_log?start_time=5&end_time=6");
    assert!(
        reply.head.contains("date: Mon, 14 Sep 2026"),
        "{}",
        reply.head
    );
    let requests = server.requests();
    assert!(requests[0].has_api_key && !requests[0].has_token);
    assert!(requests[1].has_token && requests[1].path == "/core/v1/audit_log");
    assert_eq!(
        requests[1].query[1],
        ("end_time".to_owned(), "6".to_owned())
    );
    let shown = format!("{requests:?}");
    assert!(!shown.contains("v2_") && !shown.contains(DEMO_API_KEY));
}

#[test]
fn a_dropped_server_closes_a_connection_with_a_pending_request() {
    let server = started(DemoServer::builder(Profile::quiet()).latency(Duration::from_secs(3_600)));
    let address = server.base_url().replace("http://", "");
    let mut waiting = TcpStream::connect(&address).unwrap();
    waiting
        .write_all(b"GET / HTTP/1.1\r\nhost: demo\r\n\r\n")
        .unwrap();
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(server);
    assert_eq!(waiting.read(&mut [0]).unwrap_or(0), 0);
}

#[tokio::test]
async fn a_server_starts_and_stops_inside_a_runtime() {
    let server = started(DemoServer::builder(Profile::empty()));
    assert!(server.base_url().starts_with("http://127.0.0.1:"));
    drop(server);
}
