//! Sending one request until it is answered or given up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::{Client, Method, Proxy, StatusCode, Url};
use tracing::{debug, info};

use super::answer::{Answer, Unusable};
use super::base_url::BaseUrl;
use super::body::{self, BodyBudget, BodyError, LONG_WORK_BYTES, MAX_BODY_BYTES, Room};
use super::certificate;
use super::clock::ServerClock;
use super::pace::{Pacer, Urgency};
use super::proxy::{NOT_A_PROXY, ProxyInUse};
use super::retry::{Decision, History, RetryPolicy, parse_retry_after};
use super::server_text;
use crate::api::error::{
    ConfigurationError, Effort, Endpoint, Error, ErrorKind, NetworkFailure, ServerText,
};
use crate::api::secret::Secret;
use crate::time::unix_now;

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
    fn secrets(&self) -> Vec<&Secret> {
        let sent = [&self.secret.1, &self.key].into_iter();
        sent.chain(&self.rejected).collect()
    }
}

/// Counts of a client since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Requests sent, retries and token requests included.
    pub requests: u64,
    /// Requests sent again because an attempt had failed; waits for a rate limit are included.
    pub retries: u64,
    /// Answers with status 429.
    pub rate_limited: u64,
    /// The usual time from sending a request to having its answer, without waits for the pace.
    pub latency: Duration,
    /// Reads that were given up because the list changed, such that a record came twice.
    pub shifted_reads: u64,
    /// Pages with records of earlier pages that turned out to be twins.
    pub twin_borders: u64,
    /// Requests that both have cost, retries not included: earlier pages asked for again, and the pages of reads that were
    /// given up.
    pub extra_requests: u64,
    /// The server's clock minus this machine's in seconds, at the last answer that named a time. A `Date` that stands
    /// still for an hour counts as none.
    pub clock_difference: Option<i64>,
}

/// The answer to a request that carried no secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The server's clock, if the answer named it.
    pub(crate) server_time: Option<DateTime<Utc>>,
    /// The time from connecting to having the answer's headers.
    pub(crate) elapsed: Duration,
}

#[derive(Debug)]
pub(in crate::api) struct Transport {
    client: Client,
    base_url: BaseUrl,
    pacer: Pacer,
    policy: RetryPolicy,
    timeout: Duration,
    statistics: Mutex<Statistics>,
    requests: AtomicU64,
    endpoints: Mutex<HashMap<Endpoint, EndpointState>>,
    bodies: BodyBudget,
}

/// The state of one endpoint, as its answers have shown it. The other endpoint's answers say nothing about it: its
/// limit may be used up, or its answers may come from a cache, while the other is well.
#[derive(Debug, Default)]
struct EndpointState {
    last_success: Option<Instant>,
    clock: ServerClock,
}

/// The attempts of one call so far.
struct Tries {
    started: Instant,
    attempts: u32,
    /// Retries used up: fewer than attempts if a rate limit is ridden out.
    retries: u32,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            attempts: 0,
            retries: 0,
        }
    }
}

/// An attempt that brought no answer.
enum Unsuccessful {
    /// The body did not fit beside the others that are under way.
    OutOfRoom,
    Failed(Error),
}

impl From<Error> for Unsuccessful {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Transport {
    /// Prepares requests to `base_url`; sends nothing yet.
    ///
    /// # Errors
    ///
    /// Fails if the environment names a proxy that cannot be used, or if the system's certificates cannot be loaded.
    pub(in crate::api) fn new(
        base_url: BaseUrl,
        pacer: Pacer,
        policy: RetryPolicy,
        timeout: Duration,
    ) -> Result<Self, ConfigurationError> {
        Ok(Self {
            client: client(&base_url, timeout)?,
            base_url,
            pacer,
            policy,
            timeout,
            statistics: Mutex::default(),
            requests: AtomicU64::new(0),
            endpoints: Mutex::default(),
            bodies: BodyBudget::default(),
        })
    }

    pub(in crate::api) fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    pub(in crate::api) fn requests_per_second(&self) -> f64 {
        self.pacer.requests_per_second()
    }

    pub(in crate::api) fn statistics(&self) -> Statistics {
        Statistics {
            requests: self.requests.load(Ordering::Relaxed),
            ..*lock(&self.statistics)
        }
    }

    /// Changes the counts.
    pub(in crate::api) fn count(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut lock(&self.statistics));
    }

    /// Waits until the pace allows one more request.
    pub(in crate::api) async fn turn(&self, urgency: &Urgency) {
        self.pacer.ready(urgency).await;
    }

    /// Sends `call`, whose turn has come, until `parse` accepts an answer or the policy gives up.
    pub(in crate::api) async fn send<T: Send + 'static>(
        &self,
        call: &Call,
        parse: impl Parse<T>,
    ) -> Result<T, Error> {
        let mut tries = Tries::default();
        let mut needs_all_room = false;
        loop {
            tries.attempts += 1;
            let mut room = self.room(call, needs_all_room).await?;
            match self.attempt(call, &mut room, parse.clone()).await {
                Ok(parsed) => return Ok(parsed),
                Err(Unsuccessful::OutOfRoom) => {
                    debug!(endpoint = %call.endpoint, "large answers are under way, will ask again after them");
                    needs_all_room = true;
                }
                Err(Unsuccessful::Failed(error)) => {
                    // Nothing is held during a wait, or the bodies of others might never find room.
                    drop(room);
                    self.wait_after(call, error, &mut tries).await?;
                    self.turn(&call.urgency).await;
                }
            }
        }
    }

    /// Waits before `call` is sent again, or returns `error` if the policy gives up.
    async fn wait_after(&self, call: &Call, error: Error, tries: &mut Tries) -> Result<(), Error> {
        let history = History {
            retries: tries.retries,
            without_success: self.without_success(call.endpoint, tries.started),
        };
        let jitter = fastrand::f64();
        match self.policy.decide(&error, history, call.rides_out, jitter) {
            Decision::RetryAfter(wait) => {
                tries.retries += 1;
                self.note_retry();
                log_retry(call, &error, wait);
                tokio::time::sleep(wait).await;
            }
            Decision::PauseEveryone { wait, counts } => {
                tries.retries += u32::from(counts);
                self.note_retry();
                log_retry(call, &error, wait);
                self.pacer.pause(wait);
            }
            Decision::GiveUp => {
                let (attempts, elapsed) = (tries.attempts, tries.started.elapsed());
                return Err(error.with_effort(Effort { attempts, elapsed }));
            }
        }
        Ok(())
    }

    /// Returns room for the answer to `call`, whose turn has come.
    async fn room(&self, call: &Call, whole: bool) -> Result<Room, Error> {
        if let Some(room) = self.bodies.try_share().filter(|_| !whole) {
            return Ok(room);
        }
        let room = if whole {
            self.bodies.whole().await
        } else {
            self.bodies.share().await
        };
        // Requests that have waited for room must not all be sent at once.
        self.turn(&call.urgency).await;
        room.ok_or_else(|| {
            let problem = "there is no memory for it".to_owned();
            Error::new(call.endpoint, ErrorKind::UnusableAnswer { problem })
        })
    }

    /// Sends one request that carries no secret, once, and returns what came back, whatever its status.
    pub(in crate::api) async fn probe(&self) -> Result<Probe, Error> {
        self.turn(&Urgency::highest()).await;
        let sent = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let request = self.client.get(self.base_url.join("/"));
        let response = request.header(ACCEPT, "application/json").send().await;
        let elapsed = sent.elapsed();
        let response = response.map_err(|error| {
            let attempts = 1;
            // A token is what would have been asked for first.
            self.network_error(Endpoint::Token, &error)
                .with_effort(Effort { attempts, elapsed })
        })?;
        Ok(Probe {
            status: response.status().as_u16(),
            server_time: date(response.headers()),
            elapsed,
        })
    }

    async fn attempt<T: Send + 'static>(
        &self,
        call: &Call,
        room: &mut Room,
        parse: impl Parse<T>,
    ) -> Result<T, Unsuccessful> {
        let sent = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = self.request(call)?.send().await;
        let mut response = response.map_err(|error| self.network_error(call.endpoint, &error))?;
        let status = response.status();
        debug!(endpoint = %call.endpoint, status = status.as_u16(), elapsed_ms = sent.elapsed().as_millis(), "answered");
        if status != StatusCode::OK {
            self.note_refusal(status);
            let body = body::read_refusal(&mut response).await;
            return Err(refusal(call, status, response.headers(), &body).into());
        }
        let body = body::read(&mut response, room).await;
        let body = body.map_err(|error| self.body_error(call, response.headers(), error))?;
        let server_time = self.note_success(call.endpoint, sent.elapsed(), response.headers());
        Ok(accept(call, response.headers(), body, server_time, parse).await?)
    }

    fn body_error(&self, call: &Call, headers: &HeaderMap, error: BodyError) -> Unsuccessful {
        let unusable = |words: &str| unusable(call, headers, None, words);
        let error = match error {
            BodyError::OutOfRoom => return Unsuccessful::OutOfRoom,
            BodyError::Network(error) => self.network_error(call.endpoint, &error),
            BodyError::Broken => cut_short(call, "its compressed bytes are damaged or end early"),
            BodyError::TooLong => unusable(&format!(
                "it is longer than {} MiB; ask for smaller pages with --page-size",
                MAX_BODY_BYTES >> 20
            )),
            BodyError::UnknownPacking(name) => {
                let name = server_text::clean(&name, &call.secrets());
                unusable(&format!(
                    "it is compressed as “{name}”, and only gzip was offered"
                ))
            }
            BodyError::NotGzip => unusable("it is said to be gzip and is not"),
        };
        error.into()
    }

    fn request(&self, call: &Call) -> Result<reqwest::RequestBuilder, Error> {
        let (name, secret) = &call.secret;
        let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
            let problem = "the token holds characters that no header can carry".to_owned();
            Error::new(call.endpoint, ErrorKind::UnusableAnswer { problem })
        })?;
        value.set_sensitive(true);
        let mut request = self.client.request(call.method.clone(), call.url.clone());
        if call.method == Method::POST {
            // RFC 9110 asks for it, and some proxies insist.
            request = request.header(CONTENT_LENGTH, 0);
        }
        Ok(request
            .header(name, value)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "gzip"))
    }

    /// No whole answer came.
    fn network_error(&self, endpoint: Endpoint, error: &reqwest::Error) -> Error {
        if let Some(problem) = certificate::problem(error) {
            return Error::new(endpoint, ErrorKind::Certificate(problem));
        }
        let failure = if error.is_timeout() {
            NetworkFailure::TimedOut(self.timeout)
        } else if error.is_body() || error.is_decode() {
            NetworkFailure::CutShort(server_text::innermost(error))
        } else {
            NetworkFailure::Connect(server_text::innermost(error))
        };
        Error::new(endpoint, ErrorKind::Connection(failure))
    }

    fn without_success(&self, endpoint: Endpoint, started: Instant) -> Duration {
        let endpoints = lock(&self.endpoints);
        let last_success = endpoints
            .get(&endpoint)
            .and_then(|state| state.last_success);
        last_success
            .max(Some(started))
            .map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Takes note of an answer that came after `elapsed`, and returns the server's time.
    fn note_success(
        &self,
        endpoint: Endpoint,
        elapsed: Duration,
        headers: &HeaderMap,
    ) -> Option<DateTime<Utc>> {
        let now = Instant::now();
        let server_time = {
            let mut endpoints = lock(&self.endpoints);
            let state = endpoints.entry(endpoint).or_default();
            state.last_success = Some(now);
            date(headers).and_then(|date| state.clock.read(date, now))
        };
        let mut statistics = lock(&self.statistics);
        let difference = server_time.map(|time| time.timestamp() - unix_now());
        statistics.clock_difference = difference.or(statistics.clock_difference);
        // A moving average, so that one slow answer counts for something, but not for everything.
        statistics.latency = match statistics.latency {
            Duration::ZERO => elapsed,
            usual => (usual * 7 + elapsed) / 8,
        };
        server_time
    }

    fn note_retry(&self) {
        lock(&self.statistics).retries += 1;
    }

    fn note_refusal(&self, status: StatusCode) {
        lock(&self.statistics).rate_limited += u64::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Builds the HTTP client: no redirects, no retries of its own, verified TLS.
fn client(base_url: &BaseUrl, timeout: Duration) -> Result<Client, ConfigurationError> {
    // Fails only if a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!(
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION")
        ))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .timeout(timeout);
    // reqwest ignores a proxy variable that it cannot use, and the requests would go around the proxy.
    builder = builder.no_proxy();
    if let Some(proxy) = ProxyInUse::find(base_url)? {
        let proxy =
            Proxy::https(proxy.address).map_err(|_| ConfigurationError::new(NOT_A_PROXY))?;
        builder = builder.proxy(proxy);
    }
    if base_url.is_clear_text() {
        // Loading the system's certificates costs more than the rest of a small run.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| {
        ConfigurationError::new(format!(
            "the HTTP client cannot be built: {}; see SSL_CERT_FILE and SSL_CERT_DIR if they are set",
            server_text::innermost(&error)
        ))
    })
}

/// The error for an answer with another status than 200.
fn refusal(call: &Call, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let (status, secrets) = (status.as_u16(), call.secrets());
    let detail = match call.endpoint {
        Endpoint::Token => server_text::of_token_error_body(body, &secrets),
        Endpoint::Source(_) => server_text::of_error_body(body, &secrets),
    };
    // `Retry-After` may hold a time by the server's clock, which may differ from this machine's.
    let now = date(headers).map_or_else(unix_now, |date| date.timestamp());
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| parse_retry_after(value, now));
    let target = || redirect_target(&call.url, headers, &secrets);
    let kind = ErrorKind::of_status(status, call.endpoint, &detail, target);
    Error::refused(call.endpoint, kind, status, detail, retry_after)
}

/// The scheme and host of a redirect; the rest of it may carry anything.
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
    server_text::clean(&shown, secrets)
}

/// A function that reads an answer. Large answers are passed to it on another thread.
pub(in crate::api) trait Parse<T>:
    Fn(Answer) -> Result<T, Unusable> + Clone + Send + 'static
{
}

impl<T, F: Fn(Answer) -> Result<T, Unusable> + Clone + Send + 'static> Parse<T> for F {}

/// Passes a body on to `parse`, and distinguishes a body that broke off from one that cannot be used.
async fn accept<T: Send + 'static>(
    call: &Call,
    headers: &HeaderMap,
    body: Vec<u8>,
    server_time: Option<DateTime<Utc>>,
    parse: impl Parse<T>,
) -> Result<T, Error> {
    let size = body.len();
    let parsed = if size < LONG_WORK_BYTES {
        parse(Answer::new(body, server_time))
    } else {
        // Signals and other answers are looked after meanwhile.
        let parsing = tokio::task::spawn_blocking(move || parse(Answer::new(body, server_time)));
        let failed = |error: tokio::task::JoinError| Unusable::Unexpected(error.to_string());
        parsing.await.map_err(failed).flatten()
    };
    let unusable = |words: &str| unusable(call, headers, Some(size), words);
    parsed.map_err(|problem| match problem {
        Unusable::EndsEarly if !announces_its_end(headers) => {
            cut_short(call, "it ends in the middle of the JSON text")
        }
        Unusable::EndsEarly if size == 0 => unusable("it is empty"),
        Unusable::EndsEarly => unusable("it is not JSON (it ends early)"),
        Unusable::Malformed(_) => unusable("it is not JSON"),
        Unusable::Unexpected(words) => unusable(&words),
        Unusable::OtherKeys(words, keys) => {
            let clean = |key: &str| server_text::clean(key, &call.secrets()).to_string();
            unusable(&format!("{words} {}", keys.in_words(clean)))
        }
    })
}

/// The error for an answer that broke off, in `words`.
fn cut_short(call: &Call, words: &str) -> Error {
    let failure = NetworkFailure::CutShort(ServerText::cleaned(words.to_owned()));
    Error::new(call.endpoint, ErrorKind::Connection(failure))
}

/// The error for an answer that is not what was asked for: `words` say what it is, and `size` is its length if it was
/// read whole.
fn unusable(call: &Call, headers: &HeaderMap, size: Option<usize>, words: &str) -> Error {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.and_then(|value| value.split(';').next());
    let content_type = content_type.unwrap_or("no content type");
    let content_type = server_text::clean(content_type, &call.secrets());
    let size = size.map_or_else(String::new, |size| format!(", {size} bytes"));
    let problem = format!("{words} ({content_type}{size})");
    Error::new(call.endpoint, ErrorKind::UnusableAnswer { problem })
}

fn log_retry(call: &Call, error: &Error, wait: Duration) {
    let endpoint = call.endpoint;
    let wait_seconds = (wait.as_secs_f64() * 10.0).round() / 10.0;
    if let ErrorKind::Connection(cause) = error.kind() {
        info!(%endpoint, %cause, wait_seconds, "no answer, will ask again");
    } else {
        info!(%endpoint, status = error.status(), wait_seconds, "refused for now, will ask again");
    }
}

/// Reports whether the end of the body shows, so that half of it cannot be taken for all of it.
fn announces_its_end(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH)
        || headers.contains_key(TRANSFER_ENCODING)
        || body::is_packed(headers)
}

fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok().map(DateTime::from)
}
