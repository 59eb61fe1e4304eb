//! Text that came from the server, made fit for a log line.

use std::fmt;

use super::secret::Secret;

/// The greatest number of characters of the server's that are shown.
const LONGEST_SHOWN: usize = 500;

/// A sentence of the server's: control characters removed, secrets and signed links blotted out, cut to 500
/// characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerText(String);

impl ServerText {
    /// The last error of a chain says what happened; those around it only where.
    pub(super) fn innermost(error: &dyn std::error::Error) -> Self {
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::clean(&innermost.to_string(), &[])
    }

    /// Cleans `text`, in which `secrets` may have been echoed.
    pub(super) fn clean(text: &str, secrets: &[&Secret]) -> Self {
        let mut printable: String = text
            .chars()
            .map(|character| {
                if character.is_whitespace() {
                    ' '
                } else {
                    character
                }
            })
            .filter(|character| !is_invisible(*character))
            .collect();
        for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
            printable = printable.replace(secret.expose(), "[redacted]");
        }
        let words = printable.split(' ').filter(|word| !word.is_empty());
        let shown: Vec<_> = words.map(without_query).collect();
        Self(shown.join(" ").chars().take(LONGEST_SHOWN).collect())
    }

    /// The `message` of Verkada's error envelope, or else the body if it is no JSON. Of other JSON nothing is
    /// shown: a secret that it echoes may be escaped in it.
    pub(super) fn of_error_body(body: &[u8], secrets: &[&Secret]) -> Self {
        #[derive(serde::Deserialize)]
        struct Envelope {
            message: String,
        }
        match serde_json::from_slice::<Envelope>(body) {
            Ok(envelope) => Self::clean(&envelope.message, secrets),
            Err(_) if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => {
                Self::default()
            }
            Err(_) => Self::clean(&String::from_utf8_lossy(body), secrets),
        }
    }

    /// The text itself, possibly empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether Verkada says that a token has expired. The documentation writes "Token expired", an older
    /// client has seen "API token expired".
    pub(super) fn says_token_expired(&self) -> bool {
        self.0.to_ascii_lowercase().contains("token expired")
    }
}

/// As the end of a sentence: nothing, or `, saying “…”`.
impl fmt::Display for ServerText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(formatter, ", saying “{}”", self.0)
    }
}

/// Control characters, and those that reorder or hide text on a terminal.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A signed link carries its signature behind the question mark.
fn without_query(word: &str) -> String {
    match (word.contains("://"), word.split_once('?')) {
        (true, Some((address, _))) => format!("{address}?[redacted]"),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_cannot_forge_a_log_line() {
        let text = ServerText::clean("a\u{1b}[31mred\r\nERROR b\u{202e}c\u{7}", &[]);
        assert_eq!(text.as_str(), "a[31mred ERROR bc");
    }

    #[test]
    fn an_echoed_secret_and_a_signed_link_are_blotted_out() {
        let key = Secret::new("vkd_api_secret");
        let text = ServerText::clean(
            "key 'vkd_api_secret' see https://example.com/image?token=SIGNED now",
            &[&key],
        );
        assert_eq!(
            text.as_str(),
            "key '[redacted]' see https://example.com/image?[redacted] now"
        );
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        let text = ServerText::clean(&"é".repeat(2_000), &[]);
        assert_eq!(text.as_str().chars().count(), 500);
    }

    #[test]
    fn the_envelopes_message_is_preferred_to_the_body() {
        let body = br#"{"id":"0e2d","message":"Token expired","data":null}"#;
        let text = ServerText::of_error_body(body, &[]);
        assert_eq!(text.as_str(), "Token expired");
        assert!(text.says_token_expired());
        assert_eq!(
            ServerText::of_error_body(b"<h1>Bad Gateway</h1>", &[]).as_str(),
            "<h1>Bad Gateway</h1>"
        );
        assert_eq!(ServerText::of_error_body(b"", &[]).to_string(), "");
        let escaped = br#"{"error":"bad key abc\/def"}"#;
        let key = Secret::new("abc/def");
        assert_eq!(ServerText::of_error_body(escaped, &[&key]).as_str(), "");
    }
}
