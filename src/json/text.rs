//! Operations on the text of one value that is known to be JSON.

use std::borrow::Cow;

use super::scan::{is_white_space, string_end};

/// Decodes a JSON string, without an allocation unless it holds escapes. `None` if `raw` is not a string, or if an
/// escape in it is half of a surrogate pair.
pub(crate) fn decode_string(raw: &str) -> Option<Cow<'_, str>> {
    let plain = raw.strip_prefix('"')?.strip_suffix('"')?;
    if plain.as_bytes().contains(&b'\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(plain))
}

/// Appends `json`, a valid JSON value, to `out` without the white space between its tokens. Strings and numbers are
/// copied byte for byte.
pub(crate) fn push_compact(json: &str, out: &mut String) {
    let bytes = json.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if is_white_space(*byte) {
            out.push_str(&json[copied..at]);
            copied = at + 1;
        }
        at = match byte {
            b'"' => string_end(bytes, at).unwrap_or(bytes.len()),
            _ => at + 1,
        };
    }
    out.push_str(&json[copied..]);
}

/// Replaces each half of a surrogate pair in `json`, JSON text of any type, by the escape of U+FFFD: it means nothing, and
/// many readers refuse the whole text for it. Everything else stays byte for byte.
pub(crate) fn without_half_pairs(json: &str) -> Cow<'_, str> {
    const REPLACEMENT: &str = r"\ufffd";
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(next) = json[at..].find('\\') {
        at += next;
        // Outside strings there is no backslash, so each begins an escape.
        let (length, is_half) = match unit_at(json, at) {
            None => (2, false),
            Some(0xd800..0xdc00) => match unit_at(json, at + 6) {
                Some(0xdc00..0xe000) => (12, false),
                _ => (6, true),
            },
            Some(unit) => (6, (0xdc00..0xe000).contains(&unit)),
        };
        if is_half {
            mended.push_str(&json[copied..at]);
            mended.push_str(REPLACEMENT);
            copied = at + length;
        }
        at += length;
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(&json[copied..]);
    Cow::Owned(mended)
}

/// The UTF-16 unit of the escape that begins at `at`, if it is one of the form `\u00e9`.
fn unit_at(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(r"\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compact(json: &str) -> String {
        let mut out = String::new();
        push_compact(json, &mut out);
        out
    }

    #[test]
    fn only_half_a_surrogate_pair_is_replaced() {
        for (json, expected) in [
            (r#""\ud800""#, r#""\ufffd""#),
            (
                r#"{"\udc00a":["\uD83D\uDE00","\ud83d\ud83d\ude00"]}"#,
                r#"{"\ufffda":["\uD83D\uDE00","\ufffd\ud83d\ude00"]}"#,
            ),
            (
                r#""\\ud800 \n\u00e9é\ud83d\n""#,
                r#""\\ud800 \n\u00e9é\ufffd\n""#,
            ),
            (r#""plain""#, r#""plain""#),
        ] {
            assert_eq!(without_half_pairs(json), expected);
            assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());
        }
    }

    proptest! {
        #[test]
        fn compact_text_means_the_same_and_holds_no_line_feed(
            words in proptest::collection::vec("[ -~\n\t\"\\\\é\u{2028}]{0,12}", 0..6)
        ) {
            let value = serde_json::json!({ "words": words, "nested": [{ "n": 1.5 }, null, words] });
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(compact(&pretty), serde_json::to_string(&value).unwrap());
        }
    }
}
