//! Settings: where each came from, and those that cannot be used.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use super::{examine, healthy, server_with_lists};
use crate::support::program::{KEY, Program};
use crate::support::say_left_out;

#[test]
fn each_setting_is_named_with_its_place_and_without_its_value() {
    let server = server_with_lists(|request, _| healthy(request));
    let program = Program::bare()
        .with("VERKADA_BASE_URL", server.base_url())
        .with("VERKADA_REGION", "eu")
        .with("VERKADA_PAGE_SIZE", "77");
    let text = format!(
        "VERKADA_API_KEY={KEY}\nINTERESTED_EVENTS=Live Stream Started\nVERKADA_CHECKPOINT=c\n"
    );
    let path = program.write(
        ".env",
        text.replace("Live Stream Started", "'Live Stream Started'"),
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let arguments = [
        "--page-size",
        "50",
        "--output",
        "o",
        "--overlap-minutes",
        "20",
    ];
    let examined = examine(&program, &arguments);
    let file = fs::canonicalize(&path).unwrap();
    let from_file = format!(
        "from {}: VERKADA_API_KEY, INTERESTED_EVENTS, VERKADA_CHECKPOINT",
        file.display()
    );
    examined
        .finds(
            "settings",
            "ok",
            &[
                "given as flags: --page-size, --overlap-minutes, --output;",
                // The region counts for nothing beside an address, and the page size was given as a flag.
                "from the environment: VERKADA_BASE_URL;",
                &from_file,
                "the rest by default",
            ],
        )
        .finds("secret files", "ok", &[".env (mode 0600)"])
        .has_only("fail", &[])
        .ends_with(0);
    for value in ["77", "Live Stream"] {
        assert!(!examined.line("settings").1.contains(value));
    }
}

#[test]
fn settings_that_cannot_be_used_fail_first_and_everything_else_is_skipped() {
    let program = Program::bare().with("VERKADA_API_KEY", KEY);
    for (arguments, words) in [
        (["--region", "mars"], ["--region", "mars"]),
        (["--page-size", "0"], ["--page-size", "between 1 and 200"]),
        (["--log-format", "xml"], ["--log-format", "xml"]),
    ] {
        let examined = examine(&program, &arguments);
        examined.finds("settings", "fail", &words).ends_with(2);
        examined.has_only("fail", &["settings"]);
    }
    program.write(".env", format!("VERKADA_API_KEY: {KEY}\n"));
    let examined = examine(&program, &[]);
    examined
        .finds("settings", "fail", &["line 1 (VERKADA_API_KEY)"])
        .ends_with(2);
}

#[test]
fn without_a_key_everything_else_is_looked_at_and_no_token_is_asked_for() {
    let server = server_with_lists(|request, _| healthy(request));
    let program = Program::bare().with("VERKADA_BASE_URL", server.base_url());
    for (arguments, words) in [
        (&[][..], ["no API key", "VERKADA_API_KEY"]),
        (
            &["--api-key-file", "none"],
            ["--api-key-file: none", "No such file"],
        ),
    ] {
        let arguments = [arguments, &["--checkpoint", "c"]].concat();
        let examined = examine(&program, &arguments);
        examined
            .finds("settings", "fail", &words)
            .finds("connection", "ok", &["HTTP 403"])
            .finds("clock", "ok", &["Verkada's"])
            .finds("token", "skip", &["not checked: no usable API key"])
            .finds("audit logs", "skip", &["not checked: no usable API key"])
            .finds("checkpoint", "ok", &["does not exist yet"])
            .has_only("fail", &["settings"])
            .ends_with(2);
    }
    assert!(server.seen_at("/token").is_empty());
    assert!(program.files().is_empty());
}

#[test]
fn a_key_that_every_user_can_read_is_a_warning() {
    let server = server_with_lists(|request, _| healthy(request));
    let program = Program::bare().with("VERKADA_BASE_URL", server.base_url());
    let path = program.write(".env", format!("VERKADA_API_KEY={KEY}\n"));
    for (mode, outcome, words) in [
        (0o644, "warn", ["mode 0644", "chmod 600"]),
        (0o640, "ok", ["mode 0640", ".env"]),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let examined = examine(&program, &[]);
        examined.finds("secret files", outcome, &words).ends_with(0);
    }
    // Without the key in it, everybody may read the file.
    program.write(".env", format!("VERKADA_BASE_URL={}\n", server.base_url()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let key = program.write("key", KEY);
    for (mode, outcome) in [(0o604, "warn"), (0o440, "ok")] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let examined = examine(&program, &["--api-key-file", "key"]);
        examined.finds(
            "secret files",
            outcome,
            &["key (mode 0"].map(|word| {
                if outcome == "ok" {
                    word
                } else {
                    "key (mode 0604)"
                }
            }),
        );
    }
}

#[test]
fn an_env_file_of_another_user_is_a_warning() {
    let server = server_with_lists(|request, _| healthy(request));
    let program = Program::asking_raw(&server);
    let path = program.write(".env", "VERKADA_REGION=eu\n");
    if chown(&path, Some(65_534), None).is_err() {
        say_left_out("only root can give a file to another user");
        // A server that nobody called fails the test.
        examine(&program, &[]);
        return;
    }
    let examined = examine(&program, &[]);
    examined
        .finds(
            "secret files",
            "warn",
            &["belongs to another user", "a run does without it"],
        )
        .ends_with(0);
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
    let program = Program::bare()
        .with("VERKADA_API_KEY", KEY)
        .with("HTTPS_PROXY", "socks5://user:pass-word@proxy:1080");
    let examined = examine(&program, &[]);
    examined.finds(
        "proxy",
        "fail",
        &["HTTPS_PROXY", "not the address of a proxy"],
    );
    examined.has_only("fail", &["proxy"]).ends_with(2);
    assert!(!examined.text.contains("pass-word"));
}

#[test]
fn every_command_has_help_with_an_example() {
    let program = Program::bare();
    for (command, example) in [
        ("doctor", "verkada-audit-logs doctor --region eu"),
        (
            "verify",
            "verify --start 2026-08-15 --end 2026-09-14 audit.jsonl* >>",
        ),
        ("completions", "verkada-audit-logs completions bash >"),
        ("man", "verkada-audit-logs man >"),
    ] {
        for flag in ["-h", "--help"] {
            let ended = program.run([command, flag]).quietly();
            assert!(ended.stdout.contains(example), "{}", ended.stdout);
        }
        let main = program.run(["--help"]).quietly();
        assert!(
            main.stdout.contains(&format!("  {command}  ")),
            "{}",
            main.stdout
        );
    }
}

#[test]
fn completions_and_the_man_page_know_flags_and_commands() {
    let program = Program::bare();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = program.run(["completions", shell]).quietly().stdout;
        for name in ["doctor", "completions", "accept-gap", "log-format"] {
            assert!(script.contains(name), "{shell} does not know {name}");
        }
    }
    let page = program.run(["man"]).quietly().stdout.replace('\\', "");
    for words in [
        ".SH NAME",
        ".SH COMMANDS",
        ".SH \"EXIT STATUS\"",
        ".SH ENVIRONMENT",
        ".SH FILES",
        "verkada-audit-logs doctor [OPTIONS]",
        "verkada-audit-logs completions <SHELL>",
        "--overlap-minutes",
        "75  another run holds the checkpoint",
    ] {
        assert!(page.contains(words), "no “{words}”");
    }
    program.run(["completions"]).refuses(2, &["<SHELL>"]);
    program
        .run(["completions", "tcsh"])
        .refuses(2, &["tcsh", "zsh"]);
}

#[test]
fn a_word_after_a_flag_is_no_command() {
    let program = Program::bare();
    program
        .run(["--event", "Live", "Stream"])
        .refuses(2, &["unexpected argument 'Stream'"]);
    program
        .run(["--demo", "doctor"])
        .refuses(2, &["the flags of 'doctor' are written after it"]);
    program.run(["doktor"]).refuses(2, &["'doktor'"]);
}
