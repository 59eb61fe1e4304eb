//! A request before it is sent.

use reqwest::header::HeaderName;
use reqwest::{Method, Url};

use crate::api::error::Endpoint;
use crate::api::http::pace::Urgency;
use crate::api::secret::Secret;

/// Headers that carry secrets.
pub(in crate::api) const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
pub(in crate::api) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-verkada-auth");

/// One request, before it is sent.
#[derive(Debug)]
pub(in crate::api) struct Call {
    pub(in crate::api) endpoint: Endpoint,
    pub(in crate::api) method: Method,
    pub(in crate::api) url: Url,
    /// The header that carries the key or the token.
    pub(in crate::api) secret: (HeaderName, Secret),
    pub(in crate::api) key: Secret,
    /// A token that was sent before and refused.
    pub(in crate::api) rejected: Option<Secret>,
    /// Set if a 429 pauses instead of using up retries.
    pub(in crate::api) rides_out: bool,
    pub(in crate::api) urgency: Urgency,
}

impl Call {
    /// Secrets that no message may show: those that were sent, and the key, which the server may name in any answer
    /// because it knows whose token it is given.
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        let sent = [&self.secret.1, &self.key].into_iter();
        sent.chain(&self.rejected).collect()
    }
}
