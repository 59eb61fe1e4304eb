//! `--help` and `--version`.

use crate::support::program::Program;

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
        "--accept-gap",
        "--since",
        "--exclude-event",
        "EXCLUDED_EVENTS",
        "--output",
        "--metrics-file",
        "VERKADA_METRICS_FILE",
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
}

#[test]
fn the_help_of_verify_leaves_out_what_it_refuses() {
    let help = Program::bare().run(["verify", "--help"]).quietly();
    assert!(help.stdout.contains("--overlap-minutes"));
    assert!(!help.stdout.contains("--accept-gap"), "{}", help.stdout);
    let refused = Program::bare().run(["verify", "--accept-gap", "--start", "1", "audit.jsonl"]);
    refused.refuses(2, &["verify takes no --accept-gap"]);
    let endless = Program::bare().run(["verify", "--start", "1", "audit.jsonl"]);
    endless.refuses(2, &["verify needs a range: --start and --end"]);
}

/// The documented exit codes, as `--help` words them.
const EXIT_CODES: [(&str, &str); 11] = [
    ("0", "done"),
    (
        "1",
        "unexpected failure, or the output could not be written (with --checkpoint also a reader that closed the pipe)",
    ),
    ("2", "wrong usage or configuration"),
    ("3", "credentials refused, or a permission missing"),
    (
        "4",
        "Verkada could not be reached, or kept failing after the retries",
    ),
    ("5", "an answer that cannot be used"),
    ("6", "verify: records are missing from the files"),
    ("75", "another run holds the checkpoint"),
    ("129", "stopped by SIGHUP"),
    ("130", "stopped by SIGINT"),
    ("143", "stopped by SIGTERM"),
];

#[test]
fn help_lists_every_exit_code_with_its_meaning_and_no_other() {
    let help = Program::bare().run(["--help"]).quietly().stdout;
    let (_, table) = help
        .split_once("Exit codes:\n")
        .expect("a table of exit codes");
    let mut listed: Vec<(String, String)> = Vec::new();
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let (first, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        if first.parse::<u8>().is_ok() {
            listed.push((first.to_owned(), rest.trim().to_owned()));
        } else if let Some((_, meaning)) = listed.last_mut() {
            // A long meaning goes on in the next line.
            *meaning = format!("{meaning} {}", line.trim());
        }
    }
    let documented = EXIT_CODES.map(|(code, meaning)| (code.to_owned(), meaning.to_owned()));
    assert_eq!(listed, documented);
}

#[test]
fn version_names_program_and_version() {
    let ended = Program::bare().run(["--version"]).quietly();
    assert_eq!(
        ended.stdout,
        concat!("verkada-audit-logs ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
