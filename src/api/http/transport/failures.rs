//! The errors of an attempt: no answer, one that broke off, a refusal, or a 200 that is not what was asked for.

use std::time::Duration;

use reqwest::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::{StatusCode, Url};

use super::call::Call;
use crate::api::error::{Endpoint, Error, ErrorKind, NetworkFailure, ServerText};
use crate::api::http::answer::Unusable;
use crate::api::http::body::{self, BodyError, MAX_BODY_BYTES};
use crate::api::http::certificate;
use crate::api::http::clock::date;
use crate::api::http::retry::parse_retry_after;
use crate::api::http::server_text;
use crate::api::secret::Secret;
use crate::time::unix_now;

/// An attempt that brought no answer.
pub(super) enum Unsuccessful {
    /// The body did not fit beside the others that are under way.
    OutOfRoom,
    Failed(Error),
}

impl From<Error> for Unsuccessful {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The error for an answer with another status than 200.
pub(super) fn refusal(call: &Call, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let (status, secrets) = (status.as_u16(), call.secrets());
    let detail = match call.endpoint {
        Endpoint::Token => server_text::of_token_error_body(body, &secrets),
        Endpoint::Source(_) => server_text::of_error_body(body, &secrets),
    };
    // `Retry-After` may hold a time by the server's clock, which may differ from this machine's.
    let now = date(headers).map_or_else(unix_now, |date| date.timestamp());
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| parse_retry_after(value, now));
    let target = || redirect_target(&call.url, headers, &secrets);
    let kind = ErrorKind::of_status(status, call.endpoint, &detail, target);
    Error::refused(call.endpoint, kind, status, detail, retry_after)
}

/// The scheme and host of a redirect; the rest of it may carry anything.
fn redirect_target(url: &Url, headers: &HeaderMap, secrets: &[&Secret]) -> ServerText {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let shown = match location.map(|location| url.join(location)) {
        Some(Ok(target)) if target.origin() == url.origin() => {
            "another path of the same host".to_owned()
        }
        Some(Ok(target)) => target.origin().ascii_serialization(),
        Some(Err(_)) => "an address that cannot be read".to_owned(),
        None => "nowhere".to_owned(),
    };
    server_text::clean(&shown, secrets)
}

/// The error for a request without a whole answer. `timeout` is the time that the answer had.
pub(super) fn network_error(
    endpoint: Endpoint,
    timeout: Duration,
    error: &reqwest::Error,
) -> Error {
    if let Some(problem) = certificate::problem(error) {
        return Error::new(endpoint, ErrorKind::Certificate(problem));
    }
    let failure = if error.is_timeout() {
        NetworkFailure::TimedOut(timeout)
    } else if error.is_body() || error.is_decode() {
        NetworkFailure::CutShort(server_text::innermost(error))
    } else {
        NetworkFailure::Connect(server_text::innermost(error))
    };
    Error::new(endpoint, ErrorKind::Connection(failure))
}

/// The failure to read a body whole.
pub(super) fn unread_body(
    call: &Call,
    headers: &HeaderMap,
    timeout: Duration,
    error: BodyError,
) -> Unsuccessful {
    let unusable = |words: &str| unusable(call, headers, None, words);
    let error = match error {
        BodyError::OutOfRoom => return Unsuccessful::OutOfRoom,
        BodyError::Network(error) => network_error(call.endpoint, timeout, &error),
        BodyError::Broken => cut_short(call, "its compressed bytes are damaged or end early"),
        BodyError::TooLong => unusable(&format!(
            "it is longer than {} MiB; ask for smaller pages with --page-size",
            MAX_BODY_BYTES >> 20
        )),
        BodyError::UnknownPacking(name) => {
            let name = server_text::clean(&name, &call.secrets());
            unusable(&format!(
                "it is compressed as “{name}”, and only gzip was offered"
            ))
        }
        BodyError::NotGzip => unusable("it is said to be gzip and is not"),
    };
    error.into()
}

/// The error for a body of `size` bytes that was read and is not what was asked for. One that broke off is distinguished
/// from one that cannot be used.
pub(super) fn unusable_body(
    call: &Call,
    headers: &HeaderMap,
    size: usize,
    problem: Unusable,
) -> Error {
    let unusable = |words: &str| unusable(call, headers, Some(size), words);
    match problem {
        Unusable::EndsEarly if !announces_its_end(headers) => {
            cut_short(call, "it ends in the middle of the JSON text")
        }
        Unusable::EndsEarly if size == 0 => unusable("it is empty"),
        Unusable::EndsEarly => unusable("it is not JSON (it ends early)"),
        Unusable::Malformed(_) => unusable("it is not JSON"),
        Unusable::Unexpected(words) => unusable(&words),
        Unusable::OtherKeys(words, keys) => {
            let clean = |key: &str| server_text::clean(key, &call.secrets()).to_string();
            unusable(&format!("{words} {}", keys.in_words(clean)))
        }
    }
}

/// Reports whether the end of the body shows, so that half of it cannot be taken for all of it.
fn announces_its_end(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH)
        || headers.contains_key(TRANSFER_ENCODING)
        || body::is_packed(headers)
}

/// The error for an answer that broke off, in `words`.
fn cut_short(call: &Call, words: &str) -> Error {
    let failure = NetworkFailure::CutShort(ServerText::cleaned(words.to_owned()));
    Error::new(call.endpoint, ErrorKind::Connection(failure))
}

/// The error for an answer that is not what was asked for: `words` say what it is, and `size` is its length if it was
/// read whole.
fn unusable(call: &Call, headers: &HeaderMap, size: Option<usize>, words: &str) -> Error {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.and_then(|value| value.split(';').next());
    let content_type = content_type.unwrap_or("no content type");
    let content_type = server_text::clean(content_type, &call.secrets());
    let size = size.map_or_else(String::new, |size| format!(", {size} bytes"));
    let problem = format!("{words} ({content_type}{size})");
    Error::new(call.endpoint, ErrorKind::UnusableAnswer { problem })
}
