//! The client: tokens in front, pages behind.

use std::fmt;
use std::sync::Arc;

use reqwest::{Method, Url};
use tracing::debug;

use super::builder::VerkadaApiBuilder;
use super::error::{Endpoint, Error};
use super::order::sort_oldest_first;
use super::pacing::Urgency;
use super::page::{Page, PageProblem};
use super::pages::Pages;
use super::record::Record;
use super::secret::Secret;
use super::token_cache::Token;
use super::tokens::Tokens;
use super::transport::{API_KEY_HEADER, Answer, Call, Statistics, TOKEN_HEADER, Transport};
use super::unix_now;
use super::window::{Source, TimeBase, Window};

/// A client of one organisation's API. Cheap to clone; clones share the token and the pace.
#[derive(Clone)]
pub struct VerkadaApi {
    inner: Arc<Inner>,
    rides_out_rate_limits: bool,
}

pub(super) struct Inner {
    pub(super) key: Secret,
    pub(super) tokens: Tokens,
    pub(super) transport: Transport,
    pub(super) options: RequestOptions,
}

/// What every request of a client asks for.
#[derive(Clone, Debug)]
pub(super) struct RequestOptions {
    pub(super) page_size: u32,
    pub(super) notification_types: Vec<String>,
    pub(super) include_image_url: bool,
}

impl VerkadaApi {
    /// Starts a client for `key`.
    pub fn builder(key: Secret) -> VerkadaApiBuilder {
        VerkadaApiBuilder::new(key)
    }

    /// A client as the environment variables of the program describe it: `VERKADA_API_KEY`,
    /// `VERKADA_REGION`, `VERKADA_BASE_URL`, `VERKADA_TOKEN_FILE` (`token.json` if unset),
    /// `VERKADA_PAGE_SIZE` and `VERKADA_MAX_REQUESTS_PER_MINUTE`. Empty variables count as unset; `.env` is
    /// not read.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] names the variable that is missing or cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        Ok(VerkadaApiBuilder::from_env()?.build()?)
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            rides_out_rate_limits: false,
        }
    }

    /// The same client, patient with the shared limit: a 429 pauses every request and does not use up
    /// retries; the read ends only after five minutes without one success. Meant for long reads.
    #[must_use]
    pub fn riding_out_rate_limits(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            rides_out_rate_limits: true,
        }
    }

    /// Every audit log of `window`, oldest first.
    ///
    /// # Errors
    ///
    /// Whatever [`Error`] says; nothing is returned of a read that did not reach its end.
    pub async fn get_audit_logs(&self, window: Window) -> Result<Vec<Record>, Error> {
        self.get_all(Source::AuditLogs, window).await
    }

    /// Every notification of `window`, oldest first.
    ///
    /// # Errors
    ///
    /// As for [`VerkadaApi::get_audit_logs`].
    pub async fn get_notifications(&self, window: Window) -> Result<Vec<Record>, Error> {
        self.get_all(Source::Notifications, window).await
    }

    /// The audit logs of `window` page by page, newest first.
    pub fn audit_log_pages(&self, window: Window) -> Pages {
        self.pages(Source::AuditLogs, window)
    }

    /// The notifications of `window` page by page, newest first.
    pub fn notification_pages(&self, window: Window) -> Pages {
        self.pages(Source::Notifications, window)
    }

    /// The records of `source` in `window` page by page, newest first.
    pub fn pages(&self, source: Source, window: Window) -> Pages {
        Pages::new(self.clone(), source, window)
    }

    /// Counts since the client was built.
    pub fn statistics(&self) -> Statistics {
        self.inner.transport.statistics()
    }

    /// How many records a page holds at most.
    pub fn page_size(&self) -> u32 {
        self.inner.options.page_size
    }

    /// Where the client sends its requests.
    pub fn base_url(&self) -> String {
        self.inner.transport.base_url.to_string()
    }

    /// Tells one key from another without giving it away; see [`Secret::fingerprint`].
    pub fn key_fingerprint(&self) -> String {
        self.inner.key.fingerprint()
    }

    async fn get_all(&self, source: Source, window: Window) -> Result<Vec<Record>, Error> {
        let mut pages = self.pages(source, window);
        let mut records = Vec::new();
        while let Some(page) = pages.next().await? {
            records.extend(page.records);
        }
        let timed = records
            .into_iter()
            .map(|record| (record.time(window.time_base()), record));
        Ok(sort_oldest_first(timed)
            .into_iter()
            .map(|(_, record)| record)
            .collect())
    }

    /// One page. A 401 buys one new token and the same request once more; a second 401 is final.
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
            Err(Error::Authentication { status: 401, .. } | Error::TokenExpired { .. }) => {
                // At once, before the new one grows old as well.
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

    /// Waits until a request may be sent, and returns a token that is fresh then: in a long line one grows old.
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
        let parse = |answer: Answer| {
            let page = Page::parse(answer.body, source)?;
            debug!(%source, records = page.records.len(), more = page.next.is_some(), "read a page");
            Ok(Page {
                server_time: answer.server_time,
                ..page
            })
        };
        self.inner.transport.send(&call, parse).await
    }

    async fn token(&self, rejected: Option<&Secret>) -> Result<Token, Error> {
        let exchange = || async {
            let call = Call {
                endpoint: Endpoint::Token,
                method: Method::POST,
                url: self.inner.transport.base_url.join("/token"),
                secret: (API_KEY_HEADER, self.inner.key.clone()),
                key: self.inner.key.clone(),
                rejected: rejected.cloned(),
                rides_out: self.rides_out_rate_limits,
                // Everybody else waits for it.
                urgency: Urgency::highest(),
            };
            self.inner.transport.turn(&call.urgency).await;
            self.inner.transport.send(&call, issued_token).await
        };
        self.inner.tokens.get(rejected, exchange).await
    }

    fn page_url(&self, source: Source, window: Window, page_token: Option<&str>) -> Url {
        let options = &self.inner.options;
        let mut url = self.inner.transport.base_url.join(source.path());
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
            .field("base_url", &self.inner.transport.base_url)
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

/// The token of an answer to `POST /token`. The generated schema allows null: then there is none.
fn issued_token(answer: Answer) -> Result<Secret, PageProblem> {
    let body = &answer.body;
    let issued: serde_json::Map<_, _> =
        serde_json::from_str(body).map_err(|error| match error.is_eof() {
            true => PageProblem::EndsEarly,
            false if body.trim_start().starts_with('<') => {
                PageProblem::Unexpected("it is an HTML page".into())
            }
            false => PageProblem::Unexpected("it is no JSON object with a token in it".into()),
        })?;
    let token = issued.get("token").and_then(serde_json::Value::as_str);
    let token = token.and_then(|token| token.parse().ok());
    token.ok_or_else(|| PageProblem::Unexpected("it holds no token that a header can carry".into()))
}
