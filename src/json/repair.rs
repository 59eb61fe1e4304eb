//! Repair of the strings in a text that is nearly JSON.

use std::fmt::{self, Write};

/// A text with more repairs than this is something other than JSON. It also bounds the memory that repairs take.
const MOST_REPAIRS: usize = 1 << 20;

/// A text whose strings have been repaired.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repaired {
    pub(crate) text: String,
    /// Positions in `text` of what was put in, ascending; never empty.
    pub(crate) repairs: Vec<usize>,
}

/// Decodes `bytes`, and replaces what JSON does not allow in a string:
///
/// - a raw control character becomes its escape, always in the form `\u000a`, and means the same as before;
/// - bytes that are not UTF-8 become U+FFFD, one for each sequence that breaks off, as in other decoders.
///
/// Every other byte stays. Returns `None` if there is nothing to repair, or too much. Whatever else is not JSON is left
/// for the scanner to find.
pub(crate) fn repair(bytes: &[u8]) -> Option<Repaired> {
    let mut repaired = Repaired {
        text: String::with_capacity(bytes.len()),
        repairs: Vec::new(),
    };
    let mut position = Position::OutsideStrings;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if position == Position::InString && character < ' ' {
                repaired.put(format_args!("\\u{:04x}", u32::from(character)))?;
            } else {
                repaired.text.push(character);
            }
            position = position.after(character);
        }
        if !chunk.invalid().is_empty() {
            repaired.put(format_args!("{}", char::REPLACEMENT_CHARACTER))?;
            position = position.after(char::REPLACEMENT_CHARACTER);
        }
    }
    (!repaired.repairs.is_empty()).then_some(repaired)
}

impl Repaired {
    /// Appends `replacement`; `None` if it is one too many.
    fn put(&mut self, replacement: fmt::Arguments<'_>) -> Option<()> {
        if self.repairs.len() == MOST_REPAIRS {
            return None;
        }
        self.repairs.push(self.text.len());
        self.text.write_fmt(replacement).ok()
    }
}

/// The place of the next character.
#[derive(Clone, Copy, PartialEq)]
enum Position {
    OutsideStrings,
    InString,
    AfterBackslash,
}

impl Position {
    fn after(self, character: char) -> Self {
        match (self, character) {
            (Self::OutsideStrings, '"') => Self::InString,
            (Self::InString, '"') => Self::OutsideStrings,
            (Self::InString, '\\') => Self::AfterBackslash,
            (Self::AfterBackslash, _) => Self::InString,
            (position, _) => position,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repaired(bytes: &[u8]) -> Option<String> {
        repair(bytes).map(|repaired| repaired.text)
    }

    #[test]
    fn control_characters_in_strings_are_escaped_and_bytes_that_are_not_utf_8_replaced() {
        for (bytes, expected) in [
            (&b"[\"a\0b\x1fc\"]"[..], "[\"a\\u0000b\\u001fc\"]"),
            (b"\n[\t\"\t\n\r\"\n]", "\n[\t\"\\u0009\\u000a\\u000d\"\n]"),
            (b"{\"k\x01\":1}", "{\"k\\u0001\":1}"),
            (b"[\"caf\xe9\"]", "[\"caf\u{fffd}\"]"),
            // A sequence that breaks off does not swallow the quote that ends the string.
            (b"[\"\xf0\x9f\x98\",\"\x01\"]", "[\"\u{fffd}\",\"\\u0001\"]"),
            (b"[\"\xed\xa0\x80\"]", "[\"\u{fffd}\u{fffd}\u{fffd}\"]"),
            (b"[\"\\\"\x02\\\\\"]", "[\"\\\"\\u0002\\\\\"]"),
        ] {
            assert_eq!(repaired(bytes).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_needs_no_repair_or_cannot_be_repaired_stays_as_it_is() {
        for bytes in [
            &b""[..],
            b"{ \"a\" :\n\t[1]\r\n}",
            b"[\"\\n\\u0000\x7f\"]",
            b"\0[1]\x01",
            b"[NaN]",
            // An escape that does not exist is more than a control character too many.
            b"[\"\\\n\"]",
        ] {
            assert_eq!(repaired(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_text_that_is_all_repairs_is_given_up() {
        let at_the_limit = [b"\"".as_slice(), &vec![0; MOST_REPAIRS]].concat();
        assert!(repair(&at_the_limit).is_some());
        assert_eq!(repair(&[&at_the_limit[..], b"\0"].concat()), None);
        assert_eq!(repair(&vec![0xff; MOST_REPAIRS + 1]), None);
    }

    proptest! {
        /// A JSON reader that is lenient about control characters would read the same.
        #[test]
        fn a_repaired_text_means_what_was_meant(
            words in proptest::collection::vec("[ -~\\x00-\\x1f\"\\\\é\u{2028}]{0,12}", 1..6)
        ) {
            let quoted = words.iter().map(|word| {
                let word = word.replace('\\', "\\\\").replace('"', "\\\"");
                format!("\"{word}\"")
            });
            let raw = format!("[{}]", quoted.collect::<Vec<_>>().join(",\n\t"));
            let text = repaired(raw.as_bytes()).unwrap_or(raw);
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), words);
        }
    }
}
