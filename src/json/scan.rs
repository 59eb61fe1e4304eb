//! The scanner: steps over JSON text from token to token, checks the grammar, and builds nothing.

use std::cell::Cell;
use std::ops::Range;

/// A JSON text to step through. Each step takes the byte position where a token begins and returns the position after
/// it. Passing positions this way keeps them in registers.
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    white_space: Cell<usize>,
    /// Memory for the objects and arrays that are open, between two uses.
    open: Cell<Vec<u8>>,
}

/// The text is not JSON from this byte on. If that is the end of the text, the rest is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
}

/// The position after what was stepped over.
pub(super) type NextPosition = Result<usize, Malformed>;

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            white_space: Cell::new(0),
            open: Cell::default(),
        }
    }

    /// Bytes of white space between tokens so far.
    pub(crate) fn white_space_bytes(&self) -> usize {
        self.white_space.get()
    }

    /// The byte at `at`; after the end of the text, a byte that no token begins with.
    #[inline]
    pub(crate) fn peek(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Steps over white space, if there is any.
    #[inline]
    pub(crate) fn white_space(&self, at: usize) -> usize {
        if self.peek(at) > b' ' {
            at
        } else {
            self.some_white_space(at)
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

    /// Checks that only white space is left.
    pub(crate) fn end(&self, at: usize) -> Result<(), Malformed> {
        let at = self.white_space(at);
        if at == self.bytes.len() {
            Ok(())
        } else {
            Err(Malformed { at })
        }
    }

    /// Steps over an object. `member` receives the position of each key, quotes included, and the start of its value,
    /// and steps over the value.
    #[inline]
    pub(crate) fn object<E: From<Malformed>>(
        &self,
        at: usize,
        mut member: impl FnMut(Range<usize>, usize) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.object_members(at, |at| {
            let (key, value) = self.key(at)?;
            member(key, value)
        })
    }

    /// Like [`Self::object`], but `member` steps over the key as well.
    #[inline]
    pub(crate) fn object_members<E: From<Malformed>>(
        &self,
        at: usize,
        member: impl FnMut(usize) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.list(at, b'{', member)
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
        if self.peek(at) == closing(opening) {
            return Ok(at + 1);
        }
        let mut at = item(at)?;
        loop {
            at = self.white_space(at);
            if self.peek(at) == closing(opening) {
                return Ok(at + 1);
            }
            at = item(self.white_space(self.exactly(at, b',')?))?;
        }
    }

    /// Steps over a value of any type.
    #[inline]
    pub(crate) fn value(&self, at: usize) -> NextPosition {
        match self.peek(at) {
            b'"' => string_end(self.bytes, at),
            b'{' | b'[' => self.nested(at),
            _ => self.scalar(at),
        }
    }

    /// Steps over an object or an array. The stack stays flat however deep the value is nested.
    fn nested(&self, mut at: usize) -> NextPosition {
        let mut open = self.open.take();
        open.clear();
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
            // After a value: close whatever ends here, then go on to the next value.
            loop {
                let Some(&opening) = open.last() else {
                    self.open.set(open);
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

    /// Returns the position of the value in the member or element that begins at `at`.
    fn next_value(&self, at: usize, opening: u8) -> NextPosition {
        match opening {
            b'{' => Ok(self.key(at)?.1),
            _ => Ok(at),
        }
    }

    /// Steps over a key and its colon. Returns where the key is and where its value begins.
    #[inline]
    pub(crate) fn key(&self, at: usize) -> Result<(Range<usize>, usize), Malformed> {
        if self.peek(at) != b'"' {
            return Err(Malformed { at });
        }
        let end = string_end(self.bytes, at)?;
        let colon = self.exactly(self.white_space(end), b':')?;
        Ok((at..end, self.white_space(colon)))
    }

    fn scalar(&self, at: usize) -> NextPosition {
        match self.peek(at) {
            b't' => self.word(at, b"true"),
            b'f' => self.word(at, b"false"),
            b'n' => self.word(at, b"null"),
            b'-' => self.number(at + 1),
            _ => self.number(at),
        }
    }

    fn word(&self, at: usize, word: &[u8]) -> NextPosition {
        word.iter().try_fold(at, |at, byte| self.exactly(at, *byte))
    }

    /// Steps over a number without its sign.
    fn number(&self, mut at: usize) -> NextPosition {
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
    fn digits(&self, at: usize) -> NextPosition {
        let mut end = at;
        while self.peek(end).is_ascii_digit() {
            end += 1;
        }
        if end == at {
            Err(Malformed { at })
        } else {
            Ok(end)
        }
    }

    /// Steps over `byte`.
    #[inline]
    fn exactly(&self, at: usize, byte: u8) -> NextPosition {
        if self.peek(at) == byte {
            Ok(at + 1)
        } else {
            Err(Malformed { at })
        }
    }
}

/// The bracket or brace that closes `opening`: in ASCII, two code points later.
fn closing(opening: u8) -> u8 {
    opening + 2
}

pub(super) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The position after the string that opens at `quote`.
///
/// Most strings of a record are short and without escapes. Looking at eight bytes at a time in a register finds their end
/// sooner than calling a search that is made for long texts.
#[inline]
pub(super) fn string_end(bytes: &[u8], quote: usize) -> NextPosition {
    let mut at = quote + 1;
    loop {
        if let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            match special_bytes(*eight) {
                0 => {
                    at += eight.len();
                    continue;
                }
                special => at += special.trailing_zeros() as usize / 8,
            }
        }
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape_end(bytes, at)?,
            Some(b' '..) => at += 1,
            Some(_) | None => return Err(Malformed { at }),
        }
    }
}

/// The position after the escape that begins at `backslash`. Half of a surrogate pair passes: what it means is for
/// the reader of the record to decide.
///
/// Kept out of line: escapes are rare, and inlined it would take registers from the loop over strings.
#[cold]
#[inline(never)]
fn escape_end(bytes: &[u8], backslash: usize) -> NextPosition {
    let at = backslash + 1;
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => {
            let is_digit = |at: &usize| bytes.get(*at).is_some_and(u8::is_ascii_hexdigit);
            match (at + 1..at + 5).find(|at| !is_digit(at)) {
                None => Ok(at + 5),
                Some(at) => Err(Malformed { at }),
            }
        }
        _ => Err(Malformed { at }),
    }
}

/// Sets the top bit of the first byte that is a quote, a backslash or a control character, and of no byte before it.
/// (Bytes after it may be marked as well.)
fn special_bytes(eight: [u8; 8]) -> u64 {
    let text = u64::from_le_bytes(eight);
    // The XOR turns the quote into 0x20 and leaves control characters below that, so one comparison finds both.
    let quotes_and_controls = bytes_below(text ^ every_byte(0x02), 0x21);
    let backslashes = bytes_below(text ^ every_byte(b'\\'), 1);
    quotes_and_controls | backslashes
}

const fn every_byte(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the top bit of the first byte that is less than `limit`, and of no byte before it.
fn bytes_below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(every_byte(limit)) & !word & every_byte(0x80)
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
    fn text_that_ends_early_is_malformed_at_its_end() {
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

    #[test]
    fn a_string_ends_at_its_first_quote_without_a_backslash_before_it() {
        for length in 0..40 {
            for escaped in [r#"\""#, r"\\", r"\u0022", r"\ud800", "é", "\u{7f}"] {
                let content = "a".repeat(length) + escaped + &" !#[]".repeat(length % 5);
                for rest in ["", "\"", ",\"b\"]"] {
                    let text = format!("[\"{content}\"{rest}");
                    let end = string_end(text.as_bytes(), 1);
                    assert_eq!(end, Ok(content.len() + 3), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_string_that_does_not_end_or_holds_what_it_must_not_is_none() {
        for length in 0..20 {
            for (wrong, offset) in [
                ("", 0),
                ("\n", 0),
                ("\0", 0),
                ("\u{1f}", 0),
                (r"\", 1),
                (r"\x", 1),
                (r"\u12", 4),
                (r"\u00g0", 4),
            ] {
                let text = format!("\"{}{wrong}", "a".repeat(length));
                let found = string_end(text.as_bytes(), 0);
                let at = 1 + length + offset;
                assert_eq!(found, Err(Malformed { at }), "{text:?}");
            }
        }
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
            value in crate::json::tests::any_value(),
            pretty in any::<bool>(),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![0..128_u8, prop::sample::select(b"\"\\{}[],: \n0".to_vec())],
        ) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
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
