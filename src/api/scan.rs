//! JSON text, read once from token to token: checked against the grammar, and nothing built from it.
//!
//! A reader that keeps each record's text has to go over it again to find the fields in it, and that second pass
//! costs as much as the first. This one tells on its way where everything stands. The tests hold it against
//! `serde_json`, which must accept and refuse the same texts.

use std::cell::Cell;
use std::ops::Range;

use super::json_string::string_end;

/// A JSON text to step through. Each step begins at a position, in bytes, and gives the one behind what it stepped
/// over: handed on like that, positions stay in registers.
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    white_space: Cell<usize>,
}

/// The text is no JSON from this byte on; at its end, the rest is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
}

/// Where what was stepped over is over.
pub(super) type Step = Result<usize, Malformed>;

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            white_space: Cell::new(0),
        }
    }

    /// Bytes of white space between tokens that were stepped over so far.
    pub(super) fn white_space_bytes(&self) -> usize {
        self.white_space.get()
    }

    /// The byte at `at`; at the end of the text one that no token begins with.
    #[inline]
    pub(super) fn peek(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Steps over white space, if there is any.
    #[inline]
    pub(super) fn white_space(&self, at: usize) -> usize {
        match self.peek(at) > b' ' {
            true => at,
            false => self.some_white_space(at),
        }
    }

    #[cold]
    fn some_white_space(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest
            .iter()
            .take_while(|byte| is_white_space(**byte))
            .count();
        self.white_space.set(self.white_space.get() + length);
        at + length
    }

    /// Makes sure that nothing but white space is left.
    pub(crate) fn end(&self, at: usize) -> Result<(), Malformed> {
        match self.white_space(at) {
            at if at == self.bytes.len() => Ok(()),
            at => Err(Malformed { at }),
        }
    }

    /// Steps over an object. `member` is given where each key stands, with its quotes, and where its value begins,
    /// and steps over the value.
    #[inline]
    pub(crate) fn object<E: From<Malformed>>(
        &self,
        at: usize,
        mut member: impl FnMut(Range<usize>, usize) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.list(at, b'{', |at| {
            let (key, value) = self.key(at)?;
            member(key, value)
        })
    }

    /// Steps over an array. `element` steps over each of its elements.
    #[inline]
    pub(crate) fn array<E: From<Malformed>>(
        &self,
        at: usize,
        element: impl FnMut(usize) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.list(at, b'[', element)
    }

    #[inline]
    fn list<E: From<Malformed>>(
        &self,
        at: usize,
        opening: u8,
        mut item: impl FnMut(usize) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let at = self.white_space(self.exactly(at, opening)?);
        let mut at = match self.peek(at) == closing(opening) {
            true => return Ok(at + 1),
            false => item(at)?,
        };
        loop {
            at = self.white_space(at);
            if self.peek(at) == closing(opening) {
                return Ok(at + 1);
            }
            at = item(self.white_space(self.exactly(at, b',')?))?;
        }
    }

    /// Steps over a value of any kind.
    #[inline]
    pub(crate) fn value(&self, at: usize) -> Step {
        match self.peek(at) {
            b'"' => string_end(self.bytes, at),
            b'{' | b'[' => self.nested(at),
            _ => self.scalar(at),
        }
    }

    /// Steps over an object or an array. However deep it is nested, this takes no deeper stack.
    fn nested(&self, mut at: usize) -> Step {
        let mut open = Vec::new();
        loop {
            at = match self.peek(at) {
                b'"' => string_end(self.bytes, at)?,
                opening @ (b'{' | b'[') => {
                    at = self.white_space(at + 1);
                    if self.peek(at) != closing(opening) {
                        open.push(opening);
                        at = self.next_value(at, opening)?;
                        continue;
                    }
                    at + 1
                }
                _ => self.scalar(at)?,
            };
            // Behind a value: over what ends with it, and to the next one.
            loop {
                let Some(&opening) = open.last() else {
                    return Ok(at);
                };
                at = self.white_space(at);
                if self.peek(at) != closing(opening) {
                    at = self.white_space(self.exactly(at, b',')?);
                    at = self.next_value(at, opening)?;
                    break;
                }
                open.pop();
                at += 1;
            }
        }
    }

    /// From the beginning of a member or an element to its value.
    fn next_value(&self, at: usize, opening: u8) -> Step {
        match opening {
            b'{' => Ok(self.key(at)?.1),
            _ => Ok(at),
        }
    }

    /// Steps over a key and its colon: where the key stands, and where its value begins.
    #[inline]
    fn key(&self, at: usize) -> Result<(Range<usize>, usize), Malformed> {
        if self.peek(at) != b'"' {
            return Err(Malformed { at });
        }
        let end = string_end(self.bytes, at)?;
        let colon = self.exactly(self.white_space(end), b':')?;
        Ok((at..end, self.white_space(colon)))
    }

    fn scalar(&self, at: usize) -> Step {
        match self.peek(at) {
            b't' => self.word(at, b"true"),
            b'f' => self.word(at, b"false"),
            b'n' => self.word(at, b"null"),
            b'-' => self.number(at + 1),
            _ => self.number(at),
        }
    }

    fn word(&self, at: usize, word: &[u8]) -> Step {
        word.iter().try_fold(at, |at, byte| self.exactly(at, *byte))
    }

    /// Steps over a number without its sign.
    fn number(&self, mut at: usize) -> Step {
        at = match self.peek(at) {
            b'0' => at + 1,
            _ => self.digits(at)?,
        };
        if self.peek(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if matches!(self.peek(at), b'e' | b'E') {
            at += 1;
            at += usize::from(matches!(self.peek(at), b'+' | b'-'));
            at = self.digits(at)?;
        }
        Ok(at)
    }

    /// Steps over one digit or more.
    fn digits(&self, at: usize) -> Step {
        let mut end = at;
        while self.peek(end).is_ascii_digit() {
            end += 1;
        }
        match end == at {
            true => Err(Malformed { at }),
            false => Ok(end),
        }
    }

    /// Steps over `byte`.
    #[inline]
    fn exactly(&self, at: usize, byte: u8) -> Step {
        match self.peek(at) == byte {
            true => Ok(at + 1),
            false => Err(Malformed { at }),
        }
    }
}

/// In ASCII the closing bracket and brace stand two behind the opening ones.
fn closing(opening: u8) -> u8 {
    opening + 2
}

pub(super) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    /// Reads `text` as one value.
    fn scan(text: &str) -> Result<(), Malformed> {
        let scan = Scan::new(text);
        let end = scan.value(scan.white_space(0))?;
        scan.end(end)
    }

    fn is_json(text: &str) -> bool {
        serde_json::from_str::<IgnoredAny>(text).is_ok()
    }

    #[test]
    fn it_accepts_and_refuses_what_another_json_reader_does() {
        let texts = [
            "0",
            "-0",
            "-0.0",
            "1e400",
            "1E+5",
            "1e-05",
            "12345678901234567890123",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1.e5",
            "1e",
            "1e+",
            "0x1",
            "--1",
            "NaN",
            "Infinity",
            "true",
            "tru",
            "truee",
            "TRUE",
            "nul",
            "null",
            "[]",
            "[ ]",
            "[,]",
            "[1,]",
            "[1 2]",
            "[",
            "]",
            "[1}",
            "{}",
            "{ }",
            r#"{"a":1}"#,
            r#"{"a":1,}"#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{a:1}"#,
            r#"{1:1}"#,
            r#"{"a" 1}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":{"b":[{"c":[]}]}}"#,
            r#"{"a":[1}"#,
            "",
            " ",
            "\u{feff}1",
            "\u{a0}1",
            "\u{b}1",
            "1\0",
            " \t\r\n1 \t\r\n",
            "\"\u{2028}\"",
            "\"\u{1}\"",
            "1 1",
            "[1]]",
            "/**/1",
            "'a'",
        ];
        for text in texts {
            assert_eq!(scan(text).is_ok(), is_json(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_missing_is_missing_at_the_end() {
        let text = r#"{"a":[1,-2.5e3,true,{"b\u00e9":"c\n"}],"d":null}"#;
        for length in 0..text.len() {
            let begun = &text[..length];
            assert_eq!(scan(begun), Err(Malformed { at: length }), "{begun}");
        }
        assert_eq!(scan(r#"{"a":1] "#), Err(Malformed { at: 6 }));
    }

    #[test]
    fn deep_nesting_is_read_like_any_other() {
        let depth = 1_000_000;
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(scan(&text), Ok(()));
        assert!(scan(&text[1..]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Text that is nearly JSON: pieces of it, in an order that often makes sense.
        #[test]
        fn it_agrees_with_another_json_reader_on_any_text(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just(" "), Just("\n"),
                    Just("\"a\""), Just("\"\\n\":"), Just("1"), Just("-2.5"), Just("e3"), Just("null"),
                    Just("\""), Just("\\"), Just("[1,"), Just("{\"k\":"), Just("},{"), Just("\u{2028}"),
                ],
                0..12,
            )
        ) {
            let text = pieces.concat();
            prop_assert_eq!(scan(&text).is_ok(), is_json(&text));
        }

        #[test]
        fn it_agrees_on_json_with_a_byte_changed(
            value in super::super::record::tests::any_value(),
            pretty in any::<bool>(),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![0..128_u8, prop::sample::select(b"\"\\{}[],: \n0".to_vec())],
        ) {
            let text = match pretty {
                true => serde_json::to_string_pretty(&value).unwrap(),
                false => value.to_string(),
            };
            prop_assert_eq!(scan(&text), Ok(()));
            let mut changed = text.into_bytes();
            let at = at.index(changed.len());
            changed[at] = byte;
            if let Ok(changed) = String::from_utf8(changed) {
                prop_assert_eq!(scan(&changed).is_ok(), is_json(&changed), "{}", changed);
            }
        }
    }
}
