//! Writes lines from where they are.

use std::io::{self, IoSlice, Write};
use std::thread;
use std::time::Duration;

use super::slice::Line;

/// Two for each line; Linux takes no more in one write.
const SLICES_A_WRITE: usize = 1_024;

/// How long to wait before a full stream is tried again that does not block.
const FULL_STREAM: Duration = Duration::from_millis(5);

/// Writes from where the lines are: gathering them in a buffer first would copy every byte once more.
pub(super) fn write_lines<'a>(
    target: &mut dyn Write,
    mut lines: impl Iterator<Item = &'a Line>,
) -> io::Result<()> {
    let mut slices = Vec::with_capacity(SLICES_A_WRITE);
    loop {
        let some = lines.by_ref().take(SLICES_A_WRITE / 2);
        slices
            .extend(some.flat_map(|line| [line.text.as_str().as_bytes(), b"\n"].map(IoSlice::new)));
        if slices.is_empty() {
            return target.flush();
        }
        write_all(target, &mut slices)?;
        slices.clear();
    }
}

/// Writes all of `slices`, however many writes it takes. A stream that its owner has made non-blocking takes nothing
/// while it is full, and is waited for like any other.
fn write_all(target: &mut dyn Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        match target.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(FULL_STREAM),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at a time, and now and then none.
    struct Reluctant(Vec<u8>, usize);

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(bytes)])
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 {
                calls if calls.is_multiple_of(5) => return Err(io::ErrorKind::Interrupted.into()),
                calls if calls.is_multiple_of(301) => return Err(io::ErrorKind::WouldBlock.into()),
                _ => {}
            }
            let bytes: Vec<_> = slices.iter().flat_map(|slice| slice.iter()).collect();
            let taken = bytes.len().min(1 + self.1 % 7);
            self.0.extend(bytes.into_iter().take(taken));
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_byte_is_written_however_little_a_write_takes() {
        let texts = (0..1_300).map(|number| number.to_string());
        let lines: Vec<_> = texts.map(|text| Line::of(&text)).collect();
        let mut target = Reluctant(Vec::new(), 0);
        write_lines(&mut target, lines.iter()).unwrap();
        let expected: String = (0..1_300).map(|number| format!("{number}\n")).collect();
        assert!(target.0 == expected.as_bytes());
    }
}
