//! The words of the command line, for a run that ends before its flags were read.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::cli::config::{Environment, METRICS_FILE};
use crate::cli::report::messages::LogFormat;

/// The words of a command line that was not parsed.
pub(in crate::cli::report) struct Arguments(Vec<OsString>);

impl Arguments {
    /// Those of the process.
    pub(in crate::cli::report) fn of_the_process() -> Self {
        Self(std::env::args_os().skip(1).collect())
    }

    /// The form of messages that they ask for.
    pub(in crate::cli::report) fn format(&self) -> LogFormat {
        match self.value("--log-format") {
            Some(value) if value == "json" => LogFormat::Json,
            _ => LogFormat::Text,
        }
    }

    /// Reports whether they are those of a run, and not of a command that only shows something.
    pub(in crate::cli::report) fn are_of_a_run(&self) -> bool {
        ["doctor", "completions", "man", "help"]
            .iter()
            .all(|command| !self.begin_with(command))
    }

    /// The metrics file that they, or else the variables, name.
    pub(in crate::cli::report) fn metrics_file(&self) -> Option<PathBuf> {
        if let Some(path) = self.value("--metrics-file") {
            return Some(path.into());
        }
        // The demo ignores the variables, and a comparison leaves the file of the scheduled runs alone.
        if self.0.iter().any(|word| word == "--demo") || self.begin_with("verify") {
            return None;
        }
        let environment = Environment::load().unwrap_or_default();
        let path = environment.peek(METRICS_FILE).ok().flatten();
        path.map(PathBuf::from)
    }

    /// Commands come before all flags.
    fn begin_with(&self, command: &str) -> bool {
        self.0.first().is_some_and(|first| first == command)
    }

    /// The value of the last `flag`.
    pub(in crate::cli::report) fn value(&self, flag: &str) -> Option<&OsStr> {
        let mut value = None;
        for (index, word) in self.0.iter().enumerate() {
            let rest = word.as_bytes().strip_prefix(flag.as_bytes());
            value = match rest {
                Some([]) => self
                    .0
                    .get(index + 1)
                    .filter(|next| !is_flag(next))
                    .map(OsString::as_os_str),
                Some([b'=', joined @ ..]) => Some(OsStr::from_bytes(joined)),
                _ => value,
            };
        }
        value
    }
}

/// Reports whether a word is a flag, which is never the value of the flag before it.
fn is_flag(word: &OsStr) -> bool {
    matches!(word.as_bytes(), [b'-', _, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Arguments {
        Arguments(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn the_last_value_of_a_flag_counts() {
        let words = arguments(&["--metrics-file=a", "--bogus", "--metrics-file", "b", "-x"]);
        assert_eq!(words.value("--metrics-file"), Some(OsStr::new("b")));
        let words = arguments(&["--metrics-files=a", "--metrics-file"]);
        assert_eq!(words.value("--metrics-file"), None);
        let words = arguments(&["--metrics-file", "--log-format", "json"]);
        assert_eq!(words.value("--metrics-file"), None);
        assert_eq!(words.format(), LogFormat::Json);
        assert_eq!(arguments(&["--log-format=json"]).format(), LogFormat::Json);
        assert_eq!(
            arguments(&["--log-format", "xml"]).format(),
            LogFormat::Text
        );
    }

    #[test]
    fn only_the_main_job_and_verify_are_runs() {
        assert!(arguments(&[]).are_of_a_run());
        assert!(arguments(&["--bogus", "doctor"]).are_of_a_run());
        assert!(arguments(&["verify", "--bogus"]).are_of_a_run());
        assert!(!arguments(&["doctor", "--bogus"]).are_of_a_run());
        assert_eq!(arguments(&["verify", "--bogus"]).metrics_file(), None);
        assert_eq!(arguments(&["--demo", "--bogus"]).metrics_file(), None);
    }
}
