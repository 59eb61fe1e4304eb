//! The files that people copy from `deploy/`, held against `--help`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::program::Program;

/// Flags of other programs in those files: apk, cargo, docker, journalctl, logger, systemctl, systemd-sysusers, useradd,
/// usermod.
const FLAGS_OF_OTHERS: [&str; 20] = [
    "--append",
    "--chown",
    "--edit",
    "--file",
    "--from",
    "--full",
    "--groups",
    "--locked",
    "--no-build",
    "--no-cache",
    "--now",
    "--priority",
    "--quiet",
    "--release",
    "--root",
    "--rm",
    "--system",
    "--tag",
    "--target",
    "--unit",
];

/// Beginnings of the names of variables that are the program's.
const PREFIXES: [&str; 4] = ["VERKADA_", "CRON_", "INTERESTED_", "EXCLUDED_"];

struct Deployed {
    path: PathBuf,
    text: String,
}

/// Every file of `deploy/`, but for pictures.
fn deployed() -> Vec<Deployed> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|extension| extension != "svg") {
                let text = fs::read_to_string(&path).unwrap();
                files.push(Deployed { path, text });
            }
        }
    }
    files
}

fn help(arguments: &[&str]) -> String {
    Program::bare().run(arguments).quietly().stdout
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_".contains(letter)))
}

/// The numbers before the meanings in the list of exit codes.
fn exit_codes(help: &str) -> Vec<&str> {
    let (_, list) = help.split_once("Exit codes:").unwrap();
    let codes = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    codes.filter(|word| word.parse::<i32>().is_ok()).collect()
}

#[test]
fn deployed_files_name_only_flags_that_exist() {
    let help = help(&["--help"]);
    let known: Vec<_> = words(&help).filter(|word| word.starts_with("--")).collect();
    assert!(known.contains(&"--checkpoint"));
    for Deployed { path, text } in deployed() {
        let is_flag = |word: &&str| {
            let name = word.strip_prefix("--").unwrap_or_default();
            name.starts_with(|letter: char| letter.is_ascii_lowercase())
        };
        for flag in words(&text).filter(is_flag) {
            let is_known = known.contains(&flag) || FLAGS_OF_OTHERS.contains(&flag);
            assert!(is_known, "{}: no flag {flag}", path.display());
        }
    }
}

#[test]
fn deployed_files_name_only_variables_that_exist() {
    let help = help(&["--help"]);
    let known: Vec<_> = words(&help).collect();
    let mut found = 0;
    for Deployed { path, text } in deployed() {
        let is_ours = |word: &&str| PREFIXES.iter().any(|prefix| word.starts_with(prefix));
        for variable in words(&text).filter(is_ours) {
            assert!(
                known.contains(&variable),
                "{}: no variable {variable}",
                path.display()
            );
            found += 1;
        }
    }
    assert!(found > 0);
}

#[test]
fn deployed_files_name_only_exit_codes_that_exist() {
    let help = help(&["--help"]);
    let known = exit_codes(&help);
    assert!(known.contains(&"75"));
    let mut found = 0;
    for Deployed { path, text } in deployed() {
        for after in text.split("exit code ").skip(1) {
            let word = words(after).next().unwrap();
            // A template such as "{{ $value }}" is no number.
            if word.parse::<i32>().is_ok() {
                assert!(
                    known.contains(&word),
                    "{}: no exit code {word}",
                    path.display()
                );
                found += 1;
            }
        }
    }
    assert!(found > 0);
}

#[test]
fn the_alert_explains_only_exit_codes_that_exist() {
    let help = help(&["--help"]);
    let known = exit_codes(&help);
    let rules = deployed()
        .into_iter()
        .find(|file| file.path.ends_with("prometheus/rules.yaml"))
        .unwrap();
    let is_explanation = |line: &&str| line.contains("description") && line.contains("API key");
    let explanation = rules.text.lines().find(is_explanation).unwrap();
    for number in words(explanation).filter(|word| word.parse::<i32>().is_ok()) {
        assert!(known.contains(&number), "no exit code {number}");
    }
}

#[test]
fn configurations_say_first_what_survives_a_crash() {
    for Deployed { path, text } in deployed() {
        let is_configuration = path.extension().is_none_or(|extension| extension != "md");
        let says = text
            .lines()
            .take(2)
            .any(|line| line.contains("Survives a crash: "));
        assert!(says || !is_configuration, "{}", path.display());
    }
}
