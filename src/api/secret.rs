//! A string that must never be seen, and quotes of strings that may be one.

use std::fmt;
use std::str::FromStr;

use super::error::ConfigurationError;
use crate::digest::{hexadecimal, sha256};

/// An API key or a token. `Display` and `Debug` print `[redacted]`; only the code that puts it into a request header or
/// the token file can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes an API key or a token; white space around it is removed. Nothing is assumed of its length or beginning,
    /// because both have changed over the years.
    ///
    /// # Errors
    ///
    /// Fails if nothing is left, or if it holds a character that no header can carry. The message does not repeat it.
    ///
    /// ```
    /// use verkada_audit_logs::Secret;
    ///
    /// let key = Secret::new("vkd_api_0123456789\n")?;
    /// assert_eq!(format!("{key} {key:?}"), "[redacted] [redacted]");
    /// assert!(Secret::new("two words").is_err());
    /// # Ok::<(), verkada_audit_logs::ConfigurationError>(())
    /// ```
    pub fn new(value: impl AsRef<str>) -> Result<Self, ConfigurationError> {
        let value = value.as_ref().trim();
        if value.is_empty() {
            return Err(ConfigurationError::new("the API key is empty"));
        }
        if value.contains(['\n', '\r']) {
            let reason = "the API key holds more than one line; give the key alone";
            return Err(ConfigurationError::new(reason));
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason =
                "the API key holds a space or a character outside printable ASCII; copy it again";
            return Err(ConfigurationError::new(reason));
        }
        Ok(Self(value.to_owned()))
    }

    /// The value itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The first 128 bits of the SHA-256, in hexadecimal. It distinguishes two keys without giving either away.
    pub fn fingerprint(&self) -> String {
        hexadecimal(&sha256(self.0.as_bytes())[..16])
    }
}

impl FromStr for Secret {
    type Err = ConfigurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The longest text that a message quotes. The longest flag and the longest time have 25 characters, and keys have 40
/// or more.
pub const LONGEST_QUOTED: usize = 32;

/// Quotes what a person gave, for a message, with control characters escaped. A text longer than [`LONGEST_QUOTED`] may
/// be a key in the wrong place, so it is not repeated.
pub fn quoted(given: &str) -> String {
    if given.chars().count() > LONGEST_QUOTED {
        return "what was given".to_owned();
    }
    let mut shown = String::from("“");
    for letter in given.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown + "”"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_display_nor_debug_shows_a_secret() {
        let secret = Secret::new("vkd_api_0123456789abcdef").unwrap();
        let shown = format!("{secret} {secret:?} {:?} {:#?}", Some(&secret), [&secret]);
        assert!(!shown.contains("0123"), "{shown}");
        assert!(shown.contains("[redacted]"));
    }

    #[test]
    fn a_key_is_trimmed_and_must_fit_a_header() {
        assert_eq!(Secret::new(" vkd_api_1\n").unwrap().expose(), "vkd_api_1");
        let two_lines = Secret::new("key\nanother").unwrap_err().to_string();
        assert!(two_lines.contains("more than one line"), "{two_lines}");
        for unusable in ["", " ", "two words", "line\nbreak", "käse"] {
            let reason = Secret::new(unusable).unwrap_err().to_string();
            assert!(
                unusable.trim().is_empty() || !reason.contains(unusable),
                "{reason}"
            );
        }
    }

    #[test]
    fn a_fingerprint_tells_keys_apart_and_does_not_contain_them() {
        let fingerprint = |key| Secret::new(key).unwrap().fingerprint();
        // The first half of the published SHA-256 test vector for "abc".
        assert_eq!(fingerprint("abc"), "ba7816bf8f01cfea414140de5dae2223");
        assert_ne!(fingerprint("abc"), fingerprint("abd"));
    }
}
