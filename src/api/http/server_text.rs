//! Cleaning of text that came from the server, so that it is fit for a log line.

use std::collections::HashSet;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde_json::Value;

use crate::api::error::ServerText;
use crate::api::secret::Secret;

/// At most this many characters of the server's text are shown.
const LONGEST_SHOWN: usize = 500;

/// A word of this many characters may be a token.
const LIKE_A_TOKEN: usize = 40;

/// Stands for all white space except the space.
const LINE_BREAK: char = '\n';

/// A part of a secret of this many letters and digits gives it away.
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
pub(crate) fn clean(text: &str, secrets: &[&Secret]) -> ServerText {
    // Spaces are kept distinct from other white space until the end: an address may go on after a line break, but not
    // after a space.
    let visible: String = text
        .chars()
        .map(|character| match character {
            ' ' => ' ',
            _ if character.is_whitespace() => LINE_BREAK,
            _ => character,
        })
        .filter(|character| *character == LINE_BREAK || !is_invisible(*character))
        .collect();
    let mut printable = visible;
    for secret in secrets {
        let without = printable.replace(secret.expose(), "[redacted]");
        // A short secret that is cut out of every word could be guessed from the holes.
        let is_short = secret.expose().len() < TELLING_PART && without != printable;
        if is_short || gives_away(&without, secret) {
            return ServerText::cleaned("[redacted: it repeats a secret]".to_owned());
        }
        printable = without;
    }
    let mut shown = Vec::new();
    let mut in_address = false;
    for word in printable.split(' ').filter(|word| !word.is_empty()) {
        // What follows the question mark of an address and a space may be its signature.
        if in_address && holds_assignment(word) {
            shown.push("[redacted]".to_owned());
            continue;
        }
        in_address = word.contains('/') && word.ends_with(['?', '&']);
        shown.push(without_signature(word));
    }
    let shown = shown.join(" ").replace(LINE_BREAK, " ");
    let words: Vec<_> = shown.split(' ').filter(|word| !word.is_empty()).collect();
    ServerText::cleaned(words.join(" ").chars().take(LONGEST_SHOWN).collect())
}

/// Returns the `message` of Verkada's error envelope, or the body itself if it does not look like JSON. Other JSON is
/// not shown at all, even if it is cut short: it may hold an escaped secret.
pub(super) fn of_error_body(body: &[u8], secrets: &[&Secret]) -> ServerText {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(error) => clean(&error.message, secrets),
        Err(_) if matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) => {
            ServerText::default()
        }
        Err(_) => clean(&String::from_utf8_lossy(body), secrets),
    }
}

/// Returns the `message` of an answer about tokens, which may hold a new token that is not known yet. Nothing else of it
/// is shown, and no part of the message that stands elsewhere in the answer too.
pub(super) fn of_token_error_body(body: &[u8], secrets: &[&Secret]) -> ServerText {
    let Ok(mut answer) = serde_json::from_slice::<serde_json::Map<String, Value>>(body) else {
        return ServerText::default();
    };
    let Some(Value::String(message)) = answer.remove("message") else {
        return ServerText::default();
    };
    let mut issued = Vec::new();
    collect_secrets(&Value::Object(answer), &mut issued);
    let secrets: Vec<_> = secrets.iter().copied().chain(&issued).collect();
    // The message itself may hold the token: a long word is more likely one than a word.
    let words = message.split(' ').map(|word| match word.chars().count() {
        0..LIKE_A_TOKEN => word,
        _ => "[redacted]",
    });
    clean(&words.collect::<Vec<_>>().join(" "), &secrets)
}

/// Verkada's error envelope, as far as it is read.
#[derive(serde::Deserialize)]
struct ErrorBody {
    message: String,
}

/// Collects the texts in `value` that are long enough for a secret.
fn collect_secrets(value: &Value, found: &mut Vec<Secret>) {
    match value {
        Value::String(text) if text.len() >= TELLING_PART => found.extend(Secret::new(text)),
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect_secrets(value, found)),
        Value::Object(fields) => fields
            .values()
            .for_each(|value| collect_secrets(value, found)),
        _ => {}
    }
}

/// Reports whether `text` holds a part of `secret`, ignoring case and everything between its letters and digits.
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

/// Reports whether a terminal shows nothing for `character`, or shows other characters in another order for it.
fn is_invisible(character: char) -> bool {
    use GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, Surrogate, Unassigned,
    };
    // The one character that Unicode counts among the symbols although it has no ink.
    const BRAILLE_PATTERN_BLANK: char = '\u{2800}';
    // Printable ASCII, which almost all text is, needs no table.
    if matches!(character, ' '..='~') {
        return false;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    matches!(
        category,
        Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | Surrogate | Unassigned
    ) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || character == BRAILLE_PATTERN_BLANK
}

/// Cuts off what may be secret in an address: everything from a question mark or another sign that ends it, and a user
/// name and password before the host.
///
/// The signs may be written for JSON (`\u003d`), HTML (`&#61;`, `&#x3d;`) or as percent codes (`%3D`), each time over
/// again, so all that begins like one of these counts.
fn without_signature(word: &str) -> String {
    let word = match word.split_once("://") {
        Some((scheme, rest)) if rest.contains('@') => {
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://[redacted]@{host}")
        }
        _ => word.to_owned(),
    };
    let ends = ['?', '#', ';', '&', '%', '\\'];
    match word.find(ends).map(|end| word.split_at(end)) {
        Some((address, signature)) if holds_assignment(signature) => {
            format!("{address}?[redacted]")
        }
        _ => word,
    }
}

/// Reports whether `text` holds an equals sign in one of its forms.
fn holds_assignment(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["=", "3d", "#61", "equals"]
        .iter()
        .any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn invisible_characters_are_left_out_whatever_they_are() {
        let invisible = [
            0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E, 0x200B, 0x200E, 0x202E,
            0x2060, 0x2064, 0x2066, 0x206F, 0x2800, 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFB,
            0xFFFF, 0x1BCA0, 0x1D173, 0xE000, 0xE0001, 0xE0020, 0xE007F, 0xE0100, 0x10FFFD,
        ];
        for code in (0..0x20).chain(0x7F..0xA0).chain(invisible) {
            let character = char::from_u32(code).unwrap();
            if character.is_whitespace() {
                continue;
            }
            let text = clean(&format!("a{character}b"), &[]);
            assert_eq!(text.as_str(), "ab", "U+{code:04X}");
        }
        for white in [
            "\u{85}", "\u{A0}", "\u{2028}", "\u{2029}", "\u{3000}", "\r\n\t",
        ] {
            let text = clean(&format!("a{white}b"), &[]);
            assert_eq!(text.as_str(), "a b", "{white:?}");
        }
        let visible = "Zürich, Ελλάδα, 東京, ﷽, שלום, 🎥, ⠿, \u{FFFD}";
        assert_eq!(clean(visible, &[]).as_str(), visible);
    }

    #[test]
    fn a_signed_link_is_cut_across_a_line_break_and_however_its_signs_are_written() {
        for link in [
            "https://x/i?\ntoken=SIGNED",
            "https://x/i\n?token=SIGNED",
            "https://x/i?to\nken=SIGNED",
            "https://x/i?token\n=\nSIGNED",
            "https://x/i?token=SIG\r\nSIGNED",
            "https://x/i?\ttoken\t=SIGNED",
            "https://x/i? token=SIGNED",
            "https://x/i?a=1& token=SIGNED",
            "https://x/i?\u{200b}token=SIGNED",
            "https://x/i&#63;token&#61;SIGNED",
            "https://x/i&#63;token\\u003dSIGNED",
            "https://x/i&#x3F;token&#X3D;SIGNED",
            "https://x/i&quest;token&equals;SIGNED",
            "https://x/i\\u003Ftoken\\u003DSIGNED",
            "https://x/i\\u0026token\\x3dSIGNED",
            "https://x/i%3Ftoken%3DSIGNED",
            "https://x/i%253Ftoken%253dSIGNED",
            "https://x/i;token%3DSIGNED",
        ] {
            let text = clean(&format!("see {link} now"), &[]);
            assert!(!text.as_str().contains("SIGNED"), "{link:?}: {text}");
            assert!(text.as_str().starts_with("see https://x/i"), "{text}");
            assert!(
                text.as_str().ends_with("[redacted] now"),
                "{link:?}: {text}"
            );
        }
        let plain = "is 100% sure? 1;2 start_time must be less than end_time; got start_time=5 and/or: end_time=4";
        assert_eq!(clean(plain, &[]).as_str(), plain);
    }

    #[test]
    fn an_answer_about_tokens_is_quoted_by_its_message_alone() {
        let key = Secret::new("vkd_api_secret-of-the-test").unwrap();
        for (body, shown) in [
            (
                r#"{"id":"0e2d","message":"Try later","token":"NEW-TOKEN-1234"}"#,
                "Try later",
            ),
            (
                r#"{"message":"issued NEW-TOKEN-1234 too late","token":"NEW-TOKEN-1234"}"#,
                "issued [redacted] too late",
            ),
            (
                r#"{"message":"issued NEW-TOKEN-1234","data":[{"jwt":"NEW-TOKEN-1234"}]}"#,
                "issued [redacted]",
            ),
            (
                r#"{"message":"not vkd_api_secret-of-the-test","data":null}"#,
                "not [redacted]",
            ),
            (
                r#"{"message":"issued eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjE3NjQwMDAwMDB9.c2ln too late"}"#,
                "issued [redacted] too late",
            ),
            (r#"{"token":"NEW-TOKEN-1234"}"#, ""),
            (r#"{"message":{"token":"NEW-TOKEN-1234"}}"#, ""),
            (r#"{"message":"a","token":"NEW-TOKEN-12"#, ""),
            ("<p>NEW-TOKEN-1234</p>", ""),
            ("NEW-TOKEN-1234", ""),
            ("", ""),
        ] {
            let text = of_token_error_body(body.as_bytes(), &[&key]);
            assert_eq!(text.as_str(), shown, "{body}");
        }
    }
}
