//! The members of an object, taken out one by one as they find a place in an event. What is left has none.

use std::borrow::Cow;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::mapping::{PLACEHOLDERS, USER_PLACEHOLDER_BEGINNING};
use crate::json::{decode_string, visit_elements, visit_members, without_half_pairs};

/// Members in the order in which they came. Of a repeated key the last one is taken, as in most JSON readers.
#[derive(Clone, Debug, Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// A value that is passed on.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// JSON text, byte for byte but for halves of surrogate pairs, which would make the event unreadable.
    Json(&'a str),
    /// An object of which some members were taken.
    Object(Members<'a>),
    /// An array of which some elements were taken.
    Array(Vec<Value<'a>>),
}

impl<'a> Members<'a> {
    /// The members of `object`, JSON text of any type. Anything but an object has none.
    pub(super) fn of(object: &'a str) -> Self {
        let mut members = Vec::with_capacity(16);
        if object.starts_with('{') {
            visit_members(object, |key, value| members.push((key, Value::Json(value))));
        }
        Self(members)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a member at the end.
    pub(super) fn push(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        self.0.push((key.into(), value));
    }

    /// Adds the members of `others` at the end.
    pub(super) fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// Adds the members of an object under `key`, if there are any.
    pub(super) fn push_object(&mut self, key: &'a str, members: Self) {
        if !members.is_empty() {
            self.push(key, Value::Object(members));
        }
    }

    /// Reports whether there is a member of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    /// The JSON text of the value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().rfind(|(known, _)| known == key)?;
        match value {
            Value::Json(json) => Some(json),
            Value::Object(_) | Value::Array(_) => None,
        }
    }

    /// The value of `key` if it is a string and not a placeholder.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)
            .and_then(decode_string)
            .filter(|text| !is_placeholder(key, text))
    }

    /// Takes the JSON text of the value of `key`.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a str> {
        self.take_if(key, Some)
    }

    /// Takes the value of `key` if it is a string and not a placeholder.
    pub(super) fn take_text(&mut self, key: &str) -> Option<Cow<'a, str>> {
        let text = self.text(key)?;
        self.take(key).map(|_| text)
    }

    /// Takes the value of `key` if `place` accepts it, and returns what that makes of it.
    pub(super) fn take_if<T>(
        &mut self,
        key: &str,
        place: impl FnOnce(&'a str) -> Option<T>,
    ) -> Option<T> {
        let index = self.0.iter().rposition(|(known, _)| known == key)?;
        let Value::Json(json) = self.0[index].1 else {
            return None;
        };
        let placed = place(json)?;
        self.0.remove(index);
        Some(placed)
    }

    /// Takes the members of the object under `key`, if it is one and has any.
    pub(super) fn take_object(&mut self, key: &str) -> Self {
        let members = self.take_if(key, |json| {
            Some(Self::of(json)).filter(|members| !members.is_empty())
        });
        members.unwrap_or_default()
    }

    /// Takes the elements of the array under `key`, if it is one and has any.
    pub(super) fn take_array(&mut self, key: &str) -> Vec<&'a str> {
        let elements = self.take_if(key, |json| {
            let mut elements = Vec::new();
            visit_elements(json, |element| elements.push(element));
            Some(elements).filter(|elements| !elements.is_empty())
        });
        elements.unwrap_or_default()
    }
}

/// Reports whether `text` is a placeholder that Verkada writes under `key` for a missing value.
fn is_placeholder(key: &str, text: &str) -> bool {
    let text = text.trim();
    let begins = |beginning: &str| {
        let start = text.get(..beginning.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    };
    PLACEHOLDERS
        .iter()
        .any(|placeholder| placeholder.eq_ignore_ascii_case(text))
        || (key.starts_with("user_") && begins(USER_PLACEHOLDER_BEGINNING))
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(json) => {
                let json = without_half_pairs(json);
                match serde_json::from_str::<&RawValue>(&json) {
                    Ok(raw) => raw.serialize(serializer),
                    // It came out of a text that was checked, so this does not happen; as a string it loses nothing.
                    Err(_) => serializer.serialize_str(&json),
                }
            }
            Self::Object(members) => members.serialize(serializer),
            Self::Array(values) => {
                let mut sequence = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    sequence.serialize_element(value)?;
                }
                sequence.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(members: &Members<'_>) -> String {
        serde_json::to_string(members).unwrap()
    }

    #[test]
    fn what_is_taken_is_gone_and_the_rest_is_left_byte_for_byte() {
        let object = r#"{"a":"x","n":1e400,"a":"y","b":{"c":[1, 2]},"l":[{},"z"],"e":[]}"#;
        let mut members = Members::of(object);
        assert_eq!(members.take_text("a").as_deref(), Some("y"));
        assert_eq!(members.take_text("n"), None);
        assert_eq!(members.take_array("l"), ["{}", "\"z\""]);
        assert!(members.take_array("e").is_empty());
        assert_eq!(members.take_array("b"), [""; 0]);
        assert_eq!(members.take_object("b").take("c"), Some("[1, 2]"));
        assert_eq!(left(&members), r#"{"a":"x","n":1e400,"e":[]}"#);
    }

    #[test]
    fn placeholders_count_as_absent_and_stay() {
        let object = r#"{"1":"-","2":"","3":"00000000-0000-0000-0000-000000000000","user_name":"Unknown user name","5":" ","6":null}"#;
        let mut members = Members::of(object);
        for key in ["1", "2", "3", "user_name", "5", "6", "7"] {
            assert_eq!(members.take_text(key), None, "{key}");
        }
        assert_eq!(left(&members), object);
        let values = r#"{"1":"unknown","2":"0","3":"unknown user","4":"--"}"#;
        let mut members = Members::of(values);
        assert_eq!(members.take_text("1").as_deref(), Some("unknown"));
        assert_eq!(members.take_text("2").as_deref(), Some("0"));
        // A camera may be called so.
        assert_eq!(members.take_text("3").as_deref(), Some("unknown user"));
        assert_eq!(members.take_text("4").as_deref(), Some("--"));
    }
}
