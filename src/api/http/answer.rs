//! An answer with status 200, before it is known to be usable.

use chrono::{DateTime, Utc};

use crate::json::Malformed;

/// The body of an answer and the server's clock.
pub(in crate::api) struct Answer {
    pub(in crate::api) body: String,
    pub(in crate::api) server_time: Option<DateTime<Utc>>,
}

/// Why a body cannot be used.
#[derive(Debug)]
pub(in crate::api) enum Unusable {
    /// The text is not JSON from this byte on.
    Malformed(Malformed),
    /// The text ends in the middle of the JSON value.
    EndsEarly,
    /// Something other than the documented answer, in words that end a sentence. They quote nothing of the body.
    Unexpected(String),
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
