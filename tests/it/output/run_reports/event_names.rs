//! Names that match nothing, as a run at a terminal says them.

use crate::support::program::{Program, RANGE};
use crate::support::raw_server::RawServer;
use crate::support::terminal::{Stdout, run_on_terminal};

/// The messages of a run that keeps a misspelt name, where Verkada has these audit logs.
fn said(audit_logs: &str) -> String {
    let server = RawServer::holding(audit_logs, "");
    let program = Program::asking_raw(&server);
    let arguments = [&RANGE[..], &["--event", "Live Steam Started"]].concat();
    let ended = run_on_terminal(&program, &arguments, Stdout::Piped);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stderr
}

#[test]
fn a_name_is_said_to_match_nothing_only_if_there_was_something_to_match() {
    let other = said(r#"{"timestamp":1789401700,"event_name":"Login"}"#);
    assert!(other.contains("nearest known name"), "{other}");
    let nothing = said("");
    assert!(nothing.contains("printed 0 audit logs"), "{nothing}");
    assert!(!nothing.contains("is called"), "{nothing}");
}
