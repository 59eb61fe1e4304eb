//! How an output file is recognised by the next run.

use serde::{Deserialize, Serialize};

/// An output file as it was when its last line was acknowledged.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(in crate::pull) struct OutputMark {
    pub(in crate::pull) device: u64,
    pub(in crate::pull) inode: u64,
    /// Nanoseconds since the Unix epoch, where the file system knows: an inode is used again.
    pub(in crate::pull) created: Option<u64>,
    /// Bytes that are acknowledged.
    pub(in crate::pull) length: u64,
    /// SHA-256 of the last bytes before `length`.
    pub(in crate::pull) end: String,
}
