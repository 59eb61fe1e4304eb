//! The object around a list: what it must hold, and how an object of another shape is recognised.
//!
//! An answer of another shape must not pass for "nothing happened", so every doubt is an error. Beside a list that
//! holds records, only a key that says that it is not whole is one: Verkada may add others at any time.

use std::ops::Range;

use super::http::{Keys, Unusable};
use super::record::{Outline, OutlineReader};
use super::source::Source;
use crate::json::{Scan, decode_string, holds_array_of_objects, type_name, visit_members};

const NEXT_PAGE_TOKEN: &str = "next_page_token";

/// Limit for the elements of a list: this many times the number that was asked for, and the spare ones. A server may
/// have a page size of its own, but beyond the limit the list is not a page. Short elements take up to fifty times
/// their own size in memory, so a long list of them must not be kept.
const MOST_TIMES: usize = 64;
const SPARE_ELEMENTS: usize = 1_000;

/// The source and the page size that were asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) source: Source,
    pub(super) page_size: u32,
}

impl Asked {
    fn page_size(self) -> usize {
        self.page_size as usize
    }

    fn most_elements(self) -> usize {
        self.page_size()
            .saturating_mul(MOST_TIMES)
            .saturating_add(SPARE_ELEMENTS)
    }
}

/// The list, and the next page token that came with it.
pub(super) struct PageBody {
    /// Empty if the list is null.
    pub(super) list: Vec<Outline>,
    /// The range of the token's value in the text, null included. `None` if the key is missing.
    pub(super) next: Option<Range<usize>>,
}

impl PageBody {
    /// Reads `text`, the answer to a request for a page.
    pub(super) fn read(text: &str, asked: Asked) -> Result<Self, Unusable> {
        let list_key = asked.source.list_key();
        let (mut list, mut next) = (None, None);
        let mut has_other_keys = false;
        let scan = Scan::new(text);
        let start = scan.white_space(0);
        if scan.peek(start) != b'{' {
            let end = scan.value(start)?;
            scan.end(end)?;
            return Err(wrong_type("it", &text[start..end], "an object"));
        }
        let end = scan.object(start, |key, value| {
            let key = decode_string(&text[key]).unwrap_or_default();
            let key = key.as_ref();
            let (is_repeated, end) = if key == list_key {
                let (elements, end) = read_list(text, &scan, asked, value)?;
                (list.replace(elements).is_some(), end)
            } else {
                let end = scan.value(value)?;
                let is_next = key == NEXT_PAGE_TOKEN;
                has_other_keys |= !is_next;
                (is_next && next.replace(value..end).is_some(), end)
            };
            if is_repeated {
                // One of two lists would have to be dropped.
                return Err(Unusable::Unexpected(format!("it has “{key}” twice")));
            }
            Ok(end)
        })?;
        scan.end(end)?;
        let list = list.ok_or_else(|| missing_list(text, asked.source))?;
        let body = Self { list, next };
        if has_other_keys {
            body.check_other_keys(text)?;
        }
        body.check_end(text, asked)?;
        Ok(body)
    }

    /// Checks that no other key contradicts the list: that it is whole, and that it ends here if it does. No known answer
    /// has other keys.
    fn check_other_keys(&self, text: &str) -> Result<(), Unusable> {
        let failures = if self.list.is_empty() {
            keys_of(text, |key, value| {
                says_failure(key, value) || says_notice(key, value)
            })
        } else {
            keys_of(text, says_failure)
        };
        if !failures.is_empty() {
            let words = "its list is beside what may be an error:";
            return Err(Unusable::OtherKeys(words, failures));
        }
        let is_last = self
            .next
            .as_ref()
            .is_none_or(|next| is_nothing(&text[next.clone()]));
        let more = keys_of(text, |key, value| {
            is_last && value == "true" && plain_key(key).contains("more")
        });
        if !more.is_empty() {
            let words = "it has no next page token, and yet says that there is more:";
            return Err(Unusable::OtherKeys(words, more));
        }
        if self.list.is_empty() {
            let others = keys_of(text, |_, value| holds_array_of_objects(value));
            if !others.is_empty() {
                let words = "its list is empty beside what may be the records:";
                return Err(Unusable::OtherKeys(words, others));
            }
        }
        Ok(())
    }

    /// Checks that a page without a next page token is the last one. Other keys are looked at only then, which is rare.
    fn check_end(&self, text: &str, asked: Asked) -> Result<(), Unusable> {
        if self.next.is_some() {
            return Ok(());
        }
        if self.list.len() >= asked.page_size() {
            let words =
                "its page is full and there is no “next_page_token”, null or not; its keys are";
            return Err(Unusable::OtherKeys(words, keys_of(text, |_, _| true)));
        }
        let others = keys_of(text, says_more);
        if others.is_empty() {
            return Ok(());
        }
        let words = "it has no “next_page_token”, but what may be another name for it:";
        Err(Unusable::OtherKeys(words, others))
    }
}

/// Reads the list, or null, that begins at `start`. Returns the position after it as well.
fn read_list(
    text: &str,
    scan: &Scan<'_>,
    asked: Asked,
    start: usize,
) -> Result<(Vec<Outline>, usize), Unusable> {
    let mut outlines = Vec::with_capacity(asked.page_size());
    let mut reader = OutlineReader::new(text, scan);
    if scan.peek(start) == b'[' {
        let most = asked.most_elements();
        let end = scan.array(start, |at| {
            if outlines.len() == most {
                return Err(Unusable::Unexpected(format!(
                    "its list has more than {most} elements, and {} were asked for",
                    asked.page_size
                )));
            }
            let (outline, end) = reader.read(at)?;
            outlines.push(outline);
            Ok::<_, Unusable>(end)
        })?;
        return Ok((outlines, end));
    }
    let end = scan.value(start)?;
    match &text[start..end] {
        "null" => Ok((outlines, end)),
        other => {
            let name = format!("“{}”", asked.source.list_key());
            Err(wrong_type(&name, other, "an array"))
        }
    }
}

/// The problem that `name` is of another type than documented.
pub(super) fn wrong_type(name: &str, value: &str, documented: &str) -> Unusable {
    let type_name = type_name(value);
    Unusable::Unexpected(format!(
        "{name} is of type {type_name} and should be {documented}"
    ))
}

fn missing_list(text: &str, source: Source) -> Unusable {
    let keys = keys_of(text, |_, _| true);
    if keys.is_empty() {
        return Unusable::Unexpected(format!(
            "it is an empty object, without “{}”",
            source.list_key()
        ));
    }
    let words = match source {
        Source::AuditLogs => "it has no “audit_logs”; its keys are",
        Source::Notifications => "it has no “notifications”; its keys are",
    };
    Unusable::OtherKeys(words, keys)
}

/// The keys of the object `text` whose key and value are `wanted`.
fn keys_of(text: &str, wanted: impl Fn(&str, &str) -> bool) -> Keys {
    let mut keys = Keys::default();
    visit_members(text, |key, value| {
        if wanted(&key, value) {
            keys.add(&key, value);
        }
    });
    keys
}

/// Reports whether a member is a message or a warning other than "ok". Beside records it may be about anything.
fn says_notice(key: &str, value: &str) -> bool {
    const MESSAGES: [&str; 6] = ["message", "messages", "msg", "detail", "details", "reason"];
    let key = plain_key(key);
    let is_notice = MESSAGES.iter().any(|ending| key.ends_with(ending))
        || ["problem", "warning"].iter().any(|part| key.contains(part));
    is_notice && !is_nothing(value) && !means_success(value)
}

/// Reports whether a member says that something failed or is not complete: a key about errors with a value, a success
/// that is none, or a status other than one of success.
fn says_failure(key: &str, value: &str) -> bool {
    const ABOUT_ERRORS: [&str; 10] = [
        "error",
        "exception",
        "fail",
        "partial",
        "incomplete",
        "truncated",
        "timeout",
        "timedout",
        "denied",
        "rejected",
    ];
    const SUCCESSES: [&str; 5] = ["ok", "success", "successful", "succeeded", "complete"];
    const STATUSES: [&str; 6] = [
        "status",
        "code",
        "statuscode",
        "httpstatus",
        "httpcode",
        "result",
    ];
    let key = plain_key(key);
    let is = |known: &[&str]| known.contains(&key.strip_prefix("is").unwrap_or(&key));
    if ABOUT_ERRORS.iter().any(|part| key.contains(part)) || is(&["err", "errs", "fault", "faults"])
    {
        return !is_nothing(value) && !means_success(value);
    }
    if is(&SUCCESSES) {
        return is_nothing(value);
    }
    let is_unclear = value != "true" && !is_nothing(value) && !means_success(value);
    is(&STATUSES) && (value == "false" || is_unclear)
}

/// Reports whether a member may name the next page under another key than the documented one.
fn says_more(key: &str, value: &str) -> bool {
    let key = plain_key(key);
    let parts = ["next", "cursor", "token", "more", "continu"];
    parts.iter().any(|part| key.contains(part)) && !is_nothing(value)
}

/// `key` in lower case without the signs between its words, so that `errorCode` and `error_code` are one.
fn plain_key(key: &str) -> String {
    let letters = key.chars().filter(|character| character.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Reports whether a value is null, false, zero or empty.
fn is_nothing(value: &str) -> bool {
    match value.as_bytes() {
        [b'"', ..] => {
            let text = decode_string(value).unwrap_or(value.into());
            let text = text.trim().to_ascii_lowercase();
            matches!(text.as_str(), "" | "0" | "false" | "no" | "none" | "null")
        }
        [b'{' | b'[', inner @ .., _] => inner.trim_ascii().is_empty(),
        _ => matches!(value, "null" | "false") || value.parse() == Ok(0.0),
    }
}

/// Reports whether a value is a word or a status of success.
fn means_success(value: &str) -> bool {
    let text = decode_string(value).unwrap_or(value.into());
    let text = text.trim().to_ascii_lowercase();
    let is_status = text
        .parse()
        .is_ok_and(|status: u16| (200..300).contains(&status));
    is_status
        || matches!(
            text.as_str(),
            "ok" | "success" | "successful" | "succeeded" | "completed" | "complete" | "done"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_SIZE: u32 = 3;

    fn read(source: Source, body: &str) -> Result<PageBody, Unusable> {
        let page_size = PAGE_SIZE;
        PageBody::read(body, Asked { source, page_size })
    }

    /// Returns what is said of an answer in which the list is called `L`, the same for both sources.
    #[track_caller]
    fn problem(body: &str) -> Option<String> {
        let [logs, notifications] = Source::ALL.map(|source| {
            let key = source.list_key();
            let problem = read(source, &body.replace('L', key)).err()?;
            let words = match problem {
                Unusable::Unexpected(words) => words,
                Unusable::OtherKeys(words, keys) => {
                    format!("{words} {}", keys.in_words(str::to_owned))
                }
                other => panic!("{body}: {other:?}"),
            };
            Some(words.replace(key, "L"))
        });
        assert_eq!(logs, notifications, "{body}");
        logs
    }

    #[track_caller]
    fn assert_problem(body: &str, expected: &str) {
        assert_eq!(problem(body).as_deref(), Some(expected), "{body}");
    }

    #[track_caller]
    fn assert_right(body: &str) {
        assert_eq!(problem(body), None, "{body}");
    }

    #[test]
    fn the_list_of_the_other_source_is_not_the_list() {
        let [logs, notifications] = Source::ALL;
        assert!(read(logs, r#"{"notifications":[]}"#).is_err());
        assert!(read(notifications, r#"{"audit_logs":[]}"#).is_err());
        assert!(read(notifications, r#"{"alerts":[]}"#).is_err());
    }

    #[test]
    fn a_list_beside_an_error_is_not_whole() {
        for member in [
            r#""error":"shard timeout""#,
            r#""error":{"code":7}"#,
            r#""error":true"#,
            r#""errors":["a"]"#,
            r#""message":"Internal""#,
            r#""error_code":"rate_limited""#,
            r#""errorCode":17"#,
            r#""Error-Message":"a""#,
            r#""HTTPError":"a""#,
            r#""detail":"a""#,
            r#""reason":"a""#,
            r#""ok":false"#,
            r#""success":false"#,
            r#""is_success":0"#,
            r#""status":"error""#,
            r#""status":"pending""#,
            r#""status":503"#,
            r#""status_code":"429""#,
            r#""code":"RATE_LIMITED""#,
            r#""partial":true"#,
            r#""timed_out":true"#,
            r#""failed_shards":1"#,
            r#""warnings":["a"]"#,
        ] {
            // Verkada may add a message at any time, and the records are there.
            let is_notice = ["message", "detail", "reason", "warnings"]
                .iter()
                .any(|key| member.starts_with(&format!("\"{key}\"")));
            let lists: &[&str] = if is_notice {
                assert_right(&format!(r#"{{"L":[1],{member},"next_page_token":null}}"#));
                &["[]", "null", "[ ]"]
            } else {
                &["[]", "null", "[ ]", "[1]"]
            };
            for list in lists {
                for token in ["null", r#""more""#] {
                    let body = format!(r#"{{"L":{list},{member},"next_page_token":{token}}}"#);
                    let words = problem(&body).unwrap_or_else(|| panic!("{body}"));
                    let key = member.split('"').nth(1).unwrap();
                    let beside = format!("its list is beside what may be an error: “{key}” (");
                    assert!(words.starts_with(&beside), "{words}");
                }
            }
        }
    }

    #[test]
    fn an_empty_list_beside_records_under_another_key_is_not_an_empty_page() {
        for (member, key) in [
            (r#""items":[{"n":1}]"#, "“items” (array)"),
            (r#""data":{"x":0,"list":[ {"n":1}]}"#, "“data” (object)"),
        ] {
            for list in ["[]", "null"] {
                let words = format!("its list is empty beside what may be the records: {key}");
                assert_problem(&format!(r#"{{"L":{list},{member}}}"#), &words);
            }
            assert_right(&format!(r#"{{"L":[1],{member}}}"#));
        }
    }

    #[test]
    fn an_empty_list_beside_anything_else_is_an_empty_page() {
        for member in [
            r#""error":null"#,
            r#""error":"""#,
            r#""errors":[ ]"#,
            r#""errors":{}"#,
            r#""error":false"#,
            r#""error_code":0"#,
            r#""message":"OK""#,
            r#""message":null"#,
            r#""success":true"#,
            r#""ok":true"#,
            r#""status":"success""#,
            r#""status":200"#,
            r#""code":0"#,
            r#""partial":false"#,
            r#""total":0"#,
            r#""request_id":"a""#,
            r#""success_count":0"#,
            r#""details":{}"#,
            r#""country_code":"US""#,
            r#""default":"a""#,
            r#""something_new":[1]"#,
            r#""window":{"start_time":1}"#,
        ] {
            assert_right(&format!(r#"{{"L":[],{member}}}"#));
            assert_right(&format!(r#"{{{member},"L":null,"next_page_token":""}}"#));
        }
    }

    #[test]
    fn a_full_page_without_the_next_page_token_is_an_error() {
        for (list, rest, expected) in [
            ("[1,2,3]", "", "“L” (array)"),
            ("[1,2,3,4]", "", "“L” (array)"),
            (
                "[1,2,3]",
                r#","nextPageToken":"a""#,
                "“L” (array), “nextPageToken” (string)",
            ),
            (
                "[1,2,3]",
                r#","cursor":null"#,
                "“L” (array), “cursor” (null)",
            ),
            (
                "[1,2,3]",
                r#","page":{"next_page_token":null}"#,
                "“L” (array), “page” (object)",
            ),
        ] {
            let words =
                "its page is full and there is no “next_page_token”, null or not; its keys are";
            assert_problem(
                &format!(r#"{{"L":{list}{rest}}}"#),
                &format!("{words} {expected}"),
            );
        }
        assert_right(r#"{"L":[1,2,3],"next_page_token":null}"#);
        assert_right(r#"{"L":[1,2,3],"next_page_token":"","cursor":"a"}"#);
        assert_right(r#"{"L":[1,2],"x":"a"}"#);
        assert_right(r#"{"L":[1,2],"cursor":null,"has_more":false}"#);
    }

    #[test]
    fn a_short_page_with_the_token_under_another_name_is_an_error() {
        for member in [
            r#""nextPageToken":"a""#,
            r#""cursor":"a""#,
            r#""next":"https://example.com/2""#,
            r#""continuation":7"#,
        ] {
            for list in ["[]", "[1]"] {
                let words = problem(&format!(r#"{{"L":{list},{member}}}"#));
                let expected =
                    "it has no “next_page_token”, but what may be another name for it: “";
                assert!(
                    words.is_some_and(|words| words.starts_with(expected)),
                    "{member}"
                );
            }
        }
    }

    #[test]
    fn a_page_that_says_that_there_is_more_is_not_the_last_one() {
        for list in ["[]", "[1]"] {
            for token in ["", r#","next_page_token":null"#, r#","next_page_token":"""#] {
                let words = problem(&format!(r#"{{"L":{list},"has_more":true{token}}}"#));
                let expected = "it has no next page token, and yet says that there is more: “has_more” (boolean)";
                assert_eq!(words.as_deref(), Some(expected), "{list} {token}");
            }
            assert_right(&format!(
                r#"{{"L":{list},"has_more":true,"next_page_token":"a"}}"#
            ));
            assert_right(&format!(
                r#"{{"L":{list},"has_more":false,"next_page_token":null}}"#
            ));
        }
    }

    #[test]
    fn many_times_more_elements_than_were_asked_for_are_an_error_before_they_are_kept() {
        let most = 64 * PAGE_SIZE as usize + 1_000;
        let body = |count: usize, end: &str| {
            format!(
                r#"{{"next_page_token":null,"L":[{}0{end}"#,
                "0,".repeat(count - 1)
            )
        };
        assert_right(&body(most, "]}"));
        let expected = "its list has more than 1192 elements, and 3 were asked for";
        assert_problem(&body(most + 1, "]}"), expected);
        // Whatever comes after them is not looked at.
        assert_problem(&body(most + 1, ",NaN"), expected);
    }
}
