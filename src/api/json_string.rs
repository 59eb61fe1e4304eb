//! Where a JSON string is over.

use super::scan::{Malformed, Step};

/// Where the string that opens at `quote` is over.
///
/// Most strings of a record are short. Sixteen bytes at a time, in registers, find their end sooner than a call of a
/// search that is made for long texts.
#[inline]
pub(super) fn string_end(bytes: &[u8], quote: usize) -> Step {
    let mut at = quote + 1;
    loop {
        while let Some((sixteen, _)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk) {
            let plain = plain_bytes(sixteen);
            at += plain;
            if plain < sixteen.len() {
                break;
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

/// Where the escape that begins at `backslash` is over. Halves of surrogate pairs are escapes as well: whoever reads
/// the record decides what they mean.
fn escape_end(bytes: &[u8], backslash: usize) -> Step {
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

/// How many bytes come before the first that is a quote, a backslash or a control character: sixteen if none is.
#[inline]
fn plain_bytes(sixteen: &[u8; 16]) -> usize {
    let (halves, _) = sixteen.as_chunks();
    match special_bytes(halves[0]) {
        0 => 8 + special_bytes(halves[1]).trailing_zeros() as usize / 8,
        special => special.trailing_zeros() as usize / 8,
    }
}

/// Sets the top bit of the lowest byte that is a quote, a backslash or a control character, and of no byte below it.
/// The lowest byte is the first.
fn special_bytes(eight: [u8; 8]) -> u64 {
    let text = u64::from_le_bytes(eight);
    // This turns the quote into 0x20 and leaves control characters below that: one comparison finds both.
    let quotes_and_controls = bytes_below(text ^ every_byte(0x02), 0x21);
    let backslashes = bytes_below(text ^ every_byte(b'\\'), 1);
    quotes_and_controls | backslashes
}

const fn every_byte(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the top bit of the lowest byte that is less than `limit`, and of no byte below it.
fn bytes_below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(every_byte(limit)) & !word & every_byte(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_first_quote_without_a_backslash_before_it() {
        for length in 0..40 {
            for escaped in [r#"\""#, r"\\", r"\u0022", r"\ud800", "é", "\u{7f}"] {
                let content = "a".repeat(length) + escaped + &" !#[]".repeat(length % 5);
                for behind in ["", "\"", ",\"b\"]"] {
                    let text = format!("[\"{content}\"{behind}");
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
}
