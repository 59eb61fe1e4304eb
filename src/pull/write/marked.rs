//! The search for the file that earlier runs wrote, where the path of the output does not lead to it any more, and the
//! warning where it was emptied or replaced.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::files;
use crate::pull::checkpoint::OutputMark;

/// The result of the search for the marked file beside the output.
pub(super) enum Search {
    /// This is it, or a whole copy of it.
    Found(MovedFile),
    /// None is it for certain, of files that hold what was acknowledged, and some of them more.
    Uncertain {
        /// The files.
        paths: Vec<PathBuf>,
        /// True if rotation may have given some of them their names.
        has_rotated_names: bool,
    },
    /// All of several files, or one whose name says nothing, hold what was acknowledged and no more. It does not matter which
    /// one it is.
    Copied,
    /// There is none.
    Missing,
}

/// A file with the marked content.
pub(super) struct MovedFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
    metadata: Metadata,
    /// True if the name is one that rotation gives to the output.
    pub(super) has_rotated_name: bool,
}

/// Searches the folder of the output at `path`, and the one that links lead to, for the marked file under another name.
/// `present` is the output as it is now, and is not looked at.
///
/// Content alone does not tell the file from another output with the same records, so the numbers of the file count. Without
/// a file that has them, one is taken only if rotation may have given it its name, and only if it is the only such one: a
/// record that is printed twice can be removed, but one that is taken for printed is lost.
pub(super) fn search(path: &Path, present: &File, mark: &OutputMark) -> io::Result<Search> {
    let mut matching = files_with_content(path, &present.metadata()?, mark)?;
    let numbered = matching
        .iter()
        .position(|file| mark.is_numbered(&file.metadata));
    let rotated: Vec<_> = (0..matching.len())
        .filter(|number| matching[*number].has_rotated_name)
        .collect();
    let is_all_acknowledged = matching
        .iter()
        .all(|file| file.metadata.len() == mark.length);
    let taken = match (numbered, rotated.as_slice()) {
        // After a checkpoint was copied with its file, another one may have the number.
        (Some(numbered), []) => Some(numbered),
        (Some(numbered), rotated) if rotated.contains(&numbered) => Some(numbered),
        (None, [only]) => Some(*only),
        _ => None,
    };
    Ok(match taken {
        Some(taken) => Search::Found(matching.swap_remove(taken)),
        None if matching.is_empty() => Search::Missing,
        None if is_all_acknowledged => Search::Copied,
        None => Search::Uncertain {
            has_rotated_names: !rotated.is_empty(),
            paths: matching.into_iter().map(|file| file.path).collect(),
        },
    })
}

/// The files beside the output that hold what is acknowledged, each once, whatever number of names it has.
fn files_with_content(
    path: &Path,
    present: &Metadata,
    mark: &OutputMark,
) -> io::Result<Vec<MovedFile>> {
    let mut found: Vec<MovedFile> = Vec::new();
    let names = [Some(path.to_owned()), fs::canonicalize(path).ok()];
    let names: Vec<_> = names.into_iter().flatten().collect();
    let mut folders: Vec<_> = names.iter().map(|name| files::shown_folder(name)).collect();
    folders.dedup();
    for folder in folders {
        // If a folder cannot be listed, the run goes on as if the file were not in it.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            // If nothing is acknowledged, every file matches by content, so only the numbers count.
            let may_be = mark.length > 0 || mark.is_numbered(&metadata);
            let is_long_enough = metadata.len() >= mark.length;
            if !metadata.is_file() || !may_be || !is_long_enough || is_same(&metadata, present) {
                continue;
            }
            let has_rotated_name = names
                .iter()
                .any(|name| is_rotated_name(&entry.file_name(), name));
            let known = found
                .iter_mut()
                .find(|known| is_same(&known.metadata, &metadata));
            if let Some(known) = known {
                if has_rotated_name && !known.has_rotated_name {
                    (known.path, known.has_rotated_name) = (path, true);
                }
                continue;
            }
            if let Ok(file) = files::open(&path, OpenOptions::new().read(true))
                && mark.matches(&file)?
            {
                found.push(MovedFile {
                    path,
                    file,
                    metadata,
                    has_rotated_name,
                });
            }
        }
    }
    Ok(found)
}

/// Reports whether both are the same file at this moment.
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Reports whether `name` is one that rotation gives to the file at `output`: `audit.jsonl.1`, `audit.jsonl-20261129`,
/// `audit-20261129.jsonl`. `audit-eu.jsonl` is more likely the output of something else.
fn is_rotated_name(name: &OsStr, output: &Path) -> bool {
    let rest_after = |beginning: Option<&OsStr>| {
        name.as_encoded_bytes()
            .strip_prefix(beginning?.as_encoded_bytes())
    };
    let is_separated = |rest: &[u8]| !rest.first().is_some_and(u8::is_ascii_alphanumeric);
    let is_numbered = |rest: &[u8]| rest.get(1).is_some_and(u8::is_ascii_digit);
    rest_after(output.file_name()).is_some_and(is_separated)
        || rest_after(output.file_stem())
            .is_some_and(|rest| is_separated(rest) && is_numbered(rest))
}

/// Returns what was done to the output at `path` since the run that `mark` is of; `None` if that is nothing unusual, or cannot
/// be told.
pub(crate) fn alteration(path: &Path, mark: &OutputMark) -> Option<Alteration> {
    let file = files::open(path, OpenOptions::new().read(true)).ok()?;
    let alteration = Alteration::find(&file, mark).ok()??;
    match search(path, &file, mark) {
        Ok(
            Search::Missing
            | Search::Uncertain {
                has_rotated_names: false,
                ..
            },
        ) => Some(alteration),
        _ => None,
    }
}

/// Something that was done to the output since the last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alteration {
    /// It is shorter.
    Shortened,
    /// It is another file, or its content was changed.
    Replaced,
}

impl Alteration {
    /// Compares the output as it is now with the mark of it. A new empty file is usual: the one before was rotated, or its
    /// reader has taken it away.
    pub(super) fn find(present: &File, mark: &OutputMark) -> io::Result<Option<Self>> {
        if mark.matches(present)? {
            return Ok(None);
        }
        let metadata = present.metadata()?;
        Ok(match metadata.len() {
            length if length < mark.length && mark.is_numbered(&metadata) => Some(Self::Shortened),
            0 => None,
            _ => Some(Self::Replaced),
        })
    }

    /// Says what was done to the file that is `shown` so.
    pub(crate) fn finding(self, shown: &str) -> String {
        match self {
            Self::Shortened => format!(
                "{shown} was emptied or shortened since the last run wrote it, and what is gone from it is not printed again"
            ),
            Self::Replaced => format!(
                "{shown} is not the file that the last run wrote, or it was changed since, and what is missing from it is not printed again"
            ),
        }
    }

    /// The next step.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Shortened => {
                "append with >> (not >), rotate by renaming, and let the command verify print what is missing"
            }
            Self::Replaced => {
                "give each checkpoint a file of its own that nothing else changes, and let the command verify print what is missing"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rotation_gives_are_told_from_those_of_other_outputs() {
        let is_rotated = |name: &str, output: &str| is_rotated_name(name.as_ref(), output.as_ref());
        for name in [
            "audit.jsonl.1",
            "audit.jsonl-20261129",
            "audit.jsonl.old",
            "audit.jsonl~",
            "audit-20261129.jsonl",
            "audit.1.jsonl",
            "audit_2026-11-29",
        ] {
            assert!(is_rotated(name, "logs/audit.jsonl"), "{name}");
        }
        for name in [
            "audit.jsonl1",
            "audit2.jsonl",
            "audit-eu.jsonl",
            "auditor.jsonl",
            "audit",
            "old.audit.jsonl",
            "x",
        ] {
            assert!(!is_rotated(name, "logs/audit.jsonl"), "{name}");
        }
        assert!(is_rotated("audit.1", "audit") && !is_rotated("audits", "audit"));
    }

    /// Marks `out` with the content `one`, changes the folder, and returns the name of the file that is found then.
    fn found(acknowledged: u64, change: fn(&Path)) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "one\n").unwrap();
        let mark = OutputMark::of(&File::open(&path).unwrap(), acknowledged).unwrap();
        change(folder.path());
        let present = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .unwrap();
        match search(&path, &present, &mark).unwrap() {
            Search::Found(moved) => {
                Some(moved.path.file_name().unwrap().to_str().unwrap().to_owned())
            }
            Search::Uncertain { paths, .. } => Some(format!("{} files", paths.len())),
            Search::Copied => Some("a copy".to_owned()),
            Search::Missing => None,
        }
    }

    #[test]
    fn the_file_with_the_number_is_found_and_else_the_only_one_with_a_rotated_name() {
        fn write(folder: &Path, name: &str, content: &str) {
            fs::write(folder.join(name), content).unwrap();
        }
        fn rename(folder: &Path, name: &str) {
            fs::rename(folder.join("out"), folder.join(name)).unwrap();
        }
        assert_eq!(found(4, |_| {}), None);
        assert_eq!(found(4, |folder| write(folder, "x", "one")), None);
        let copy = |folder: &Path| write(folder, "x", "one\n");
        assert_eq!(found(4, copy).as_deref(), Some("a copy"));
        let by_number = |folder: &Path| {
            rename(folder, "out.1");
            write(folder, "out.2", "one\ntwo\n");
            write(folder, "x", "one\ntwo\n");
        };
        assert_eq!(found(4, by_number).as_deref(), Some("out.1"));
        let by_name = |folder: &Path| {
            write(folder, "out.1", "one\ntwo\n");
            write(folder, "x", "one\ntwo\nthree\n");
        };
        assert_eq!(found(4, by_name).as_deref(), Some("out.1"));
        let several = |folder: &Path| {
            write(folder, "out.1", "one\ntwo\n");
            write(folder, "out.2", "one\n");
        };
        assert_eq!(found(4, several).as_deref(), Some("2 files"));
        let other = |folder: &Path| write(folder, "x", "one\ntwo\n");
        assert_eq!(found(4, other).as_deref(), Some("1 files"));
        let renamed_beside_a_copy = |folder: &Path| {
            fs::copy(folder.join("out"), folder.join("out.1")).unwrap();
            rename(folder, "x");
            write(folder, "x", "one\ntwo\n");
        };
        assert_eq!(found(4, renamed_beside_a_copy).as_deref(), Some("2 files"));
        // Nothing is acknowledged, so the content of every file matches.
        assert_eq!(found(0, by_number).as_deref(), Some("out.1"));
        assert_eq!(found(0, by_name), None);
    }
}
