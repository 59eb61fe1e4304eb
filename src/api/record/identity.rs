//! The identity of a record, to which signed links do not belong.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use crate::json::push_canonical;

/// A signed link differs from read to read.
const SIGNED_LINK: &str = r#""image_url""#;

/// Appends `record`, JSON text, to `out` in a form that is the same at every reading: keys sorted at every level,
/// `image_url` at the top left out, everything else byte for byte.
pub(crate) fn push_canonical_record(record: &str, out: &mut Vec<u8>) {
    push_canonical(record, SIGNED_LINK, out);
}

/// A hash of a record in canonical form, good for this process. It is quick, and two records of one digest cost no more
/// than a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::api) struct RecordDigest(u64);

impl RecordDigest {
    /// The digests of `records`, JSON texts.
    pub(in crate::api) fn of_all<'a>(records: impl Iterator<Item = &'a str>) -> Box<[Self]> {
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let mut canonical = Vec::new();
        let digests = records.map(|record| {
            canonical.clear();
            push_canonical_record(record, &mut canonical);
            Self(KEYS.hash_one(&canonical))
        });
        digests.collect()
    }

    /// A digest that differs from that of any other number.
    #[cfg(test)]
    pub(in crate::api) fn numbered(number: u64) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_read_again_has_the_digest_that_it_had() {
        let digest = |record: &str| RecordDigest::of_all([record].into_iter())[0];
        let first = digest(r#"{"camera_id":"x","created":1,"image_url":"https://a?token=1"}"#);
        let again =
            digest("{ \"image_url\" : \"https://a?token=2\",\n\"created\":1, \"camera_id\":\"x\"}");
        assert_eq!(first, again);
        assert_ne!(first, digest(r#"{"camera_id":"x","created":2}"#));
    }
}
