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
