//! Where the fields of a record stand in its text.

use std::ops::Range;

use super::compact::string_end;

/// The keys that are read, with their quotes, and where their values stand in [`Outline`].
pub(super) const KEYS: [&str; 6] = [
    r#""event_name""#,
    r#""notification_type""#,
    r#""organization_id""#,
    r#""timestamp""#,
    r#""processed_timestamp""#,
    r#""created""#,
];
pub(super) const EVENT_NAME: usize = 0;
pub(super) const NOTIFICATION_TYPE: usize = 1;
pub(super) const ORGANIZATION_ID: usize = 2;
pub(super) const TIMESTAMP: usize = 3;
pub(super) const PROCESSED_TIMESTAMP: usize = 4;
pub(super) const CREATED: usize = 5;

/// What one pass over a record's text tells.
#[derive(Default)]
pub(super) struct Outline {
    /// The values of [`KEYS`]; of a repeated key the last one, as most readers do.
    pub(super) values: [Option<Range<usize>>; KEYS.len()],
    pub(super) has_white_space: bool,
}

impl Outline {
    /// Of `json`, which is known to be a valid value: no other reading of it is as quick.
    pub(super) fn of(json: &str) -> Self {
        let bytes = json.as_bytes();
        let mut outline = Self::default();
        let (mut at, mut depth) = (0, 0_usize);
        let (mut key, mut value) = (None, None);
        let is_object = json.starts_with('{');
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let end = string_end(bytes, at);
                    if depth == 1 && is_object && value.is_none() {
                        key = KEYS.iter().position(|known| *known == &json[at..end]);
                    }
                    at = end;
                    continue;
                }
                b':' if depth == 1 => value = Some(at + 1),
                b',' if depth == 1 => outline.note(json, key.take(), value.take(), at),
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        outline.note(json, key.take(), value.take(), at);
                    }
                }
                b' ' | b'\t' | b'\n' | b'\r' => outline.has_white_space = true,
                _ => {}
            }
            at += 1;
        }
        outline
    }

    fn note(&mut self, json: &str, key: Option<usize>, value: Option<usize>, end: usize) {
        let (Some(key), Some(start)) = (key, value) else {
            return;
        };
        let text = &json[start..end];
        let start = start + (text.len() - text.trim_start().len());
        self.values[key] = Some(start..start + text.trim().len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::compact::push_compact;
    use super::*;

    fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(serde_json::Value::from),
            "[ -~\n\t\"\\\\:,{}é]{0,9}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let keys = prop_oneof![
                select(KEYS.map(|key| key.trim_matches('"').to_owned()).to_vec()),
                "[ -~\"\\\\]{0,6}",
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::hash_map(keys, inner, 0..6)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_a_json_reader_finds(value in any_value(), pretty in any::<bool>()) {
            let text = match pretty {
                true => serde_json::to_string_pretty(&value).unwrap(),
                false => value.to_string(),
            };
            let outline = Outline::of(&text);
            for (key, found) in KEYS.iter().zip(outline.values) {
                let found = found.map(|span| serde_json::from_str(&text[span]).unwrap());
                prop_assert_eq!(found.as_ref(), value.get(key.trim_matches('"')));
            }
            let mut compact = Vec::new();
            push_compact(&text, &mut compact);
            prop_assert_eq!(outline.has_white_space, compact != text.as_bytes());
        }
    }
}
