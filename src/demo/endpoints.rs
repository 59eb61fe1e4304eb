//! The three endpoints.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::{HeaderMap, Method};

use super::answer::{Answer, Refusal};
use super::builder::Settings;
use super::organisation::Organisation;
use super::page::page;
use super::parameters::{Parameters, Query};
use super::profile::Source;
use super::random::mix;
use super::tokens::{ApiTokens, PageCursor};

/// What every signed link begins with.
const IMAGE_LINK: &str = "https://example.com/notifications/image/redeem?token=INVENTED-";

/// The API of one organisation.
pub(super) struct Endpoints {
    organisation: Organisation,
    tokens: Mutex<ApiTokens>,
    pages_sent: AtomicU64,
    links_signed: AtomicU64,
}

/// A request as the endpoints need it.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a Query,
    pub(super) headers: &'a HeaderMap,
    /// The present by the server's clock.
    pub(super) now: i64,
}

impl Endpoints {
    /// The API of an organisation, with no token issued yet.
    pub(super) fn new(organisation: Organisation, settings: &Settings) -> Self {
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

    /// Answers a call. An unknown path gets what a missing permission gets, as it does from the
    /// real API.
    pub(super) fn answer(&self, call: &Call<'_>, settings: &Settings) -> Result<Answer, Refusal> {
        match (call.method, call.path) {
            (&Method::POST, "/token") => self.token(call, settings),
            (&Method::GET, "/core/v1/audit_log") => self.data(Source::AuditLogs, call, settings),
            (&Method::GET, "/cameras/v1/alerts") => {
                self.data(Source::Notifications, call, settings)
            }
            _ => Err(Refusal::Permission),
        }
    }

    fn token(&self, call: &Call<'_>, settings: &Settings) -> Result<Answer, Refusal> {
        let key = call.headers.get("x-api-key").ok_or(Refusal::ApiKey)?;
        if key.as_bytes() != settings.api_key.as_bytes() {
            return Err(Refusal::ApiKey);
        }
        let token = self.tokens().issue(call.now);
        Ok(Answer::json(format!(r#"{{"token":"{token}"}}"#), 0))
    }

    fn data(
        &self,
        source: Source,
        call: &Call<'_>,
        settings: &Settings,
    ) -> Result<Answer, Refusal> {
        self.authenticate(call)?;
        let parameters = Parameters::new(source, call.query, call.now, settings.window_ends)?;
        let cursor = cursor(&parameters)?;
        let page = page(&self.organisation, &parameters, cursor, call.now, &|| {
            self.image_link()
        });
        self.count_page(settings);
        Ok(Answer::json(page.body, page.records))
    }

    fn authenticate(&self, call: &Call<'_>) -> Result<(), Refusal> {
        let token = call
            .headers
            .get("x-verkada-auth")
            .ok_or(Refusal::TokenMissing)?;
        let token = token.to_str().unwrap_or_default();
        match self.tokens().is_valid(token, call.now) {
            true => Ok(()),
            false => Err(Refusal::TokenExpired),
        }
    }

    /// A signed link to an image, different each time, as pre-signed links are.
    fn image_link(&self) -> String {
        let signed = self.links_signed.fetch_add(1, Ordering::Relaxed);
        let signature = mix(self.organisation.profile().seed, signed);
        format!("{IMAGE_LINK}{signed}-{signature:016x}")
    }

    fn count_page(&self, settings: &Settings) {
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

/// Where the page before this one ended; `None` for a first page.
fn cursor(parameters: &Parameters) -> Result<Option<PageCursor>, Refusal> {
    let Some(token) = &parameters.page_token else {
        return Ok(None);
    };
    let cursor = PageCursor::from_token(token, parameters.query_key);
    cursor
        .map(Some)
        .ok_or(Refusal::Invalid("Invalid page token"))
}
