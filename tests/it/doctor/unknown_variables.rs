//! Variables that look like ours and are not.

use super::{examine, healthy, server_with_lists};
use crate::support::program::{KEY, Program, RANGE};
use crate::support::raw_server::RawServer;

#[test]
fn each_is_named_with_the_nearest_known_one_and_without_its_value() {
    let server = server_with_lists(|request, _| healthy(request));
    let program = Program::asking_raw(&server);
    program.write(
        ".env",
        "VERKADA_CHECKPIONT=secret-value\nVERKADA_ORG_ID='secret-value'\nOTHER_ORG_ID=secret-value\n",
    );
    let examined = examine(&program, &[]);
    let words = [
        ".env sets VERKADA_CHECKPIONT and VERKADA_ORG_ID, which mean nothing to this program",
        "VERKADA_CHECKPIONT may be meant to be VERKADA_CHECKPOINT",
    ];
    examined.finds("settings", "warn", &words).ends_with(0);
    let (_, settings) = examined.line("settings");
    assert!(
        !settings.contains("secret-value") && !settings.contains("OTHER"),
        "{settings}"
    );
}

#[test]
fn one_of_the_environment_is_named_if_it_is_near_to_a_known_one() {
    let server = server_with_lists(|request, _| healthy(request));
    let program = Program::asking_raw(&server)
        .with("VERKADA_REGOIN", "secret-value")
        .with("VERKADA_AUDIT_LOGS_SERVICE_HOST", "10.0.0.1");
    let examined = examine(&program, &[]);
    let words = "the environment sets VERKADA_REGOIN, which means nothing to this program; it may be meant to be VERKADA_REGION";
    examined.finds("settings", "warn", &[words]);
    let (_, settings) = examined.line("settings");
    assert!(
        !settings.contains("SERVICE_HOST") && !settings.contains("secret"),
        "{settings}"
    );
}

#[test]
fn a_missing_key_is_explained_by_a_misspelt_name() {
    let program = Program::bare();
    program.write(".env", format!("VERKADA_APIKEY={KEY}\n"));
    let words = ["VERKADA_APIKEY", "may be meant to be VERKADA_API_KEY"];
    let examined = examine(&program, &[]);
    examined.finds("settings", "fail", &words).ends_with(2);
    let ended = program.run([] as [&str; 0]);
    assert!(!ended.stderr.contains(KEY), "{}", ended.stderr);
    ended.refuses(2, &words);
}

#[test]
fn a_run_warns_of_a_misspelt_one_alone() {
    let server = RawServer::holding("", "");
    let program = Program::asking_raw(&server);
    program.write(
        ".env",
        "VERKADA_CHECKPIONT=secret-value\nVERKADA_ORG_ID=secret-value\n",
    );
    let ended = program.run(RANGE);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(
        !ended.stderr.contains("secret") && !ended.stderr.contains("ORG_ID"),
        "{}",
        ended.stderr
    );
    ended.says(&[
        "WARN",
        "VERKADA_CHECKPIONT",
        "may be meant to be VERKADA_CHECKPOINT",
    ]);
    program.write(".env", "VERKADA_ORG_ID=secret-value\n");
    program.run(RANGE).quietly();
    // The demo reads none.
    program.write(".env", "VERKADA_CHECKPIONT=c\n");
    program.run([&["--demo"], &RANGE[..]].concat()).quietly();
}

#[test]
fn every_variable_of_the_help_is_known() {
    let help = Program::bare().run(["--help"]).quietly().stdout;
    let words = help.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
    let names: std::collections::BTreeSet<_> =
        words.filter(|word| word.starts_with("VERKADA_")).collect();
    assert!(names.len() >= 9, "{names:?}");
    let program = Program::bare();
    let lines: Vec<_> = names.iter().map(|name| format!("{name}=\n")).collect();
    program.write(".env", lines.concat());
    let examined = examine(&program, &["--base-url", "http://127.0.0.1:1"]);
    let (_, settings) = examined.line("settings");
    assert!(!settings.contains("mean"), "{settings}");
}
