//! What the server sends back.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

/// Something a test makes go wrong instead of the usual answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and an error envelope, as the API would.
    Status(u16),
    /// Answers with exactly this. Headers with an invalid name or value are left out; without a
    /// `content-type` among them the answer is JSON.
    StatusWith {
        /// The status; an impossible one counts as 500.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body as it is sent.
        body: String,
    },
    /// Closes the connection without an answer.
    Drop,
}

/// Why the API does not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    ApiKey,
    TokenMissing,
    TokenExpired,
    /// Also the answer to a path that does not exist.
    Permission,
    TooManyRequests,
    Invalid(&'static str),
}

impl Refusal {
    /// Status, and id and message of the error envelope. The id and text of an expired token are
    /// documented, the other texts have been observed where known; the ids beginning `zz` are
    /// invented.
    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::ApiKey => (401, "zz05", "Invalid API key"),
            Self::TokenMissing => (400, "zz02", "API token is required"),
            Self::TokenExpired => (401, "0e2d", "Token expired"),
            Self::Permission => (403, "zz03", "Insufficient permissions"),
            Self::TooManyRequests => (429, "zz04", "Too Many Requests"),
            Self::Invalid(message) => (400, "zz06", message),
        }
    }
}

/// An answer before it becomes HTTP.
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// How many records the body holds.
    pub(super) records: usize,
}

impl Answer {
    /// A successful answer with a JSON body.
    pub(super) fn json(body: String, records: usize) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body,
            records,
        }
    }

    /// An answer with an error envelope. The message must not need escaping.
    fn envelope(status: u16, id: &str, message: &str) -> Self {
        let body = format!(r#"{{"id":"{id}","message":"{message}","data":null}}"#);
        Self {
            status,
            headers: Vec::new(),
            body,
            records: 0,
        }
    }

    /// The same answer with one more header.
    pub(super) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The answer that a fault stands for; `None` when the connection is to be dropped.
    pub(super) fn of_fault(fault: Fault) -> Option<Self> {
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

    /// The answer as HTTP, with `date` as its `Date` unless its own headers have another.
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

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let (status, id, message) = refusal.parts();
        Self::envelope(status, id, message)
    }
}
