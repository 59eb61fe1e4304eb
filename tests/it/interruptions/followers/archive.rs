//! The output of many runs, and the files that it was rotated into.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};

use serde_json::Value;

use super::stream::{SECONDS, Stream};
use super::tail::Tail;
use crate::support::program::{BINARY, Ended, Program};
use crate::support::range::MIDNIGHT;
use crate::support::signals::wait_until;

/// The output.
pub(super) const FILE: &str = "audit.jsonl";

/// The way that lines reach the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By `--output`.
    Output,
    /// By `>>`.
    Redirection,
}

/// A folder in which one command line runs again and again.
pub(super) struct Archive {
    pub(super) program: Program,
    way: Way,
    /// The contents of the files that the output was rotated into, in order.
    pub(super) rotated: Vec<String>,
}

impl Archive {
    pub(super) fn new(stream: &Stream, way: Way) -> Self {
        Self {
            program: stream.program(),
            way,
            rotated: Vec::new(),
        }
    }

    pub(super) fn follow(&self) -> Tail {
        Tail::follow(&self.program, FILE)
    }

    fn arguments(&self) -> Vec<String> {
        let (start, end) = (MIDNIGHT, MIDNIGHT + SECONDS);
        let output = match self.way {
            Way::Output => format!("--output {FILE}"),
            Way::Redirection => String::new(),
        };
        let line =
            format!("--all-events --checkpoint progress.json --start {start} --end {end} {output}");
        line.split_whitespace().map(str::to_owned).collect()
    }

    /// The command line.
    pub(super) fn command(&self) -> Command {
        let mut command = self.program.command(self.arguments());
        if self.way == Way::Redirection {
            let file = File::options().append(true).create(true).open(self.path());
            command.stdout(file.unwrap());
        }
        command
    }

    /// Runs it to its end where no file may be longer than so many blocks of the shell's.
    pub(super) fn run_limited(&self, blocks: u64) -> Ended {
        let command = self.arguments().join(" ");
        let redirection = match self.way {
            Way::Output => String::new(),
            Way::Redirection => format!(">> {FILE}"),
        };
        let script = format!("ulimit -f {blocks} && exec \"{BINARY}\" {command} {redirection}");
        self.program.shell(&script)
    }

    pub(super) fn spawn(&self) -> Child {
        self.command().spawn().unwrap()
    }

    /// Runs it to its end.
    #[track_caller]
    pub(super) fn complete(&self) -> Ended {
        let ended = Ended::from(self.command().output().unwrap());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended
    }

    pub(super) fn path(&self) -> PathBuf {
        self.program.path(FILE)
    }

    /// The file as it is now; empty if there is none.
    pub(super) fn content(&self) -> String {
        fs::read_to_string(self.path()).unwrap_or_default()
    }

    /// Its length in bytes.
    pub(super) fn length(&self) -> u64 {
        fs::metadata(self.path()).map_or(0, |file| file.len())
    }

    /// Everything that was ever written and kept.
    pub(super) fn everything(&self) -> String {
        self.rotated.concat() + &self.content()
    }

    /// Moves the file away, as logrotate does, and keeps what is in it.
    pub(super) fn rename(&mut self) {
        self.rotated.push(self.content());
        fs::rename(self.path(), self.rotated_path(self.rotated.len())).unwrap();
    }

    /// The path of the file that was rotated with this number, counted from 1.
    pub(super) fn rotated_path(&self, number: usize) -> PathBuf {
        self.program.path(&format!("{FILE}.{number}"))
    }

    /// The whole lines of all files as they are now: a run that was killed may have left a torn one at the end of a file
    /// that was then rotated.
    pub(super) fn whole_lines(&self) -> String {
        let paths = (1..=self.rotated.len()).map(|number| self.rotated_path(number));
        let contents = paths.chain([self.path()]).map(|path| {
            let mut content = fs::read_to_string(path).unwrap_or_default();
            content.truncate(content.rfind('\n').map_or(0, |last| last + 1));
            content
        });
        contents.collect()
    }

    /// Bytes of the file that the checkpoint has acknowledged, and the Unix second that it has come to.
    fn acknowledged(&self) -> Option<(u64, i64)> {
        let text = fs::read_to_string(self.program.path("progress.json")).ok()?;
        let state: Value = serde_json::from_str(&text).unwrap();
        let through = state["audit_logs"]["watermark"]["through"].as_i64()?;
        Some((state["output"]["length"].as_u64()?, through))
    }

    /// Reports whether the file holds more than is acknowledged.
    pub(super) fn has_unacknowledged_bytes(&self) -> bool {
        let acknowledged = self.acknowledged().map_or(0, |(length, _)| length);
        self.length() > acknowledged
    }

    /// Waits until the run has acknowledged all audit logs, so that it only waits for answers.
    #[track_caller]
    pub(super) fn wait_until_idle(&self) {
        let end = MIDNIGHT + SECONDS;
        wait_until(|| {
            self.acknowledged()
                .is_some_and(|(_, through)| through == end)
        });
    }
}

/// Checks that `text` holds each record exactly once, in whole lines.
#[track_caller]
pub(super) fn assert_complete(text: &str) {
    let differences = differences(text, |missing| missing != 0);
    assert!(differences.is_empty(), "{differences:?}");
    assert!(text.ends_with('\n'), "the last line is not ended");
}

/// Checks that `text` holds each record at most once, and `gone` those that are missing from it.
#[track_caller]
pub(super) fn assert_none_missing(text: &str, gone: &str) {
    let too_often = differences(text, |missing| missing < 0);
    assert!(too_often.is_empty(), "too often: {too_often:?}");
    let missing = differences(&format!("{text}{gone}"), |missing| missing > 0);
    assert!(missing.is_empty(), "{missing:?}");
}

/// The first lines of which `text` holds too few or too many, and how many more there should be.
fn differences(text: &str, is_wrong: fn(i32) -> bool) -> Vec<String> {
    let mut missing: HashMap<String, i32> = HashMap::new();
    for line in Stream::lines() {
        *missing.entry(line).or_default() += 1;
    }
    for line in text.lines() {
        *missing.entry(line.to_owned()).or_default() -= 1;
    }
    let wrong = missing
        .into_iter()
        .filter(|(_, missing)| is_wrong(*missing));
    let described = wrong.map(|(line, missing)| {
        let beginning: String = line.chars().take(80).collect();
        format!("{missing} of {beginning}")
    });
    described.take(3).collect()
}
