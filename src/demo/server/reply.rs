//! Answers and rejections, and their form in HTTP.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::fault::Fault;

/// A reason for which the API rejects a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejection {
    InvalidApiKey,
    TokenMissing,
    TokenExpired,
    /// Also for a path that does not exist.
    Permission,
    TooManyRequests,
    Invalid(&'static str),
}

impl Rejection {
    /// Returns the status, and the id and message of the error envelope. Those of an expired token
    /// are documented. The other messages are as observed where known; ids that begin with `zz` are
    /// invented.
    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidApiKey => (401, "zz05", "Invalid API key"),
            Self::TokenMissing => (400, "zz02", "API token is required"),
            Self::TokenExpired => (401, "0e2d", "Token expired"),
            Self::Permission => (403, "zz03", "Insufficient permissions"),
            Self::TooManyRequests => (429, "zz04", "Too Many Requests"),
            Self::Invalid(message) => (400, "zz06", message),
        }
    }
}

/// An answer before it becomes an HTTP response.
pub(super) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// The number of records in the body.
    pub(super) records: usize,
}

impl Reply {
    /// Creates a successful answer with a JSON body.
    pub(super) fn json(body: String, records: usize) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body,
            records,
        }
    }

    /// Creates an answer with an error envelope. The message must already be escaped for JSON.
    fn envelope(status: u16, id: &str, message: &str) -> Self {
        let body = format!(r#"{{"id":"{id}","message":"{message}","data":null}}"#);
        Self {
            status,
            headers: Vec::new(),
            body,
            records: 0,
        }
    }

    /// Adds a header.
    pub(super) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Creates the answer of a fault; `None` if the connection must be closed instead.
    pub(super) fn from_fault(fault: Fault) -> Option<Self> {
        match fault {
            Fault::Status(status) => Some(Self::envelope(status, "zz07", "Simulated failure")),
            Fault::StatusWith {
                status,
                headers,
                body,
            } => Some(Self {
                status,
                headers,
                body,
                records: 0,
            }),
            Fault::Drop => None,
        }
    }

    /// Converts the answer to HTTP, with `date` as its `Date` unless its own headers contain one.
    pub(super) fn into_response(self, date: &str) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(date) = HeaderValue::from_str(date) {
            headers.insert(DATE, date);
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl From<Rejection> for Reply {
    fn from(rejection: Rejection) -> Self {
        let (status, id, message) = rejection.parts();
        Self::envelope(status, id, message)
    }
}
