//! The end of an output file: what stands after its acknowledged end, and where the file is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::files;
use crate::pull::checkpoint::OutputMark;

/// No record is longer than a page. A longer line is another program's.
const LONGEST_LINE: u64 = 64 << 20;

/// The end of a file.
pub(super) struct Tail {
    /// End of the last whole line, in bytes from the beginning of the file.
    pub(super) whole: u64,
    /// The bytes after it.
    pub(super) torn: Vec<u8>,
}

/// Hands on each whole line of `file` from `start` on, without its line feed, and returns the rest.
pub(super) fn read(
    mut file: &File,
    start: u64,
    take_line: &mut dyn FnMut(&[u8]),
) -> io::Result<Tail> {
    file.seek(SeekFrom::Start(start))?;
    let mut reader = BufReader::new(file);
    let mut tail = Tail {
        whole: start,
        torn: Vec::new(),
    };
    loop {
        tail.torn.clear();
        let most = LONGEST_LINE + 1;
        let read = reader
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut tail.torn)?;
        match tail.torn.strip_suffix(b"\n") {
            Some(line) => take_line(line),
            None if read as u64 == most => {}
            None => return Ok(tail),
        }
        tail.whole += read as u64;
    }
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

/// Finds the file in the folder of `path` that `mark` is of, other than `present`. Of several, such as a backup beside the
/// file itself, the longest has all that was written.
pub(super) fn find_moved(
    path: &Path,
    present: &File,
    mark: &OutputMark,
) -> io::Result<Option<(PathBuf, File)>> {
    // Every file has the same nothing before its beginning.
    if mark.length == 0 {
        return Ok(None);
    }
    let present = present.metadata()?;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    // A folder that cannot be listed hides the file. That is no reason to stop.
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return Ok(None);
    };
    let mut found: Option<(u64, PathBuf, File)> = None;
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let is_present = (metadata.dev(), metadata.ino()) == (present.dev(), present.ino());
        let shortest = found
            .as_ref()
            .map_or(mark.length, |(length, ..)| length + 1);
        if !metadata.is_file() || is_present || metadata.len() < shortest {
            continue;
        }
        let candidate = files::open(&entry.path(), OpenOptions::new().read(true));
        if let Ok(file) = candidate
            && mark.matches(&file)?
        {
            found = Some((metadata.len(), entry.path(), file));
        }
    }
    Ok(found.map(|(_, path, file)| (path, file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_whole_lines_and_a_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "one\ntwo\n\nthree").unwrap();
        let file = File::open(&path).unwrap();
        let mut lines = Vec::new();
        let tail = read(&file, 4, &mut |line| lines.push(line.to_vec())).unwrap();
        assert_eq!(lines, [b"two".to_vec(), Vec::new()]);
        assert_eq!((tail.whole, tail.torn), (9, b"three".to_vec()));
    }

    #[test]
    fn the_longest_file_with_the_same_content_before_the_mark_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let named = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let found = |mark: &OutputMark| {
            let present = File::open(&path).unwrap();
            find_moved(&path, &present, mark)
                .unwrap()
                .map(|(path, _)| path)
        };
        named("out", "one\n");
        let mark = OutputMark::of(&File::open(&path).unwrap(), 4).unwrap();
        assert_eq!(found(&mark), None);
        named("shorter", "one");
        named("other", "two\nlonger than the others\n");
        let backup = named("backup", "one\n");
        assert_eq!(found(&mark), Some(backup));
        let moved = named("out.1", "one\ntwo\n");
        assert_eq!(found(&mark), Some(moved));
        let beginning = OutputMark::of(&File::open(&path).unwrap(), 0).unwrap();
        assert_eq!(found(&beginning), None);
    }
}
