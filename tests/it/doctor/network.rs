//! The way to Verkada: DNS, connection, proxy, TLS, and clocks.

use std::time::{Duration, SystemTime};

use super::{SUBJECTS, examine, healthy, server, server_with_lists};
use crate::support::program::{KEY, Program};
use crate::support::raw_server::{RawServer, Reply};
use crate::support::tls_server::{Authority, TlsServer, Years};

const NOW: Years = (2020, 2090);

/// A date so many seconds from now, as a header.
fn dated(difference: i64) -> String {
    let seconds = Duration::from_secs(difference.unsigned_abs());
    let time = if difference < 0 {
        SystemTime::now() - seconds
    } else {
        SystemTime::now() + seconds
    };
    format!("date: {}\r\n", httpdate::fmt_http_date(time))
}

#[test]
fn an_address_that_nobody_answers_at_is_named_and_the_files_are_looked_at_all_the_same() {
    // A label of more than 63 letters is in no directory, so that nobody has to be asked.
    let nowhere = format!("https://{}.example", "a".repeat(64));
    for (address, cause) in [
        ("http://127.0.0.1:1", "Connection refused"),
        (nowhere.as_str(), "dns"),
    ] {
        let program = Program::asking(address, KEY);
        let examined = examine(&program, &["--checkpoint", "c"]);
        examined
            .finds(
                "connection",
                "fail",
                &["could not be reached", cause, "check the network"],
            )
            .finds("clock", "skip", &["not checked: Verkada was not reached"])
            .finds(
                "window ends",
                "skip",
                &["not checked: Verkada was not reached"],
            )
            .has_only("fail", &["connection"])
            .ends_with(4);
        examined
            .finds("checkpoint", "ok", &["does not exist yet"])
            .finds("token file", "ok", &["token.json can be written"]);
        assert!(program.files().is_empty());
    }
}

#[test]
fn a_proxy_that_answers_in_verkadas_place_is_found_out() {
    let page = "<html><body>Sign in to the network</body></html>";
    let portal =
        RawServer::start(move |_, _| Reply::with(200, "content-type: text/html\r\n", page));
    let examined = examine(&Program::asking_raw(&portal), &[]);
    examined
        .finds(
            "token",
            "fail",
            &[
                "it is an HTML page",
                "a proxy may answer in Verkada's place",
            ],
        )
        .has_only("fail", &["token"])
        .ends_with(5);
    // The proxy itself is asked for a tunnel, and answers instead of opening one.
    let proxy = RawServer::start(|_, _| Reply::error(403, "Forbidden"));
    let program = Program::bare()
        .with("VERKADA_API_KEY", KEY)
        .with("HTTPS_PROXY", proxy.base_url());
    let examined = examine(&program, &[]);
    examined
        .finds("proxy", "ok", &[proxy.base_url(), "HTTPS_PROXY"])
        .finds("connection", "fail", &["HTTPS_PROXY"])
        .ends_with(4);
}

#[test]
fn a_redirect_is_not_followed() {
    let server = server(|_, _| Reply::with(302, "location: https://login.example.com/x\r\n", ""));
    let examined = examine(&Program::asking_raw(&server), &[]);
    let words = ["redirects", "https://login.example.com", "check --region"];
    examined.finds("token", "fail", &words).ends_with(5);
}

#[test]
fn a_certificate_that_is_not_trusted_is_named() {
    let (authority, other) = (Authority::new("private"), Authority::new("other"));
    let inner = server_with_lists(|request, _| healthy(request));
    for (host, years, trusted, words) in [
        ("localhost", NOW, &other, ["no authority", "SSL_CERT_FILE"]),
        (
            "example.com",
            NOW,
            &authority,
            ["for another host", "--base-url"],
        ),
        ("localhost", (2020, 2021), &authority, ["expired", "clock"]),
    ] {
        let tls = TlsServer::before(&inner, &authority, host, years);
        let program = Program::asking(&tls.base_url("localhost"), KEY);
        let file = program.write("authority.pem", trusted.pem());
        let program = program.with("SSL_CERT_FILE", file.to_str().unwrap());
        let examined = examine(&program, &[]);
        examined
            .finds("connection", "fail", &["certificate is refused"])
            .finds("connection", "fail", &words)
            .has_only("fail", &["connection"])
            .ends_with(4);
        assert_eq!(tls.connections(), 1);
    }
    let tls = TlsServer::before(&inner, &authority, "localhost", NOW);
    let program = Program::asking(&tls.base_url("localhost"), KEY);
    let missing = program.path("none.pem");
    let unloaded = program.with("SSL_CERT_FILE", missing.to_str().unwrap());
    let examined = examine(&unloaded, &[]);
    examined
        .finds("connection", "fail", &["certificates", "SSL_CERT_FILE"])
        .ends_with(2);

    let program = Program::asking(&tls.base_url("localhost"), KEY);
    let file = program.write("authority.pem", authority.pem());
    let program = program.with("SSL_CERT_FILE", file.to_str().unwrap());
    let examined = examine(&program, &["--only", "audit-logs"]);
    let words = ["over TLS, as SSL_CERT_FILE vouches", "HTTP 403"];
    examined.finds("connection", "ok", &words).ends_with(0);
}

#[test]
fn a_clock_that_is_off_is_a_warning() {
    for (difference, words) in [(7_200, "s slow;"), (-7_200, "s fast;")] {
        let server = RawServer::start(move |request, _| match request.path.as_str() {
            "/" => Reply::with(403, &dated(difference), ""),
            "/token" => Reply::token("token"),
            _ => healthy(request),
        });
        let examined = examine(&Program::asking_raw(&server), &[]);
        examined
            .finds("clock", "warn", &[words, "set this machine's clock"])
            .has_only("warn", &["clock"])
            .ends_with(0);
    }
    let server = RawServer::start(|request, _| match request.path.as_str() {
        "/" => Reply::undated(403, "", ""),
        "/token" => Reply::token("token"),
        _ => healthy(request),
    });
    let examined = examine(&Program::asking_raw(&server), &[]);
    examined.finds("clock", "warn", &["no Date"]).ends_with(0);
}

#[test]
fn a_server_that_fails_is_asked_once() {
    for (status, words) in [
        (503, ["HTTP 503", "status.verkada.com"]),
        (
            429,
            ["rate limit is still exhausted", "300 requests a minute"],
        ),
    ] {
        let server = server(move |_, _| Reply::error(status, "later"));
        let examined = examine(&Program::asking_raw(&server), &[]);
        examined.finds("token", "fail", &words).ends_with(4);
        assert_eq!(server.seen_at("/token").len(), 1);
    }
    // One list fails, and the other is looked at all the same.
    let server = server_with_lists(|request, _| match request.is_for_audit_logs() {
        true => Reply::error(500, "later"),
        false => healthy(request),
    });
    let examined = examine(&Program::asking_raw(&server), &[]);
    examined
        .finds("audit logs", "fail", &["HTTP 500"])
        .finds("notifications", "ok", &[])
        .ends_with(4);
    let skipped = &SUBJECTS[8..15];
    examined.has_only("skip", skipped);
}
