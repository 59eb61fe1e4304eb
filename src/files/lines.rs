//! A file line by line, in bounded memory.

use std::io::{self, BufRead, Read};

/// A longer line is read over: no record is longer than a page.
const LONGEST_LINE: u64 = 64 << 20;

/// The rest after the last whole line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Bytes of the whole lines, line feeds included.
    pub(crate) whole: u64,
    /// Bytes after the last line feed.
    pub(crate) torn: Vec<u8>,
}

/// Hands on each whole line of `reader` without its line feed, and returns the rest.
pub(crate) fn for_each_line(
    mut reader: impl BufRead,
    mut take_line: impl FnMut(&[u8]),
) -> io::Result<Rest> {
    let mut rest = Rest {
        whole: 0,
        torn: Vec::new(),
    };
    loop {
        rest.torn.clear();
        let most = LONGEST_LINE + 1;
        let mut line = reader.by_ref().take(most);
        let read = line.read_until(b'\n', &mut rest.torn)? as u64;
        match rest.torn.strip_suffix(b"\n") {
            Some(line) => take_line(line),
            None if read == most => {}
            None => return Ok(rest),
        }
        rest.whole += read;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_whole_line_is_handed_on_and_the_rest_returned() {
        let read = |text: &str| {
            let mut lines = Vec::new();
            let take = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
            let rest = for_each_line(text.as_bytes(), take).unwrap();
            (lines, rest.whole, String::from_utf8(rest.torn).unwrap())
        };
        assert_eq!(
            read("two\n\nthree"),
            (vec!["two".into(), "".into()], 5, "three".into())
        );
        assert_eq!(read(""), (vec![], 0, "".into()));
        assert_eq!(read("\n"), (vec!["".into()], 1, "".into()));
    }
}
