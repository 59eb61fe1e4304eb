//! The bytes of one write.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use super::format::Printable;

/// Lines are gathered up to this size before they are written.
const BUFFER_BYTES: usize = 64 << 10;

/// Adjacent lines of at least this size are written from where they are. Fewer bytes are copied together with others,
/// unless they are all that is left, because a write costs more than the copy.
const LEAST_UNCOPIED_BYTES: usize = 16 << 10;

/// Pause before a full stream that does not block is tried again.
const RETRY_WAIT: Duration = Duration::from_millis(5);

/// Returns the bytes to write next, and the number of lines in them: the first of `lines`, at least one, each with a line
/// feed. The first `skipped` bytes are left out. Lines that are not adjacent in memory are gathered in `buffer`; of those
/// that are, there are at most `most` bytes, unless the first line is longer.
pub(super) fn next_write<'a>(
    buffer: &'a mut Vec<u8>,
    lines: &'a [impl Printable],
    skipped: usize,
    most: usize,
) -> (&'a [u8], usize) {
    if let Some((text, count)) = Printable::adjacent(lines, most)
        && (text.len() >= LEAST_UNCOPIED_BYTES || count == lines.len())
    {
        return (&text.as_bytes()[skipped..], count);
    }
    let count = gather(buffer, lines, skipped);
    (buffer, count)
}

/// Fills `buffer` with the first of `lines`. Returns how many it holds.
fn gather(buffer: &mut Vec<u8>, lines: &[impl Printable], skipped: usize) -> usize {
    buffer.clear();
    buffer.reserve(BUFFER_BYTES);
    let mut count = 0;
    for line in lines {
        let text = line.text();
        let text = text.as_bytes();
        if count > 0 && buffer.len() + text.len() >= BUFFER_BYTES {
            break;
        }
        buffer.extend_from_slice(if count == 0 { &text[skipped..] } else { text });
        buffer.push(b'\n');
        count += 1;
    }
    count
}

/// Writes all of `bytes`, however many writes it takes. A stream that its owner has made non-blocking takes nothing while
/// it is full, and is waited for like any other.
pub(super) fn write_all(target: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match target.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(RETRY_WAIT),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::read::Line;

    const MOST: usize = 100 << 10;

    /// Takes a few bytes at a time, and now and then none.
    struct Reluctant(Vec<u8>, usize);

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 {
                calls if calls.is_multiple_of(5) => return Err(io::ErrorKind::Interrupted.into()),
                calls if calls.is_multiple_of(301) => return Err(io::ErrorKind::WouldBlock.into()),
                _ => {}
            }
            let written = bytes.len().min(1 + self.1 % 7);
            self.0.extend_from_slice(&bytes[..written]);
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_byte_is_written_however_little_a_write_takes() {
        let mut target = Reluctant(Vec::new(), 0);
        let bytes: Vec<u8> = (0..6_000_u32).map(|number| number as u8).collect();
        write_all(&mut target, &bytes).unwrap();
        assert!(target.0 == bytes);
    }

    #[test]
    fn a_buffer_holds_whole_lines_and_at_least_one() {
        let long = "x".repeat(BUFFER_BYTES);
        let lines = [&long, "a", "b", &long].map(Line::of);
        let lines: Vec<_> = lines.iter().collect();
        let mut buffer = Vec::new();
        let mut next = |from, skipped| {
            let (bytes, count) = next_write(&mut buffer, &lines[from..], skipped, MOST);
            (String::from_utf8(bytes.to_vec()).unwrap(), count)
        };
        assert_eq!(next(0, 0), (format!("{long}\n"), 1));
        assert_eq!(next(1, 0), ("a\nb\n".to_owned(), 2));
        assert_eq!(next(1, 1), ("\nb\n".to_owned(), 2));
    }

    #[test]
    fn many_adjacent_lines_are_not_copied_and_few_are_gathered_with_others() {
        let text = "x".repeat(99);
        let page = |lines| Line::of_one_page(&vec![text.as_str(); lines]);
        for (count, is_copied) in [(163, true), (164, false)] {
            let mut lines = page(count);
            lines.extend(page(1));
            let lines: Vec<_> = lines.iter().collect();
            for skipped in [0, 1, 99] {
                let mut buffer = Vec::new();
                let (bytes, written) = next_write(&mut buffer, &lines, skipped, MOST);
                let expected = if is_copied { count + 1 } else { count };
                assert_eq!(written, expected);
                let whole = format!("{text}\n").repeat(expected);
                assert!(bytes == &whole.as_bytes()[skipped..]);
                assert_eq!(buffer.is_empty(), !is_copied);
            }
        }
        // All that is left.
        let few = page(2);
        let few: Vec<_> = few.iter().collect();
        let mut buffer = Vec::new();
        let (bytes, written) = next_write(&mut buffer, &few, 0, MOST);
        assert_eq!((bytes.len(), written), (200, 2));
        assert!(buffer.is_empty());
        // More than one write takes.
        let many = page(3_000);
        let many: Vec<_> = many.iter().collect();
        let mut buffer = Vec::new();
        let (bytes, written) = next_write(&mut buffer, &many, 0, MOST);
        assert_eq!(written, MOST / 100);
        assert_eq!(bytes.len(), written * 100);
    }
}
