//! An attempt that failed: what to decide by, and what to say.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{StatusCode, Url};

use super::error::{Effort, Endpoint, Error, NetworkFailure};
use super::retry::{Failure, parse_retry_after};
use super::secret::Secret;
use super::server_text::ServerText;
use super::unix_now;

/// A failed attempt: what to decide by, and what to report if it was the last.
pub(super) struct Failed {
    pub(super) failure: Failure,
    pub(super) report: Report,
}

pub(super) type Report = Box<dyn FnOnce(Endpoint, Effort) -> Error + Send>;

impl Failed {
    /// No whole answer came.
    pub(super) fn network(error: reqwest::Error, timeout: Duration) -> Failed {
        let cause = if error.is_timeout() {
            NetworkFailure::TimedOut(timeout)
        } else if error.is_body() || error.is_decode() {
            NetworkFailure::CutShort(ServerText::innermost(&error))
        } else {
            NetworkFailure::Connect(ServerText::innermost(&error))
        };
        failed_network(cause)
    }

    /// An answer whose end is missing.
    pub(super) fn cut_short(words: &str) -> Failed {
        failed_network(NetworkFailure::CutShort(ServerText::clean(words, &[])))
    }

    /// An answer that is not what was asked for: `words` say what it is. No text of the server may carry one of
    /// `secrets` on.
    pub(super) fn unusable(
        headers: &HeaderMap,
        size: usize,
        words: &str,
        secrets: &[&Secret],
    ) -> Failed {
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next());
        let kind = ServerText::clean(kind.unwrap_or("no content type"), secrets);
        let problem = format!("{words} ({kind}, {size} bytes)");
        Failed {
            failure: Failure::Unusable,
            report: Box::new(|endpoint, _| Error::UnusableAnswer { endpoint, problem }),
        }
    }

    /// An answer from `url` with another status than 200. No text of the server may carry one of `secrets` on.
    pub(super) fn refused(
        url: &Url,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&Secret],
    ) -> Failed {
        let detail = ServerText::of_error_body(body, secrets);
        let retry_after = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| parse_retry_after(value, unix_now()));
        let target = redirect_target(url, headers, secrets);
        let status = status.as_u16();
        Failed {
            failure: Failure::Status {
                status,
                retry_after,
            },
            report: Box::new(move |endpoint, effort| {
                error_for(status, endpoint, effort, detail, target)
            }),
        }
    }
}

fn failed_network(cause: NetworkFailure) -> Failed {
    Failed {
        failure: Failure::Network(cause.clone()),
        report: Box::new(|endpoint, effort| Error::Connection {
            endpoint,
            cause,
            effort,
        }),
    }
}

/// The meaning of a status that is not 200, as section 1.4 and 2 of what is known of the API have it.
fn error_for(
    status: u16,
    endpoint: Endpoint,
    effort: Effort,
    detail: ServerText,
    target: ServerText,
) -> Error {
    match status {
        401 if endpoint != Endpoint::Token && detail.says_token_expired() => {
            Error::TokenExpired { detail }
        }
        401 | 409 => Error::Authentication {
            endpoint,
            status,
            detail,
        },
        403 => Error::PermissionDenied { endpoint, detail },
        429 => Error::RateLimited {
            endpoint,
            effort,
            detail,
        },
        408 | 425 | 500..=599 => Error::Unavailable {
            endpoint,
            status,
            effort,
            detail,
        },
        300..=399 => Error::Redirected {
            endpoint,
            status,
            target,
        },
        _ => Error::Rejected {
            endpoint,
            status,
            detail,
        },
    }
}

/// Scheme and host only: the rest of a redirect may carry anything.
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
    ServerText::clean(&shown, secrets)
}
