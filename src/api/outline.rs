//! Where the fields of a record stand in its text.

use std::ops::Range;

use super::compact::string_end;

/// The keys that are read, with their quotes, and where their values stand in [`Outline`]. A key that is written with
/// an escape is another one here.
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
pub(super) struct Outline {
    /// The values of [`KEYS`]; of a repeated key the last one, as most readers do.
    pub(super) values: [Option<Range<usize>>; KEYS.len()],
    pub(super) has_white_space: bool,
}

impl Outline {
    /// Of `json`, which is known to be a valid value: no other reading of it is as quick.
    pub(super) fn of(json: &str) -> Self {
        let mut values = [const { None }; KEYS.len()];
        let mut scan = Scan::new(json);
        match scan.peek() {
            b'{' => scan.fields(|key, value| {
                // The first letter tells most keys apart; to compare them whole costs a call.
                let is_key =
                    |known: &&str| known.as_bytes()[1] == key[1] && known.as_bytes() == key;
                if let Some(known) = KEYS.iter().position(is_key) {
                    values[known] = Some(value);
                }
            }),
            _ => drop(scan.value()),
        }
        Self {
            values,
            has_white_space: scan.has_white_space,
        }
    }
}

/// Goes through a valid JSON text from token to token.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    has_white_space: bool,
}

impl<'a> Scan<'a> {
    fn new(json: &'a str) -> Self {
        Self {
            bytes: json.as_bytes(),
            at: 0,
            has_white_space: false,
        }
    }

    /// The byte that comes next. Behind the end it is the one that ends every loop here.
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b'}')
    }

    /// Steps over an object, and gives each key, with its quotes, and where its value stands.
    fn fields(&mut self, mut each: impl FnMut(&'a [u8], Range<usize>)) {
        loop {
            // Over the opening brace, or the comma.
            self.at += 1;
            self.white_space();
            if self.peek() == b'}' {
                return;
            }
            let key = self.value();
            self.white_space();
            // Over the colon.
            self.at += 1;
            self.white_space();
            let value = self.value();
            each(&self.bytes[key], value);
            self.white_space();
            if self.peek() == b'}' {
                return;
            }
        }
    }

    fn white_space(&mut self) {
        while is_white_space(self.peek()) {
            self.has_white_space = true;
            self.at += 1;
        }
    }

    /// Steps over a value of any kind, and says where it stands.
    fn value(&mut self) -> Range<usize> {
        let start = self.at;
        match self.peek() {
            b'"' => self.at = string_end(self.bytes, start),
            b'{' | b'[' => self.nested(),
            _ => {
                while !matches!(self.peek(), b',' | b'}' | b']') && !is_white_space(self.peek()) {
                    self.at += 1;
                }
            }
        }
        start..self.at
    }

    /// Steps over an object or an array.
    fn nested(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                b'"' => {
                    self.at = string_end(self.bytes, self.at);
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                byte => self.has_white_space |= is_white_space(byte),
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// Of what may stand between the tokens of JSON, only white space lies that low.
fn is_white_space(byte: u8) -> bool {
    byte <= b' '
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
