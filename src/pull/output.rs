//! Where the lines go.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::lines::write_lines;
use super::slice::Line;
use crate::digest::{hexadecimal, sha256};
use crate::durable_file;

/// So much of the end of a file is compared to recognise it.
const COMPARED_BYTES: u64 = 4_096;

/// Where the lines go: a stream, or a file that is appended to.
pub struct Output(Sink);

enum Sink {
    Stream(Box<dyn Write + Send>),
    File(OutputFile),
}

struct OutputFile {
    file: File,
    path: PathBuf,
}

/// An output file as it was when its last line was acknowledged.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct OutputMark {
    device: u64,
    inode: u64,
    /// Nanoseconds since the Unix epoch, where the file system knows: an inode is used again.
    created: Option<u64>,
    length: u64,
    /// SHA-256 of the last bytes before `length`.
    end: String,
}

/// What is about to be written: kept where it survives a kill, so that half of it is known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Announcement {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// What stands behind the acknowledged end of an output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing, or the file is another one.
    None,
    /// So many bytes of a run that was killed; they are gone.
    Cut(u64),
    /// So many bytes of somebody else's; they are still there.
    Foreign(u64),
}

impl OutputMark {
    /// Bytes that are acknowledged.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
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
        // Whoever opens a pipe for reading as well is its own reader, and never learns that the other one left.
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
    pub(super) fn write<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a Line>,
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

    /// Cuts off what was written behind `mark` and never acknowledged, if this is the file that `mark` is of;
    /// a file that was rotated or replaced stays as it is. So does a tail that was not `announced`: somebody
    /// else has written it.
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

    /// Ends the last line of a file if whoever wrote it was stopped in the middle, so that the next line stands by
    /// itself. Returns whether there was one.
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

    /// The file as it is now; `None` for a stream, a pipe or a device.
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
            Sink::File(output) if output.is_regular()? => durable_file::sync_folder(&output.path),
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

/// A file, and how much was written to it.
struct Counted<'a> {
    file: &'a File,
    written: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.file.write_vectored(slices)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
    fn what_somebody_else_has_appended_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let (mut output, mark) = acknowledged(&path);
        output.write([Line::of("theirs")].iter(), true).unwrap();
        for announcement in [None, announced(0, 100), announced(4, 6)] {
            let tail = output.cut_to(Some(&mark), announcement).unwrap();
            assert_eq!(tail, Tail::Foreign(7));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntheirs\n");
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
        fs::write(&path, "somebody else's longer content\n").unwrap();
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
}
