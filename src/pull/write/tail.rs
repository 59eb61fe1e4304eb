//! The tail of an output file: the lines after its acknowledged end.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use serde::de::IgnoredAny;

use crate::files::{self, Rest};

/// Hands on each whole line of `file` from `start` on, without its line feed, and returns the rest.
pub(super) fn read(
    mut file: &File,
    start: u64,
    take_line: &mut dyn FnMut(&[u8]),
) -> io::Result<Rest> {
    file.seek(SeekFrom::Start(start))?;
    files::for_each_line(BufReader::new(file), take_line)
}

/// Reports whether `text` is a whole JSON object. No beginning of one is.
pub(super) fn is_whole_record(text: &[u8]) -> bool {
    text.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Reports whether `file` is empty or its last line is whole.
pub(super) fn ends_with_a_line(mut file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_object_is_a_whole_record() {
        let text = br#"{"a":[{"b":"}"}]}"#;
        assert!(is_whole_record(text));
        assert!((0..text.len()).all(|length| !is_whole_record(&text[..length])));
        for other in [&b"1"[..], b"null", br#"{"a":1}{"#, b"{}\0"] {
            assert!(!is_whole_record(other));
        }
    }
}
