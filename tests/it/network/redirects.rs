//! A redirect would carry the key to another host, so none is followed.

use std::io::ErrorKind;
use std::net::TcpListener;

use crate::support::program::{Ended, KEY, Program};
use crate::support::raw_server::{AUDIT_LOGS, RawServer, Reply};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// Redirects the request for `path` to `location`, and checks that it is not followed.
#[track_caller]
fn ends_at(path: &'static str, status: u16, location: &str, words: &str) -> Ended {
    let header = format!("location: {location}\r\n");
    let server = RawServer::start(move |request, number| match request.path.as_str() {
        redirected if redirected == path => Reply::with(status, &header, "moved"),
        "/token" => Reply::token(&format!("token-{number}")),
        _ => Reply::only_page(request, ""),
    });
    let ended = Program::asking_raw(&server).run(["--only", "audit-logs", "-vvv"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(5), ""),
        "{status} {location}"
    );
    let ended = ended.says(&[
        &format!("HTTP {status}"),
        words,
        "not followed",
        "--base-url",
    ]);
    let seen = server.seen();
    let known = ["/token", AUDIT_LOGS];
    assert!(
        seen.iter()
            .all(|request| known.contains(&request.path.as_str())),
        "{seen:?}"
    );
    assert_eq!(server.seen_at(path).len(), 1, "{status} {location}");
    ended
}

#[test]
fn no_redirect_is_followed_on_the_same_host_or_to_another() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", elsewhere.local_addr().unwrap());
    let signed = format!("{address}/elsewhere?token=SIGNED");
    for path in ["/token", AUDIT_LOGS] {
        for status in STATUSES {
            ends_at(path, status, &signed, &address);
            ends_at(path, status, "/elsewhere", "another path of the same host");
        }
    }
    // No connection, so neither header can have reached the other host.
    elsewhere.set_nonblocking(true).unwrap();
    let refused = elsewhere.accept().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_redirect_is_reported_in_one_sentence_that_names_the_other_host_and_no_secret() {
    let with_key = format!("https://{KEY}.example.com/");
    for (location, target) in [
        (
            "https://user:SECRET@example.com/SECRET?token=SECRET",
            "https://example.com",
        ),
        (with_key.as_str(), "https://[redacted].example.com"),
        ("//example.com/x", "http://example.com"),
        ("http://api.verkada.com/token", "http://api.verkada.com"),
        ("/elsewhere", "another path of the same host"),
        ("http://[", "an address that cannot be read"),
    ] {
        let sentence = format!(
            "Verkada redirects the request for a token (HTTP 302) to {target}, which is not followed; check"
        );
        let ended = ends_at("/token", 302, location, &sentence);
        for secret in ["SECRET", KEY] {
            assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
        }
    }
}
