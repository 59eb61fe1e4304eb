//! One page of a list.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use tracing::warn;

use super::http::Unusable;
use super::page_body::{Asked, PageBody, wrong_type};
use super::record::{Record, RecordDigest};
use super::source::Source;
use super::window::TimeBase;
use crate::json::{Malformed, decode_string, repair};

/// A warning names the times of at most this many repaired records of a page.
const MOST_TIMES_NAMED: usize = 5;

/// One page of a list, newest record first, as the API answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The records, possibly none. An empty page is not the end of the list.
    pub records: Vec<Record>,
    /// The server's clock when it answered, in whole seconds, if the answer named it.
    pub server_time: Option<DateTime<Utc>>,
    pub(super) next: Option<String>,
    /// Of each record, for comparing pages.
    pub(super) digests: Box<[RecordDigest]>,
}

#[cfg(test)]
impl Page {
    /// The only page of a list.
    pub(crate) fn of(records: Vec<Record>) -> Self {
        Self {
            digests: records.iter().map(Record::digest).collect(),
            records,
            server_time: None,
            next: None,
        }
    }
}

impl Page {
    /// The token that the page names for the next one, if there is one.
    pub(crate) fn next_page_token(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Reads `body`, the answer of `source`'s endpoint to a request for `page_size` records. A list that is null is
    /// empty; a next page token that is null or empty, or missing from a page that is not full, ends the read.
    ///
    /// Strings with raw control characters or bytes that are not UTF-8 are repaired with a warning, so that one bad
    /// record does not withhold all others.
    pub(super) fn parse(body: Vec<u8>, source: Source, page_size: u32) -> Result<Self, Unusable> {
        let expected = Asked { source, page_size };
        let text = match String::from_utf8(body) {
            Ok(text) => text,
            Err(error) => {
                let problem = Unusable::Unexpected("it is not UTF-8".into());
                return Self::repaired(error.as_bytes(), expected, problem);
            }
        };
        match PageBody::read(&text, expected) {
            Ok(envelope) => Self::new(text, envelope),
            Err(problem) if is_at_control_character(&problem, &text) => {
                let problem = problem.located_in(&text);
                Self::repaired(text.as_bytes(), expected, problem)
            }
            Err(problem) => Err(problem.located_in(&text)),
        }
    }

    fn new(text: String, envelope: PageBody) -> Result<Self, Unusable> {
        let next = match envelope.next {
            Some(range) => next_page_token(&text[range])?,
            None => None,
        };
        let text = Arc::new(text);
        let outlines = envelope.list.into_iter();
        let records: Vec<_> = outlines
            .map(|outline| Record::new(&text, outline))
            .collect();
        Ok(Self {
            // Here, because large answers are read on another thread.
            digests: records.iter().map(Record::digest).collect(),
            records,
            next,
            server_time: None,
        })
    }

    /// Reads `body` after a repair of its strings. If that does not help, the error is `problem`, which was found
    /// before the repair.
    fn repaired(body: &[u8], asked: Asked, problem: Unusable) -> Result<Self, Unusable> {
        let Some(repaired) = repair(body) else {
            return Err(problem);
        };
        let (text, repairs) = (repaired.text, repaired.repairs);
        let read = match PageBody::read(&text, asked) {
            Ok(read) => read,
            Err(Unusable::Malformed(Malformed { at })) if at < text.len() => return Err(problem),
            Err(other) => return Err(other.located_in(&text)),
        };
        if let Some(range) = &read.next
            && text[range.clone()].contains(char::REPLACEMENT_CHARACTER)
            && !within(&repairs, range).is_empty()
        {
            // With a replaced byte it would be another token.
            let words = "“next_page_token” is not UTF-8".into();
            return Err(Unusable::Unexpected(words));
        }
        let page = Self::new(text, read)?;
        page.warn_of_repairs(&repairs, asked.source);
        Ok(page)
    }

    /// Warns about the records that hold one of `repairs`, with their times.
    fn warn_of_repairs(&self, repairs: &[usize], source: Source) {
        let is_repaired = |record: &&Record| !within(repairs, &record.range()).is_empty();
        let repaired: Vec<_> = self.records.iter().filter(is_repaired).collect();
        if repaired.is_empty() {
            return;
        }
        let times = repaired.iter().take(MOST_TIMES_NAMED).map(|record| {
            let time = record.time(TimeBase::Event);
            time.or_else(|| record.processed_timestamp())
                .map_or("unknown".to_owned(), |time| {
                    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
                })
        });
        let times = times.collect::<Vec<_>>().join(", ");
        warn!(%source, records = repaired.len(), %times, "records held what JSON does not allow: control characters, which were escaped, or bytes that are not UTF-8, which were replaced by U+FFFD");
    }
}

/// The part of `positions`, which is sorted, that is within `range`.
fn within<'a>(positions: &'a [usize], range: &Range<usize>) -> &'a [usize] {
    let from = positions.partition_point(|at| *at < range.start);
    let to = positions.partition_point(|at| *at < range.end);
    &positions[from..to]
}

/// Reports whether `text` stops being JSON at a control character, which may be within a string.
fn is_at_control_character(problem: &Unusable, text: &str) -> bool {
    let Unusable::Malformed(Malformed { at }) = problem else {
        return false;
    };
    text.as_bytes().get(*at).is_some_and(u8::is_ascii_control)
}

/// Reads the value of the next page token. Null and empty mean that there is none; a number is taken by its digits.
fn next_page_token(raw: &str) -> Result<Option<String>, Unusable> {
    let token = match raw.as_bytes() {
        b"null" => return Ok(None),
        [b'"', ..] => decode_string(raw)
            .map(Cow::into_owned)
            .ok_or_else(|| Unusable::Unexpected("“next_page_token” is not Unicode text".into()))?,
        [b'-' | b'0'..=b'9', ..] => raw.to_owned(),
        _ => return Err(wrong_type("“next_page_token”", raw, "text")),
    };
    Ok(Some(token).filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    const PAGE_SIZE: u32 = 10;

    fn parse(body: impl AsRef<[u8]>) -> Result<Page, Unusable> {
        Page::parse(body.as_ref().to_owned(), Source::AuditLogs, PAGE_SIZE)
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
                Err(Unusable::OtherKeys(words, keys)) => {
                    let words = format!("{words}{keys:?}");
                    assert!(!words.contains("SECRET"), "{words}")
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn text_that_ends_early_is_not_malformed() {
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

    #[test]
    fn what_a_repair_does_not_help_is_an_error_as_before() {
        let words = |body: &[u8]| match parse(body) {
            Err(Unusable::Unexpected(words)) => words,
            other => panic!("{other:?}"),
        };
        for (body, expected) in [
            (
                &b"{\"audit_logs\":[NaN]}"[..],
                "it is not JSON (at line 1, column 16)",
            ),
            (
                b"{\"audit_logs\":[\"\x01\",NaN]}",
                "it is not JSON (at line 1, column 17)",
            ),
            (
                b"{\"audit_logs\":[\"\\\n\"]}",
                "it is not JSON (at line 1, column 18)",
            ),
            (
                b"{\x01\"audit_logs\":[]}",
                "it is not JSON (at line 1, column 2)",
            ),
            (
                b"{\"audit_logs\":[\"\\x41\"]}",
                "it is not JSON (at line 1, column 18)",
            ),
            (
                b"{\"audit_logs\":[{\"n\":1}\0]}",
                "it is not JSON (at line 1, column 23)",
            ),
            (b"{\"audit_logs\":[\"\xff\",NaN]}", "it is not UTF-8"),
            (b"\x1f\x8b\x08\x00", "it is not UTF-8"),
            (
                b"{\"audit_logs\":[],\"next_page_token\":\"a\xff\"}",
                "“next_page_token” is not UTF-8",
            ),
        ] {
            assert_eq!(words(body), expected);
        }
        for cut in [
            &b"{\"audit_logs\":[\"\x01\",\"a"[..],
            b"{\"audit_logs\":[\"\xff\",\"a",
            // In the middle of a character.
            b"{\"audit_logs\":[\"\xc3",
        ] {
            assert!(matches!(parse(cut), Err(Unusable::EndsEarly)), "{cut:?}");
        }
    }

    /// A change to the members of a page.
    #[derive(Clone, Debug)]
    enum Change {
        Rename(Index, &'static str),
        /// Exchanges the keys of the list and the token, unless the token is null: a null list is an empty one.
        SwapKeys,
        /// Gives the list another key and puts an empty one in its place.
        Displace(&'static str, &'static str),
        /// Moves a member into an object of its own.
        Nest(Index, &'static str),
        /// Gives a member another value, of a type that it never has.
        Retype(Index, &'static str),
        Drop(Index),
        Duplicate(Index),
        /// Moves the whole page into an object or an array, once at most.
        Wrap(&'static str, &'static str),
        Add(Index, &'static str, &'static str),
        Rotate(Index),
    }

    impl Change {
        fn any() -> impl Strategy<Value = Self> {
            let index = any::<Index>;
            let name = select(vec![
                "items",
                "alerts",
                "data",
                "cursor",
                "nextPageToken",
                "auditLogs",
                "Audit_Logs",
                "notifications",
                "error",
                "message",
                "",
                "x",
            ]);
            let odd_value = select(vec!["{}", "true", "false", r#"{"items":[]}"#]);
            let added = select(vec![
                "1",
                "[]",
                "null",
                r#""a""#,
                r#"{"audit_logs":[]}"#,
                "[1,2]",
            ]);
            let wrapping = select(vec![
                ("[", "]"),
                (r#"{"data":"#, "}"),
                (r#"{"audit_logs":"#, "}"),
            ]);
            prop_oneof![
                (index(), name.clone()).prop_map(|(at, name)| Self::Rename(at, name)),
                Just(Self::SwapKeys),
                (name.clone(), select(vec!["[]", "null"]))
                    .prop_map(|(name, value)| Self::Displace(name, value)),
                (index(), name.clone()).prop_map(|(at, name)| Self::Nest(at, name)),
                (index(), odd_value).prop_map(|(at, value)| Self::Retype(at, value)),
                index().prop_map(Self::Drop),
                index().prop_map(Self::Duplicate),
                wrapping.prop_map(|(before, after)| Self::Wrap(before, after)),
                (index(), name, added).prop_map(|(at, name, value)| Self::Add(at, name, value)),
                index().prop_map(Self::Rotate),
            ]
        }

        /// Reports whether a page is as right after it as before.
        fn is_harmless(&self) -> bool {
            matches!(
                self,
                Self::Rotate(_) | Self::Add(_, "x" | "data" | "items", _)
            )
        }

        fn apply(&self, members: &mut Vec<(String, String)>) {
            let count = members.len();
            let within = |index: &Index| index.index(count.max(1));
            match self {
                Self::Add(at, key, value) => {
                    members.insert(at.index(count + 1), (key.to_string(), value.to_string()));
                }
                _ if count == 0 => {}
                Self::Rename(at, name) => members[within(at)].0 = name.to_string(),
                Self::SwapKeys => {
                    if !members.contains(&("next_page_token".into(), "null".into())) {
                        for (key, _) in members {
                            *key = match key.as_str() {
                                "audit_logs" => "next_page_token".into(),
                                "next_page_token" => "audit_logs".into(),
                                other => other.into(),
                            };
                        }
                    }
                }
                Self::Displace(name, value) => {
                    let is_list = |(key, value): &(String, String)| {
                        key == "audit_logs" && value.starts_with('[')
                    };
                    if let Some(at) = members.iter().position(is_list) {
                        members[at].0 = name.to_string();
                        members.push(("audit_logs".into(), value.to_string()));
                    }
                }
                Self::Nest(at, name) => {
                    let (key, value) = &members[within(at)];
                    let nested = (name.to_string(), format!(r#"{{"{key}":{value}}}"#));
                    members[within(at)] = nested;
                }
                Self::Retype(at, value) => members[within(at)].1 = value.to_string(),
                Self::Drop(at) => drop(members.remove(within(at))),
                Self::Duplicate(at) => members.push(members[within(at)].clone()),
                Self::Wrap(..) => {}
                Self::Rotate(by) => members.rotate_left(within(by)),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Pages as they are known to be: full if another one follows.
        #[test]
        fn a_page_of_another_shape_is_read_whole_or_not_at_all(
            count in prop_oneof![0..PAGE_SIZE, Just(PAGE_SIZE)],
            token in prop_oneof!["[a-z0-9]{1,9}", Just(String::new())],
            changes in prop::collection::vec(Change::any(), 0..4),
        ) {
            let records: Vec<_> = (0..count).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
            let next = (count == PAGE_SIZE && !token.is_empty()).then_some(token);
            let value = next.as_ref().map_or("null".to_owned(), |token| format!(r#""{token}""#));
            let mut members = vec![
                ("audit_logs".to_owned(), format!("[{}]", records.join(","))),
                ("next_page_token".to_owned(), value),
            ];
            let displaces = changes.iter().any(|change| matches!(change, Change::Displace(..)));
            for change in &changes {
                // An empty list is right if the records are gone from beside it.
                let destroys = matches!(change, Change::Drop(_) | Change::Retype(..));
                if !(displaces && destroys) {
                    change.apply(&mut members);
                }
            }
            let members = members.iter().map(|(key, value)| format!(r#""{key}":{value}"#));
            let mut body = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            let wrapping = changes.iter().find_map(|change| match change {
                Change::Wrap(before, after) => Some((before, after)),
                _ => None,
            });
            if let Some((before, after)) = wrapping {
                body = format!("{before}{body}{after}");
            }
            match parse(&body) {
                Ok(page) => {
                    let lines: Vec<_> = page.records.iter().map(Record::to_line).collect();
                    prop_assert_eq!(lines, records, "{}", body);
                    prop_assert_eq!(page.next, next, "{}", body);
                }
                Err(problem) => {
                    prop_assert!(!changes.iter().all(Change::is_harmless), "{body}: {problem:?}");
                }
            }
        }
    }
}
