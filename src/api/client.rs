//! The client: requests one page of a list with a fresh token.

use std::fmt;
use std::io;
use std::sync::Arc;

use reqwest::{Method, Url};
use tracing::debug;

use super::error::{Endpoint, Error};
use super::http::{
    API_KEY_HEADER, Answer, BaseUrl, Call, Probe, Statistics, TOKEN_HEADER, Transport, Unusable,
    Urgency,
};
use super::page::Page;
use super::secret::Secret;
use super::source::Source;
use super::token::{Token, TokenStore};
use super::window::{TimeBase, Window};
use crate::time::unix_now;

/// A client of one organisation's API. Cheap to clone; clones share the token and the pace.
///
/// [`VerkadaApi::builder`] sets one up, [`VerkadaApi::records`] reads a list whole, [`VerkadaApi::pages`] page by page.
#[derive(Clone)]
pub struct VerkadaApi {
    inner: Arc<Inner>,
    rides_out_rate_limits: bool,
}

pub(super) struct Inner {
    pub(super) key: Secret,
    pub(super) tokens: TokenStore,
    pub(super) transport: Transport,
    pub(super) options: RequestOptions,
}

/// Options of every request of a client.
#[derive(Clone, Debug)]
pub(super) struct RequestOptions {
    pub(super) page_size: u32,
    pub(super) notification_types: Vec<String>,
    pub(super) include_image_url: bool,
    pub(super) ignores_repeats: bool,
}

impl VerkadaApi {
    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            rides_out_rate_limits: false,
        }
    }

    /// Returns the same client with patience for the shared limit: a 429 pauses every request and uses up no retries,
    /// and the read ends only after five minutes without one success. Meant for long reads.
    #[must_use]
    pub fn riding_out_rate_limits(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            rides_out_rate_limits: true,
        }
    }

    /// Counts since the client was built.
    pub fn statistics(&self) -> Statistics {
        self.inner.transport.statistics()
    }

    /// Changes the counts.
    pub(super) fn count(&self, change: impl FnOnce(&mut Statistics)) {
        self.inner.transport.count(change);
    }

    /// Reports whether records that come twice are taken as they come.
    pub(super) fn ignores_repeats(&self) -> bool {
        self.inner.options.ignores_repeats
    }

    /// The most records that a page holds.
    pub fn page_size(&self) -> u32 {
        self.inner.options.page_size
    }

    /// The types of notifications that are asked for; all if there are none.
    pub(crate) fn notification_types(&self) -> &[String] {
        &self.inner.options.notification_types
    }

    /// The address that every request starts from.
    pub fn base_url(&self) -> &BaseUrl {
        self.inner.transport.base_url()
    }

    /// The pace that the client was built with, in requests a second.
    pub(crate) fn requests_per_second(&self) -> f64 {
        self.inner.transport.requests_per_second()
    }

    /// The fingerprint of the key; see [`Secret::fingerprint`].
    pub fn key_fingerprint(&self) -> String {
        self.inner.key.fingerprint()
    }

    /// Requests one page. After a 401 it asks for one new token and sends the same request once more; a second 401 is
    /// final.
    pub(super) async fn page(
        &self,
        source: Source,
        window: Window,
        page_token: Option<&str>,
        urgency: &Urgency,
    ) -> Result<Page, Error> {
        let url = self.page_url(source, window, page_token);
        let token = self.token_in_turn(None, urgency).await?;
        match self
            .get_page(source, url.clone(), token.clone(), None, urgency)
            .await
        {
            Err(error) if error.is_refused_token() => {
                // With the highest urgency, so that the new token is used before it grows old as well.
                let rejected = token;
                let token = self
                    .token_in_turn(Some(&rejected), &Urgency::highest())
                    .await?;
                self.get_page(source, url, token, Some(rejected), urgency)
                    .await
            }
            other => other,
        }
    }

    /// Waits until a request may be sent, and returns a token that is fresh at that moment. One that has grown old in a
    /// long queue is replaced.
    async fn token_in_turn(
        &self,
        rejected: Option<&Secret>,
        urgency: &Urgency,
    ) -> Result<Secret, Error> {
        loop {
            let token = self.token(rejected).await?;
            self.inner.transport.turn(urgency).await;
            if token.is_fresh(unix_now()) {
                return Ok(token.secret);
            }
        }
    }

    async fn get_page(
        &self,
        source: Source,
        url: Url,
        token: Secret,
        rejected: Option<Secret>,
        urgency: &Urgency,
    ) -> Result<Page, Error> {
        let call = Call {
            endpoint: Endpoint::Source(source),
            method: Method::GET,
            url,
            secret: (TOKEN_HEADER, token),
            key: self.inner.key.clone(),
            rejected,
            rides_out: self.rides_out_rate_limits,
            urgency: urgency.clone(),
        };
        let page_size = self.page_size();
        let parse = move |answer: Answer| {
            let page = Page::parse(answer.body, source, page_size)?;
            debug!(%source, records = page.records.len(), more = page.next.is_some(), "read a page");
            Ok(Page {
                server_time: answer.server_time,
                ..page
            })
        };
        self.inner.transport.send(&call, parse).await
    }

    async fn token(&self, rejected: Option<&Secret>) -> Result<Token, Error> {
        let exchange = || self.exchange(rejected);
        self.inner.tokens.get(rejected, exchange).await
    }

    /// Exchanges the key for a token.
    async fn exchange(&self, rejected: Option<&Secret>) -> Result<Secret, Error> {
        let call = Call {
            endpoint: Endpoint::Token,
            method: Method::POST,
            url: self.inner.transport.base_url().join("/token"),
            secret: (API_KEY_HEADER, self.inner.key.clone()),
            key: self.inner.key.clone(),
            rejected: rejected.cloned(),
            rides_out: self.rides_out_rate_limits,
            // Every other request waits for it.
            urgency: Urgency::highest(),
        };
        self.inner.transport.turn(&call.urgency).await;
        self.inner.transport.send(&call, issued_token).await
    }

    /// Exchanges the key for a token although there may be a fresh one, and stores the new one. The inner result says
    /// whether it could be stored.
    pub(crate) async fn renew_token(&self) -> Result<io::Result<()>, Error> {
        self.inner.tokens.renew(self.exchange(None)).await
    }

    /// Sends one request that carries no secret, to learn whether anything answers, and what time it is there.
    pub(crate) async fn probe(&self) -> Result<Probe, Error> {
        self.inner.transport.probe().await
    }

    fn page_url(&self, source: Source, window: Window, page_token: Option<&str>) -> Url {
        let options = &self.inner.options;
        let mut url = self.inner.transport.base_url().join(source.path());
        let mut query = url.query_pairs_mut();
        query
            .append_pair("start_time", &window.start().to_string())
            .append_pair("end_time", &window.end().to_string())
            .append_pair("page_size", &options.page_size.to_string());
        match source {
            Source::AuditLogs if window.time_base() == TimeBase::Processed => {
                query.append_pair("use_processed_timestamp", "true");
            }
            Source::AuditLogs => {}
            Source::Notifications => {
                if options.include_image_url {
                    query.append_pair("include_image_url", "true");
                }
                if !options.notification_types.is_empty() {
                    query.append_pair("notification_type", &options.notification_types.join(","));
                }
            }
        }
        if let Some(page_token) = page_token {
            query.append_pair("page_token", page_token);
        }
        drop(query);
        url
    }
}

impl fmt::Debug for VerkadaApi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerkadaApi")
            .field("base_url", self.inner.transport.base_url())
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

/// Reads the answer to `POST /token`. One third party's schema allows a null token: then there is none.
fn issued_token(answer: Answer) -> Result<Secret, Unusable> {
    let body =
        str::from_utf8(&answer.body).map_err(|_| Unusable::Unexpected("it is not UTF-8".into()))?;
    let issued: serde_json::Map<_, _> = serde_json::from_str(body).map_err(|error| {
        if error.is_eof() {
            Unusable::EndsEarly
        } else if body.trim_start().starts_with('<') {
            Unusable::Unexpected("it is an HTML page".into())
        } else {
            Unusable::Unexpected("it is not a JSON object with a token in it".into())
        }
    })?;
    let token = issued.get("token").and_then(serde_json::Value::as_str);
    let token = token.and_then(|token| Secret::new(token).ok());
    token.ok_or_else(|| Unusable::Unexpected("it holds no token that a header can carry".into()))
}
