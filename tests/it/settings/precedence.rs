//! Precedence of the places that a setting may come from.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpListener;

use crate::support::program::{KEY, Program};
use crate::support::raw_server::{AUDIT_LOGS, RawServer};

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
        "VERKADA_API_KEY=\nVERKADA_API_KEY_FILE=key\n",
    ] {
        let program = keyless(&server).with("VERKADA_TOKEN_FILE", "/dev/null/none");
        program.write("key", "a-key");
        program.write(".env", content);
        assert_eq!(program.run(NOTHING).code, Some(0), "{content}");
    }
    assert_eq!(keys(&server), ["a-key"; 5]);
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
    let asked = server.seen_at(AUDIT_LOGS);
    let sizes: Vec<_> = asked
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
fn an_address_in_the_file_does_not_win_over_a_region_of_the_environment() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = unused.local_addr().unwrap();
    let program = Program::bare().with("VERKADA_REGION", "mars");
    program.write(
        ".env",
        format!("VERKADA_API_KEY=key\nVERKADA_BASE_URL=http://{address}\n"),
    );
    program.run(NOTHING).refuses(2, &["VERKADA_REGION", "mars"]);
    unused.set_nonblocking(true).unwrap();
    assert_eq!(unused.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
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
