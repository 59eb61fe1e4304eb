//! One file: every change that was made to it, and how many of them are synced.

use std::collections::BTreeSet;

/// A change of a file's content.
#[derive(Clone)]
pub(super) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

/// The part of a file's history that has reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Reached {
    /// Changes that are there whole.
    pub(super) changes: usize,
    /// Bytes of the write after them.
    pub(super) bytes: usize,
    /// True if the file is as long as that write has made it: the rest reads as zeros.
    pub(super) is_long: bool,
}

/// A file since it was created empty.
#[derive(Clone, Default)]
pub(super) struct LoggedFile {
    history: Vec<Change>,
    /// Changes that a power cut leaves for certain.
    synced: usize,
    length: usize,
}

impl LoggedFile {
    pub(super) fn change(&mut self, change: Change) {
        self.length = match &change {
            Change::Write { at, bytes } => self.length.max(at + bytes.len()),
            Change::Truncate(length) => *length,
        };
        self.history.push(change);
    }

    pub(super) fn sync(&mut self) {
        self.synced = self.history.len();
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// All of it, as other processes see it.
    pub(super) fn whole(&self) -> Reached {
        Reached {
            changes: self.history.len(),
            bytes: 0,
            is_long: false,
        }
    }

    /// Everything that a power cut may leave: the changes reach the disk in order, and one of them may be caught in the
    /// middle. The first is the least of it and the last is all of it.
    pub(super) fn outcomes(&self) -> Vec<Reached> {
        let mut outcomes = BTreeSet::new();
        for changes in self.synced..=self.history.len() {
            let reached = |(bytes, is_long)| Reached {
                changes,
                bytes,
                is_long,
            };
            outcomes.insert(reached((0, false)));
            if let Some(Change::Write { bytes, .. }) = self.history.get(changes) {
                outcomes.extend(parts(bytes).into_iter().map(reached));
            }
        }
        outcomes.into_iter().collect()
    }

    pub(super) fn content(&self, reached: Reached) -> Vec<u8> {
        let mut content = Vec::new();
        for change in &self.history[..reached.changes] {
            match change {
                Change::Write { at, bytes } => write(&mut content, *at, bytes),
                Change::Truncate(length) => content.resize(*length, 0),
            }
        }
        if let Some(Change::Write { at, bytes }) = self.history.get(reached.changes) {
            write(&mut content, *at, &bytes[..reached.bytes]);
            if reached.is_long {
                content.resize(content.len().max(at + bytes.len()), 0);
            }
        }
        content
    }
}

/// Parts of a write: half of it; and, where it holds lines, up to the end of the line in the middle, and all of that line but
/// its line feed. Some file systems also leave the new length without the rest of the data.
fn parts(bytes: &[u8]) -> Vec<(usize, bool)> {
    let half = bytes.len() / 2;
    let rest_of_line = bytes[half..].iter().position(|byte| *byte == b'\n');
    let line_feed = rest_of_line.map(|rest| half + rest);
    let lengths = [Some(half), line_feed, line_feed.map(|end| end + 1)];
    let is_part = |length: &usize| (1..bytes.len()).contains(length);
    let parts = lengths.into_iter().flatten().filter(is_part);
    parts
        .map(|length| (length, false))
        .chain([(half, true)])
        .collect()
}

fn write(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}
