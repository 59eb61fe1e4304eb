//! The overlap that is advised.

use super::{AUDIT_LOG, examine, healthy, server_with_lists};
use crate::support::program::{Program, RANGE};
use crate::support::raw_server::Reply;

#[test]
fn no_longer_overlap_is_advised_than_can_be_set() {
    // A month after the event.
    let late = AUDIT_LOG.replace("2026-09-14T13:10:05Z", "2026-10-14T13:10:05Z");
    let server = server_with_lists(move |request, _| match request.is_for_audit_logs() {
        true => Reply::only_page(request, &late),
        false => healthy(request),
    });
    let program = Program::asking_raw(&server);
    let arguments = [&RANGE[..], &["--checkpoint", "c"]].concat();
    let examined = examine(&program, &arguments);
    let advice = "raise --overlap-minutes to 10080:";
    examined.finds("lateness", "warn", &[advice]);
    let longest = [&arguments[..], &["--overlap-minutes", "10080"]].concat();
    examine(&program, &longest).finds("settings", "ok", &[]);
}
