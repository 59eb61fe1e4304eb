//! The identity of a record, to which signed links do not belong.

use std::ops::Range;

use crate::json::push_canonical;

/// A signed link differs from read to read.
pub(super) const SIGNED_LINK: &str = r#""image_url""#;

/// Appends `record`, JSON text, to `out` in a form that is the same at every reading: keys sorted at every level,
/// `image_url` at the top left out, everything else byte for byte.
pub(crate) fn push_canonical_record(record: &str, out: &mut Vec<u8>) {
    push_canonical(record, SIGNED_LINK, out);
}

/// A checksum of a record as it came, without a signed link, and its length. It is quick, and if two records have the
/// same, that costs no more than a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) struct RecordDigest(u64);

impl RecordDigest {
    /// The digest of `text`, of which the bytes at `left_out` do not count.
    pub(super) fn of(text: &str, left_out: Range<usize>) -> Self {
        let (before, after) = (&text[..left_out.start], &text[left_out.end..]);
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(before.as_bytes());
        checksum.update(after.as_bytes());
        let length = (before.len() + after.len()) as u64;
        Self(length << 32 | u64::from(checksum.finalize()))
    }

    /// A number that is the same for the same digest; the checksum is in its low bits.
    pub(in crate::api) fn number(self) -> u64 {
        self.0
    }

    /// A digest that differs from that of any other number.
    #[cfg(test)]
    pub(in crate::api) fn numbered(number: u64) -> Self {
        Self(number)
    }
}
