//! The tail of an output file: the lines after its acknowledged end, and the search for a file that was renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use crate::files::{self, Rest};
use crate::pull::checkpoint::OutputMark;

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

/// Finds the marked file in the folder of `path`, other than `present`. Of several that match, such as the file and a backup
/// of it, returns the longest, which has all that was written.
pub(super) fn find_moved(
    path: &Path,
    present: &File,
    mark: &OutputMark,
) -> io::Result<Option<(PathBuf, File)>> {
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
        // With nothing acknowledged there is no content to compare, and every file would match.
        let may_be = mark.length > 0 || metadata.ino() == mark.number;
        if !metadata.is_file() || is_present || !may_be || metadata.len() < shortest {
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
    fn only_a_whole_object_is_a_whole_record() {
        let text = br#"{"a":[{"b":"}"}]}"#;
        assert!(is_whole_record(text));
        assert!((0..text.len()).all(|length| !is_whole_record(&text[..length])));
        for other in [&b"1"[..], b"null", br#"{"a":1}{"#, b"{}\0"] {
            assert!(!is_whole_record(other));
        }
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
