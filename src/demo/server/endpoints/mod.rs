//! The three endpoints: one issues API tokens, two send pages of records.
//!
//! A data request is authenticated, its parameters are checked, and the page that follows its
//! cursor is written from the records that are visible at that moment.
//!
//! ```text
//!     Endpoints
//!      |  |  |
//!      |  |  v
//!      |  | page               the body of one page
//!      |  |  |   |
//!      |  v  v   |
//!      | parameters            a checked data request
//!      |         |
//!      v         v
//!        tokens                API tokens and page tokens
//! ```

mod page;
mod parameters;
mod tokens;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::{HeaderMap, Method};

use super::reply::{Rejection, Reply};
use super::settings::ServerSettings;
use crate::demo::organisation::random::mix;
use crate::demo::organisation::{Organisation, Source};
use page::write_page;
use parameters::{Parameters, Query};
use tokens::{ApiTokens, PageCursor};

pub(super) use parameters::decode_query;

/// First part of every signed link.
const IMAGE_LINK: &str = "https://example.com/notifications/image/redeem?token=INVENTED-";

/// The API of one organisation.
pub(super) struct Endpoints {
    organisation: Organisation,
    tokens: Mutex<ApiTokens>,
    pages_sent: AtomicU64,
    links_signed: AtomicU64,
}

/// A request, reduced to what the endpoints need.
pub(super) struct ReceivedRequest<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a Query,
    pub(super) headers: &'a HeaderMap,
    /// The current time by the server's clock.
    pub(super) now: i64,
}

impl Endpoints {
    /// Creates the API of an organisation, with no token issued yet.
    pub(super) fn new(organisation: Organisation, settings: &ServerSettings) -> Self {
        let lifetime = i64::try_from(settings.token_lifetime.as_secs()).unwrap_or(i64::MAX);
        let tokens = ApiTokens::new(organisation.profile().seed, &settings.api_key, lifetime);
        Self {
            organisation,
            tokens: Mutex::new(tokens),
            pages_sent: AtomicU64::new(0),
            links_signed: AtomicU64::new(0),
        }
    }

    /// The organisation that is served.
    pub(super) fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// Answers a request. Like the real API, treats an unknown path as a missing permission.
    pub(super) fn answer(
        &self,
        request: &ReceivedRequest<'_>,
        settings: &ServerSettings,
    ) -> Result<Reply, Rejection> {
        match (request.method, request.path) {
            (&Method::POST, "/token") => self.issue_token(request, settings),
            (&Method::GET, "/core/v1/audit_log") => {
                self.send_page(Source::AuditLogs, request, settings)
            }
            (&Method::GET, "/cameras/v1/alerts") => {
                self.send_page(Source::Notifications, request, settings)
            }
            _ => Err(Rejection::Permission),
        }
    }

    fn issue_token(
        &self,
        request: &ReceivedRequest<'_>,
        settings: &ServerSettings,
    ) -> Result<Reply, Rejection> {
        let key = request
            .headers
            .get("x-api-key")
            .ok_or(Rejection::InvalidApiKey)?;
        if key.as_bytes() != settings.api_key.as_bytes() {
            return Err(Rejection::InvalidApiKey);
        }
        let token = self.tokens().issue(request.now);
        Ok(Reply::json(format!(r#"{{"token":"{token}"}}"#), 0))
    }

    fn send_page(
        &self,
        source: Source,
        request: &ReceivedRequest<'_>,
        settings: &ServerSettings,
    ) -> Result<Reply, Rejection> {
        self.authenticate(request)?;
        let parameters = Parameters::new(source, request.query, request.now, settings.window_ends)?;
        let cursor = cursor(&parameters)?;
        let page = write_page(
            &self.organisation,
            &parameters,
            cursor,
            request.now,
            settings,
            &|| self.sign_image_link(),
        );
        self.count_page(settings);
        Ok(Reply::json(page.body, page.records))
    }

    fn authenticate(&self, request: &ReceivedRequest<'_>) -> Result<(), Rejection> {
        let token = request
            .headers
            .get("x-verkada-auth")
            .ok_or(Rejection::TokenMissing)?;
        let token = token.to_str().unwrap_or_default();
        if self.tokens().is_valid(token, request.now) {
            Ok(())
        } else {
            Err(Rejection::TokenExpired)
        }
    }

    /// Returns a signed link to an image, different each time as pre-signed links are.
    fn sign_image_link(&self) -> String {
        let signed = self.links_signed.fetch_add(1, Ordering::Relaxed);
        let signature = mix(self.organisation.profile().seed, signed);
        format!("{IMAGE_LINK}{signed}-{signature:016x}")
    }

    /// Counts a page, and makes all tokens expire if it is one of those after which they do.
    fn count_page(&self, settings: &ServerSettings) {
        let pages = self.pages_sent.fetch_add(1, Ordering::Relaxed) + 1;
        if settings
            .tokens_expire_after
            .is_some_and(|every| pages.is_multiple_of(every))
        {
            self.tokens().expire_all();
        }
    }

    fn tokens(&self) -> MutexGuard<'_, ApiTokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the position after which the page starts; `None` for a first page.
fn cursor(parameters: &Parameters) -> Result<Option<PageCursor>, Rejection> {
    let Some(token) = &parameters.page_token else {
        return Ok(None);
    };
    let cursor = PageCursor::from_token(token, parameters.query_key);
    cursor
        .map(Some)
        .ok_or(Rejection::Invalid("Invalid page token"))
}
