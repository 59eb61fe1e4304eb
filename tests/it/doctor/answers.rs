//! Lists of another shape than documented.

use super::{examine, healthy, server_with_lists};
use crate::support::program::Program;
use crate::support::raw_server::Reply;

#[test]
fn a_list_of_another_shape_is_named_by_its_keys() {
    for (body, words) in [
        (
            r#"{"items":[],"cursor":null}"#,
            ["“items” (array)", "“cursor” (null)"],
        ),
        (r#"{"audit_logs":{}}"#, ["audit_logs", "--base-url"]),
        ("[]", ["cannot be used", "--base-url"]),
        ("<html></html>", ["it is an HTML page", "--base-url"]),
    ] {
        let server = server_with_lists(move |request, _| match request.is_for_audit_logs() {
            true => Reply::json(200, body),
            false => healthy(request),
        });
        let examined = examine(&Program::asking_raw(&server), &[]);
        examined
            .finds("audit logs", "fail", &words)
            .finds("notifications", "ok", &["readable"])
            .finds("organisation", "skip", &["no audit logs were read"])
            .has_only("fail", &["audit logs"])
            .ends_with(5);
    }
}

#[test]
fn a_token_answer_without_a_token_is_named() {
    let server = super::server(|_, _| Reply::json(200, r#"{"token":null}"#));
    let examined = examine(&Program::asking_raw(&server), &[]);
    examined
        .finds("token", "fail", &["holds no token"])
        .ends_with(5);
}
