//! The identity of a record, to which signed links do not belong.

use std::hash::Hasher;
use std::ops::Range;

use crate::json::push_canonical;

/// A signed link differs from read to read.
pub(super) const SIGNED_LINK: &str = r#""image_url""#;

/// Appends `record`, JSON text, to `out` in a form that is the same at every reading: keys sorted at every level,
/// `image_url` at the top left out, everything else byte for byte.
pub(crate) fn push_canonical_record(record: &str, out: &mut Vec<u8>) {
    push_canonical(record, SIGNED_LINK, out);
}

/// An odd number, so that different digests stay different.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A checksum of a record as it came, without a signed link, and its length. It is quick, and if two records have the
/// same, that costs no more than a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::api) struct RecordDigest(u64);

impl RecordDigest {
    /// The digest of `text`, of which the bytes at `left_out` do not count.
    pub(super) fn of(text: &str, left_out: Range<usize>) -> Self {
        let (before, after) = (&text[..left_out.start], &text[left_out.end..]);
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(before.as_bytes());
        checksum.update(after.as_bytes());
        let length = (before.len() + after.len()) as u64;
        // Spread over all bits, of which a hash map uses the first and the last ones.
        Self((length << 32 | u64::from(checksum.finalize())).wrapping_mul(SPREAD))
    }

    /// A digest that differs from that of any other number.
    #[cfg(test)]
    pub(in crate::api) fn numbered(number: u64) -> Self {
        Self(number)
    }
}

/// Hashes a digest to itself: it is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::api) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(SPREAD) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }
}
