//! The real program, started on a disk as a power cut left it.

use std::collections::HashMap;
use std::fs;

use tempfile::TempDir;
use verkada_audit_logs::demo::DemoServer;

use super::disk::Image;
use crate::support::program::{BINARY, Program, folder_in_memory};
use crate::support::range::MIDNIGHT;

/// The folder of the output, which is not that of the checkpoint.
pub(super) const FOLDER: &str = "records";

/// The output.
pub(super) const OUTPUT: &str = "records/audit.jsonl";

pub(super) const LOCK: &str = "progress.json.lock";

/// A command line that runs again and again with one checkpoint.
pub(super) struct Job {
    /// The end of the command line, by which lines reach the output.
    to_output: &'static str,
    /// Without one, the built-in organisation is read.
    server: Option<DemoServer>,
    /// A folder for the token, away from the files that matter here.
    token: TempDir,
    /// Length of the range that the last run reads, in seconds from midnight on.
    seconds: i64,
    /// Counts of each line in the output of a run that nothing disturbs.
    expected: HashMap<String, u32>,
}

/// The output after a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completed {
    Exactly,
    /// A line that the power cut had torn stands there as well, and a warning said so.
    BesideATornLine,
}

impl Job {
    pub(super) fn with_output(seconds: i64) -> Self {
        Self::new("--output records/audit.jsonl", seconds, None)
    }

    pub(super) fn redirected(seconds: i64) -> Self {
        Self::new(">> records/audit.jsonl", seconds, None)
    }

    /// Reads what `server` serves.
    pub(super) fn asking(server: DemoServer, seconds: i64) -> Self {
        Self::new("--output records/audit.jsonl", seconds, Some(server))
    }

    fn new(to_output: &'static str, seconds: i64, server: Option<DemoServer>) -> Self {
        let mut job = Self {
            to_output,
            server,
            token: folder_in_memory(),
            seconds,
            expected: HashMap::new(),
        };
        let program = job.program(&Image::new());
        program.shell(&job.script(seconds)).quietly();
        let output = fs::read_to_string(program.path(OUTPUT)).unwrap();
        // Several writes.
        assert!(output.len() > 200_000, "{} bytes", output.len());
        job.expected = counted(output.lines());
        job
    }

    /// A folder with these files in it.
    pub(super) fn program(&self, files: &Image) -> Program {
        let program = match &self.server {
            None => Program::in_memory(),
            Some(server) => Program::in_memory()
                .with("VERKADA_BASE_URL", &server.base_url())
                .with("VERKADA_API_KEY", server.api_key())
                .with(
                    "VERKADA_TOKEN_FILE",
                    &self.token.path().join("token.json").to_string_lossy(),
                )
                .with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000"),
        };
        fs::create_dir(program.path(FOLDER)).unwrap();
        for (path, content) in files {
            fs::write(program.path("").join(path), content).unwrap();
        }
        program
    }

    /// The command line of a run that reads `seconds` from midnight on.
    pub(super) fn script(&self, seconds: i64) -> String {
        let demo = if self.server.is_none() { "--demo" } else { "" };
        format!(
            "\"{BINARY}\" {demo} --all-events --checkpoint progress.json --interval-minutes 1 --start {MIDNIGHT} --end {} {}",
            MIDNIGHT + seconds,
            self.to_output
        )
    }

    /// Runs the program twice on a disk with these files. The first time it must complete the output, with each record
    /// once, and the second time there must be nothing left to do.
    pub(super) fn attempt(&self, files: &Image) -> Result<Completed, String> {
        let program = self.program(files);
        let script = self.script(self.seconds);
        let next = program.shell(&script);
        if next.code != Some(0) {
            return Err(format!(
                "the next run ends with {:?}: {}",
                next.code, next.stderr
            ));
        }
        let output = read(&program);
        let completed = self.compare(&output, &next.stderr)?;
        let last = program.shell(&script);
        if last.code != Some(0) || read(&program) != output {
            return Err(format!("the run after it is not idle: {last:?}"));
        }
        Ok(completed)
    }

    fn compare(&self, output: &str, stderr: &str) -> Result<Completed, String> {
        if !output.ends_with('\n') {
            return Err("the last line is not ended".to_owned());
        }
        let mut left = self.expected.clone();
        let mut others = Vec::new();
        for line in output.lines() {
            match left.get_mut(line) {
                None => others.push(line),
                Some(0) => return Err(format!("too often: {}", shortened(line))),
                Some(count) => *count -= 1,
            }
        }
        if let Some((line, count)) = left.iter().find(|(_, count)| **count > 0) {
            let missing: u32 = left.values().sum();
            let line = shortened(line);
            return Err(format!(
                "{missing} records are missing, {count} times {line}"
            ));
        }
        // The rest of a torn line may read as zeros.
        let is_torn = |line: &str| {
            let begin = line.trim_end_matches('\0');
            self.expected.keys().any(|record| record.starts_with(begin))
        };
        match others[..] {
            [] => Ok(Completed::Exactly),
            [torn] if is_torn(torn) && stderr.contains("torn") => Ok(Completed::BesideATornLine),
            _ => {
                let others: Vec<_> = others.into_iter().map(shortened).collect();
                Err(format!(
                    "lines that are no records, {others:?}, and: {stderr}"
                ))
            }
        }
    }
}

fn read(program: &Program) -> String {
    fs::read_to_string(program.path(OUTPUT)).unwrap_or_default()
}

fn counted<'a>(lines: impl Iterator<Item = &'a str>) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    lines.for_each(|line| *counts.entry(line.to_owned()).or_default() += 1);
    counts
}

/// The beginning of a line.
fn shortened(line: &str) -> String {
    line.chars().take(120).collect()
}
