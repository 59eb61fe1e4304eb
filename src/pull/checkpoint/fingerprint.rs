//! The fingerprint: tells two records apart, since Verkada gives them no id.

use crate::digest::sha256;
use crate::json::{Malformed, Scan};

/// A signed link differs from read to read.
const SIGNED_LINK: &str = r#""image_url""#;

/// Objects nested deeper than this are compared by their text, whatever the order of their keys.
const DEEPEST: usize = 32;

/// The first 128 bits of the SHA-256 of a record in canonical form: keys sorted at every level, `image_url` at the top
/// left out, everything else byte for byte. It is a cryptographic hash so that a person who can name a camera cannot make
/// one record pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::pull) struct Fingerprint(pub(in crate::pull) u128);

impl Fingerprint {
    /// The fingerprint of `line`, a record as compact JSON. Text that is not JSON is taken as it is.
    pub(in crate::pull) fn of(line: &str) -> Self {
        let mut canonical = Vec::with_capacity(line.len());
        push_canonical(line, 0, &mut canonical);
        let mut first_half = [0; 16];
        first_half.copy_from_slice(&sha256(&canonical)[..16]);
        Self(u128::from_be_bytes(first_half))
    }
}

fn push_canonical(json: &str, depth: usize, out: &mut Vec<u8>) {
    let pushed = match json.as_bytes().first() {
        Some(b'{') if depth < DEEPEST => push_object(json, depth, out),
        Some(b'[') if depth < DEEPEST => push_array(json, depth, out),
        _ => Err(Malformed { at: 0 }),
    };
    if pushed.is_err() {
        out.extend_from_slice(json.as_bytes());
    }
}

/// Pushes nothing if `json` is not an object.
fn push_object(json: &str, depth: usize, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let scan = Scan::new(json);
    let mut members = Vec::with_capacity(16);
    let end = scan.object(0, |key, value| {
        let end = scan.value(value)?;
        members.push((&json[key], &json[value..end]));
        Ok::<_, Malformed>(end)
    })?;
    scan.end(end)?;
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
    Ok(())
}

/// Pushes nothing if `json` is not an array.
fn push_array(json: &str, depth: usize, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let scan = Scan::new(json);
    let mut elements = Vec::new();
    let end = scan.array(0, |element| {
        let end = scan.value(element)?;
        elements.push(&json[element..end]);
        Ok::<_, Malformed>(end)
    })?;
    scan.end(end)?;
    out.push(b'[');
    for element in elements {
        push_canonical(element, depth + 1, out);
        out.push(b',');
    }
    out.push(b']');
    Ok(())
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
