//! A redirect would carry the key to another host, so none is followed.

use std::io::ErrorKind;
use std::net::TcpListener;

use crate::support::program::{KEY, Program};
use crate::support::raw_server::{RawServer, Reply};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// Redirects the request for `path` to `location`, and checks that nobody goes there.
#[track_caller]
fn ends_at(path: &'static str, status: u16, location: &str, words: &str) {
    let header = format!("location: {location}\r\n");
    let server = RawServer::start(move |request, number| match request.path.as_str() {
        redirected if redirected == path => Reply::with(status, &header, "moved"),
        "/token" => Reply::token(&format!("token-{number}")),
        _ => Reply::only_page(request, ""),
    });
    let ended = Program::asking_raw(&server).run(["--only", "audit-logs"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(5), ""),
        "{status} {location}"
    );
    ended.says(&[
        &format!("HTTP {status}"),
        words,
        "not followed",
        "--base-url",
    ]);
    let seen = server.seen();
    let known = ["/token", "/core/v1/audit_log"];
    assert!(
        seen.iter()
            .all(|request| known.contains(&request.path.as_str())),
        "{seen:?}"
    );
    assert_eq!(server.seen_at(path).len(), 1, "{status} {location}");
}

#[test]
fn no_redirect_is_followed_to_another_host() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", elsewhere.local_addr().unwrap());
    for path in ["/token", "/core/v1/audit_log"] {
        for status in STATUSES {
            ends_at(
                path,
                status,
                &format!("{address}/elsewhere?token=SIGNED"),
                &address,
            );
        }
    }
    // Neither header can have travelled, since nobody ever knocked.
    elsewhere.set_nonblocking(true).unwrap();
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
}

#[test]
fn no_redirect_is_followed_on_the_same_host() {
    for path in ["/token", "/core/v1/audit_log"] {
        for status in STATUSES {
            ends_at(path, status, "/elsewhere", "another path of the same host");
        }
    }
}

#[test]
fn no_redirect_is_followed_to_clear_text_or_nowhere() {
    for path in ["/token", "/core/v1/audit_log"] {
        ends_at(
            path,
            301,
            "http://api.verkada.com/token",
            "http://api.verkada.com",
        );
        ends_at(path, 302, "http://[", "");
    }
}

#[test]
fn where_a_redirect_leads_is_told_without_what_may_be_secret() {
    let location = "https://user:SECRET@example.com/path?token=SECRET";
    let header = format!("location: {location}\r\n");
    let server = RawServer::start(move |_, _| Reply::with(302, &header, ""));
    let ended = Program::asking_raw(&server)
        .run(["-vvv"])
        .says(&["https://example.com"]);
    assert!(!ended.stderr.contains("SECRET"), "{}", ended.stderr);
}

#[test]
fn a_redirect_is_told_in_one_sentence_that_names_the_other_host() {
    for (location, target) in [
        ("https://example.com/x?token=SIGNED", "https://example.com"),
        ("//example.com/x", "http://example.com"),
        ("/elsewhere", "another path of the same host"),
        ("http://[", "an address that cannot be read"),
    ] {
        let sentence =
            format!("a token redirects (HTTP 302) to {target}, which is not followed; check");
        ends_at("/token", 302, location, &sentence);
    }
}

#[test]
fn a_redirect_to_a_host_that_holds_the_key_does_not_say_it() {
    let header = format!("location: https://{KEY}.example.com/\r\n");
    let server = RawServer::start(move |_, _| Reply::with(302, &header, "moved"));
    let ended = Program::asking_raw(&server).run(["--only", "audit-logs"]);
    assert_eq!(ended.code, Some(5));
    assert!(!ended.stderr.contains(KEY), "{}", ended.stderr);
    ended.says(&["redirects (HTTP 302) to https://[redacted].example.com, which"]);
}
