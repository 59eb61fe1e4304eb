//! Errors: what went wrong, what a caller can do about it, and how much was tried.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::source::Source;
use crate::time::time_text;

/// A failed read. [`Error::kind`] says what to do about it. The message includes the cause, so
/// [`source`](std::error::Error::source) returns `None`.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    endpoint: Option<Endpoint>,
    status: Option<u16>,
    detail: ServerText,
    retry_after: Option<Duration>,
    effort: Effort,
}

/// The kind of a failure. Each kind asks for a different next step.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The key, or a token that had just been issued for it, was refused. Use another key, or the region that the key
    /// belongs to.
    Authentication,
    /// Verkada says that no key or token came with the request, although one was sent. Something on the way, such as a
    /// proxy, has removed the header.
    CredentialsLost,
    /// Verkada calls a token expired that it had issued a moment before. Ask again later.
    TokenExpired,
    /// The key lacks a permission. Verkada gives the same answer for a path that it does not know.
    PermissionDenied,
    /// Verkada could not be reached, or an answer broke off, and the retries did not help. Ask again later.
    Connection(NetworkFailure),
    /// The server's certificate was refused, and nothing was sent. Asking again gives the same answer.
    Certificate(CertificateProblem),
    /// The organisation's shared limit of requests was used up, and the retries did not help.
    RateLimited,
    /// Verkada kept failing through all retries. Ask again later.
    Unavailable,
    /// The request itself was refused. Asking again gives the same answer.
    Rejected,
    /// A redirect, which is never followed: it would carry the key to another host.
    Redirected {
        /// The address that it leads to, without path and query.
        target: ServerText,
    },
    /// The answer is neither a refusal nor what was asked for.
    UnusableAnswer {
        /// The problem, in words that end a sentence.
        problem: String,
    },
    /// Verkada does not accept a page token that it had named before in the same read.
    PageRefused {
        /// The page to which the token leads, counted from 1.
        page: u64,
    },
    /// The list has changed while it was read, such that a record came twice and others may not have come at all.
    ShiftedPages {
        /// The page that showed it, counted from 1.
        page: u64,
    },
    /// A page came again under another token.
    RepeatedPages {
        /// The page that came again, counted from 1.
        page: u64,
    },
    /// A page token came back that had been seen before in the same read.
    CircularPages {
        /// The page that named it, counted from 1.
        page: u64,
    },
    /// Page after page came, and no end.
    EndlessPages {
        /// The last page that was read, counted from 1.
        page: u64,
        /// The number of pages in a row, up to this one, that were empty or nearly so.
        sparse: u32,
    },
    /// The client cannot be built as asked.
    Configuration(ConfigurationError),
}

impl ErrorKind {
    /// The meaning of a status other than 200 and of the words that came with it: the only place that knows.
    ///
    /// Documented are 401 for a bad key or token, 403 for a missing permission, 429 and 5xx. 409 was seen by one client
    /// for a bad key, and 400 "API token is required" for a missing header. `target` says where a redirect leads.
    pub(super) fn of_status(
        status: u16,
        endpoint: Endpoint,
        detail: &ServerText,
        target: impl FnOnce() -> ServerText,
    ) -> Self {
        match status {
            401 if endpoint != Endpoint::Token && detail.says_token_expired() => Self::TokenExpired,
            401 | 409 => Self::Authentication,
            400 if detail.says_credentials_lost() => Self::CredentialsLost,
            403 => Self::PermissionDenied,
            429 => Self::RateLimited,
            408 | 425 | 500..=599 => Self::Unavailable,
            301 | 302 | 303 | 307 | 308 => Self::Redirected { target: target() },
            100..=399 => Self::UnusableAnswer {
                problem: format!("it came with HTTP {status} instead of 200"),
            },
            _ => Self::Rejected,
        }
    }
}

impl Error {
    pub(super) fn new(endpoint: Endpoint, kind: ErrorKind) -> Self {
        Self {
            kind,
            endpoint: Some(endpoint),
            status: None,
            detail: ServerText::default(),
            retry_after: None,
            effort: Effort::default(),
        }
    }

    /// An answer with another status than 200.
    pub(super) fn refused(
        endpoint: Endpoint,
        kind: ErrorKind,
        status: u16,
        detail: ServerText,
        retry_after: Option<Duration>,
    ) -> Self {
        Self {
            status: Some(status),
            detail,
            retry_after,
            ..Self::new(endpoint, kind)
        }
    }

    pub(super) fn with_effort(self, effort: Effort) -> Self {
        Self { effort, ..self }
    }

    /// The kind of failure.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The request that failed; `None` before any was made.
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint
    }

    /// The HTTP status, if there was an answer with one other than 200.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The words of the server, possibly none.
    pub fn detail(&self) -> &ServerText {
        &self.detail
    }

    /// The wait that the answer asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The number of attempts, and the time that they took.
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// Reports whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Connection(_) | ErrorKind::RateLimited | ErrorKind::Unavailable
        )
    }

    /// Reports whether the list may be readable from its first page on, although the pages that were begun lead no
    /// further.
    pub(crate) fn may_pass_with_new_pages(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::ShiftedPages { .. } | ErrorKind::PageRefused { .. }
        )
    }

    /// The same error, of a request with the page token of this page. A refusal may then be one of the token: the page
    /// before it was not denied.
    pub(super) fn of_page_token(self, page: u64) -> Self {
        let kind = match (&self.kind, self.status) {
            (ErrorKind::Rejected | ErrorKind::PermissionDenied, Some(400 | 403 | 404 | 410)) => {
                ErrorKind::PageRefused { page }
            }
            _ => return self,
        };
        Self { kind, ..self }
    }

    /// Reports whether a new token may help.
    pub(super) fn is_refused_token(&self) -> bool {
        self.status == Some(401)
    }
}

impl From<ConfigurationError> for Error {
    fn from(error: ConfigurationError) -> Self {
        Self {
            endpoint: None,
            ..Self::new(Endpoint::Token, ErrorKind::Configuration(error))
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    /// Says what happened, and then how much was tried or the status, and Verkada's own words.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence())?;
        let (effort, detail) = (self.effort, self.detail.clause());
        match self.kind {
            ErrorKind::Authentication
            | ErrorKind::CredentialsLost
            | ErrorKind::PermissionDenied
            | ErrorKind::Rejected
            | ErrorKind::PageRefused { .. } => {
                write!(formatter, "{}{detail}", self.status_clause())
            }
            ErrorKind::Connection(_) | ErrorKind::RateLimited | ErrorKind::Unavailable => {
                write!(formatter, " ({effort}){detail}")
            }
            ErrorKind::TokenExpired => formatter.write_str(&detail),
            _ => Ok(()),
        }
    }
}

impl Error {
    /// Says what happened, and which endpoint the request was for.
    fn sentence(&self) -> String {
        use ErrorKind as Kind;
        let what = self.endpoint.map_or_else(String::new, |it| it.to_string());
        match &self.kind {
            Kind::Authentication => format!("Verkada refused the credentials for {what}"),
            Kind::CredentialsLost => {
                format!("the request for {what} reached Verkada without its credentials")
            }
            Kind::TokenExpired => "Verkada says that a token it had just issued has expired".into(),
            Kind::PermissionDenied => format!("Verkada denied access to {what}"),
            Kind::Connection(cause) => format!("Verkada could not be reached for {what}: {cause}"),
            Kind::Certificate(problem) => format!(
                "the server's certificate is refused, so nothing was sent for {what}: {problem}"
            ),
            Kind::RateLimited => {
                format!("Verkada's rate limit is still exhausted for {what}")
            }
            Kind::Unavailable => {
                let status = self.status.unwrap_or_default();
                format!("Verkada kept failing on {what} with HTTP {status}")
            }
            Kind::Rejected => format!("Verkada rejected the request for {what}"),
            Kind::Redirected { target } => {
                let status = self.status_clause();
                format!(
                    "Verkada redirects the request for {what}{status} to {target}, which is not followed"
                )
            }
            Kind::UnusableAnswer { problem } => {
                format!("the answer for {what} cannot be used: {problem}")
            }
            Kind::PageRefused { page } => {
                format!("Verkada refused page {page} of {what}, which it had named itself")
            }
            Kind::ShiftedPages { page } => format!(
                "{what} kept changing while their pages were read: page {page} repeats records of an earlier one, which is no longer the same"
            ),
            Kind::RepeatedPages { page } => format!(
                "the pages of {what} repeat themselves: page {page} is an earlier one under another token"
            ),
            Kind::CircularPages { page } => format!(
                "the pages of {what} go in circles: page {page} names a next page that was already read"
            ),
            Kind::EndlessPages { page, sparse } => format!(
                "the pages of {what} do not end: {page} were read, the last {sparse} of them with few records or none"
            ),
            Kind::Configuration(error) => error.to_string(),
        }
    }

    /// ` (HTTP 403)`, or nothing without a status.
    fn status_clause(&self) -> String {
        let clause = self.status.map(|status| format!(" (HTTP {status})"));
        clause.unwrap_or_default()
    }
}

/// The endpoint that a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `POST /token`.
    Token,
    /// One of the two lists.
    Source(Source),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => formatter.write_str("a token"),
            Self::Source(source) => source.fmt(formatter),
        }
    }
}

/// The effort before giving up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Requests sent, the first one included.
    pub attempts: u32,
    /// From the first request to the last failure, waits included.
    pub elapsed: Duration,
}

impl fmt::Display for Effort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        let seconds = self.elapsed.as_secs_f64();
        write!(
            formatter,
            "{} attempt{plural} in {seconds:.1} s",
            self.attempts
        )
    }
}

/// A failure between this machine and Verkada.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkFailure {
    /// No connection: refused, reset, no such host.
    Connect(ServerText),
    /// No complete answer within this time.
    TimedOut(Duration),
    /// The connection closed, or the compression broke, before the answer was complete.
    CutShort(ServerText),
}

impl fmt::Display for NetworkFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(cause) => formatter.write_str(cause.as_str()),
            Self::TimedOut(limit) => {
                write!(
                    formatter,
                    "no complete answer within {} s",
                    limit.as_secs_f64()
                )
            }
            Self::CutShort(cause) => {
                write!(formatter, "the answer broke off: {}", cause.as_str())
            }
        }
    }
}

/// The reason for which a server's certificate was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// No authority that this machine trusts has signed it.
    UnknownIssuer,
    /// It is for another host.
    WrongName,
    /// It is no longer valid, or this machine's clock is ahead.
    Expired {
        /// The end of its validity, if known.
        since: Option<DateTime<Utc>>,
    },
    /// It is not valid yet, or this machine's clock is behind.
    NotYetValid {
        /// The beginning of its validity, if known.
        until: Option<DateTime<Utc>>,
    },
    /// Anything else, in the words of the TLS library.
    Other(ServerText),
}

impl CertificateProblem {
    /// Reports whether this machine's clock may be at fault.
    pub fn is_about_time(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::NotYetValid { .. })
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => {
                formatter.write_str("no authority that this machine trusts has signed it")
            }
            Self::WrongName => formatter.write_str("it is for another host"),
            Self::Expired { since: None } => formatter.write_str("it has expired"),
            Self::Expired { since: Some(since) } => {
                write!(formatter, "it expired on {}", time_text(since.timestamp()))
            }
            Self::NotYetValid { until: None } => formatter.write_str("it is not valid yet"),
            Self::NotYetValid { until: Some(until) } => {
                write!(
                    formatter,
                    "it is not valid before {}",
                    time_text(until.timestamp())
                )
            }
            Self::Other(words) => formatter.write_str(words.as_str()),
        }
    }
}

/// Words of the server, fit for a log line: invisible characters removed, secrets and signed links redacted, at most 500
/// characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerText(String);

impl ServerText {
    /// Wraps text that has been cleaned.
    pub(super) fn cleaned(text: String) -> Self {
        Self(text)
    }

    /// The text itself, possibly empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The end of a sentence: nothing, or `, saying “…”`.
    fn clause(&self) -> String {
        match self.0.as_str() {
            "" => String::new(),
            words => format!(", saying “{words}”"),
        }
    }

    /// Reports whether Verkada says that no token or key came: "API token is required", or the same of the key or of the
    /// header by its name. A page token is another matter.
    fn says_credentials_lost(&self) -> bool {
        let words = self.0.to_ascii_lowercase();
        let credentials = ["api token", "api key", "x-verkada-auth", "x-api-key"];
        let is_of_page = words.contains("page token") || words.contains("page_token");
        credentials.iter().any(|name| words.contains(name))
            || (words.contains("token is required") && !is_of_page)
    }

    /// Reports whether Verkada says that a token has expired. The documentation writes "Token expired", an older client has
    /// seen "API token expired".
    fn says_token_expired(&self) -> bool {
        self.0.to_ascii_lowercase().contains("token expired")
    }
}

impl fmt::Display for ServerText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A setting that cannot be used, and why. The words end a line that begins with the setting's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationError(String);

impl ConfigurationError {
    /// States `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
