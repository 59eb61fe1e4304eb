//! The output: a stream, or a file that is appended to.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::buffer::{next_write, write_all};
use super::file::{self, NoteChange, OutputFile};
use super::format::Printable;
use super::unacknowledged::UnacknowledgedLines;
use crate::pull::checkpoint::OutputMark;
use crate::pull::error::Error;

/// Limit for a write to a stream. A pipe that was emptied takes as many bytes at once, so that a killed run tears no line
/// there.
const MOST_BYTES: usize = 64 << 10;

/// The output: a stream, or a file that is appended to.
pub struct Output(Sink);

enum Sink {
    Stream(Box<dyn Write + Send>),
    File(OutputFile),
}

impl Output {
    /// Writes to `stream`, such as a pipe. What it has taken is its reader's.
    pub fn stream(stream: impl Write + Send + 'static) -> Self {
        Self(Sink::Stream(Box::new(stream)))
    }

    /// Appends to the file at `path`, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// Those of opening the file.
    pub fn append(path: &Path) -> io::Result<Self> {
        let opened = file::open(path)?;
        if opened.file.metadata()?.is_file() {
            return Ok(Self(Sink::File(OutputFile::new(opened, path)?)));
        }
        Ok(Self::stream(opened.file))
    }

    /// Writes to `file`, which is standard output: a regular file is treated like one of [`Output::append`], as far as the
    /// system lets it be read back.
    ///
    /// # Errors
    ///
    /// Those of looking at the file.
    pub fn standard(file: File) -> io::Result<Self> {
        if file.metadata()?.is_file() {
            return Ok(Self(Sink::File(OutputFile::standard(file)?)));
        }
        Ok(Self::stream(file))
    }

    /// Writes `lines`, each with a line feed, and flushes. With `note_change`, which is told when a file is left for another
    /// one, a file is synced as well.
    pub(super) fn write(
        &mut self,
        lines: Vec<impl Printable>,
        note_change: Option<&mut NoteChange<'_>>,
    ) -> Result<(), Error> {
        match &mut self.0 {
            Sink::Stream(stream) => write_to_stream(stream, &lines).map_err(Error::Output),
            Sink::File(file) => file.write(lines, note_change),
        }
    }

    /// Reads back the lines that earlier runs have written and not acknowledged: those after `mark`, and after the marks of
    /// files that were `moved` away in the middle of a slice. Returns the mark of the file up to its last whole line; `None`
    /// for a stream.
    pub(super) fn recover(
        &mut self,
        mark: Option<&OutputMark>,
        moved: &[OutputMark],
        lines: &mut UnacknowledgedLines,
    ) -> io::Result<Option<OutputMark>> {
        let Sink::File(file) = &mut self.0 else {
            return Ok(None);
        };
        for mark in moved {
            recover_moved(file, mark, false, lines)?;
        }
        if let Some(mark) = mark {
            let recovered = file.recover(mark, &mut |line| lines.take(line))?;
            lines.report(&file.shown(), true);
            // Nothing tells such a file from the marked one: that may be the one beside it, renamed while it was empty.
            if recovered
                .as_ref()
                .is_none_or(|recovered| recovered.length == 0)
            {
                recover_moved(file, mark, recovered.is_none(), lines)?;
            }
            if recovered.is_some() {
                return Ok(recovered);
            }
        }
        file.end_torn_line()?;
        file.mark()
    }

    /// Ends the last line of a file if it is torn, so that the next line stands by itself.
    pub(super) fn end_torn_line(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Sink::File(file) => file.end_torn_line(),
            Sink::Stream(_) => Ok(()),
        }
    }

    /// Returns the mark of the file as it is now; `None` for a stream, a pipe or a device.
    pub(super) fn mark(&self) -> io::Result<Option<OutputMark>> {
        match &self.0 {
            Sink::File(file) => file.mark(),
            Sink::Stream(_) => Ok(None),
        }
    }

    /// Makes a file that was just created survive a power cut.
    pub(super) fn sync_name(&self) -> io::Result<()> {
        match &self.0 {
            Sink::File(file) => file.sync_name(),
            Sink::Stream(_) => Ok(()),
        }
    }
}

/// Reads back the lines after `mark` in the marked file, if that stands beside `file`. `is_successor` is true if `file` has
/// its name and is not it.
fn recover_moved(
    file: &OutputFile,
    mark: &OutputMark,
    is_successor: bool,
    lines: &mut UnacknowledgedLines,
) -> io::Result<()> {
    let Some(moved) = file.find_moved(mark, is_successor)? else {
        return Ok(());
    };
    file::read_moved(&moved, mark, &mut |line| lines.take(line))?;
    lines.report(&moved.path.display().to_string(), moved.has_rotated_name);
    Ok(())
}

fn write_to_stream(stream: &mut dyn Write, lines: &[impl Printable]) -> io::Result<()> {
    let mut buffer = Vec::new();
    let mut written = 0;
    while written < lines.len() {
        let (bytes, count) = next_write(&mut buffer, &lines[written..], 0, MOST_BYTES);
        write_all(stream, bytes)?;
        written += count;
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::pull::read::Line;

    /// Notes what each write takes.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<String>>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.0.lock().unwrap().push(text);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_write_to_a_stream_fits_into_a_pipe_and_ends_with_a_line() {
        let text = "x".repeat(700);
        let pages = [3_000, 5, 1, 400].map(|count| Line::of_one_page(&vec![text.as_str(); count]));
        let lines: Vec<_> = pages.iter().flatten().collect();
        let writes = Writes::default();
        let mut output = Output::stream(writes.clone());
        let count = lines.len();
        output.write(lines, None).unwrap();
        let writes = writes.0.lock().unwrap();
        assert!(writes.iter().all(|text| text.len() <= 64 << 10));
        assert!(writes.iter().all(|text| text.ends_with('\n')));
        assert!(writes.concat() == format!("{text}\n").repeat(count));
    }
}
