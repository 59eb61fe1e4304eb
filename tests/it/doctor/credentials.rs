//! Keys that are refused, permissions that are missing, and secrets that must not be shown.

use verkada_audit_logs::demo::{DemoServer, Profile};

use super::{examine, healthy, server, server_with_lists};
use crate::support::program::{KEY, Program};
use crate::support::raw_server::Reply;

#[test]
fn a_refused_key_is_named_with_what_to_check() {
    let demo = DemoServer::builder(Profile::demo()).start().unwrap();
    let program = Program::asking(&demo.base_url(), KEY);
    let examined = examine(&program, &[]);
    examined
        .finds(
            "token",
            "fail",
            &["refused the credentials", "VERKADA_API_KEY", "--region"],
        )
        .finds("audit logs", "skip", &["not checked: no token was issued"])
        .has_only("fail", &["token"])
        .ends_with(3);
    assert!(program.files().is_empty(), "no token was stored");
}

#[test]
fn a_permission_that_is_missing_for_one_source_is_named() {
    for (refuses_audit_logs, subject, permission) in [
        (true, "audit logs", "“Core, Read-only”"),
        (false, "notifications", "“Cameras, Read-only”"),
    ] {
        let server = server_with_lists(move |request, _| {
            if request.is_for_audit_logs() == refuses_audit_logs {
                Reply::error(403, "Insufficient permissions")
            } else {
                healthy(request)
            }
        });
        let examined = examine(&Program::asking_raw(&server), &[]);
        examined
            .finds(
                subject,
                "fail",
                &["denied access", permission, "create a new one"],
            )
            .has_only("fail", &[subject])
            .ends_with(3);
    }
}

#[test]
fn a_header_that_is_lost_on_the_way_is_a_matter_of_credentials() {
    let server = server_with_lists(|_, _| Reply::error(400, "API token is required"));
    let examined = examine(&Program::asking_raw(&server), &[]);
    examined
        .finds(
            "audit logs",
            "fail",
            &["without its credentials", "HTTPS_PROXY"],
        )
        .ends_with(3);
}

#[test]
fn what_the_server_gives_away_is_not_repeated() {
    // `examine` checks that the key is nowhere.
    let refusing = server(|_, _| Reply::error(401, &format!("bad key {KEY}")));
    let examined = examine(&Program::asking_raw(&refusing), &[]);
    examined
        .finds("token", "fail", &["[redacted]"])
        .ends_with(3);
    let lists = server_with_lists(|request, _| {
        let record = format!(r#"{{"event_name":"{KEY}","organization_id":"{KEY}"}}"#);
        match request.is_for_audit_logs() {
            true => Reply::page(request, &record, r#""secret-page-token""#),
            false => Reply::error(403, "token-0 lacks a permission"),
        }
    });
    let examined = examine(
        &Program::asking_raw(&lists),
        &["--event", "x", "--page-size", "1"],
    );
    examined
        .finds("organisation", "ok", &["of another form"])
        .ends_with(3);
    examined.finds("page token", "ok", &["17 characters"]);
    for secret in ["secret-page-token", "token-0"] {
        assert!(!examined.text.contains(secret), "{}", examined.text);
    }
}

#[test]
fn tokens_that_are_refused_again_and_again_do_not_lead_over_ten_requests() {
    // Every request is refused until it comes with the second token that was issued for it.
    let server = server_with_lists(|request, number| {
        if number % 2 == 0 {
            Reply::error(401, "no")
        } else {
            healthy(request)
        }
    });
    let examined = examine(&Program::asking_raw(&server), &[]);
    examined
        .finds("audit logs", "ok", &["readable"])
        .finds("window ends", "skip", &["10 requests"])
        .ends_with(0);
    assert!(server.seen().len() <= 10, "{}", server.seen().len());
}
