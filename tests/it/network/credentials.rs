//! Keys, tokens and permissions.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use verkada_audit_logs::Secret;

use crate::support::now;
use crate::support::program::{Ended, KEY, Program, RANGE};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS, RawServer, Reply, Request};

const ONE_LOG: &str = r#"{"event_name":"Live Stream Started"}"#;
const ONE_NOTIFICATION: &str = r#"{"created":1789402000}"#;

/// The one record of the list that `request` is for.
fn one_record(request: &Request) -> &'static str {
    if request.is_for_audit_logs() {
        ONE_LOG
    } else {
        ONE_NOTIFICATION
    }
}

/// Refuses every data request that does not carry the token `accepted`.
fn accepting(accepted: &'static str) -> RawServer {
    RawServer::issuing_tokens(move |request, _| {
        if request.header("x-verkada-auth") == Some(accepted) {
            Reply::only_page(request, one_record(request))
        } else {
            Reply::error(401, "Token expired")
        }
    })
}

#[test]
fn a_steady_401_ends_after_one_new_token() {
    let scheduled = [].as_slice();
    let month = ["--start", "2026-09-01", "--end", "2026-10-01"].as_slice();
    for (message, arguments) in [
        ("Unauthorized", scheduled),
        ("Token expired", scheduled),
        ("Unauthorized", month),
    ] {
        let server = RawServer::issuing_tokens(move |_, _| Reply::error(401, message));
        let ended = Program::asking_raw(&server).run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
        ended.says(&[
            "audit logs",
            "notifications",
            message,
            "VERKADA_API_KEY",
            "--region",
        ]);
        for path in [AUDIT_LOGS, NOTIFICATIONS, "/token"] {
            assert_eq!(server.seen_at(path).len(), 2, "{path}");
        }
    }
}

#[test]
fn a_401_in_the_middle_of_a_read_repeats_that_page_with_a_new_token() {
    for refused in 0..3 {
        let server = RawServer::issuing_tokens(move |request, _| {
            let page: usize = request
                .parameter("page_token")
                .map_or(0, |token| token.parse().unwrap());
            // Each token is worth the pages up to the next one that is refused.
            let is_new = request.header("x-verkada-auth") == Some("token-1");
            match page {
                page if page == refused && !is_new => Reply::error(401, "Token expired"),
                2 => Reply::only_page(request, r#"{"n":2}"#),
                page => Reply::page(
                    request,
                    &format!(r#"{{"n":{page}}}"#),
                    &(page + 1).to_string(),
                ),
            }
        });
        let arguments = [&RANGE[..], &["--all-events", "--only", "audit-logs"]].concat();
        let ended = Program::asking_raw(&server).run(arguments).quietly();
        assert_eq!(ended.lines(), [r#"{"n":2}"#, r#"{"n":1}"#, r#"{"n":0}"#]);
        assert_eq!(server.seen_at(AUDIT_LOGS).len(), 4);
        assert_eq!(server.seen_at("/token").len(), 2);
    }
}

#[test]
fn a_new_token_after_401_serves_both_sources_and_the_next_run() {
    let server = accepting("token-1");
    let program = Program::asking_raw(&server);
    for requests in [6, 8] {
        let ended = program.run([""; 0]).quietly();
        assert_eq!(ended.lines(), [ONE_LOG, ONE_NOTIFICATION]);
        assert_eq!(server.seen().len(), requests);
    }
    assert_eq!(server.seen_at("/token").len(), 2);
}

#[test]
fn a_refused_key_is_final_and_reported_once_for_both_sources() {
    for (status, message) in [
        (401, "Invalid API key"),
        (409, "Conflict"),
        (403, "Forbidden"),
    ] {
        let server = RawServer::start(move |_, _| Reply::error(status, message));
        let ended = Program::asking_raw(&server).run([""; 0]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
        let ended = ended.says(&[&status.to_string(), "--region"]);
        for words in [message, "to resume"] {
            assert_eq!(ended.stderr.matches(words).count(), 1, "{}", ended.stderr);
        }
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[test]
fn a_missing_permission_is_named_and_holds_back_nothing_else() {
    for (forbidden, permission, printed) in [
        (NOTIFICATIONS, "Cameras, Read-only", ONE_LOG),
        (AUDIT_LOGS, "Core, Read-only", ONE_NOTIFICATION),
    ] {
        let server = RawServer::issuing_tokens(move |request, _| {
            if request.path == forbidden {
                Reply::error(403, "must be authorised for this")
            } else {
                Reply::only_page(request, one_record(request))
            }
        });
        let ended = Program::asking_raw(&server).run([""; 0]);
        assert_eq!(ended.code, Some(3));
        assert_eq!(ended.lines(), [printed]);
        ended.says(&[permission, "must be authorised for this"]);
        assert_eq!(server.seen_at(forbidden).len(), 1);
    }
}

#[test]
fn a_refusal_counts_even_if_its_text_is_cut_short() {
    let cut = || Reply::Bytes(b"HTTP/1.1 401 No\r\ncontent-length: 99\r\n\r\n{".to_vec());
    let corrupt = || {
        let head = b"HTTP/1.1 401 No\r\ncontent-length: 5\r\ncontent-encoding: gzip\r\n\r\n";
        Reply::Bytes([&head[..], b"bogus"].concat())
    };
    let endless = || Reply::Stall(b"HTTP/1.1 401 No\r\ncontent-length: 99\r\n\r\n".to_vec());
    let refusals: [fn() -> Reply; 3] = [cut, corrupt, endless];
    for (path, asked) in [("/token", 1), (AUDIT_LOGS, 2)] {
        for refusal in refusals {
            let server = RawServer::start(move |request, number| match request.path.as_str() {
                refused if refused == path => refusal(),
                _ => Reply::token(&format!("token-{number}")),
            });
            let ended = Program::asking_raw(&server).run(["--only", "audit-logs"]);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
            assert_eq!(server.seen_at(path).len(), asked);
        }
    }
}

#[test]
fn a_rejected_token_is_not_replaced_by_an_older_one_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.json");
    let file = path.clone();
    let server = RawServer::issuing_tokens(move |request, number| {
        if number > 0 {
            return Reply::only_page(request, ONE_LOG);
        }
        // Another run puts back a token that is older than the one it rejects.
        let text = fs::read_to_string(&file).unwrap();
        let mut entry: serde_json::Value = serde_json::from_str(&text).unwrap();
        entry["token"] = "older".into();
        entry["timestamp"] = (entry["timestamp"].as_i64().unwrap() - 60).into();
        fs::write(&file, entry.to_string()).unwrap();
        Reply::error(401, "Token expired")
    });
    let program = Program::asking_raw(&server).with("VERKADA_TOKEN_FILE", path.to_str().unwrap());
    let ended = program.run(["--only", "audit-logs"]).quietly();
    assert_eq!(ended.lines(), [ONE_LOG]);
    let sent = server.seen_at(AUDIT_LOGS);
    let tokens: Vec<_> = sent
        .iter()
        .map(|request| request.header("x-verkada-auth"))
        .collect();
    assert_eq!(tokens, [Some("token-0"), Some("token-1")]);
}

#[test]
fn runs_that_share_a_token_file_do_not_disturb_each_other() {
    let server = RawServer::holding(ONE_LOG, "");
    let program = Program::asking_raw(&server);
    for _ in 0..5 {
        let _ = std::fs::remove_file(program.path("token.json"));
        let runs: Vec<_> = (0..8).map(|_| program.spawn([""; 0])).collect();
        for run in runs {
            Ended::from(run.wait_with_output().unwrap()).quietly();
        }
        assert_eq!(program.files(), ["token.json"]);
    }
}

#[test]
fn each_refusal_has_its_exit_code_and_advice() {
    let host = "--region";
    for (status, code, advice) in [(400, 5, "--start"), (404, 5, host), (409, 3, host)] {
        let server = RawServer::issuing_tokens(move |_, _| Reply::error(status, "no good"));
        let ended = Program::asking_raw(&server).run(["--only", "audit-logs"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""));
        ended.says(&[&format!("HTTP {status}"), "no good", advice]);
        assert_eq!(server.seen_at(AUDIT_LOGS).len(), 1, "{status}");
        assert_eq!(server.seen_at("/token").len(), 1, "{status}");
    }
}

#[test]
fn the_next_run_uses_the_token_again() {
    let server = RawServer::holding(ONE_LOG, "");
    let program = Program::asking_raw(&server);
    for _ in 0..2 {
        assert_eq!(program.run([""; 0]).quietly().lines(), [ONE_LOG]);
    }
    assert_eq!(server.seen_at("/token").len(), 1);
    assert_eq!(server.seen_at(AUDIT_LOGS).len(), 2);
    assert_eq!(program.files(), ["token.json"]);
    let mode = fs::metadata(program.path("token.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(program.path("token.json")).unwrap();
    assert!(text.contains("token-0") && !text.contains(KEY), "{text}");
}

#[test]
fn a_token_is_not_used_for_another_key_or_host() {
    let (first, second) = (RawServer::holding("", ""), RawServer::holding("", ""));
    let program = Program::asking_raw(&first);
    program.run([""; 0]).quietly();
    let another_key = program.write("key", "another-key\n");
    program
        .run(["--api-key-file".as_ref(), another_key.as_os_str()])
        .quietly();
    let keys: Vec<_> = first.seen_at("/token");
    let keys: Vec<_> = keys
        .iter()
        .map(|seen| seen.header("x-api-key").unwrap())
        .collect();
    assert_eq!(keys, [KEY, "another-key"]);
    // The file is bound to the other key now, so this host is not the only reason for a new token.
    program.run([""; 0]).quietly();
    program.run(["--base-url", second.base_url()]).quietly();
    assert_eq!(second.seen_at("/token").len(), 1);
}

/// A token file for [`KEY`] at `base_url`, issued `age` seconds ago.
fn token_file(base_url: &str, token: &str, age: i64) -> String {
    let fingerprint = Secret::new(KEY).unwrap().fingerprint();
    let timestamp = now() - age;
    format!(
        r#"{{"token":"{token}","timestamp":{timestamp},"base_url":"{base_url}","key_fingerprint":"{fingerprint}"}}"#
    )
}

#[test]
fn a_token_is_used_for_25_minutes() {
    for (age, exchanged) in [(0, 0), (24 * 60, 0), (25 * 60, 1), (-3_600, 1)] {
        let server = RawServer::holding("", "");
        let program = Program::asking_raw(&server);
        program.write("token.json", token_file(server.base_url(), "kept", age));
        program.run([""; 0]).quietly();
        assert_eq!(server.seen_at("/token").len(), exchanged, "{age} s old");
    }
}

#[test]
fn a_token_file_that_cannot_be_used_is_replaced_silently() {
    let server = RawServer::holding(ONE_LOG, "");
    for content in [
        "",
        "{",
        "[]",
        "\0\0",
        r#"{"token":null,"timestamp":1800000000}"#,
        r#"{"token":"of-the-original","timestamp":4000000000}"#,
        r#"{"token":"of-the-original","timestamp":4000000000.5}"#,
        &token_file(server.base_url(), "", 0),
        &token_file(server.base_url(), r"line\nbreak", 0),
    ] {
        let program = Program::asking_raw(&server);
        let path = program.write("token.json", content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let before = server.seen_at("/token").len();
        let ended = program.run([""; 0]).quietly();
        assert_eq!(ended.lines(), [ONE_LOG], "{content}");
        assert_eq!(server.seen_at("/token").len(), before + 1, "{content}");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{content}");
        assert!(fs::read_to_string(path).unwrap().contains("token-"));
    }
}

#[test]
fn a_token_file_that_cannot_be_written_is_a_warning() {
    let server = RawServer::holding(ONE_LOG, "");
    let program = Program::asking_raw(&server);
    fs::create_dir(program.path("folder")).unwrap();
    program.make_pipe("pipe");
    for path in [
        "missing/token.json",
        "folder",
        "pipe",
        "/dev/full/token.json",
    ] {
        let ended = program.run(["--token-file", path]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.lines(), [ONE_LOG]);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        ended.says(&["WARN", path, "cannot be written", "--token-file"]);
    }
    assert_eq!(program.files(), ["folder", "pipe"]);
    // Neither read, which would wait for a writer, nor replaced: it could have been /dev/null.
    let pipe = fs::metadata(program.path("pipe")).unwrap();
    assert!(pipe.file_type().is_fifo());
}
