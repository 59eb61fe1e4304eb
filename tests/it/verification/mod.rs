//! `verify`: a past range, compared with what files hold of it.

mod endings;
mod findings;
mod repair;
mod replaced;
mod twins;

use std::fs;

use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile};

use crate::support::program::{Ended, Program};

/// A week that is over, from midnight on.
const START: i64 = 1_788_739_200;
const END: i64 = START + 7 * 86_400;

/// A few hundred records a day, many of which have a twin.
fn server() -> DemoServer {
    let profile = Profile {
        audit_logs_per_day: 200.0,
        notifications_per_day: 100.0,
        daily_cycle: DailyCycle::Flat,
        twins_per_mille: 200,
        ..Profile::demo()
    };
    DemoServer::builder(profile).start().unwrap()
}

/// A program that reads as fast as it can.
fn program(server: &DemoServer) -> Program {
    Program::asking_demo(server).with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000")
}

/// The flags that read the week.
fn week() -> [String; 5] {
    [
        "--all-events",
        "--start",
        &START.to_string(),
        "--end",
        &END.to_string(),
    ]
    .map(str::to_owned)
}

/// Runs `verify` on the week with `more` arguments.
fn verify(program: &Program, more: &[&str]) -> Ended {
    verify_in("raw", program, more)
}

/// Runs `verify` on the week with `more` arguments, and has it print in `format`.
fn verify_in(format: &str, program: &Program, more: &[&str]) -> Ended {
    let week = week();
    let week = week.iter().map(String::as_str);
    program.run(
        ["verify", "--format", format]
            .into_iter()
            .chain(week)
            .chain(more.iter().copied()),
    )
}

/// Writes the lines of the week to `audit.jsonl`, and returns them.
fn archive(program: &Program) -> Vec<String> {
    archive_in("raw", program)
}

/// Writes the lines of the week in `format` to `audit.jsonl`, and returns them.
fn archive_in(format: &str, program: &Program) -> Vec<String> {
    let format = ["--format", format].map(str::to_owned);
    let ended = program.run(week().iter().chain(&format)).quietly();
    assert!(ended.lines().len() > 1_500);
    program.write("audit.jsonl", &ended.stdout);
    ended.lines().into_iter().map(str::to_owned).collect()
}

fn write_lines(program: &Program, name: &str, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(program.path(name), text).unwrap();
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}
