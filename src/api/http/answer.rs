//! An answer with status 200, before it is known to be usable.

use chrono::{DateTime, Utc};

use crate::json::{Malformed, type_name};

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// At most this many keys of an answer are named, and this many characters of each.
const MOST_KEYS_NAMED: usize = 8;
const LONGEST_KEY_SHOWN: usize = 40;

/// At most this many characters of a key are kept to be cleaned. More than are shown, so that a secret at the cut is
/// still recognised.
const LONGEST_KEY_KEPT: usize = 1_000;

/// The body of an answer and the server's clock.
pub(in crate::api) struct Answer {
    pub(in crate::api) body: Vec<u8>,
    pub(in crate::api) server_time: Option<DateTime<Utc>>,
}

impl Answer {
    /// An answer with this `body`. A byte order mark is removed: RFC 8259 lets a reader skip it.
    pub(super) fn new(mut body: Vec<u8>, server_time: Option<DateTime<Utc>>) -> Self {
        if body.starts_with(BYTE_ORDER_MARK) {
            body.drain(..BYTE_ORDER_MARK.len());
        }
        Self { body, server_time }
    }
}

/// A body that cannot be used, with the reason.
#[derive(Debug)]
pub(in crate::api) enum Unusable {
    /// The text is not JSON from this byte on.
    Malformed(Malformed),
    /// The text ends in the middle of the JSON value.
    EndsEarly,
    /// Something other than the documented answer, in words that end a sentence. They quote nothing of the body.
    Unexpected(String),
    /// An object of another shape than documented: words that quote nothing of the body, and the keys that end them.
    OtherKeys(&'static str, Keys),
}

impl From<Malformed> for Unusable {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Unusable {
    /// Replaces a byte position by words that a person understands, given the `body` that it is about.
    pub(in crate::api) fn located_in(self, body: &str) -> Self {
        let Self::Malformed(Malformed { at }) = self else {
            return self;
        };
        if at == body.len() {
            return Self::EndsEarly;
        }
        if body.trim_start().starts_with('<') {
            return Self::Unexpected("it is an HTML page".into());
        }
        let before = &body.as_bytes()[..at];
        let lines = before.split(|byte| *byte == b'\n');
        let column = lines.clone().next_back().map_or(0, <[u8]>::len) + 1;
        let line = lines.count();
        Self::Unexpected(format!("it is not JSON (at line {line}, column {column})"))
    }
}

/// The first keys of an object and the types of their values, for a message. Values are not kept.
#[derive(Debug, Default)]
pub(in crate::api) struct Keys {
    named: Vec<(String, &'static str)>,
    unnamed: usize,
}

impl Keys {
    /// Adds `key`, whose value is the JSON text `value`.
    pub(in crate::api) fn add(&mut self, key: &str, value: &str) {
        if self.named.len() == MOST_KEYS_NAMED {
            self.unnamed += 1;
            return;
        }
        let key = key.chars().take(LONGEST_KEY_KEPT).collect();
        self.named.push((key, type_name(value)));
    }

    pub(in crate::api) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// Lists the keys, each made fit for a message by `clean`: `“items” (array), “cursor” (null) and 2 more`.
    pub(in crate::api) fn in_words(&self, clean: impl Fn(&str) -> String) -> String {
        let named = self.named.iter().map(|(key, type_name)| {
            let clean = clean(key);
            let mut key: String = clean.chars().take(LONGEST_KEY_SHOWN).collect();
            if key.len() < clean.len() {
                key.push('…');
            }
            format!("“{key}” ({type_name})")
        });
        let words = named.collect::<Vec<_>>().join(", ");
        match self.unnamed {
            0 => words,
            unnamed => format!("{words} and {unnamed} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cleaned_before_they_are_cut_and_the_rest_is_counted() {
        let mut keys = Keys::default();
        assert!(keys.is_empty());
        keys.add(&format!("{}SECRET", "é".repeat(37)), "1");
        keys.add(&"b".repeat(40), "[]");
        let clean = |key: &str| key.replace("SECRET", "[redacted]");
        let words = format!(
            "“{}[re…” (number), “{}” (array)",
            "é".repeat(37),
            "b".repeat(40)
        );
        assert_eq!(keys.in_words(clean), words);
        for _ in 0..100 {
            keys.add("c", "{}");
        }
        let words = keys.in_words(clean);
        assert_eq!(words.matches("“c” (object)").count(), 6);
        assert!(words.ends_with(" and 94 more"), "{words}");
    }

    #[test]
    fn an_endless_key_is_not_kept() {
        let mut keys = Keys::default();
        keys.add(&"x".repeat(1 << 20), "null");
        assert_eq!(keys.named[0].0.len(), LONGEST_KEY_KEPT);
    }
}
