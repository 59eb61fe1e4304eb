//! The doctor's checks, a line for each.

use std::io::{self, Write};

use verkada_audit_logs::doctor::{Check, CheckOutcome, Subject};

use super::end::with_advice;
use super::exit_code::ExitCode;
use super::messages::LogFormat;
use super::usage::printed;
use crate::cli::config::UsageError;

/// Prints checks on standard output, and remembers the first that failed.
#[derive(Debug)]
pub(crate) struct CheckPrinter {
    code: ExitCode,
    printed: io::Result<()>,
}

impl Default for CheckPrinter {
    fn default() -> Self {
        Self {
            code: ExitCode::Done,
            printed: Ok(()),
        }
    }
}

impl CheckPrinter {
    /// Prints a check.
    pub(crate) fn show(&mut self, check: &Check) {
        let subject = check.subject;
        match &check.outcome {
            CheckOutcome::Ok(found) => self.say_ok(subject, found),
            CheckOutcome::Warn { found, remedy } => {
                self.say_warning(subject, found, remedy);
            }
            CheckOutcome::Fail { error, remark } => {
                let remark = remark.iter().map(|remark| format!("; {remark}"));
                let text = with_advice(error) + &remark.collect::<String>();
                self.print_line("fail", subject, &text);
                self.fail(ExitCode::of(error));
            }
            CheckOutcome::Skipped(reason) => self.print_line("skip", subject, reason),
        }
    }

    /// Prints that something is as it should be.
    pub(crate) fn say_ok(&mut self, subject: Subject, found: &str) {
        self.print_line("ok", subject, found);
    }

    /// Prints something that a run can live with.
    pub(crate) fn say_warning(&mut self, subject: Subject, found: &str, remedy: &str) {
        self.print_line("warn", subject, &format!("{found}; {remedy}"));
    }

    /// Prints that the flags and variables do not make a configuration.
    pub(crate) fn say_unusable(&mut self, subject: Subject, error: &UsageError) {
        self.print_line("fail", subject, &error.to_string());
        self.fail(ExitCode::of_usage(error));
    }

    /// Returns the code of the first check that failed, or else of a standard output that could not be written.
    pub(crate) fn finish(self) -> ExitCode {
        let printed = printed(LogFormat::Text, self.printed);
        match self.code {
            ExitCode::Done => printed,
            code => code,
        }
    }

    fn fail(&mut self, code: ExitCode) {
        if self.code == ExitCode::Done {
            self.code = code;
        }
    }

    /// Prints one line, even if a path in it holds a line feed.
    fn print_line(&mut self, word: &str, subject: Subject, text: &str) {
        if self.printed.is_err() {
            return;
        }
        let text = text.replace(char::is_control, " ");
        let mut output = io::stdout();
        self.printed =
            writeln!(output, "{word:<5} {subject:<15} {text}").and_then(|()| output.flush());
    }
}
