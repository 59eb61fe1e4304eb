//! The announcement of a write: kept where it survives a kill, so that half of it is recognised.

use std::fmt;

/// A write to the output that is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pull) struct Announcement {
    pub(in crate::pull) offset: u64,
    pub(in crate::pull) bytes: u64,
}

impl Announcement {
    /// Reads a line that `Display` has written.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (bytes, offset) = line.strip_prefix("writes ")?.split_once(" bytes at ")?;
        Some(Self {
            offset: offset.trim_end().parse().ok()?,
            bytes: bytes.parse().ok()?,
        })
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, bytes } = self;
        write!(formatter, "writes {bytes} bytes at {offset}")
    }
}
