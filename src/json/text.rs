//! Operations on the text of one value that is known to be JSON.

use std::borrow::Cow;

use super::scan::{is_white_space, string_end};

/// Decodes a JSON string, without an allocation unless it holds escapes. `None` if `raw` is not a string, or if an
/// escape in it is half of a surrogate pair.
pub(crate) fn decode_string(raw: &str) -> Option<Cow<'_, str>> {
    let plain = raw.strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(plain))
}

/// Appends `json`, a valid JSON value, to `out` without the white space between its tokens. Strings and numbers are
/// copied byte for byte.
pub(crate) fn push_compact(json: &str, out: &mut Vec<u8>) {
    let bytes = json.as_bytes();
    out.reserve(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let end = match byte {
            b'"' => string_end(bytes, at).unwrap_or(bytes.len()),
            _ => at + 1,
        };
        if !is_white_space(*byte) {
            out.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compact(json: &str) -> String {
        let mut out = Vec::new();
        push_compact(json, &mut out);
        String::from_utf8(out).unwrap()
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
