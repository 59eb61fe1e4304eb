//! One page of a list.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::record::{Place, Record};
use super::window::Source;

/// One page of a list, newest record first, as the API answers.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records, possibly none: an empty page is not the end.
    pub records: Vec<Record>,
    /// The server's clock when it answered, in whole seconds, if it said.
    pub server_time: Option<DateTime<Utc>>,
    pub(super) next: Option<String>,
}

/// Why a body is not a page.
#[derive(Debug)]
pub(super) enum PageProblem {
    /// The text ends in the middle of the JSON value.
    EndsEarly,
    /// Something else than what is documented, in words that end a sentence.
    Unexpected(String),
}

impl Page {
    /// Reads `body`, the answer of `source`'s endpoint. A list that is missing or null is empty; a next page
    /// token that is missing, null or empty ends the read.
    pub(super) fn parse(body: String, source: Source) -> Result<Self, PageProblem> {
        let text = without_byte_order_mark(&body);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let envelope = EnvelopeReader(source.list_key())
            .deserialize(&mut deserializer)
            .and_then(|envelope| deserializer.end().map(|()| envelope))
            .map_err(|error| describe(&error, text))?;
        if envelope.list.is_none() && envelope.next.is_none() && envelope.has_message {
            return Err(PageProblem::Unexpected(
                "it is an error message instead of a list".into(),
            ));
        }
        let next = next_page_token(envelope.next)?;
        let list = envelope.list.flatten().unwrap_or_default();
        let places: Vec<_> = list.into_iter().map(|raw| Place::of(raw, &body)).collect();
        let body = Arc::new(body);
        let records = places.into_iter();
        Ok(Self {
            records: records.map(|place| Record::new(&body, place)).collect(),
            next,
            server_time: None,
        })
    }
}

/// RFC 8259 lets a reader skip a byte order mark.
pub(super) fn without_byte_order_mark(body: &str) -> &str {
    body.strip_prefix('\u{FEFF}').unwrap_or(body)
}

/// A number is taken by its digits: whatever is neither missing, null nor empty says that there is more.
fn next_page_token(raw: Option<&RawValue>) -> Result<Option<String>, PageProblem> {
    let raw = raw.map_or("null", RawValue::get);
    let token = match raw.as_bytes() {
        b"null" => return Ok(None),
        [b'"', ..] => serde_json::from_str(raw).ok(),
        [b'-' | b'0'..=b'9', ..] => Some(raw.to_owned()),
        _ => None,
    };
    let token =
        token.ok_or_else(|| PageProblem::Unexpected("“next_page_token” is no text".into()))?;
    Ok(Some(token).filter(|token| !token.is_empty()))
}

/// Says what is wrong by position only: the message of the JSON reader may quote the body.
fn describe(error: &serde_json::Error, body: &str) -> PageProblem {
    if error.is_eof() {
        return PageProblem::EndsEarly;
    }
    let place = format!("at line {}, column {}", error.line(), error.column());
    PageProblem::Unexpected(if error.is_data() {
        format!("it is JSON, but not an object with a list in it ({place})")
    } else if body.trim_start().starts_with('<') {
        "it is an HTML page".to_owned()
    } else {
        format!("it is no JSON ({place})")
    })
}

struct Envelope<'a> {
    list: Option<Option<Vec<&'a RawValue>>>,
    next: Option<&'a RawValue>,
    /// As Verkada's errors have one.
    has_message: bool,
}

/// Reads the object around the list whose key it holds.
struct EnvelopeReader(&'static str);

impl<'de> DeserializeSeed<'de> for EnvelopeReader {
    type Value = Envelope<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeReader {
    type Value = Envelope<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope {
            list: None,
            next: None,
            has_message: false,
        };
        while let Some(key) = map.next_key::<String>()? {
            let repeated = match key.as_str() {
                "next_page_token" => envelope.next.replace(map.next_value()?).is_some(),
                key if key == self.0 => envelope.list.replace(map.next_value()?).is_some(),
                key => {
                    envelope.has_message |= key == "message";
                    map.next_value::<IgnoredAny>()?;
                    false
                }
            };
            // Of two lists one would have to be dropped.
            if repeated {
                return Err(serde::de::Error::custom("a repeated key"));
            }
        }
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::window::TimeBase;

    fn parse(body: &str) -> Result<Page, PageProblem> {
        Page::parse(body.to_owned(), Source::AuditLogs)
    }

    fn lines(body: &str) -> Vec<String> {
        let page = parse(body).unwrap();
        page.records.iter().map(Record::to_line).collect()
    }

    #[test]
    fn a_record_keeps_every_digit_key_and_escape() {
        let record = r#"{"n":12345678901234567890123,"e":1e400,"z":-0.0,"k":1,"k":2,"s":"\u2028\ud800\/","u":" "}"#;
        let pretty = record.replace(',', " ,\n\t").replace(':', " : ");
        for body in [record, &pretty] {
            let body = format!("\u{FEFF}{{\"audit_logs\" : [ {body} ]}}\n");
            assert_eq!(lines(&body), [record]);
        }
    }

    #[test]
    fn the_fields_are_read_whatever_surrounds_them() {
        let page = parse(
            r#"{"audit_logs":[{"x":{"event_name":"inner"},"event_name":"first","event_name":" Live\u0020Stream Started ",
                "timestamp":"2024-08-22T05:00:46Z","processed_timestamp":null,"created":1724302846}]}"#,
        )
        .unwrap();
        let record = &page.records[0];
        assert_eq!(record.event_name().unwrap(), " Live Stream Started ");
        assert_eq!(record.timestamp().unwrap().timestamp(), 1_724_302_846);
        assert_eq!(record.processed_timestamp(), None);
        assert_eq!(record.time(TimeBase::Processed), record.created());
    }

    #[test]
    fn elements_that_are_no_objects_are_records_all_the_same() {
        let body = r#"{"audit_logs":[42, null, "text", [ 1 ], {"event_name":7}, {"event_name":"\ud800"}]}"#;
        assert_eq!(
            lines(body),
            [
                "42",
                "null",
                "\"text\"",
                "[1]",
                r#"{"event_name":7}"#,
                r#"{"event_name":"\ud800"}"#
            ]
        );
        assert!(
            parse(body)
                .unwrap()
                .records
                .iter()
                .all(|record| record.event_name().is_none())
        );
    }

    #[test]
    fn a_missing_or_null_list_is_an_empty_page() {
        for body in [
            "{}",
            r#"{"audit_logs":null}"#,
            r#"{"audit_logs":[]}"#,
            r#"{"notifications":[1]}"#,
        ] {
            assert!(lines(body).is_empty(), "{body}");
        }
    }

    #[test]
    fn a_read_goes_on_unless_the_token_is_null_empty_or_absent() {
        let next = |token: &str| {
            parse(&format!(r#"{{"audit_logs":[]{token}}}"#))
                .unwrap()
                .next
        };
        for end in ["", r#","next_page_token":null"#, r#","next_page_token":"""#] {
            assert_eq!(next(end), None, "{end}");
        }
        assert_eq!(
            next(r#","next_page_token":"a\u0062""#).as_deref(),
            Some("ab")
        );
        assert_eq!(next(r#","next_page_token":17"#).as_deref(), Some("17"));
        assert_eq!(next(r#","next_page_token":0"#).as_deref(), Some("0"));
    }

    #[test]
    fn anything_else_is_refused_without_quoting_it() {
        for body in [
            r#"{"audit_logs":"SECRET"}"#,
            r#"{"audit_logs":{"SECRET":1}}"#,
            r#"{"audit_logs":[],"next_page_token":{"SECRET":1}}"#,
            r#"{"audit_logs":[],"next_page_token":true}"#,
            r#"["SECRET"]"#,
            r#""SECRET""#,
            "<html>SECRET</html>",
            "SECRET",
            r#"{"audit_logs":[1],"audit_logs":["SECRET"]}"#,
            r#"{"audit_logs":[]} SECRET"#,
            r#"{"id":"x","message":"SECRET","data":null}"#,
        ] {
            match parse(body) {
                Err(PageProblem::Unexpected(words)) => {
                    assert!(!words.contains("SECRET"), "{words}")
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn text_that_ends_early_is_told_apart() {
        for body in [
            "",
            " ",
            "{",
            r#"{"audit_logs":[{"a":1"#,
            r#"{"audit_logs":[]"#,
        ] {
            assert!(matches!(parse(body), Err(PageProblem::EndsEarly)), "{body}");
        }
    }
}
