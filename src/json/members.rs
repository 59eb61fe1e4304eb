//! The members of one object, without building it.

use std::borrow::Cow;

use super::scan::{Malformed, Scan, string_end};
use super::text::decode_string;

/// Visits the members of `object`, JSON text of an object, in order: each key decoded, and the text of its value. An
/// object that is malformed is visited up to there.
pub(crate) fn visit_members<'a>(object: &'a str, mut visit: impl FnMut(Cow<'a, str>, &'a str)) {
    let scan = Scan::new(object);
    let _ = scan.object(scan.white_space(0), |key, value| {
        let end = scan.value(value)?;
        // Half of a surrogate pair means nothing.
        let key = decode_string(&object[key]).unwrap_or(Cow::Borrowed("\u{FFFD}"));
        visit(key, &object[value..end]);
        Ok::<_, Malformed>(end)
    });
}

/// Visits the elements of `array`, JSON text of any type, in order: the text of each. Anything but an array has none.
pub(crate) fn visit_elements<'a>(array: &'a str, mut visit: impl FnMut(&'a str)) {
    let scan = Scan::new(array);
    let _ = scan.array(scan.white_space(0), |element| {
        let end = scan.value(element)?;
        visit(&array[element..end]);
        Ok::<_, Malformed>(end)
    });
}

/// The name of the type of `value`, JSON text of any type.
pub(crate) fn type_name(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}

/// Reports whether an array that begins with an object is anywhere in `value`, JSON text of any type.
pub(crate) fn holds_array_of_objects(value: &str) -> bool {
    let (bytes, scan) = (value.as_bytes(), Scan::new(value));
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'"' => string_end(bytes, at).unwrap_or(bytes.len()),
            _ => at + 1,
        };
        if *byte == b'[' && scan.peek(scan.white_space(at)) == b'{' {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_of_objects_is_found_at_any_depth_but_not_in_a_string() {
        for value in [r#"[{"a":1}]"#, "[ \n{}]", r#"{"a":{"b":"[","c":[1,[{}]]}}"#] {
            assert!(holds_array_of_objects(value), "{value}");
        }
        for value in [
            "[]",
            "[1,{}]",
            r#"{"a":[],"b":{}}"#,
            r#""[{""#,
            r#"{"\"[{":0}"#,
            "17",
            "null",
        ] {
            assert!(!holds_array_of_objects(value), "{value}");
        }
    }

    #[test]
    fn only_an_array_has_elements() {
        for (json, expected) in [
            (
                r#" [ 1 , "a,b" ,[2, 3], {} ] "#,
                &["1", r#""a,b""#, "[2, 3]", "{}"][..],
            ),
            ("[]", &[]),
            (r#"{"a":[1]}"#, &[]),
            ("null", &[]),
        ] {
            let mut seen = Vec::new();
            visit_elements(json, |element| seen.push(element));
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn keys_are_decoded_and_values_are_named_by_type() {
        let object = r#" { "a" : { "x" : 1 } , "b\u0020" : [ ] , "\ud800" : "s" , "d" : true , "e" : false , "f" : null , "g" : -0 } "#;
        let mut seen = Vec::new();
        visit_members(object, |key, value| {
            seen.push((key.into_owned(), type_name(value)));
        });
        let expected = [
            ("a", "object"),
            ("b ", "array"),
            ("\u{FFFD}", "string"),
            ("d", "boolean"),
            ("e", "boolean"),
            ("f", "null"),
            ("g", "number"),
        ];
        assert_eq!(seen, expected.map(|(key, name)| (key.to_owned(), name)));
    }
}
