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
}

/// The documented exit codes, as `--help` words them.
const EXIT_CODES: [(&str, &str); 8] = [
    ("0", "done"),
    (
        "1",
        "unexpected failure, or output could not be written (with --checkpoint also when the reader of the pipe has \
         gone away)",
    ),
    ("2", "wrong usage or configuration"),
    ("3", "credentials refused or permission missing"),
    (
        "4",
        "Verkada could not be reached, or kept failing after the retries",
    ),
    ("5", "an answer that cannot be used"),
    ("75", "another run holds the checkpoint"),
    ("130 and 143", "stopped by SIGINT or SIGTERM"),
];

#[test]
fn help_lists_every_exit_code_with_its_meaning_and_no_other() {
    let help = Program::bare().run(["--help"]).quietly().stdout;
    let words: Vec<_> = help.split_whitespace().collect();
    let text = words.join(" ");
    let (_, listed) = text.split_once("Exit codes: ").expect("a list of codes");
    let listed: Vec<_> = listed.trim_end_matches('.').split("; ").collect();
    let documented = EXIT_CODES.map(|(code, meaning)| format!("{code} {meaning}"));
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
