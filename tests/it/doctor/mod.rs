//! The command `doctor`: what it finds right and wrong, in which order, with which exit code, and what it leaves alone.

mod answers;
mod credentials;
mod facts;
mod files;
mod free_space;
mod healthy;
mod held_lock;
mod metrics_file;
mod network;
mod overlap;
mod ranges;
mod secret_files;
mod settings;
mod unknown_variables;

use crate::support::program::{Ended, KEY, Program};
use crate::support::raw_server::{RawServer, Reply, Request};

/// The subjects of the checks, in the documented order.
const SUBJECTS: [&str; 19] = [
    "settings",
    "secret files",
    "proxy",
    "connection",
    "clock",
    "token",
    "audit logs",
    "notifications",
    "organisation",
    "processed time",
    "lateness",
    "event names",
    "order",
    "page token",
    "window ends",
    "checkpoint",
    "output",
    "token file",
    "metrics file",
];

/// An audit log and a notification with which nothing is wrong.
const AUDIT_LOG: &str = r#"{"timestamp":"2026-09-14T13:10:00Z","processed_timestamp":"2026-09-14T13:10:05Z","event_name":"Live Stream Started","organization_id":"5b0d6c3e-0000-4000-8000-000000000001"}"#;
const NOTIFICATION: &str = r#"{"notification_type":"motion","created":1789391400}"#;

/// A finished examination.
struct Examined {
    code: Option<i32>,
    text: String,
}

/// Runs `doctor` with `arguments`.
#[track_caller]
fn examine(program: &Program, arguments: &[&str]) -> Examined {
    let arguments = [&["doctor"], arguments].concat();
    Examined::of(program.run(arguments))
}

impl Examined {
    /// Checks that each subject has one line, in order, that nothing else was said, and that the key is nowhere.
    #[track_caller]
    fn of(ended: Ended) -> Self {
        assert_eq!(ended.stderr, "");
        assert!(!ended.stdout.contains(KEY), "{}", ended.stdout);
        let subjects: Vec<_> = ended
            .lines()
            .iter()
            .map(|line| line.get(6..21).unwrap_or_default().trim_end().to_owned())
            .collect();
        assert_eq!(subjects, SUBJECTS, "{}", ended.stdout);
        Self {
            code: ended.code,
            text: ended.stdout,
        }
    }

    /// The outcome of a check, and the words that follow it.
    #[track_caller]
    fn line(&self, subject: &str) -> (&str, &str) {
        let line = self
            .text
            .lines()
            .find(|line| line[6..21].trim_end() == subject);
        let line = line.unwrap_or_else(|| panic!("no {subject} in:\n{}", self.text));
        (line[..5].trim_end(), line[21..].trim_start())
    }

    /// Checks the outcome of a check, and that it holds `words`.
    #[track_caller]
    fn finds(&self, subject: &str, outcome: &str, words: &[&str]) -> &Self {
        let (found, text) = self.line(subject);
        assert_eq!(found, outcome, "{subject}: {text}");
        for word in words {
            assert!(text.contains(word), "no “{word}” in: {text}");
        }
        self
    }

    /// Checks that `subjects` are the only ones with `outcome`.
    #[track_caller]
    fn has_only(&self, outcome: &str, subjects: &[&str]) -> &Self {
        let found: Vec<_> = SUBJECTS
            .into_iter()
            .filter(|subject| self.line(subject).0 == outcome)
            .collect();
        assert_eq!(found, subjects, "{}", self.text);
        self
    }

    #[track_caller]
    fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }
}

/// Answers the request without credentials as Verkada answers an unknown path, and all others as `script` says.
fn server(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> RawServer {
    RawServer::start(move |request, number| match request.path.as_str() {
        "/" => Reply::error(403, "Insufficient permissions"),
        _ => script(request, number),
    })
}

/// The same, with tokens for any key.
fn server_with_lists(
    script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
) -> RawServer {
    server(move |request, number| match request.path.as_str() {
        "/token" => Reply::token(&format!("token-{number}")),
        _ => script(request, number),
    })
}

/// One page of each list.
fn healthy(request: &Request) -> Reply {
    let record = if request.is_for_audit_logs() {
        AUDIT_LOG
    } else {
        NOTIFICATION
    };
    Reply::only_page(request, record)
}
