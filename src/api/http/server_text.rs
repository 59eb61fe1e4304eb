//! Cleaning of text that came from the server, so that it is fit for a log line.

use std::collections::HashSet;

use crate::api::error::ServerText;
use crate::api::secret::Secret;

/// At most this many characters of the server's text are shown.
const LONGEST_SHOWN: usize = 500;

/// This many letters and digits in a row of a secret give it away.
const TELLING_PART: usize = 12;

/// Returns the message of the innermost error of a chain: it says what happened, those around it only where.
pub(super) fn innermost(error: &dyn std::error::Error) -> ServerText {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    clean(&innermost.to_string(), &[])
}

/// Cleans `text`, which may echo one of `secrets`.
pub(super) fn clean(text: &str, secrets: &[&Secret]) -> ServerText {
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
    for secret in secrets {
        let without = printable.replace(secret.expose(), "[redacted]");
        // A short secret that is cut out of every word could be guessed from the holes.
        let is_short = secret.expose().len() < TELLING_PART && without != printable;
        if is_short || gives_away(&without, secret) {
            return ServerText::cleaned("[redacted: it repeats a secret]".to_owned());
        }
        printable = without;
    }
    let words = printable.split(' ').filter(|word| !word.is_empty());
    let shown: Vec<_> = words.map(without_signature).collect();
    ServerText::cleaned(shown.join(" ").chars().take(LONGEST_SHOWN).collect())
}

/// Returns the `message` of Verkada's error envelope, or the body itself if it does not look like JSON. Other JSON is
/// not shown at all, even if it is cut short: it may hold an escaped secret.
pub(super) fn of_error_body(body: &[u8], secrets: &[&Secret]) -> ServerText {
    #[derive(serde::Deserialize)]
    struct Envelope {
        message: String,
    }
    match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => clean(&envelope.message, secrets),
        Err(_) if matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) => {
            ServerText::default()
        }
        Err(_) => clean(&String::from_utf8_lossy(body), secrets),
    }
}

/// Whether `text` holds a part of `secret`, ignoring case and everything between its letters and digits.
fn gives_away(text: &str, secret: &Secret) -> bool {
    let letters_and_digits = |text: &str| -> Vec<u8> {
        let bytes = text.bytes().filter(u8::is_ascii_alphanumeric);
        bytes.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    let (text, secret) = (
        letters_and_digits(text),
        letters_and_digits(secret.expose()),
    );
    let parts: HashSet<_> = secret.windows(TELLING_PART).collect();
    text.windows(TELLING_PART).any(|part| parts.contains(part))
}

/// Reports control characters, and characters that reorder or hide text on a terminal.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Cuts off what may be secret in an address: everything after a question mark or another sign that ends it, and a user
/// name and password before the host.
fn without_signature(word: &str) -> String {
    let word = match word.split_once("://") {
        Some((scheme, rest)) if rest.contains('@') => {
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://[redacted]@{host}")
        }
        _ => word.to_owned(),
    };
    let ends = ["?", "#", ";", "&", "%3F", "%3f"];
    let end = ends.iter().filter_map(|end| word.find(end)).min();
    match end.map(|end| word.split_at(end)) {
        Some((address, signature))
            if ["=", "%3D", "%3d"]
                .iter()
                .any(|sign| signature.contains(sign)) =>
        {
            format!("{address}?[redacted]")
        }
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_cannot_forge_a_log_line() {
        let text = clean("a\u{1b}[31mred\r\nERROR b\u{202e}c\u{7}", &[]);
        assert_eq!(text.as_str(), "a[31mred ERROR bc");
    }

    #[test]
    fn an_echoed_secret_and_a_signed_link_are_redacted() {
        let key = Secret::new("vkd_api_secret").unwrap();
        let text = clean(
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
        let text = clean(&"é".repeat(2_000), &[]);
        assert_eq!(text.as_str().chars().count(), 500);
    }

    #[test]
    fn the_envelopes_message_is_preferred_to_the_body() {
        let body = br#"{"id":"0e2d","message":"Token expired","data":null}"#;
        let text = of_error_body(body, &[]);
        assert_eq!(text.as_str(), "Token expired");
        assert_eq!(
            of_error_body(b"<h1>Bad Gateway</h1>", &[]).as_str(),
            "<h1>Bad Gateway</h1>"
        );
        assert_eq!(of_error_body(b"", &[]).as_str(), "");
        for escaped in [
            &br#"{"error":"bad key abc\/def"}"#[..],
            br#"{"error":"bad key abc\/def""#,
            br#" {"error":"bad key abc\/def"}{}"#,
        ] {
            let key = Secret::new("abc/def").unwrap();
            assert_eq!(of_error_body(escaped, &[&key]).as_str(), "");
        }
    }

    #[test]
    fn text_with_a_secret_in_another_form_is_not_shown_at_all() {
        let key = Secret::new("Zm9vYmFyYmF6+cXV4/Y29ycmVjdGhvcnNl==").unwrap();
        for echoed in [
            "Zm9vYmFyYmF6%2BcXV4%2FY29ycmVjdGhvcnNl%3D%3D",
            "zm9vymfyymf6+cxv4/y29ycmvjdghvcnnl==",
            "Zm9vYmFy YmF6+cXV4\n/Y29ycmVjdGhvcnNl==",
            "Zm9vYmFyYmF6&#43;cXV4&#47;Y29ycmVjdGhvcnNl&#61;",
            "ends in Y29ycmVjdGhvcnNl",
        ] {
            let text = clean(&format!("bad key {echoed}!"), &[&key]);
            assert_eq!(text.as_str(), "[redacted: it repeats a secret]", "{echoed}");
        }
        let other = clean("bad key Zm9vYmFyYm…", &[&key]);
        assert_eq!(other.as_str(), "bad key Zm9vYmFyYm…");
    }

    #[test]
    fn a_secret_of_few_letters_is_redacted_as_well() {
        for (key, shown) in [
            ("a-b-c-d-e-f-g", "bad key [redacted]!"),
            ("====-====-====", "bad key [redacted]!"),
            ("e", "[redacted: it repeats a secret]"),
        ] {
            let text = clean(&format!("bad key {key}!"), &[&Secret::new(key).unwrap()]);
            assert_eq!(text.as_str(), shown, "{key}");
        }
    }

    #[test]
    fn a_signed_link_is_cut_however_it_is_written() {
        for link in [
            "//x/i?token=S",
            "i.jpg?token=S",
            "https://x/i;sig=S",
            "/i#t=S",
            "https://x/i&token=S",
            "x%2Fi%3Fsig%3DS",
            "https://user:S@x/i?a=b",
        ] {
            let text = clean(&format!("see {link} now"), &[]);
            assert!(!text.as_str().contains('S'), "{text}");
            assert!(text.as_str().ends_with("?[redacted] now"), "{text}");
        }
        let plain = "what? 1;2 a#b <a/>";
        assert_eq!(clean(plain, &[]).as_str(), plain);
    }
}
