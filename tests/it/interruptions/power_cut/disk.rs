//! The disk under a run, call by call: what the system's cache holds, and what of it a power cut may leave.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use super::file::{Change, LoggedFile, Reached};
use super::names::{Entries, Names};
use super::trace::Call;

/// The files of a folder and their contents.
pub(super) type Image = BTreeMap<PathBuf, Vec<u8>>;

/// The parts of an image: the file behind each name, and how much of it is there.
pub(super) type Outcome = BTreeMap<PathBuf, (usize, Reached)>;

/// A folder, the folders in it, and every file that was ever there. All paths are relative to it.
#[derive(Clone)]
pub(super) struct Disk {
    root: PathBuf,
    folders: Vec<PathBuf>,
    files: Vec<LoggedFile>,
    names: Names,
    /// Indices in `open` by the descriptors of the process.
    descriptors: HashMap<i64, usize>,
    open: Vec<Open>,
    /// The file or folder whose syncs have no effect.
    unsynced: Option<PathBuf>,
    /// The file that is always there as other processes see it.
    certain: Option<PathBuf>,
}

/// The file or folder that one or more descriptors lead to.
#[derive(Clone)]
enum Open {
    Folder(PathBuf),
    /// `position` is that of the next write; `None` if it goes to the end.
    File {
        file: usize,
        position: Option<usize>,
    },
}

impl Disk {
    /// A disk on which there are only `folders`.
    pub(super) fn new(folders: &[&str]) -> Self {
        Self {
            root: PathBuf::new(),
            folders: [""].iter().chain(folders).map(PathBuf::from).collect(),
            files: Vec::new(),
            names: Names::default(),
            descriptors: HashMap::new(),
            open: Vec::new(),
            unsynced: None,
            certain: None,
        }
    }

    /// The same, but syncs of the file or folder `path` have no effect.
    pub(super) fn without_syncs_of(self, path: &str) -> Self {
        Self {
            unsynced: Some(path.into()),
            ..self
        }
    }

    /// The same, but the content of `name` is always there whole.
    pub(super) fn with_certain(self, name: &str) -> Self {
        Self {
            certain: Some(name.into()),
            ..self
        }
    }

    /// Goes on with another process, which calls the folder `root`.
    pub(super) fn begin_process(&mut self, root: &Path) {
        self.root = root.canonicalize().unwrap();
        self.descriptors.clear();
        self.open.clear();
    }

    /// Carries out a call. Reports whether a power cut after it may leave what one before it cannot.
    pub(super) fn apply(&mut self, call: &Call) -> bool {
        match call.name.as_str() {
            "open" => self.open(call, 0),
            "openat" => self.open(call, 1),
            "close" => {
                self.descriptors.remove(&call.number(0));
                false
            }
            "dup" | "dup2" | "dup3" => self.duplicate(call),
            "fcntl" if call.argument(1).starts_with("F_DUPFD") => self.duplicate(call),
            // The last one of these only begins to write: it makes nothing durable.
            "fcntl" | "sync_file_range" => false,
            "write" | "writev" => self.write(call, None),
            "pwrite64" => self.write(call, Some(3)),
            "ftruncate" => self.truncate(call),
            "fsync" | "fdatasync" => self.sync(call),
            "rename" => self.rename(call, 0, 1),
            "renameat" | "renameat2" => self.rename(call, 1, 3),
            "unlink" => self.remove(call, 0),
            "unlinkat" => self.remove(call, 1),
            other => {
                let is_elsewhere = call
                    .descriptor(0)
                    .is_some_and(|number| !self.descriptors.contains_key(&number));
                assert!(is_elsewhere, "{other} is not understood");
                false
            }
        }
    }

    fn open(&mut self, call: &Call, index: usize) -> bool {
        let flags: Vec<_> = call.argument(index + 1).split('|').collect();
        let has = |flag| flags.contains(&flag);
        self.descriptors.remove(&call.result);
        if let Some(other) = descriptor_of(&call.path(index)) {
            self.point(call.result, self.descriptors.get(&other).copied());
            return false;
        }
        let Some(path) = self.path(call, index) else {
            return false;
        };
        if self.folders.contains(&path) {
            self.open_anew(call.result, Open::Folder(path));
            return false;
        }
        let existing = self.names.get(&path);
        let file = existing.unwrap_or(self.files.len());
        if existing.is_none() {
            self.files.push(LoggedFile::default());
            self.names.create(path, file);
        } else if has("O_TRUNC") {
            self.files[file].change(Change::Truncate(0));
        }
        let position = (!has("O_APPEND")).then_some(0);
        self.open_anew(call.result, Open::File { file, position });
        existing.is_none() || has("O_TRUNC")
    }

    fn open_anew(&mut self, descriptor: i64, open: Open) {
        self.open.push(open);
        self.point(descriptor, Some(self.open.len() - 1));
    }

    fn duplicate(&mut self, call: &Call) -> bool {
        let open = self.descriptors.get(&call.number(0)).copied();
        self.point(call.result, open);
        false
    }

    fn point(&mut self, descriptor: i64, open: Option<usize>) {
        match open {
            Some(open) => self.descriptors.insert(descriptor, open),
            None => self.descriptors.remove(&descriptor),
        };
    }

    /// The target of the descriptor in the first argument, if it is in the folder.
    fn opened(&mut self, call: &Call) -> Option<&mut Open> {
        let open = *self.descriptors.get(&call.number(0))?;
        Some(&mut self.open[open])
    }

    fn write(&mut self, call: &Call, offset: Option<usize>) -> bool {
        let Some(Open::File { file, position }) = self.opened(call) else {
            return false;
        };
        let bytes = call.written();
        let offset = offset.map(|index| usize::try_from(call.number(index)).unwrap());
        let at = offset.or(*position);
        if offset.is_none() {
            *position = position.map(|position| position + bytes.len());
        }
        let file = *file;
        let at = at.unwrap_or(self.files[file].length());
        self.files[file].change(Change::Write { at, bytes });
        true
    }

    fn truncate(&mut self, call: &Call) -> bool {
        let Some(Open::File { file, .. }) = self.opened(call) else {
            return false;
        };
        let file = *file;
        let length = usize::try_from(call.number(1)).unwrap();
        self.files[file].change(Change::Truncate(length));
        true
    }

    fn sync(&mut self, call: &Call) -> bool {
        let Some(open) = self.opened(call).cloned() else {
            return false;
        };
        let name = match &open {
            Open::Folder(folder) => Some(folder.as_path()),
            Open::File { file, .. } => self.names.of(*file),
        };
        if name.is_some() && name == self.unsynced.as_deref() {
            return false;
        }
        match open {
            Open::Folder(folder) => self.names.sync(&folder),
            Open::File { file, .. } => self.files[file].sync(),
        }
        // It only excludes what was possible before.
        false
    }

    fn rename(&mut self, call: &Call, from: usize, to: usize) -> bool {
        match (self.path(call, from), self.path(call, to)) {
            (Some(from), Some(to)) => self.names.rename(from, to),
            (None, None) => return false,
            (from, to) => panic!("a file was moved in or out: {from:?} to {to:?}"),
        }
        true
    }

    fn remove(&mut self, call: &Call, index: usize) -> bool {
        let path = self.path(call, index);
        let is_here = path.is_some();
        if let Some(path) = path {
            self.names.remove(path);
        }
        is_here
    }

    /// The path at `index`; `None` if it is elsewhere.
    fn path(&self, call: &Call, index: usize) -> Option<PathBuf> {
        let given = PathBuf::from(call.path(index));
        let inside = match given.strip_prefix(&self.root) {
            Ok(inside) => inside.to_owned(),
            Err(_) if given.is_absolute() => return None,
            Err(_) => self.base(call, index)?.join(given),
        };
        let is_name = |part: &Component| matches!(part, Component::Normal(_));
        Some(inside.components().filter(is_name).collect())
    }

    /// The folder that a relative path at `index` starts from: where the process is at work, or the argument before.
    fn base(&self, call: &Call, index: usize) -> Option<&Path> {
        let Some(descriptor) = index
            .checked_sub(1)
            .and_then(|index| call.descriptor(index))
        else {
            return Some(Path::new(""));
        };
        match &self.open[*self.descriptors.get(&descriptor)?] {
            Open::Folder(folder) => Some(folder),
            Open::File { .. } => None,
        }
    }

    /// Reports whether `call` is a write to the file `name`.
    pub(super) fn writes_to(&self, call: &Call, name: &str) -> bool {
        if !matches!(call.name.as_str(), "write" | "writev" | "pwrite64") {
            return false;
        }
        let open = self.descriptors.get(&call.number(0));
        open.is_some_and(|open| match &self.open[*open] {
            Open::File { file, .. } => self.names.of(*file) == Some(Path::new(name)),
            Open::Folder(_) => false,
        })
    }

    /// The image that other processes see.
    pub(super) fn cached(&self) -> Image {
        let contents = self.names.cached().iter().map(|(name, file)| {
            let file = &self.files[*file];
            (name.clone(), file.content(file.whole()))
        });
        contents.collect()
    }

    /// Everything that a power cut may leave now. At most one file is caught with some of its changes; of each other file
    /// either all of them have reached the disk or none that is not synced.
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let outcomes = self.names.outcomes();
        outcomes
            .iter()
            .flat_map(|names| self.outcomes_of(names))
            .collect()
    }

    fn outcomes_of(&self, names: &Entries) -> Vec<Outcome> {
        let mut outcomes = vec![(Outcome::new(), true)];
        for (name, file) in names {
            let all = if self.certain.as_ref() == Some(name) {
                vec![self.files[*file].whole()]
            } else {
                self.files[*file].outcomes()
            };
            let ends = [all[0], all[all.len() - 1]];
            let extended = outcomes.into_iter().flat_map(|(outcome, may_be_caught)| {
                let choices = all.iter().filter_map(move |reached| {
                    let is_end = ends.contains(reached);
                    let mut outcome = outcome.clone();
                    outcome.insert(name.clone(), (*file, *reached));
                    (is_end || may_be_caught).then_some((outcome, may_be_caught && is_end))
                });
                choices.collect::<Vec<_>>()
            });
            outcomes = extended.collect();
        }
        outcomes.into_iter().map(|(outcome, _)| outcome).collect()
    }

    pub(super) fn image(&self, outcome: &Outcome) -> Image {
        let contents = outcome.iter();
        contents
            .map(|(name, (file, reached))| (name.clone(), self.files[*file].content(*reached)))
            .collect()
    }
}

/// The descriptor that a path such as `/dev/fd/3` stands for.
fn descriptor_of(path: &str) -> Option<i64> {
    if path == "/dev/stdout" {
        return Some(1);
    }
    let folders = ["/dev/fd/", "/proc/self/fd/"];
    let number = folders.iter().find_map(|folder| path.strip_prefix(folder));
    number?.parse().ok()
}
