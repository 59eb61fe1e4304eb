//! The mark by which the next run recognises an output file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use crate::digest::{hexadecimal, sha256};

/// Bytes before the acknowledged end that are compared to recognise a file.
const COMPARED_BYTES: u64 = 4_096;

/// An output file as it was when its last line was acknowledged. It is recognised by its content: a reboot may change the
/// numbers that the system gives to devices and files.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(in crate::pull) struct OutputMark {
    /// Bytes that are acknowledged.
    pub(in crate::pull) length: u64,
    /// SHA-256 of the last bytes before `length`, in hexadecimal.
    end: String,
    /// The inode number. As long as nothing is acknowledged there are no bytes to compare, and only this finds the file
    /// under another name.
    #[serde(default)]
    pub(in crate::pull) number: u64,
}

impl OutputMark {
    /// The mark of `file`, acknowledged up to `length`.
    pub(in crate::pull) fn of(mut file: &File, length: u64) -> io::Result<Self> {
        let compared = length.min(COMPARED_BYTES);
        file.seek(SeekFrom::Start(length - compared))?;
        let mut end = Vec::new();
        file.take(compared).read_to_end(&mut end)?;
        Ok(Self {
            length,
            end: hexadecimal(&sha256(&end)),
            number: file.metadata()?.ino(),
        })
    }

    /// Reports whether `file` is the one that this is the mark of.
    pub(in crate::pull) fn matches(&self, file: &File) -> io::Result<bool> {
        Ok(file.metadata()?.len() >= self.length && Self::of(file, self.length)?.end == self.end)
    }
}
