//! Certificates: which are trusted, and what is said of those that are not.

use std::fs;

use crate::support::program::{KEY, Program, RANGE};
use crate::support::raw_server::RawServer;
use crate::support::tls_server::{Authority, TlsServer, Years};

const NOW: Years = (2020, 2090);

/// A server that answers, and a program that trusts `trusted` alone.
fn program(server: &TlsServer, host: &str, trusted: &Authority) -> Program {
    let program = Program::asking(&server.base_url(host), KEY);
    let file = program.write("authority.pem", trusted.pem());
    program.with("SSL_CERT_FILE", file.to_str().unwrap())
}

#[test]
fn an_authority_in_ssl_cert_file_or_ssl_cert_dir_is_trusted() {
    let authority = Authority::new("private");
    let inner = RawServer::holding(r#"{"n":1}"#, r#"{"n":2}"#);
    for host in ["localhost", "127.0.0.1"] {
        let server = TlsServer::before(&inner, &authority, host, NOW);
        let by_file = program(&server, host, &authority);
        let ended = by_file.run(["--all-events"]).quietly();
        assert_eq!(ended.lines(), [r#"{"n":1}"#, r#"{"n":2}"#]);
        assert_eq!(server.connections(), 3);

        let by_folder = Program::asking(&server.base_url(host), KEY);
        let folder = by_folder.path("authorities");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("private.pem"), authority.pem()).unwrap();
        let by_folder = by_folder.with("SSL_CERT_DIR", folder.to_str().unwrap());
        let ended = by_folder.run(["--all-events"]).quietly();
        assert_eq!(ended.lines(), [r#"{"n":1}"#, r#"{"n":2}"#]);
    }
}

#[test]
fn a_refused_certificate_ends_the_run_at_the_first_try_and_the_message_says_why() {
    let authority = Authority::new("private");
    let other = Authority::new("other");
    // Nobody gets as far as this one while a certificate is refused.
    let inner = RawServer::holding("", "");
    let clock = [
        "check this machine's clock",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ];
    let proxy = ["check --base-url", "SSL_CERT_FILE", "SSL_CERT_DIR"];
    for (host, years, trusted, reason, advice) in [
        (
            "localhost",
            NOW,
            &other,
            "no authority that this machine trusts",
            proxy,
        ),
        (
            "example.com",
            NOW,
            &authority,
            "it is for another host",
            proxy,
        ),
        (
            "127.0.0.1",
            NOW,
            &authority,
            "it is for another host",
            proxy,
        ),
        (
            "localhost",
            (2020, 2021),
            &authority,
            "it expired on 2021-01-01T00:00:00Z",
            clock,
        ),
        (
            "localhost",
            (2080, 2090),
            &authority,
            "not valid before 2080-01-01T00:00:00Z",
            clock,
        ),
    ] {
        let server = TlsServer::before(&inner, &authority, host, years);
        for arguments in [&["--only", "audit-logs"][..], &RANGE] {
            let ended = program(&server, "localhost", trusted).run(arguments);
            let lines = ended.stderr.lines().count();
            // A range says where to go on as well.
            assert!(lines <= 2, "{}", ended.stderr);
            assert_eq!(
                (ended.code, ended.stdout.as_str()),
                (Some(4), ""),
                "{reason}"
            );
            ended
                .says(&["certificate is refused", reason])
                .says(&advice);
        }
        assert_eq!(server.connections(), 2, "{reason}");
    }
    assert_eq!(inner.seen().len(), 0);
    // A server that nobody called fails the test.
    let server = TlsServer::before(&inner, &authority, "localhost", NOW);
    program(&server, "localhost", &authority)
        .run(["--only", "audit-logs"])
        .quietly();
}

#[test]
fn certificates_that_cannot_be_loaded_are_an_error_of_the_settings() {
    let program = Program::asking("https://localhost:1", KEY);
    let missing = program.path("no-such-file.pem");
    program
        .with("SSL_CERT_FILE", missing.to_str().unwrap())
        .run(["--only", "audit-logs"])
        .refuses(2, &["certificates", "SSL_CERT_FILE"]);
}
