//! Settings that cannot be used: each is named in one line, and no value that may be secret is quoted.

use std::fs;

use crate::support::program::{KEY, Program};

const NOTHING: [&str; 0] = [];

#[test]
fn a_bad_env_file_is_named_and_never_quoted() {
    for (content, words) in [
        ("VERKADA_REGION=us\nVERKADA_API_KEY=two SECRET\n", "line 2"),
        ("# comment\n\nSECRET\n", "line 3"),
        ("VERKADA_API_KEY='SECRET\n", "line 1"),
        ("VERKADA_API_KEY=SECRET\0\n", "NUL"),
    ] {
        let program = Program::bare();
        program.write(".env", content);
        let ended = program.run(NOTHING).refuses(2, &[".env", words]);
        assert!(!ended.stderr.contains("SECRET"), "{}", ended.stderr);
    }
    let program = Program::bare();
    program.write(".env", [0xff, 0xfe, b'=']);
    program.run(NOTHING).refuses(2, &[".env"]);
}

#[test]
fn the_key_and_the_settings_are_never_written_over() {
    let program = Program::bare().with("VERKADA_API_KEY_FILE", "key");
    program.write("key", "a-key\n");
    program.write(".env", "VERKADA_REGION=eu\n");
    let read = |name: &str| fs::read_to_string(program.path(name)).unwrap();
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
    assert_eq!(read("key"), "a-key\n");
    assert_eq!(read(".env"), "VERKADA_REGION=eu\n");
}

#[test]
fn a_missing_key_is_reported_with_the_ways_to_give_one() {
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
        ("HTTPS_PROXY", "ftp://proxy"),
        ("https_proxy", "://"),
        ("ALL_PROXY", " "),
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
fn a_flag_without_effect_and_a_future_end_are_reported() {
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
