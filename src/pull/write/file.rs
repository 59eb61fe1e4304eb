//! A file that lines are appended to, and that only ever grows.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::buffer::{next_write, write_all};
use super::format::Printable;
use super::marked::{self, Alteration, MovedFile, Search};
use super::tail;
use crate::files::{self, Rest};
use crate::pull::checkpoint::OutputMark;
use crate::pull::error::Error;

/// Limit for a write, because the path is looked at between writes.
const MOST_BYTES: usize = 256 << 10;

/// A regular file that lines are appended to.
pub(super) struct OutputFile {
    file: File,
    /// Reads the same file; `None` if this user may only append to it.
    reader: Option<File>,
    /// `None` for standard output, which another program has opened.
    path: Option<PathBuf>,
    /// True if this run has created it.
    is_new: bool,
    /// Length after the last write, or when it was last looked at.
    length: u64,
    /// The last line, if a run was killed while it wrote that.
    torn: Vec<u8>,
}

/// A file that lines go to from now on, in the middle of a run.
pub(super) struct FileChange {
    pub(super) mark: OutputMark,
    /// True if the file before it keeps lines of the slice that is being written.
    pub(super) has_left_lines: bool,
}

/// Notes a change durably, before a line goes into the other file.
pub(super) type NoteChange<'a> = dyn FnMut(FileChange) -> Result<(), Error> + 'a;

/// The open file, compared with the one that its path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whereabouts {
    /// They are the same.
    InPlace,
    /// The open file has another name now.
    Moved,
    /// The open file has no name any more, so what is in it will be gone.
    Deleted,
    /// The open file is shorter than it was, as after logrotate's `copytruncate`.
    Emptied,
}

impl OutputFile {
    /// Takes the file that was opened at `path`.
    pub(super) fn new(opened: Opened, path: &Path) -> io::Result<Self> {
        let Opened {
            file,
            is_readable,
            is_new,
        } = opened;
        let reader = is_readable.then(|| file.try_clone()).transpose()?;
        Ok(Self {
            path: Some(path.to_owned()),
            is_new,
            ..Self::of(file, reader)?
        })
    }

    /// Takes the file behind standard output.
    pub(super) fn standard(file: File) -> io::Result<Self> {
        // Most systems open a file anew under this name, for reading as well if its mode allows that.
        let reader = File::open(format!("/dev/fd/{}", file.as_raw_fd())).ok();
        Self::of(file, reader)
    }

    fn of(file: File, reader: Option<File>) -> io::Result<Self> {
        Ok(Self {
            length: file.metadata()?.len(),
            file,
            reader,
            path: None,
            is_new: false,
            torn: Vec::new(),
        })
    }

    /// Appends `lines`, each with a line feed. With `note_change` they are synced as well.
    ///
    /// The path is looked at before each write. A file that was moved is left, and its path opened anew. What went into a
    /// file that was deleted since is written again.
    pub(super) fn write(
        &mut self,
        mut lines: Vec<impl Printable>,
        mut note_change: Option<&mut NoteChange<'_>>,
    ) -> Result<(), Error> {
        let is_durable = note_change.is_some();
        let mut buffer = Vec::new();
        let mut written = 0;
        // The first of these went into a file that was left since. The others are in the open one, from `beginning` on.
        let mut left_behind = 0;
        let mut beginning = self.length;
        loop {
            // After the last write too: the file may have been deleted while that was under way.
            let whereabouts = self.whereabouts().map_err(Error::Output)?;
            if whereabouts == Whereabouts::Deleted {
                written = left_behind;
            }
            if written == lines.len() {
                return Ok(());
            }
            if whereabouts != Whereabouts::InPlace {
                let has_left_lines = written > left_behind;
                self.change(whereabouts, has_left_lines, note_change.as_deref_mut())?;
                left_behind = written;
                beginning = self.length;
            }
            let left = &mut lines[written..];
            let skipped = self.finish_torn_line(left).map_err(Error::Output)?;
            let (bytes, count) = next_write(&mut buffer, left, skipped, MOST_BYTES);
            let appended = self.append(bytes);
            written += count;
            appended.map_err(|error| {
                Error::Output(if is_durable {
                    error
                } else {
                    within_a_slice(&error, beginning)
                })
            })?;
            if is_durable && written == lines.len() {
                self.sync().map_err(Error::Output)?;
            }
        }
    }

    fn whereabouts(&mut self) -> io::Result<Whereabouts> {
        let open = self.file.metadata()?;
        if let Some(path) = &self.path {
            if open.nlink() == 0 {
                return Ok(Whereabouts::Deleted);
            }
            match fs::metadata(path) {
                Ok(found) if (found.dev(), found.ino()) == (open.dev(), open.ino()) => {}
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(files::at("looking at", path, &error));
                }
                _ => return Ok(Whereabouts::Moved),
            }
        }
        if open.len() < self.length {
            return Ok(Whereabouts::Emptied);
        }
        Ok(Whereabouts::InPlace)
    }

    /// Leaves a file that is not in place any more, and notes which one comes after it.
    fn change(
        &mut self,
        whereabouts: Whereabouts,
        has_left_lines: bool,
        note_change: Option<&mut NoteChange<'_>>,
    ) -> Result<(), Error> {
        if has_left_lines && note_change.is_some() {
            // At the end of the slice only the file that is open then is synced.
            self.sync().map_err(Error::Output)?;
        }
        self.torn.clear();
        match &self.path {
            Some(path) if whereabouts != Whereabouts::Emptied => {
                let path = path.clone();
                tracing::info!(path = %path.display(), "the output was rotated; going on in a new file");
                *self = Self::open_again(&path).map_err(Error::Output)?;
            }
            _ => self.length = self.file.metadata().map_err(Error::Output)?.len(),
        }
        self.end_torn_line().map_err(Error::Output)?;
        let Some(note_change) = note_change else {
            return Ok(());
        };
        self.sync_name().map_err(Error::Output)?;
        let mark = self.mark().map_err(Error::Output)?;
        mark.map_or(Ok(()), |mark| {
            note_change(FileChange {
                mark,
                has_left_lines,
            })
        })
    }

    fn open_again(path: &Path) -> io::Result<Self> {
        let opened = open(path).map_err(|error| files::at("opening", path, &error))?;
        if opened.file.metadata()?.is_file() {
            return Self::new(opened, path);
        }
        let message = format!("{} is not a regular file any more", path.display());
        Err(io::Error::other(message))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        write_all(&mut self.file, bytes).map_err(|error| self.failed("writing to", &error))?;
        self.length = self.file.metadata()?.len();
        Ok(())
    }

    /// Makes what was written survive a power cut.
    fn sync(&self) -> io::Result<()> {
        self.file
            .sync_data()
            .map_err(|error| self.failed("syncing", &error))
    }

    fn failed(&self, action: &str, error: &io::Error) -> io::Error {
        match &self.path {
            Some(path) => files::at(action, path, error),
            None => io::Error::new(error.kind(), format!("{action} standard output: {error}")),
        }
    }

    /// Makes the name of a file that was just created survive a power cut.
    pub(super) fn sync_name(&self) -> io::Result<()> {
        let path = self.known_path();
        path.map_or(Ok(()), |path| files::sync_folder(&path))
    }

    /// The path of the file. The shell has opened standard output, so its path is known only where the system tells it.
    fn known_path(&self) -> Option<PathBuf> {
        self.path.clone().or_else(|| {
            let link = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            fs::read_link(link).ok().filter(|path| path.is_file())
        })
    }

    /// The mark of the file as it is now; `None` for standard output that cannot be read back.
    ///
    /// # Errors
    ///
    /// Those of reading it, and that a file with a path may only be appended to.
    pub(super) fn mark(&self) -> io::Result<Option<OutputMark>> {
        self.check_readable()?;
        let Some(reader) = &self.reader else {
            return Ok(None);
        };
        let mark = OutputMark::of(reader, reader.metadata()?.len());
        Ok(Some(mark.map_err(|error| self.failed("reading", &error))?))
    }

    /// Refuses a file that was named to be written to and cannot be recognised by the next run.
    fn check_readable(&self) -> io::Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| self.reader.is_none()) else {
            return Ok(());
        };
        Err(io::Error::other(format!(
            "{} may be appended to and not read, but the next run with the same --checkpoint has to see what is in it; let this user read it",
            path.display()
        )))
    }

    /// Hands on the whole lines after `mark` if this is the marked file, and keeps a torn last line for the next write, which
    /// may complete it. Returns the mark of the file up to the end of the last whole line; `None` if this is another file, or
    /// one that cannot be read.
    pub(super) fn recover(
        &mut self,
        mark: &OutputMark,
        take_line: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<OutputMark>> {
        let Some(reader) = &self.reader else {
            return Ok(None);
        };
        if !mark.matches(reader)? {
            return Ok(None);
        }
        let Rest {
            mut whole,
            mut torn,
        } = tail::read(reader, mark.length, take_line)?;
        if tail::is_whole_record(&torn) {
            // Only the line feed is missing. It is written now: only the first write completes a torn line, and that need not
            // be of the slice to which this record belongs.
            write_all(&mut &self.file, b"\n")?;
            take_line(&torn);
            whole += torn.len() as u64 + 1;
            torn.clear();
        }
        if whole > 0 {
            // The killed run may not have synced these lines, and from now on they count as printed.
            self.sync()?;
        }
        let end = mark.length + whole;
        self.length = end + torn.len() as u64;
        self.torn = torn;
        OutputMark::of(reader, end).map(Some)
    }

    /// Searches for the marked file beside this one: the output under the name that rotation has given it.
    ///
    /// Warns where none of several files is it for certain, and, if this file `is_successor` of the marked one, where that
    /// was emptied or replaced instead of rotated.
    pub(super) fn find_moved(
        &self,
        mark: &OutputMark,
        is_successor: bool,
    ) -> io::Result<Option<MovedFile>> {
        let Some(path) = self.known_path() else {
            return Ok(None);
        };
        let may_be_rotated = match marked::search(&path, &self.file, mark)? {
            Search::Found(moved) => return Ok(Some(moved)),
            Search::Copied => return Ok(None),
            Search::Missing => false,
            Search::Uncertain {
                paths,
                has_rotated_names,
            } => {
                let shown = paths.iter().map(|path| path.display().to_string());
                tracing::warn!(
                    path = %path.display(),
                    files = shown.collect::<Vec<_>>().join(", "),
                    "the file that the last run wrote may be one of several, so nothing in them counts as printed, and if that run was killed, some records are printed twice; keep copies of the output in another folder"
                );
                has_rotated_names
            }
        };
        if is_successor && !may_be_rotated {
            self.report_alteration(mark)?;
        }
        Ok(None)
    }

    /// Warns if the file was emptied or replaced since the last run. Not known of a file that cannot be read.
    fn report_alteration(&self, mark: &OutputMark) -> io::Result<()> {
        let Some(reader) = self.reader.as_ref().filter(|_| !self.is_new) else {
            return Ok(());
        };
        if let Some(alteration) = Alteration::find(reader, mark)? {
            let found = alteration.finding(&self.shown());
            tracing::warn!("{found}; {}", alteration.remedy());
        }
        Ok(())
    }

    /// The file as a message names it.
    pub(super) fn shown(&self) -> String {
        let path = self.known_path();
        path.map_or_else(
            || "standard output".to_owned(),
            |path| path.display().to_string(),
        )
    }

    /// Completes the torn line if one of `lines` begins with it, and ends it if not. Returns how many bytes of the first of
    /// `lines` are written already. The completed line becomes the first, out of order, because it has to follow its own
    /// beginning.
    fn finish_torn_line(&mut self, lines: &mut [impl Printable]) -> io::Result<usize> {
        let torn = mem::take(&mut self.torn);
        if torn.is_empty() {
            return Ok(0);
        }
        // Something else may have been appended to it since.
        let is_last = self.file.metadata()?.len() == self.length;
        let begins = |text: &str| text.as_bytes().starts_with(&torn);
        let mut texts = lines.iter().map(Printable::text);
        match texts.position(|text| begins(&text)).filter(|_| is_last) {
            Some(at) => {
                lines[..=at].rotate_right(1);
                Ok(torn.len())
            }
            None => self.end_torn_line().map(|()| 0),
        }
    }

    /// Ends the last line if it is torn, with a warning, so that the next one stands by itself.
    pub(super) fn end_torn_line(&mut self) -> io::Result<()> {
        let Some(reader) = &self.reader else {
            return Ok(());
        };
        if tail::ends_with_a_line(reader)? {
            return Ok(());
        }
        self.append(b"\n")?;
        tracing::warn!(
            "the last line of the output was torn; it was ended, and is not a whole record"
        );
        Ok(())
    }
}

/// Adds to the failure of a write how to mend the file: it ends within a slice, all of which is printed again when the range
/// is carried on by hand. With a checkpoint the next run mends it.
fn within_a_slice(error: &io::Error, beginning: u64) -> io::Error {
    let message = format!(
        "{error}; the file ends within what comes again, so shorten it to {beginning} bytes (truncate -s {beginning}) before it is carried on"
    );
    io::Error::new(error.kind(), message)
}

/// Hands on the whole lines after `mark` in a file that is left, and syncs them: from now on they count as printed.
pub(super) fn read_moved(
    moved: &MovedFile,
    mark: &OutputMark,
    take_line: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    let MovedFile { path, file, .. } = moved;
    let tail = tail::read(file, mark.length, take_line)?;
    file.sync_data()
        .map_err(|error| files::at("syncing", path, &error))?;
    if !tail.torn.is_empty() {
        tracing::warn!(
            path = %path.display(),
            "the output was rotated after a run was killed; the last line of the old file is torn, and its record is printed whole in the new one"
        );
    }
    Ok(())
}

/// A file that was opened for appending.
pub(super) struct Opened {
    pub(super) file: File,
    /// True if it is open for reading too.
    is_readable: bool,
    /// True if there was none before.
    is_new: bool,
}

/// Opens `path` for appending, and for reading too unless it is a pipe or this user may not.
pub(super) fn open(path: &Path) -> io::Result<Opened> {
    let is_new = !path.exists();
    let opened = |file, is_readable| Opened {
        file,
        is_readable,
        is_new,
    };
    let mut options = OpenOptions::new();
    let options = options.append(true).create(true);
    // A program that opens a pipe for reading as well is its own reader and never learns that the other one left.
    if is_new || path.is_file() {
        match options.read(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            file => return Ok(opened(file?, true)),
        }
    }
    Ok(opened(options.read(false).open(path)?, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::read::Line;

    /// A line that fills a buffer, so that the path is looked at before the next one.
    fn long(letter: &str) -> String {
        letter.repeat(70_000)
    }

    fn open_at(path: &Path) -> OutputFile {
        OutputFile::open_again(path).unwrap()
    }

    /// Writes a slice to a file that changes before the first write, and perhaps once more when that is noted.
    fn write_while(
        path: &Path,
        before: fn(&Path),
        when_noted: fn(&Path),
    ) -> (OutputFile, Vec<bool>) {
        let mut file = open_at(path);
        before(path);
        let texts = ["a", "b", "c"].map(long);
        let lines = texts.each_ref().map(|text| Line::of(text));
        let mut noted = Vec::new();
        let mut note = |change: FileChange| {
            noted.push(change.has_left_lines);
            if noted.len() == 1 {
                when_noted(path);
            }
            Ok(())
        };
        file.write(lines.iter().collect(), Some(&mut note)).unwrap();
        (file, noted)
    }

    fn rename(path: &Path) {
        let number = fs::read_dir(path.parent().unwrap()).unwrap().count();
        fs::rename(path, path.with_extension(number.to_string())).unwrap();
    }

    fn delete(path: &Path) {
        fs::remove_file(path).unwrap();
    }

    fn empty(path: &Path) {
        fs::copy(path, path.with_extension("copy")).unwrap();
        fs::write(path, "").unwrap();
    }

    fn nothing(_: &Path) {}

    /// The first letter of each line.
    fn letters(path: &Path) -> String {
        let content = fs::read_to_string(path).unwrap();
        content.lines().map(|line| &line[..1]).collect()
    }

    fn earlier(folder: &Path) -> PathBuf {
        let path = folder.join("out.jsonl");
        fs::write(&path, "earlier\n").unwrap();
        path
    }

    #[test]
    fn a_file_that_was_moved_is_left_and_its_path_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = earlier(folder.path());
        let (_, noted) = write_while(&path, rename, nothing);
        assert_eq!(noted, [false]);
        assert_eq!(letters(&path), "abc");
        assert_eq!(letters(&path.with_extension("1")), "e");
    }

    #[test]
    fn lines_in_a_file_that_is_moved_in_the_middle_of_a_slice_stay_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = earlier(folder.path());
        let (_, noted) = write_while(&path, rename, rename);
        assert_eq!(noted, [false, true]);
        assert_eq!(letters(&path.with_extension("2")), "a");
        assert_eq!(letters(&path), "bc");
    }

    #[test]
    fn lines_in_a_file_that_is_deleted_in_the_middle_of_a_slice_are_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = earlier(folder.path());
        let (_, noted) = write_while(&path, delete, delete);
        assert_eq!(noted, [false, false]);
        assert_eq!(letters(&path), "abc");
    }

    #[test]
    fn a_file_that_was_emptied_is_noted_and_written_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = earlier(folder.path());
        let (file, noted) = write_while(&path, empty, nothing);
        assert_eq!(noted, [false]);
        assert_eq!(letters(&path), "abc");
        assert_eq!(letters(&path.with_extension("copy")), "e");
        assert_eq!(file.mark().unwrap().unwrap().length, 3 * 70_001);
    }

    #[test]
    fn a_torn_line_goes_on_with_the_record_that_begins_like_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = earlier(folder.path());
        let mark = open_at(&path).mark().unwrap().unwrap();
        for (torn, expected) in [
            ("{\"b", "{\"b\":1}\n{\"a\":1}\n"),
            ("{\"a\":1", "{\"a\":1}\n{\"b\":1}\n"),
            ("{\"c", "{\"c\n{\"a\":1}\n{\"b\":1}\n"),
        ] {
            fs::write(&path, format!("earlier\n{torn}")).unwrap();
            let mut file = open_at(&path);
            let end = file.recover(&mark, &mut |_| unreachable!()).unwrap();
            assert_eq!(end, Some(mark.clone()));
            let lines = ["{\"a\":1}", "{\"b\":1}"].map(Line::of);
            file.write(lines.iter().collect(), None).unwrap();
            assert_eq!(
                fs::read_to_string(&path).unwrap(),
                format!("earlier\n{expected}")
            );
        }
    }

    #[test]
    fn a_record_of_which_only_the_line_feed_is_missing_is_ended_and_counts_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = earlier(folder.path());
        let mark = open_at(&path).mark().unwrap().unwrap();
        fs::write(&path, "earlier\n{\"a\":1}").unwrap();
        let mut file = open_at(&path);
        let mut taken = Vec::new();
        let end = file.recover(&mark, &mut |line| taken.push(line.to_vec()));
        assert_eq!(taken, [b"{\"a\":1}"]);
        assert_eq!(fs::read(&path).unwrap(), b"earlier\n{\"a\":1}\n");
        assert_eq!(end.unwrap(), file.mark().unwrap());
    }

    #[test]
    fn a_torn_line_after_which_something_was_appended_is_not_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = earlier(folder.path());
        let mark = open_at(&path).mark().unwrap().unwrap();
        fs::write(&path, "earlier\n{\"a").unwrap();
        let mut file = open_at(&path);
        file.recover(&mark, &mut |_| unreachable!()).unwrap();
        fs::write(&path, "earlier\n{\"a foreign\n").unwrap();
        let line = Line::of("{\"a\":1}");
        file.write(vec![&line], None).unwrap();
        let content = fs::read_to_string(&path).unwrap();
        assert_eq!(content, "earlier\n{\"a foreign\n{\"a\":1}\n");
    }
}
