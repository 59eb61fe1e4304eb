//! One page of a list.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::http::Unusable;
use super::record::{Outline, Record};
use super::source::Source;
use crate::json::{Malformed, Scan, decode_string};

/// One page of a list, newest record first, as the API answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The records, possibly none. An empty page is not the end of the list.
    pub records: Vec<Record>,
    /// The server's clock when it answered, in whole seconds, if the answer named it.
    pub server_time: Option<DateTime<Utc>>,
    pub(super) next: Option<String>,
}

impl Page {
    /// Reads `body`, the answer of `source`'s endpoint. A list that is missing or null is empty; a next page
    /// token that is missing, null or empty ends the read.
    pub(super) fn parse(body: String, source: Source) -> Result<Self, Unusable> {
        let Envelope {
            list,
            next,
            has_message,
        } = Envelope::read(&body, source.list_key())
            .map_err(|problem| problem.located_in(&body))?;
        let (list, next) = (list.flatten(), next_page_token(next)?);
        if list.is_none() && next.is_none() && has_message {
            return Err(Unusable::Unexpected(
                "it is an error message instead of a list".into(),
            ));
        }
        let body = Arc::new(body);
        let outlines = list.unwrap_or_default().into_iter();
        Ok(Self {
            records: outlines
                .map(|outline| Record::new(&body, outline))
                .collect(),
            next,
            server_time: None,
        })
    }
}

/// Reads the token of the next page. Null, empty and missing mean that there is none; a number is taken by its digits.
fn next_page_token(raw: Option<&str>) -> Result<Option<String>, Unusable> {
    let raw = raw.unwrap_or("null");
    let token = match raw.as_bytes() {
        b"null" => return Ok(None),
        [b'"', ..] => decode_string(raw).map(Cow::into_owned),
        [b'-' | b'0'..=b'9', ..] => Some(raw.to_owned()),
        _ => None,
    };
    let token =
        token.ok_or_else(|| Unusable::Unexpected("“next_page_token” is not text".into()))?;
    Ok(Some(token).filter(|token| !token.is_empty()))
}

/// The object around the list.
#[derive(Default)]
struct Envelope<'a> {
    /// The list is missing, null, or there.
    list: Option<Option<Vec<Outline>>>,
    next: Option<&'a str>,
    /// Whether there is a `message`, as in Verkada's errors.
    has_message: bool,
}

impl<'a> Envelope<'a> {
    /// Reads `text`, whose list has the key `list_key`.
    fn read(text: &'a str, list_key: &str) -> Result<Self, Unusable> {
        let mut envelope = Self::default();
        let scan = Scan::new(text);
        let start = scan.white_space(0);
        if scan.peek(start) != b'{' {
            scan.end(scan.value(start)?)?;
            return Err(Unusable::Unexpected("it is JSON, but not an object".into()));
        }
        let end = scan.object(start, |key, value| {
            let key = decode_string(&text[key]).unwrap_or_default();
            let key = key.as_ref();
            let (is_repeated, end) = if key == list_key {
                let (list, end) = read_list(text, &scan, key, value)?;
                (envelope.list.replace(list).is_some(), end)
            } else {
                let end = scan.value(value)?;
                envelope.has_message |= key == "message";
                let is_next = key == "next_page_token";
                let is_repeated = is_next && envelope.next.replace(&text[value..end]).is_some();
                (is_repeated, end)
            };
            if is_repeated {
                // Of two lists one would have to be dropped.
                return Err(Unusable::Unexpected(format!("it has “{key}” twice")));
            }
            Ok(end)
        })?;
        scan.end(end)?;
        Ok(envelope)
    }
}

/// Reads the list, or null, that begins at `start`, the value of `key`. Returns the position after it as well.
fn read_list(
    text: &str,
    scan: &Scan<'_>,
    key: &str,
    start: usize,
) -> Result<(Option<Vec<Outline>>, usize), Unusable> {
    if scan.peek(start) == b'[' {
        let mut outlines = Vec::new();
        let end = scan.array(start, |at| {
            let (outline, end) = Outline::read(text, scan, at)?;
            outlines.push(outline);
            Ok::<_, Malformed>(end)
        })?;
        return Ok((Some(outlines), end));
    }
    let end = scan.value(start)?;
    match &text[start..end] {
        "null" => Ok((None, end)),
        _ => Err(Unusable::Unexpected(format!("“{key}” is not a list"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::window::TimeBase;

    fn parse(body: &str) -> Result<Page, Unusable> {
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
            let body = format!("{{\"audit_logs\" : [ {body} ]}}\n");
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
            r#"{"id":"x","message":"SECRET","next_page_token":null}"#,
            r#"{"audit_logs":null,"message":"SECRET","next_page_token":""}"#,
            r#"{"audit_logs":null,"audit_logs":["SECRET"]}"#,
        ] {
            match parse(body) {
                Err(Unusable::Unexpected(words)) => {
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
            assert!(matches!(parse(body), Err(Unusable::EndsEarly)), "{body}");
        }
    }
}
