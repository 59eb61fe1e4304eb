//! Where settings come from, and what is said of those that cannot be used.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpListener;

use crate::program::{KEY, Program};
use crate::raw_server::RawServer;

const NOTHING: [&str; 0] = [];

/// The keys that the server was shown.
fn keys(server: &RawServer) -> Vec<String> {
    let seen = server.seen_at("/token");
    seen.iter()
        .map(|request| request.header("x-api-key").unwrap().to_owned())
        .collect()
}

/// A program that finds its server, and no key.
fn keyless(server: &RawServer) -> Program {
    Program::bare().with("VERKADA_BASE_URL", server.base_url())
}

#[test]
fn a_key_comes_from_flag_then_environment_then_env_file() {
    let server = RawServer::holding("", "");
    let program = keyless(&server);
    program.write("flag", "of-the-flag\n");
    program.write("variable", " of-the-variable\r\n");
    program.write(".env", "VERKADA_API_KEY=of-the-file\n");
    program.run(NOTHING).quietly();
    let program = program.with("VERKADA_API_KEY_FILE", "variable");
    program.run(NOTHING).quietly();
    let program = program.with("VERKADA_API_KEY", "of-the-environment");
    program.run(NOTHING).quietly();
    program.run(["--api-key-file", "flag"]).quietly();
    assert_eq!(
        keys(&server),
        [
            "of-the-file",
            "of-the-variable",
            "of-the-environment",
            "of-the-flag"
        ]
    );
}

#[test]
fn an_env_file_may_be_written_in_any_usual_way() {
    let server = RawServer::holding("", "");
    for content in [
        "VERKADA_API_KEY=a-key\r\n\r\n# comment\r\n",
        "export VERKADA_API_KEY=\"a-key\"",
        "\n  VERKADA_API_KEY = 'a-key'  # mine\n",
        "\u{FEFF}VERKADA_API_KEY=a-key\r\n",
    ] {
        let program = keyless(&server).with("VERKADA_TOKEN_FILE", "/dev/null/none");
        program.write(".env", content);
        assert_eq!(program.run(NOTHING).code, Some(0), "{content}");
    }
    assert_eq!(keys(&server), ["a-key"; 4]);
}

#[test]
fn an_env_file_may_name_a_key_file() {
    let server = RawServer::holding("", "");
    let program = keyless(&server);
    program.write("secret", "in-a-file");
    program.write(".env", "VERKADA_API_KEY=\nVERKADA_API_KEY_FILE=secret\n");
    program.run(NOTHING).quietly();
    assert_eq!(keys(&server), ["in-a-file"]);
}

#[test]
fn the_nearest_env_file_upwards_is_read_alone() {
    let server = RawServer::holding("", "");
    let program = keyless(&server);
    program.write(".env", "VERKADA_API_KEY=far\nVERKADA_PAGE_SIZE=7\n");
    let folder = program.path("a/b/c");
    fs::create_dir_all(&folder).unwrap();
    let run = || {
        let status = program.command(NOTHING).current_dir(&folder).status();
        assert!(status.unwrap().success());
    };
    run();
    fs::write(
        program.path("a/.env"),
        "export VERKADA_API_KEY='near' # mine\n",
    )
    .unwrap();
    // A virtual environment of Python is a folder of this name.
    fs::create_dir(program.path("a/b/.env")).unwrap();
    run();
    assert_eq!(keys(&server), ["far", "near"]);
    let sizes: Vec<_> = server.seen_at(crate::raw_server::AUDIT_LOGS);
    let sizes: Vec<_> = sizes
        .iter()
        .map(|seen| seen.parameter("page_size").unwrap())
        .collect();
    assert_eq!(sizes, ["7", "100"]);
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let server = RawServer::holding("", "");
    let mut program = keyless(&server);
    for name in [
        "VERKADA_API_KEY",
        "VERKADA_API_KEY_FILE",
        "VERKADA_REGION",
        "VERKADA_TOKEN_FILE",
        "VERKADA_PAGE_SIZE",
        "VERKADA_MAX_REQUESTS_PER_MINUTE",
        "VERKADA_CHECKPOINT",
        "CRON_INTERVAL_MINUTES",
        "INTERESTED_EVENTS",
        "RUST_LOG",
        "NO_COLOR",
    ] {
        program = program.with(name, "");
    }
    program.write(".env", "VERKADA_API_KEY=of-the-file\nVERKADA_PAGE_SIZE=\n");
    program.run(NOTHING).quietly();
    assert_eq!(keys(&server), ["of-the-file"]);
    assert_eq!(program.files(), [".env", "token.json"]);
}

#[test]
fn a_token_file_is_named_by_flag_before_variable() {
    let server = RawServer::holding("", "");
    let program = Program::asking_raw(&server).with("VERKADA_TOKEN_FILE", "variable.json");
    program.run(NOTHING).quietly();
    program.run(["--token-file", "flag.json"]).quietly();
    assert_eq!(program.files(), ["flag.json", "variable.json"]);
}

#[test]
fn a_bad_env_file_is_named_and_never_quoted() {
    for (content, line) in [
        ("VERKADA_REGION=us\nVERKADA_API_KEY=two SECRET\n", "line 2"),
        ("# comment\n\nSECRET\n", "line 3"),
        ("VERKADA_API_KEY='SECRET\n", "line 1"),
    ] {
        let program = Program::bare();
        program.write(".env", content);
        let ended = program.run(NOTHING).refuses(2, &[".env", line]);
        assert!(!ended.stderr.contains("SECRET"), "{}", ended.stderr);
    }
    let program = Program::bare();
    program.write(".env", [0xff, 0xfe, b'=']);
    program.run(NOTHING).refuses(2, &[".env"]);
}

#[test]
fn an_address_in_the_file_does_not_win_over_a_region_of_the_environment() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    let program = Program::bare().with("VERKADA_REGION", "mars");
    program.write(
        ".env",
        format!("VERKADA_API_KEY=key\nVERKADA_BASE_URL=http://{address}\n"),
    );
    program.run(NOTHING).refuses(2, &["VERKADA_REGION", "mars"]);
    nobody.set_nonblocking(true).unwrap();
    assert_eq!(nobody.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    // Beside each other the address wins.
    let program = program.with("VERKADA_BASE_URL", "ftp://x");
    program.run(NOTHING).refuses(2, &["VERKADA_BASE_URL"]);
}

#[test]
fn requests_go_through_the_proxy_that_is_named() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let program = Program::bare()
        .with("VERKADA_API_KEY", KEY)
        .with("VERKADA_BASE_URL", "https://verkada.invalid")
        // An empty variable counts as unset, and one that is not used is not looked at.
        .with("HTTPS_PROXY", "")
        .with("https_proxy", &format!(" http://{address} "))
        .with("all_proxy", "socks5://127.0.0.1:1");
    let mut child = program.spawn(NOTHING);
    let (connection, _) = proxy.accept().unwrap();
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(line, "CONNECT verkada.invalid:443 HTTP/1.1\r\n");
}

#[test]
fn the_key_and_the_settings_are_never_written_over() {
    let program = Program::bare().with("VERKADA_API_KEY_FILE", "key");
    program.write("key", "a-key\n");
    program.write(".env", "VERKADA_REGION=eu\n");
    for arguments in [
        ["--token-file", "key"],
        ["--output", "key"],
        ["--output", ".env"],
        ["--checkpoint", "./key"],
    ] {
        program
            .run(arguments)
            .refuses(2, &[arguments[0], "the same file"]);
    }
    assert_eq!(fs::read_to_string(program.path("key")).unwrap(), "a-key\n");
}

#[test]
fn a_file_with_a_nul_byte_is_refused_without_its_content() {
    let program = Program::bare();
    program.write(".env", "VERKADA_API_KEY=SECRET\0\n");
    let ended = program.run(NOTHING).refuses(2, &[".env", "NUL"]);
    assert!(!ended.stderr.contains("SECRET"));
}

#[test]
fn a_missing_key_is_told_with_the_ways_to_give_one() {
    let words = ["VERKADA_API_KEY", ".env", "--api-key-file", "--demo"];
    Program::bare().run(NOTHING).refuses(2, &words);
}

#[test]
fn a_flag_that_cannot_be_used_is_named_in_one_line() {
    let range = |start, end| vec!["--start", start, "--end", end];
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (vec!["--start", "1789401600"], "--end"),
        (vec!["--end", "1789401600"], "--start"),
        (range("1789401600", "1789401600"), "must be before"),
        (range("2026-09-15", "2026-09-14"), "must be before"),
        (range("1789401600000", "1789402200000"), "milliseconds"),
        (range("1789401600", "1789402200000"), "--end"),
        (range("yesterday", "today"), "--start"),
        (range("-5", "1789402200"), "--start"),
        (range("2026-09-14T16:00", "2026-09-15"), "--start"),
        (range("2026-02-30", "2026-09-15"), "--start"),
        (vec!["--base-url", "http://api.verkada.com"], "--base-url"),
        (vec!["--base-url", "api.verkada.com"], "--base-url"),
        (vec!["--base-url", ""], "--base-url"),
        (vec!["--region", "mars"], "--region"),
        (
            vec!["--region", "eu", "--base-url", "https://localhost"],
            "--base-url",
        ),
        (vec!["--page-size", "0"], "--page-size"),
        (vec!["--page-size", "201"], "--page-size"),
        (vec!["--page-size", "x"], "--page-size"),
        (vec!["--page-size", "-1"], "--page-size"),
        (vec!["--interval-minutes", "0"], "--interval-minutes"),
        (vec!["--interval-minutes", "1441"], "--interval-minutes"),
        (
            vec!["--max-requests-per-minute", "0"],
            "--max-requests-per-minute",
        ),
        (vec!["--overlap-minutes", "soon"], "--overlap-minutes"),
        (vec!["--only", "x"], "--only"),
        (vec!["--event", ""], "--event"),
        (vec!["--event", " , "], "--event"),
        (vec!["--event", "x", "--all-events"], "--all-events"),
        (vec!["--notification-type", ""], "--notification-type"),
        (vec!["--api-key-file", "missing"], "--api-key-file"),
        (vec!["--api-key-file", "."], "--api-key-file"),
        (vec!["--api-key-file", "empty"], "--api-key-file"),
        (vec!["--token-file", ""], "--token-file"),
        (vec!["--output", ""], "--output"),
        (vec!["--log-format", "xml"], "--log-format"),
        (vec!["--unknown"], "--unknown"),
        (vec!["--api-key", "x"], "--api-key"),
        (vec!["surplus"], "surplus"),
        (vec!["-v", "-q"], "--quiet"),
    ];
    let program = Program::bare().with("VERKADA_API_KEY", KEY);
    program.write("empty", "\n");
    for (arguments, words) in cases {
        let ended = program.run(&arguments).refuses(2, &[words]);
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
    assert_eq!(program.files(), ["empty"]);
}

#[test]
fn a_variable_that_cannot_be_used_is_named_in_one_line() {
    for (name, value) in [
        ("VERKADA_API_KEY", "two words"),
        ("VERKADA_API_KEY", "käse"),
        ("VERKADA_BASE_URL", "http://api.verkada.com"),
        ("VERKADA_BASE_URL", "https://user:SECRET@api.verkada.com"),
        ("VERKADA_REGION", "mars"),
        ("VERKADA_PAGE_SIZE", "201"),
        ("VERKADA_MAX_REQUESTS_PER_MINUTE", "many"),
        ("CRON_INTERVAL_MINUTES", "1441"),
        ("CRON_INTERVAL_MINUTES", "15.5"),
        ("INTERESTED_EVENTS", " , ,"),
        ("HTTPS_PROXY", "socks5://user:SECRET@proxy"),
        ("HTTPS_PROXY", "http://user:SECRET@[proxy"),
    ] {
        // The last one set wins.
        let program = Program::bare()
            .with("VERKADA_API_KEY", KEY)
            .with(name, value);
        let ended = program.run(NOTHING).refuses(2, &[name]);
        for secret in ["two words", "käse", "SECRET"] {
            assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
        }
    }
}

#[test]
fn help_names_every_flag_and_variable() {
    let ended = Program::bare().run(["--help"]).quietly();
    for name in [
        "--start",
        "--end",
        "--interval-minutes",
        "CRON_INTERVAL_MINUTES",
        "--event",
        "INTERESTED_EVENTS",
        "--all-events",
        "--only",
        "--notification-type",
        "--include-image-url",
        "--region",
        "VERKADA_REGION",
        "--base-url",
        "VERKADA_BASE_URL",
        "--api-key-file",
        "VERKADA_API_KEY_FILE",
        "VERKADA_API_KEY",
        "--token-file",
        "VERKADA_TOKEN_FILE",
        "--page-size",
        "VERKADA_PAGE_SIZE",
        "--max-requests-per-minute",
        "VERKADA_MAX_REQUESTS_PER_MINUTE",
        "--checkpoint",
        "VERKADA_CHECKPOINT",
        "--overlap-minutes",
        "--output",
        "--demo",
        "--verbose",
        "--quiet",
        "--log-format",
        "RUST_LOG",
        "NO_COLOR",
        "--version",
        ".env",
    ] {
        let mut words = ended
            .stdout
            .split(|letter: char| !(letter.is_alphanumeric() || "-_.".contains(letter)));
        assert!(
            words.any(|word| word == name || word == format!("{name}...")),
            "no {name}"
        );
    }
    for code in ["0", "1", "2", "3", "4", "5", "75"] {
        assert!(
            ended.stdout.contains(&format!("{code} ")),
            "no exit code {code}"
        );
    }
}

#[test]
fn version_names_program_and_version() {
    let ended = Program::bare().run(["--version"]).quietly();
    assert_eq!(
        ended.stdout,
        concat!("verkada-audit-logs ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn what_does_not_do_what_it_seems_to_is_said() {
    let demo = |arguments: &str| Program::bare().run(format!("--demo {arguments}").split(' '));
    for (arguments, said) in [
        ("--overlap-minutes 5", "nothing without --checkpoint"),
        ("--start 4102444800 --end 4102445400", "ends in the future"),
    ] {
        let ended = demo(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{arguments}: {}", ended.stderr);
    }
    demo("--overlap-minutes 5 --checkpoint c").quietly();
}
