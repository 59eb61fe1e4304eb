//! The `.env` file: how it is found, checked and read.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::env_line;
use super::names::{OWN_VARIABLES, PREFIX, is_unknown};
use crate::cli::config::usage_error::UsageError;

/// At most this many bytes of the file are read.
const LONGEST_FILE: u64 = 1 << 20;

/// Variables that libraries read from the environment of the process.
const LIBRARY_VARIABLES: [&str; 11] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NO_COLOR",
];

/// The `.env` file that counts, with the variables in it that concern this program.
#[derive(Default)]
pub(super) struct EnvFile {
    pub(super) path: Option<PathBuf>,
    pub(super) variables: HashMap<String, String>,
    /// The reason for which the file was not read at all.
    pub(super) problem: Option<String>,
    /// Names that begin like those of this program, in the order in which the file has them, and are none.
    pub(super) unknown: Vec<String>,
    /// A line that sets nothing. It matters only if something is missing in the end.
    pub(super) stray_line: Option<String>,
}

impl EnvFile {
    /// Reads the nearest file from the working directory upwards, if there is one. A file that cannot be used ends the
    /// search as well: one further up may be meant for another organisation.
    ///
    /// # Errors
    ///
    /// Names the file and the line that sets a variable of this program and cannot be read, without quoting it: it may
    /// hold the key.
    pub(super) fn load() -> Result<Self, UsageError> {
        let Some(path) = nearest() else {
            return Ok(Self::default());
        };
        match text_of(&path) {
            Ok(text) => Self::read(path, &text),
            Err(problem) => Ok(Self {
                problem: Some(format!("{} {problem}", path.display())),
                path: Some(path),
                ..Self::default()
            }),
        }
    }

    fn read(path: PathBuf, text: &str) -> Result<Self, UsageError> {
        let shown = path.display();
        let mut file = Self::default();
        let mut for_libraries = String::new();
        for line in env_line::lines(text) {
            let number = line.number;
            if let Some(name) = line.swallowed(is_known) {
                return Err(UsageError::new(format!(
                    "{shown}: line {number} has a quote that reaches over the setting of {name}; close it, or put a backslash in front of it"
                )));
            }
            let name = line.subject().filter(|name| is_known(name));
            match (line.parse(is_known), name) {
                (Ok(None), _) => {}
                (Ok(Some((name, value))), Some(_)) => {
                    if LIBRARY_VARIABLES.contains(&name.as_str()) && is_unset(&name) {
                        for_libraries += line.text;
                        for_libraries += "\n";
                    }
                    if is_unknown(&name) && !file.unknown.contains(&name) {
                        file.unknown.push(name.clone());
                    }
                    file.variables.insert(name, value);
                }
                (Ok(Some(_)), None) => {}
                (Err(reason), Some(name)) => {
                    return Err(UsageError::new(format!(
                        "{shown}: line {number} ({name}) {reason}"
                    )));
                }
                (Err(_), None) => {
                    file.stray_line.get_or_insert(format!(
                        "line {number} of {shown} is not of the form NAME=value"
                    ));
                }
            }
        }
        // This cannot fail, because the lines have been parsed above. They set no variable that the environment has
        // already.
        let _ = dotenvy::from_read_override(for_libraries.as_bytes());
        file.path = Some(path);
        Ok(file)
    }
}

fn is_known(name: &str) -> bool {
    name.starts_with(PREFIX) || OWN_VARIABLES.contains(&name) || LIBRARY_VARIABLES.contains(&name)
}

/// Reports whether the process has no value of `name`; an empty one counts as none.
fn is_unset(name: &str) -> bool {
    std::env::var_os(name).is_none_or(|value| value.is_empty())
}

/// Finds the nearest entry of the name, of whatever type: it may be a pipe that a password manager fills, or a link.
fn nearest() -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    let mut candidates = folder.ancestors().map(|folder| folder.join(".env"));
    // A virtual environment of Python is often a folder of this name.
    candidates.find(|path| fs::symlink_metadata(path).is_ok() && !path.is_dir())
}

/// Reads the file, without the byte order mark that some editors put first. An error ends a sentence that begins with
/// the path.
fn text_of(path: &Path) -> Result<String, String> {
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    // Before it is opened: a pipe of another user may never be filled. A link of another user could lead to any file of
    // this user.
    for metadata in [fs::symlink_metadata(path), fs::metadata(path)] {
        check_owner(&metadata.map_err(cannot)?)?;
    }
    let file = File::open(path).map_err(cannot)?;
    // Once more: it may have been replaced in between.
    check_owner(&file.metadata().map_err(cannot)?)?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    if bytes.contains(&0) {
        return Err("holds a NUL byte, so it is not text; save it as UTF-8".to_owned());
    }
    // A byte that is not UTF-8 may be in a comment. In a value that matters it is refused later.
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n"))
}

/// Refuses a file of another user: its owner could choose the address that the key is sent to.
fn check_owner(metadata: &Metadata) -> Result<(), String> {
    let owner = metadata.uid();
    if owner == 0 || owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(format!(
        "is ignored because it belongs to another user (uid {owner}); make it your own with chown, or set the variables in the environment"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<EnvFile, String> {
        EnvFile::read(PathBuf::from(".env"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_that_sets_nothing_of_ours_does_not_matter() {
        for stray in [
            "just words",
            "GREETING=two words",
            "OTHER=$HOME/x",
            "OTHER=a\\",
            "OTHER=\u{FFFD}",
            "MOTD=it's never closed",
            "OTHER=\"${never closed\"",
            "- item",
            "=",
        ] {
            for text in [
                format!("{stray}\nVERKADA_REGION=eu\n"),
                format!("VERKADA_REGION=eu\n{stray}"),
            ] {
                let file = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(file.variables["VERKADA_REGION"], "eu", "{text}");
                assert_eq!(file.variables.len(), 1, "{text}");
            }
        }
    }

    #[test]
    fn a_line_that_is_meant_to_set_a_variable_of_ours_is_refused_if_it_cannot() {
        for line in [
            "VERKADA_API_KEY: SECRET",
            "VERKADA_API_KEY SECRET",
            "set VERKADA_API_KEY SECRET",
            "- VERKADA_API_KEY=SECRET",
            "$env:VERKADA_API_KEY=SECRET",
            "export VERKADA_API_KEY",
            "VERKADA_API_KEY='SECRET",
            "VERKADA_API_KEY=SECRET\u{FFFD}",
            "INTERESTED_EVENTS=Live Stream Started",
            "https_proxy=http://a b",
        ] {
            let message = read(&format!("A=b\n{line}\n")).err();
            let message = message.unwrap_or_else(|| panic!("{line} was accepted"));
            assert!(message.contains("line 2"), "{message}");
            assert!(!message.contains("SECRET"), "{message}");
        }
    }

    #[test]
    fn a_value_is_never_cut() {
        for value in [
            "k1$abc",
            "k1$",
            "k1$-x",
            "$abc",
            "k1${abc}",
            "\"k1$abc\"",
            "\"k1${abc}x\"",
            "'k'1$abc",
            "k1\\",
            "k1\\ ",
            "k1\\ # comment",
            "k1\\  # comment",
        ] {
            let message = read(&format!("\nVERKADA_API_KEY={value}\n")).err();
            let message = message.unwrap_or_else(|| panic!("{value} was accepted"));
            assert!(message.contains("line 2"), "{message}");
            assert!(message.contains("single quotes"), "{message}");
            assert!(!message.contains("k1"), "{message}");
        }
        for (value, meant) in [
            ("'k1$abc'", "k1$abc"),
            ("'k1\\x'", "k1\\x"),
            ("'${abc}'", "${abc}"),
            ("k1\\$abc", "k1$abc"),
            ("\"k1\\$abc\"", "k1$abc"),
            ("\"k\\\\1\"", "k\\1"),
            ("k1 # $abc", "k1"),
            ("k1#x", "k1#x"),
            ("k1  ", "k1"),
        ] {
            let file = read(&format!("VERKADA_API_KEY={value}")).unwrap();
            assert_eq!(file.variables["VERKADA_API_KEY"], meant, "{value}");
        }
    }

    #[test]
    fn a_quote_that_reaches_over_a_setting_is_refused() {
        let message = read("MOTD=it's\nVERKADA_API_KEY=SECRET\nBYE=it's\n")
            .err()
            .unwrap();
        assert!(
            message.contains("line 1 ") && message.contains("VERKADA_API_KEY"),
            "{message}"
        );
        let several = read("PEM=\"one\ntwo\"\nVERKADA_REGION='eu'\n").unwrap();
        assert_eq!(several.variables["VERKADA_REGION"], "eu");
    }
}
