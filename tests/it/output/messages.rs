//! Messages on standard error, and the secrets that never appear in them.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::program::{Ended, KEY, Program, RANGE};
use crate::support::raw_server::{RawServer, Reply, Request};

const TOKEN: &str = "v2_token-that-must-stay-secret";
const SIGNATURE: &str = "signature-hidden-from-every-reader";

/// Issues [`TOKEN`], and answers the rest as `script` says.
fn server(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> RawServer {
    RawServer::start(move |request, _| match request.path.as_str() {
        "/token" => Reply::token(TOKEN),
        _ => script(request),
    })
}

/// Runs with every way to ask for the most messages, and checks that no secret is in any of them.
fn run_at_every_level(server: &RawServer) -> Vec<Ended> {
    let runs: [(&[&str], &str); 4] = [
        (&["-vvv"], ""),
        (&[], "trace"),
        (&["--log-format", "json", "-vvv"], "trace"),
        (
            &[],
            "reqwest=trace,hyper=trace,hyper_util=trace,rustls=trace,verkada_audit_logs=trace",
        ),
    ];
    let mut endings = Vec::new();
    for (arguments, level) in runs {
        let program = Program::asking_raw(server).with("RUST_LOG", level);
        let arguments = [
            &RANGE[..],
            &["--all-events", "--include-image-url"],
            arguments,
        ]
        .concat();
        let ended = program.run(arguments);
        for secret in [KEY, TOKEN, SIGNATURE] {
            assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
        }
        assert!(!ended.stdout.contains(KEY) && !ended.stdout.contains(TOKEN));
        endings.push(ended);
    }
    endings
}

#[test]
fn no_secret_is_printed_when_a_run_goes_well() {
    let server = server(|request| {
        let link = format!(r#"{{"image_url":"https://example.com/i?token={SIGNATURE}"}}"#);
        Reply::only_page(request, &link)
    });
    for ended in run_at_every_level(&server) {
        assert_eq!(ended.code, Some(0));
        // The link itself is a part of the record.
        assert_eq!(ended.stdout.matches(SIGNATURE).count(), 2);
        assert!(ended.stderr.contains("answered"), "{}", ended.stderr);
    }
}

#[test]
fn no_secret_is_printed_when_an_answer_echoes_it() {
    let echo = format!("{KEY} and {TOKEN}, see https://example.com/i?token={SIGNATURE} for {KEY}");
    for status in [400, 401, 403, 404, 418] {
        let words = echo.clone();
        let as_message = server(move |_| Reply::error(status, &words));
        let words = echo.clone();
        let as_text = server(move |_| Reply::with(status, "", &words));
        for ended in [&as_message, &as_text]
            .into_iter()
            .flat_map(run_at_every_level)
        {
            assert_ne!(ended.code, Some(0));
            ended.says(&["[redacted]", "https://example.com/i?[redacted]"]);
        }
    }
    let words = format!("no such key: {KEY}");
    let refusing = RawServer::start(move |_, _| Reply::error(401, &words));
    for ended in run_at_every_level(&refusing) {
        assert_eq!(ended.code, Some(3));
        ended.says(&["no such key: [redacted]"]);
    }
}

#[test]
fn no_secret_is_printed_when_an_answer_cannot_be_used() {
    for body in [
        format!("<html>{KEY} {TOKEN} {SIGNATURE}</html>"),
        format!(r#"{{"LIST":"{KEY} {TOKEN} {SIGNATURE}"}}"#),
        format!(r#"{{"{TOKEN}":"{KEY}","LIST":{{"{SIGNATURE}":1}}}}"#),
        format!(r#"{{"LIST":[],"next_page_token":{{"{TOKEN}":"{SIGNATURE}"}}}}"#),
    ] {
        let server = server(move |request| {
            let list = if request.is_for_audit_logs() {
                "audit_logs"
            } else {
                "notifications"
            };
            Reply::json(200, &body.replace("LIST", list))
        });
        for ended in run_at_every_level(&server) {
            assert_eq!(ended.code, Some(5));
            assert_eq!(ended.stderr.matches("cannot be used").count(), 2);
        }
    }
}

#[test]
fn server_text_is_stripped_of_control_characters_and_cut() {
    let long = "é".repeat(2_000);
    let body = format!("\u{1b}[31mred\r\nerror: forged\u{7}\u{202e}\u{2028}{long}");
    let reply = move |_: &Request, _| Reply::with(400, "content-type: text/plain\r\n", &body);
    let server = RawServer::issuing_tokens(reply);
    let ended = Program::asking_raw(&server).run([&RANGE[..], &["--only", "audit-logs"]].concat());
    assert_eq!(ended.code, Some(5));
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    let forbidden = |letter: char| {
        letter != '\n' && (letter.is_control() || ['\u{202e}', '\u{2028}'].contains(&letter))
    };
    assert!(!ended.stderr.contains(forbidden), "{:?}", ended.stderr);
    let said = ended.stderr.split(['“', '”']).nth(1).unwrap();
    assert_eq!(said.chars().count(), 500);
    assert!(said.starts_with("[31mred error: forged"), "{said}");
}

/// The JSON lines of standard error.
fn json_lines(ended: &Ended) -> Vec<Value> {
    let lines = ended.stderr.lines().map(|line| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in: {line}"))
    });
    lines.collect()
}

#[test]
fn messages_are_json_lines_if_asked() {
    let server = server(|_| Reply::error(403, "a \"quoted\"\u{1}\nword"));
    let arguments = [&RANGE[..], &["--log-format", "json", "-vv"]].concat();
    let lines = json_lines(&Program::asking_raw(&server).run(arguments));
    // At -vv each request is a line too.
    assert!(lines.len() > 3, "{lines:?}");
    for line in &lines {
        assert!(line["level"].is_string() && line["timestamp"].is_string());
    }
    let errors: Vec<_> = lines
        .iter()
        .filter(|line| line["level"] == "ERROR")
        .collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    let message = errors[0]["message"].as_str().unwrap();
    assert!(
        message.contains("audit logs") && message.contains("Core, Read-only"),
        "{message}"
    );
}

#[test]
fn a_flag_that_cannot_be_parsed_is_reported_in_json_if_asked() {
    for format in [&["--log-format", "json"][..], &["--log-format=json"]] {
        let ended = Program::bare().run([format, &["--evnt", "x"]].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
        let lines = json_lines(&ended);
        // The last one says that the run has finished.
        assert_eq!(lines.len(), 2);
        let message = lines[0]["message"].as_str().unwrap();
        assert!(
            message.contains("--evnt") && message.contains("--event"),
            "{message}"
        );
    }
}

#[test]
fn a_key_in_the_wrong_place_is_not_printed() {
    let key = "vkd_api_0123456789abcdef0123456789abcdef";
    let with_slashes = "AbC/0123456789/x+/==".repeat(4);
    let too_long = "0123456789".repeat(30);
    for arguments in [
        &["--api-key-file", key][..],
        &["--api-key-file", &with_slashes],
        &["--api-key-file", &too_long],
        &["--region", key],
        &[key],
        &["--only", key],
        &[&format!("--{key}")],
        &[&format!("--api-key={key}")],
    ] {
        let ended = Program::bare().with("VERKADA_API_KEY", KEY).run(arguments);
        let said = ended.refuses(2, &[]).stderr;
        assert!(!said.contains("0123456789"), "{said}");
    }
}

#[test]
fn a_secret_in_the_content_type_is_not_printed() {
    let header = format!("content-type: text/{TOKEN}; charset={KEY}\r\n");
    for ended in run_at_every_level(&server(move |_| Reply::with(200, &header, "SECRET"))) {
        assert_eq!(ended.code, Some(5));
        ended.says(&["it is not JSON (at line 1, column 1) (text/[redacted], 6 bytes)"]);
    }
}

#[test]
fn an_error_is_reported_in_json_at_any_log_level() {
    for level in ["off", "hyper=debug", "not a level"] {
        let program = Program::bare().with("RUST_LOG", level);
        let ended = program.run(["--log-format", "json"]);
        assert_eq!(ended.code, Some(2));
        let lines = json_lines(&ended);
        assert_eq!(lines.len(), 2, "{level}: {}", ended.stderr);
        assert_eq!(lines[0]["level"], "ERROR");
    }
    let program = Program::bare();
    program.write(".env", "no line of a .env file");
    let ended = program.run(["--log-format", "json"]);
    assert_eq!(json_lines(&ended)[0]["level"], "ERROR");
}

#[test]
fn no_colour_is_used_away_from_a_terminal() {
    let server = server(|request| Reply::only_page(request, "7"));
    let ended = Program::asking_raw(&server).run(["-vvv", "--all-events"]);
    assert!(ended.stderr.contains("WARN") && !ended.stderr.contains('\u{1b}'));
}

#[test]
fn quiet_hides_warnings_but_not_errors() {
    let server = server(|request| {
        if request.is_for_audit_logs() {
            Reply::only_page(request, "7")
        } else {
            Reply::error(400, "no")
        }
    });
    let ended = Program::asking_raw(&server).run(["-q", "--all-events"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), "7\n"));
    assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
    ended.says(&["error: notifications"]);
}

/// Runs against a server whose clock is `ahead` seconds ahead of this machine's.
fn with_clock(ahead: i64) -> Ended {
    let server = server(move |request| {
        let offset = Duration::from_secs(ahead.unsigned_abs());
        let time = if ahead > 0 {
            SystemTime::now() + offset
        } else {
            SystemTime::now() - offset
        };
        let list = if request.is_for_audit_logs() {
            "audit_logs"
        } else {
            "notifications"
        };
        let date = format!("date: {}\r\n", httpdate::fmt_http_date(time));
        Reply::with(200, &date, format!(r#"{{"{list}":[]}}"#))
    });
    let ended = Program::asking_raw(&server).run(RANGE);
    assert_eq!(ended.code, Some(0));
    ended
}

#[test]
fn a_wrong_clock_is_warned_of_once_with_its_offset() {
    for (ahead, direction) in [(3_600, "behind"), (-3_600, "ahead of")] {
        let ended = with_clock(ahead);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        let seconds = [3_598, 3_599, 3_600, 3_601, 3_602];
        assert!(
            seconds
                .iter()
                .any(|off| ended.stderr.contains(&format!("{off} s")))
        );
        ended.says(&["WARN", "clock", direction]);
    }
    assert_eq!(with_clock(30).stderr, "");
    assert_eq!(with_clock(-30).stderr, "");
}
