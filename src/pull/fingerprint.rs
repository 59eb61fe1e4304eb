//! What tells two records apart, since Verkada gives them no id.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::digest::sha256;

/// A signed link differs from read to read.
const SIGNED_LINK: &str = r#""image_url""#;

/// Objects nested deeper than this are compared by their text, whatever the order of their keys.
const DEEPEST: usize = 32;

/// The first 128 bits of the SHA-256 of a record in canonical form: keys sorted at every level, `image_url` at
/// the top left out, everything else byte for byte. A cryptographic hash, so that nobody who can name a camera
/// can make one record pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fingerprint(pub(super) u128);

impl Fingerprint {
    /// Of `line`, a record as compact JSON. Text that is no JSON is taken as it is.
    pub(super) fn of(line: &str) -> Self {
        let mut canonical = Vec::with_capacity(line.len());
        push_canonical(line, 0, &mut canonical);
        let mut first_half = [0; 16];
        first_half.copy_from_slice(&sha256(&canonical)[..16]);
        Self(u128::from_be_bytes(first_half))
    }
}

fn push_canonical(json: &str, depth: usize, out: &mut Vec<u8>) {
    let nested = depth < DEEPEST;
    match json.as_bytes().first() {
        Some(b'{') if nested => match serde_json::from_str(json) {
            Ok(Members(members)) => push_object(members, depth, out),
            Err(_) => out.extend_from_slice(json.as_bytes()),
        },
        Some(b'[') if nested => match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(elements) => push_array(&elements, depth, out),
            Err(_) => out.extend_from_slice(json.as_bytes()),
        },
        _ => out.extend_from_slice(json.as_bytes()),
    }
}

fn push_object(mut members: Vec<(&str, &str)>, depth: usize, out: &mut Vec<u8>) {
    // A stable sort keeps the order of repeated keys, which have a meaning for some readers.
    members.sort_by_key(|(key, _)| *key);
    out.push(b'{');
    for (key, value) in members {
        if depth == 0 && key == SIGNED_LINK {
            continue;
        }
        out.extend_from_slice(key.as_bytes());
        out.push(b':');
        push_canonical(value, depth + 1, out);
        out.push(b',');
    }
    out.push(b'}');
}

fn push_array(elements: &[&RawValue], depth: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for element in elements {
        push_canonical(element.get(), depth + 1, out);
        out.push(b',');
    }
    out.push(b']');
}

/// Keys with their quotes and values, both as JSON text.
struct Members<'a>(Vec<(&'a str, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    members.push((key.get(), value.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
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
    fn a_signed_link_does_not_matter_wherever_it_stands() {
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
    fn depth_is_bounded_and_text_that_is_no_json_has_a_fingerprint_too() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(same(&deep, &deep));
        assert!(!same("not JSON", "{"));
    }
}
