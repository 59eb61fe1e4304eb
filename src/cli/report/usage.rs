//! The answer to a command line that is not a run: help, version, or wrong usage.

use std::io::{self, Write};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::account::{Arguments, close_unread};
use super::exit_code::ExitCode;
use super::messages::{self, LogFormat, report_error};
use crate::cli::args::CommandLine;
use crate::cli::config::{LONGEST_QUOTED, parse_span};

/// Prints `--help` and `--version` on standard output, and wrong usage in one line on standard error.
pub(crate) fn answer(error: &clap::Error) -> ExitCode {
    let arguments = Arguments::of_the_process();
    let format = arguments.format();
    messages::start_plainly(format);
    if !error.use_stderr() {
        return printed(format, error.print());
    }
    let text = error.to_string();
    let lines = text.lines().map(str::trim);
    let shown: Vec<_> = lines
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    let message = misplaced_word(error).or_else(|| unknown_flag(error));
    let mut message = message.unwrap_or_else(|| shown.join(" ").replace(" tip: ", "; "));
    message.extend(rest_of_span(error, &arguments));
    let message = without_long_words(message.trim_start_matches("error: "));
    report_error(format, &format!("{message}; see --help"));
    close_unread(&arguments, ExitCode::Usage);
    ExitCode::Usage
}

/// The message for a word after a flag, which clap takes for a command whatever it is.
fn misplaced_word(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::ArgumentConflict {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let line = CommandLine::command();
    let is_command = line
        .get_subcommands()
        .any(|command| command.get_name() == word);
    Some(if is_command {
        format!("the flags of '{word}' are written after it")
    } else {
        format!("unexpected argument '{word}' found")
    })
}

/// Flags that people expect, and the one to give instead: clap would name another one with a similar name.
const EXPECTED: [(&str, &str); 5] = [
    ("--from", "the start of a range is '--start'"),
    ("--to", "the end of a range is '--end'"),
    ("--until", "the end of a range is '--end'"),
    ("--version", "'verkada-audit-logs --version' prints it"),
    ("-V", "'verkada-audit-logs --version' prints the version"),
];

/// The message for a flag that another program would have.
fn unknown_flag(error: &clap::Error) -> Option<String> {
    let given = unexpected_word(error)?;
    let (flag, hint) = EXPECTED.into_iter().find(|(flag, _)| *flag == given)?;
    Some(format!("unexpected argument '{flag}' found; {hint}"))
}

/// The hint for a span of time that was given as several words: `--since 1d 12h`.
fn rest_of_span(error: &clap::Error, arguments: &Arguments) -> Option<String> {
    let is_span = |word: &&str| parse_span(word).is_ok();
    let word = unexpected_word(error).filter(is_span)?;
    let since = arguments.value("--since")?.to_str().filter(is_span)?;
    let hint = "quote a span with a space";
    Some(format!("; {hint}: --since '{since} {word}'"))
}

/// The word that the command line should not hold.
fn unexpected_word(error: &clap::Error) -> Option<&str> {
    [ContextKind::InvalidSubcommand, ContextKind::InvalidArg]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(word)) => Some(word.as_str()),
            _ => None,
        })
}

/// The exit code of a command that only prints. A reader that goes away has seen enough.
pub(super) fn printed(format: LogFormat, result: io::Result<()>) -> ExitCode {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            report_error(format, &format!("standard output: {error}"));
            ExitCode::Failure
        }
        _ => ExitCode::Done,
    }
}

/// Prints `text` on standard output, for a command that does nothing else.
pub(crate) fn print_document(text: io::Result<Vec<u8>>) -> ExitCode {
    let mut output = io::stdout();
    let result = text.and_then(|text| {
        output.write_all(&text)?;
        output.flush()
    });
    printed(LogFormat::Text, result)
}

/// Reports the failure of a command that is not a run.
pub(crate) fn fail_plainly(message: &str) -> ExitCode {
    messages::start_plainly(LogFormat::Text);
    report_error(LogFormat::Text, message);
    ExitCode::Failure
}

/// Reports a failure before the flags were looked at.
pub(crate) fn fail_early(message: &str) -> ExitCode {
    let arguments = Arguments::of_the_process();
    let format = arguments.format();
    messages::start_plainly(format);
    report_error(format, message);
    close_unread(&arguments, ExitCode::Failure);
    ExitCode::Failure
}

/// Replaces long words between quotes, which may be a key in the wrong place, by an ellipsis.
fn without_long_words(message: &str) -> String {
    let is_long = |part: &&str| part.chars().count() > LONGEST_QUOTED;
    let parts = message.split('\'').map(|part| {
        let is_word = !part.contains(' ') || part.starts_with('-');
        Some(part)
            .filter(|part| !(is_word && is_long(part)))
            .unwrap_or("…")
    });
    parts.collect::<Vec<_>>().join("'")
}
