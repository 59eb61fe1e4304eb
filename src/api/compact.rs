//! White space out of JSON text, and nothing else.

use memchr::memchr;

/// Appends `json`, a valid JSON value, to `out` without the white space between its tokens. Strings and
/// numbers come through byte for byte.
pub(super) fn push_compact(json: &str, out: &mut Vec<u8>) {
    let bytes = json.as_bytes();
    out.reserve(bytes.len());
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let quote = memchr(b'"', &bytes[at..]).map_or(bytes.len(), |offset| at + offset);
        for position in at..quote {
            if bytes[position].is_ascii_whitespace() {
                out.extend_from_slice(&bytes[copied..position]);
                copied = position + 1;
            }
        }
        at = string_end(bytes, quote);
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Where the string that opens at `quote` is over.
///
/// Most strings of a record are short. Eight bytes at a time, in a register, find their end sooner than a call
/// of a search that is made for long texts.
#[inline]
pub(super) fn string_end(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while let Some((eight, _)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk) {
        let Some(offset) = first_quote_or_backslash(*eight) else {
            at += eight.len();
            continue;
        };
        at += offset;
        match bytes[at] {
            b'"' => return at + 1,
            _ => at += 2,
        }
    }
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn first_quote_or_backslash(eight: [u8; 8]) -> Option<usize> {
    let text = u64::from_le_bytes(eight);
    let found = zero_bytes(text ^ every_byte(b'"')) | zero_bytes(text ^ every_byte(b'\\'));
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

const fn every_byte(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the top bit of the lowest byte that is zero, and of no byte below it.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(every_byte(1)) & !word & every_byte(0x80)
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

    #[test]
    fn only_white_space_outside_strings_is_removed() {
        let pretty = "{\r\n\t\"a \\\" b\" : [ 1 , -0.0 , 1e400 ] ,\n \"c\\\\\" : \" d \\u2028 \u{2028} \" }\n";
        assert_eq!(
            compact(pretty),
            "{\"a \\\" b\":[1,-0.0,1e400],\"c\\\\\":\" d \\u2028 \u{2028} \"}"
        );
        assert_eq!(compact(""), "");
        assert_eq!(compact(" null "), "null");
        assert_eq!(compact("\"\""), "\"\"");
    }

    #[test]
    fn a_string_ends_at_its_first_quote_without_a_backslash_before_it() {
        for length in 0..40 {
            for escaped in [r#"\""#, r"\\", r"\u0022", "é"] {
                let content = "a".repeat(length) + escaped + &"!#[]".repeat(length % 5);
                for behind in ["", "\"", ",\"b\"]"] {
                    let text = format!("[\"{content}\"{behind}");
                    assert_eq!(string_end(text.as_bytes(), 1), content.len() + 3, "{text}");
                }
            }
        }
        for endless in ["\"", "\"a", r#""\"#, r#""1234567\"#, r#""1234567\""#] {
            assert_eq!(
                string_end(endless.as_bytes(), 0),
                endless.len(),
                "{endless}"
            );
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
