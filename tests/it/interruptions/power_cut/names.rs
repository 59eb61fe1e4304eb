//! The names in a folder, and which of their changes are synced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files by their names; a number stands for a file.
pub(super) type Entries = BTreeMap<PathBuf, usize>;

/// With more changes outstanding than this, they reach the disk in order.
const MOST_IN_ANY_ORDER: usize = 6;

/// The names that exist, and those that a power cut may leave.
#[derive(Clone, Default)]
pub(super) struct Names {
    cached: Entries,
    /// For certain on the disk.
    synced: Entries,
    /// Changes since, in order.
    changes: Vec<Change>,
}

#[derive(Clone)]
struct Change {
    removed: Option<PathBuf>,
    added: Option<(PathBuf, usize)>,
}

impl Names {
    pub(super) fn get(&self, name: &Path) -> Option<usize> {
        self.cached.get(name).copied()
    }

    /// A name of `file`.
    pub(super) fn of(&self, file: usize) -> Option<&Path> {
        let mut entries = self.cached.iter();
        entries.find_map(|(name, named)| (*named == file).then_some(name.as_path()))
    }

    /// The names as other processes see them.
    pub(super) fn cached(&self) -> &Entries {
        &self.cached
    }

    pub(super) fn create(&mut self, name: PathBuf, file: usize) {
        self.change(None, Some((name, file)));
    }

    pub(super) fn rename(&mut self, from: PathBuf, to: PathBuf) {
        let file = self.cached[&from];
        self.change(Some(from), Some((to, file)));
    }

    pub(super) fn remove(&mut self, name: PathBuf) {
        self.change(Some(name), None);
    }

    fn change(&mut self, removed: Option<PathBuf>, added: Option<(PathBuf, usize)>) {
        let change = Change { removed, added };
        change.apply(&mut self.cached);
        self.changes.push(change);
    }

    /// Makes the names in `folder` durable.
    pub(super) fn sync(&mut self, folder: &Path) {
        let changes = std::mem::take(&mut self.changes).into_iter();
        let (synced, left): (Vec<_>, _) = changes.partition(|change| change.is_in(folder));
        synced
            .iter()
            .for_each(|change| change.apply(&mut self.synced));
        self.changes = left;
    }

    /// All that a power cut may leave: each change that is not synced has reached the disk or has not.
    pub(super) fn outcomes(&self) -> Vec<Entries> {
        let reaching = |reaches: &dyn Fn(usize) -> bool| {
            let mut names = self.synced.clone();
            let numbered = self.changes.iter().enumerate();
            let reached = numbered.filter(|(number, _)| reaches(*number));
            reached.for_each(|(_, change)| change.apply(&mut names));
            names
        };
        let count = self.changes.len();
        if count > MOST_IN_ANY_ORDER {
            return (0..=count)
                .map(|first| reaching(&|number| number < first))
                .collect();
        }
        let choices = 0..1_u32 << count;
        choices
            .map(|chosen| reaching(&|number| chosen & (1 << number) != 0))
            .collect()
    }
}

impl Change {
    fn is_in(&self, folder: &Path) -> bool {
        let added = self.added.as_ref().map(|(name, _)| name);
        let mut names = self.removed.iter().chain(added);
        names.all(|name| name.parent() == Some(folder))
    }

    fn apply(&self, names: &mut Entries) {
        if let Some(removed) = &self.removed {
            names.remove(removed);
        }
        if let Some((added, file)) = &self.added {
            names.insert(added.clone(), *file);
        }
    }
}
