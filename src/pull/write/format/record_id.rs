//! The id of a record, since Verkada gives it none.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::pull::checkpoint::Fingerprint;

/// The id of a record: its fingerprint in 32 hexadecimal digits, a minus, and its number among identical records, from 1
/// on. It is the same at every reading: a query that finds a record finds its twins as well, because they have the same
/// time. Only a record without a readable time is numbered among those that happen to be read with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId {
    fingerprint: Fingerprint,
    ordinal: u32,
}

impl RecordId {
    /// The id of the `ordinal`th record with this text, which is compact JSON, counted from 1.
    pub fn of(record: &str, ordinal: u32) -> Self {
        Self::new(Fingerprint::of(record), ordinal)
    }

    pub(in crate::pull) fn new(fingerprint: Fingerprint, ordinal: u32) -> Self {
        Self {
            fingerprint,
            ordinal,
        }
    }

    /// The id that `text` is; `None` if it has another form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (fingerprint, ordinal) = text.split_once('-')?;
        // The parsers of numbers would take a sign as well.
        let is_form = fingerprint.len() == 32
            && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit())
            && ordinal.bytes().all(|byte| byte.is_ascii_digit());
        let fingerprint = u128::from_str_radix(fingerprint, 16).ok();
        let id = Self::new(Fingerprint(fingerprint?), ordinal.parse().ok()?);
        is_form.then_some(id)
    }

    /// The fingerprint of the record.
    pub(crate) fn fingerprint(self) -> Fingerprint {
        self.fingerprint
    }

    /// The number of the record among identical ones.
    pub(crate) fn ordinal(self) -> u32 {
        self.ordinal
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}-{}", self.fingerprint.0, self.ordinal)
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_have_different_ids_and_a_record_always_the_same() {
        let record = r#"{"created":1,"image_url":null}"#;
        let id = RecordId::of(record, 1);
        assert_eq!(id, RecordId::of(r#"{"image_url":"x","created":1}"#, 1));
        assert_ne!(id, RecordId::of(record, 2));
        assert_ne!(id, RecordId::of(r#"{"created":2}"#, 1));
    }

    #[test]
    fn an_id_comes_back_from_its_text_and_nothing_else_is_one() {
        for ordinal in [1, 12, u32::MAX] {
            let id = RecordId::of("{}", ordinal);
            assert_eq!(RecordId::parse(&id.to_string()), Some(id));
        }
        let fingerprint = "0".repeat(32);
        for text in [
            fingerprint.clone(),
            format!("{fingerprint}-"),
            format!("{fingerprint}-x"),
            format!("{fingerprint}-+1"),
            format!("{fingerprint}-4294967296"),
            format!("+{}-1", "0".repeat(31)),
            format!("{}g-1", "0".repeat(31)),
            format!("0{fingerprint}-1"),
            String::new(),
        ] {
            assert_eq!(RecordId::parse(&text), None, "{text}");
        }
    }
}
