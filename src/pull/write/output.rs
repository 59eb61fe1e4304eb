//! The output: a stream, or a file that is appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use super::format::Printable;
use crate::digest::{hexadecimal, sha256};
use crate::files;
use crate::pull::checkpoint::{Announcement, OutputMark};

/// This much of the end of a file is compared to recognise it.
const COMPARED_BYTES: u64 = 4_096;

/// Lines are gathered up to this size before they are written.
const BUFFER_BYTES: usize = 64 << 10;

/// How long to wait before a full stream that does not block is tried again.
const RETRY_WAIT: Duration = Duration::from_millis(5);

/// The output: a stream, or a file that is appended to.
pub struct Output(Sink);

enum Sink {
    Stream(Box<dyn Write + Send>),
    File(OutputFile),
}

struct OutputFile {
    file: File,
    path: PathBuf,
}

/// The bytes after the acknowledged end of an output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing, or the file is another one.
    None,
    /// This many bytes of a run that was killed were cut off.
    Cut(u64),
    /// This many bytes of another writer are still there.
    Foreign(u64),
}

impl Output {
    /// Writes to `stream`, such as standard output.
    pub fn stream(stream: impl Write + Send + 'static) -> Self {
        Self(Sink::Stream(Box::new(stream)))
    }

    /// Appends to the file at `path`, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// Those of opening the file.
    pub fn append(path: &Path) -> io::Result<Self> {
        // A program that opens a pipe for reading as well is its own reader and never learns that the other one left.
        let is_read_again = path.is_file() || !path.exists();
        let mut options = OpenOptions::new();
        let options = options.append(true).create(true).read(is_read_again);
        let file = options.open(path)?;
        Ok(Self(Sink::File(OutputFile {
            file,
            path: path.to_owned(),
        })))
    }

    /// Writes `lines`, each with a line feed, and flushes. With `durable`, a file is synced as well. If it fails,
    /// a file is left as it was before, so that it ends with a whole line.
    pub(super) fn write(
        &mut self,
        lines: impl Iterator<Item = impl Printable>,
        durable: bool,
    ) -> io::Result<()> {
        match &mut self.0 {
            Sink::Stream(stream) => write_lines(stream, lines),
            Sink::File(output) => {
                let is_regular = output.is_regular()?;
                let before = output.file.metadata()?.len();
                let mut counted = Counted {
                    file: &output.file,
                    written: 0,
                };
                let result = write_lines(&mut counted, lines);
                let end = before + counted.written;
                if result.is_err() && is_regular && output.file.metadata()?.len() == end {
                    output.file.set_len(before)?;
                }
                result?;
                if durable && is_regular {
                    output.file.sync_data()?;
                }
                Ok(())
            }
        }
    }

    /// Cuts off what was written after `mark` and never acknowledged, if this is the file that `mark` is of. A file that was
    /// rotated or replaced stays as it is. So does a tail that was not `announced`: another program has written it.
    pub(super) fn cut_to(
        &mut self,
        mark: Option<&OutputMark>,
        announced: Option<Announcement>,
    ) -> io::Result<Tail> {
        let (Sink::File(output), Some(mark)) = (&mut self.0, mark) else {
            return Ok(Tail::None);
        };
        let length = output.file.metadata()?.len();
        if length <= mark.length || output.mark_at(mark.length)?.as_ref() != Some(mark) {
            return Ok(Tail::None);
        }
        let bytes = length - mark.length;
        let is_ours = announced
            .is_some_and(|announced| announced.offset == mark.length && announced.bytes >= bytes);
        if !is_ours {
            return Ok(Tail::Foreign(bytes));
        }
        output.file.set_len(mark.length)?;
        output.file.sync_all()?;
        Ok(Tail::Cut(bytes))
    }

    /// Ends the last line of a file if it is torn, so that the next line stands by itself. Returns whether it was torn.
    pub(super) fn end_torn_line(&mut self) -> io::Result<bool> {
        let Sink::File(output) = &mut self.0 else {
            return Ok(false);
        };
        let length = output.file.metadata()?.len();
        if !output.is_regular()? || length == 0 {
            return Ok(false);
        }
        let mut last = [0];
        output.file.seek(SeekFrom::Start(length - 1))?;
        output.file.read_exact(&mut last)?;
        let is_torn = last != *b"\n";
        if is_torn {
            output.file.write_all(b"\n")?;
        }
        Ok(is_torn)
    }

    /// Returns the mark of the file as it is now; `None` for a stream, a pipe or a device.
    pub(super) fn mark(&mut self) -> io::Result<Option<OutputMark>> {
        let Sink::File(output) = &mut self.0 else {
            return Ok(None);
        };
        let length = output.file.metadata()?.len();
        output.mark_at(length)
    }

    /// Makes a file that was just created survive a power cut.
    pub(super) fn sync_name(&self) -> io::Result<()> {
        match &self.0 {
            Sink::File(output) if output.is_regular()? => files::sync_folder(&output.path),
            _ => Ok(()),
        }
    }
}

impl OutputFile {
    fn is_regular(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.is_file())
    }

    fn mark_at(&mut self, length: u64) -> io::Result<Option<OutputMark>> {
        let metadata = self.file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let created = metadata.created().ok();
        let since_epoch = created.and_then(|created| created.duration_since(UNIX_EPOCH).ok());
        Ok(Some(OutputMark {
            device: metadata.dev(),
            inode: metadata.ino(),
            created: since_epoch.and_then(|duration| u64::try_from(duration.as_nanos()).ok()),
            length,
            end: self.end_before(length)?,
        }))
    }

    fn end_before(&mut self, length: u64) -> io::Result<String> {
        self.file
            .seek(SeekFrom::Start(length.saturating_sub(COMPARED_BYTES)))?;
        let mut end = Vec::new();
        (&self.file)
            .take(length.min(COMPARED_BYTES))
            .read_to_end(&mut end)?;
        Ok(hexadecimal(&sha256(&end)))
    }
}

/// A file, and the number of bytes that were written to it.
struct Counted<'a> {
    file: &'a File,
    written: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes `lines`, each with a line feed, and flushes.
fn write_lines(
    target: &mut dyn Write,
    lines: impl Iterator<Item = impl Printable>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    for line in lines {
        let text = line.text();
        if buffer.len() + text.len() >= BUFFER_BYTES {
            write_all(target, &buffer)?;
            buffer.clear();
        }
        buffer.extend_from_slice(text.as_bytes());
        buffer.push(b'\n');
    }
    write_all(target, &buffer)?;
    target.flush()
}

/// Writes all of `bytes`, however many writes it takes. A stream that its owner has made non-blocking takes nothing while
/// it is full, and is waited for like any other.
fn write_all(target: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
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
    use std::fs;

    use super::*;
    use crate::pull::read::Line;

    /// A file that holds an acknowledged line.
    fn acknowledged(path: &Path) -> (Output, OutputMark) {
        let mut output = Output::append(path).unwrap();
        output.write([Line::of("one")].iter(), true).unwrap();
        let mark = output.mark().unwrap().unwrap();
        (output, mark)
    }

    fn announced(offset: u64, bytes: u64) -> Option<Announcement> {
        Some(Announcement { offset, bytes })
    }

    #[test]
    fn only_an_unacknowledged_tail_of_the_same_file_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let (mut output, mark) = acknowledged(&path);
        output.write([Line::of("two")].iter(), true).unwrap();

        let mut again = Output::append(&path).unwrap();
        let cut = |output: &mut Output| output.cut_to(Some(&mark), announced(4, 4)).unwrap();
        assert_eq!(cut(&mut again), Tail::Cut(4));
        assert_eq!(cut(&mut again), Tail::None);
        again.write([Line::of("2")].iter(), true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n2\n");
    }

    #[test]
    fn what_another_program_has_appended_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let (mut output, mark) = acknowledged(&path);
        output.write([Line::of("foreign")].iter(), true).unwrap();
        for announcement in [None, announced(0, 100), announced(4, 6)] {
            let tail = output.cut_to(Some(&mark), announcement).unwrap();
            assert_eq!(tail, Tail::Foreign(8));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\nforeign\n");
    }

    #[test]
    fn a_file_that_was_replaced_or_emptied_is_never_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let uncut = |mark: &OutputMark| {
            let mut output = Output::append(&path).unwrap();
            output.cut_to(Some(mark), announced(4, 100)).unwrap() == Tail::None
        };
        let (_, mark) = acknowledged(&path);
        fs::write(&path, "the same inode, other content\n").unwrap();
        assert!(uncut(&mark));
        fs::rename(&path, folder.path().join("out.jsonl.1")).unwrap();
        fs::write(&path, "longer content of another program\n").unwrap();
        assert!(uncut(&mark));
    }

    #[test]
    fn a_line_that_was_torn_is_ended_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let ends = |content: &str| {
            fs::write(&path, content).unwrap();
            let torn = Output::append(&path).unwrap().end_torn_line().unwrap();
            (torn, fs::read_to_string(&path).unwrap())
        };
        assert_eq!(ends(""), (false, String::new()));
        assert_eq!(ends("{}\n"), (false, "{}\n".to_owned()));
        assert_eq!(ends("{}\n{\"a\":"), (true, "{}\n{\"a\":\n".to_owned()));
    }

    #[test]
    fn a_stream_has_no_mark_and_a_full_device_is_an_error() {
        assert_eq!(Output::stream(io::sink()).mark().unwrap(), None);
        let mut full = Output::append(Path::new("/dev/full")).unwrap();
        assert_eq!(full.mark().unwrap(), None);
        let error = full.write([Line::of("one")].iter(), true).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

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
        let texts = (0..1_300).map(|number| number.to_string());
        let lines: Vec<_> = texts.map(|text| Line::of(&text)).collect();
        let mut target = Reluctant(Vec::new(), 0);
        write_lines(&mut target, lines.iter()).unwrap();
        let expected: String = (0..1_300).map(|number| format!("{number}\n")).collect();
        assert!(target.0 == expected.as_bytes());
    }
}
