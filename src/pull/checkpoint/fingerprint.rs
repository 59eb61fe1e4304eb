//! The fingerprint: distinguishes two records, since Verkada gives them no id.

use crate::api::push_canonical_record;
use crate::digest::sha256;

/// The first 128 bits of the SHA-256 of a record in canonical form: keys sorted at every level, `image_url` at the top
/// left out, everything else byte for byte. It is a cryptographic hash so that a person who can name a camera cannot make
/// one record pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprint(pub(in crate::pull) u128);

impl Fingerprint {
    /// The fingerprint of `line`, a record as compact JSON. Text that is not JSON is taken as it is.
    pub(crate) fn of(line: &str) -> Self {
        let mut canonical = Vec::with_capacity(line.len());
        push_canonical_record(line, &mut canonical);
        let mut first_half = [0; 16];
        first_half.copy_from_slice(&sha256(&canonical)[..16]);
        Self(u128::from_be_bytes(first_half))
    }

    /// The bytes, which sort like the fingerprint and need no alignment in memory.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        Fingerprint::of(left) == Fingerprint::of(right)
    }

    #[test]
    fn the_order_of_keys_does_not_matter_at_any_level() {
        assert!(same(
            r#"{"a":1,"b":{"c":[{"d":2,"e":3}],"f":4}}"#,
            r#"{"b":{"f":4,"c":[{"e":3,"d":2}]},"a":1}"#
        ));
    }

    #[test]
    fn a_signed_link_does_not_matter_wherever_it_is() {
        let with = |link: &str| format!(r#"{{"camera_id":"x","created":1{link}}}"#);
        assert!(same(
            &with(r#","image_url":"https://a?token=1""#),
            &with(r#","image_url":"https://a?token=2""#)
        ));
        assert!(same(&with(r#","image_url":null"#), &with("")));
    }

    #[test]
    fn everything_else_matters() {
        for (left, right) in [
            (
                r#"{"a":12345678901234567890123}"#,
                r#"{"a":12345678901234567890124}"#,
            ),
            (r#"{"a":1}"#, r#"{"a":1.0}"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
            (r#"{"a":[1,[2]]}"#, r#"{"a":[[1],2]}"#),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#),
            (r#"{"d":{"image_url":"x"}}"#, r#"{"d":{"image_url":"y"}}"#),
        ] {
            assert!(!same(left, right), "{left} {right}");
        }
    }

    #[test]
    fn a_fingerprint_stays_what_it_was_in_the_checkpoints_of_earlier_versions() {
        let record = r#"{"b":[{"y":"\u2028","x":-0.0},[],{}],"image_url":"l","a":{"d":null,"c":1e400},"a":"é"}"#;
        let canonical =
            r#"{"a":{"c":1e400,"d":null,},"a":"é","b":[{"x":-0.0,"y":"\u2028",},[],{},],}"#;
        let expected = crate::digest::hexadecimal(&sha256(canonical.as_bytes())[..16]);
        assert_eq!(format!("{:032x}", Fingerprint::of(record).0), expected);
    }

    #[test]
    fn depth_is_bounded_and_text_that_is_not_json_has_a_fingerprint_too() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(same(&deep, &deep));
        assert!(!same("not JSON", "{"));
    }
}
