//! What can go wrong, by what a caller can do about it.

use std::fmt;
use std::time::Duration;

use super::server_text::ServerText;
use super::window::Source;

/// Why a read failed. Each variant asks for a different next step; the message holds its cause, so there is
/// no `source` to print beside it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key was refused, or a token that had just been issued for it was (401, 409). Use another key, or
    /// the region that the key belongs to.
    #[error("Verkada refused the credentials for {endpoint} (HTTP {status}){}", detail.clause())]
    Authentication {
        /// What was asked for.
        endpoint: Endpoint,
        /// 401, or 409, which some clients have seen for a bad key.
        status: u16,
        /// The server's own words.
        detail: ServerText,
    },
    /// Verkada calls a token expired that it had issued a moment before. Ask again later.
    #[error("Verkada says that a token it had just issued has expired{}", detail.clause())]
    TokenExpired {
        /// The server's own words.
        detail: ServerText,
    },
    /// The key lacks a permission (403). Verkada gives the same answer for a path that it does not know.
    #[error("Verkada denied access to {endpoint} (HTTP 403){}", detail.clause())]
    PermissionDenied {
        /// What was asked for.
        endpoint: Endpoint,
        /// The server's own words.
        detail: ServerText,
    },
    /// Verkada could not be reached, or an answer broke off, also after the retries. Ask again later.
    #[error("Verkada could not be reached for {endpoint}: {cause} ({effort})")]
    Connection {
        /// What was asked for.
        endpoint: Endpoint,
        /// What happened last.
        cause: NetworkFailure,
        /// How often and how long it was tried.
        effort: Effort,
    },
    /// The organisation's shared limit of requests was exhausted (429), also after the retries.
    #[error("Verkada's limit of requests is used up, still so for {endpoint} ({effort}){}", detail.clause())]
    RateLimited {
        /// What was asked for.
        endpoint: Endpoint,
        /// How often and how long it was tried.
        effort: Effort,
        /// The server's own words.
        detail: ServerText,
    },
    /// Verkada kept failing (408, 425, 5xx), also after the retries. Ask again later.
    #[error("Verkada kept failing on {endpoint} with HTTP {status} ({effort}){}", detail.clause())]
    Unavailable {
        /// What was asked for.
        endpoint: Endpoint,
        /// The last status.
        status: u16,
        /// How often and how long it was tried.
        effort: Effort,
        /// The server's own words.
        detail: ServerText,
    },
    /// The request itself was refused (other 4xx, or a status nobody expects). Asking again gives the same.
    #[error("Verkada rejected the request for {endpoint} (HTTP {status}){}", detail.clause())]
    Rejected {
        /// What was asked for.
        endpoint: Endpoint,
        /// The status.
        status: u16,
        /// The server's own words.
        detail: ServerText,
    },
    /// A redirect, which is never followed: it would carry the key to another host.
    #[error("{endpoint} redirects (HTTP {status}) to {target}, which is not followed")]
    Redirected {
        /// What was asked for.
        endpoint: Endpoint,
        /// The status.
        status: u16,
        /// Where to, without path and query.
        target: ServerText,
    },
    /// The answer was a success, but not one that can be read.
    #[error("the answer for {endpoint} cannot be used: {problem}")]
    UnusableAnswer {
        /// What was asked for.
        endpoint: Endpoint,
        /// What came instead.
        problem: String,
    },
    /// A page token came back that had been seen before in the same read.
    #[error(
        "the pages of {endpoint} go in circles: page {page} names a next page that was already read"
    )]
    CircularPages {
        /// What was asked for.
        endpoint: Endpoint,
        /// The page that named it, counted from 1.
        page: u64,
    },
    /// The list goes on and on without a record.
    #[error(
        "the pages of {endpoint} do not end: page {page} is the last of {empty} empty ones in a row"
    )]
    EndlessPages {
        /// What was asked for.
        endpoint: Endpoint,
        /// The last page that was read, counted from 1.
        page: u64,
        /// How many empty pages came in a row.
        empty: u32,
    },
    /// The client cannot be built as asked.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
}

impl Error {
    /// What was asked for when it happened; `None` before anything was.
    pub fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::Authentication { endpoint, .. }
            | Self::PermissionDenied { endpoint, .. }
            | Self::Connection { endpoint, .. }
            | Self::RateLimited { endpoint, .. }
            | Self::Unavailable { endpoint, .. }
            | Self::Rejected { endpoint, .. }
            | Self::Redirected { endpoint, .. }
            | Self::UnusableAnswer { endpoint, .. }
            | Self::CircularPages { endpoint, .. }
            | Self::EndlessPages { endpoint, .. } => Some(*endpoint),
            Self::TokenExpired { .. } | Self::Configuration(_) => None,
        }
    }
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// How much was tried before giving up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What happened between this machine and Verkada.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkFailure {
    /// No connection: refused, reset, no such host, no valid certificate.
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

/// A setting that cannot be used, and why, in words that end a line which begins with the setting's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationError(String);

impl ConfigurationError {
    /// States `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
