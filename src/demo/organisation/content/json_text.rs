//! Fragments of JSON, appended to the text of a record.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};

/// Appends a whole number.
pub(super) fn push_number(text: &mut String, number: impl Into<i64>) {
    // Writing to a `String` cannot fail.
    let _ = write!(text, "{}", number.into());
}

/// Appends a time as the API writes it, quoted: whole seconds and `Z`.
pub(super) fn push_time(text: &mut String, unix_seconds: i64) {
    let time = DateTime::from_timestamp(unix_seconds, 0).unwrap_or_default();
    text.push('"');
    text.push_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true));
    text.push('"');
}

/// Appends a string in quotes. It must already be escaped for JSON.
pub(super) fn push_quoted(text: &mut String, escaped: &str) {
    text.push('"');
    text.push_str(escaped);
    text.push('"');
}
