//! Sending one request until it is answered or given up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use tracing::{debug, info};

use super::call::Call;
use super::failures::{Unsuccessful, network_error, refusal, unread_body, unusable_body};
use super::http_client;
use crate::api::error::{ConfigurationError, Effort, Endpoint, Error, ErrorKind};
use crate::api::http::answer::{Answer, Unusable};
use crate::api::http::base_url::BaseUrl;
use crate::api::http::body::{self, BodyBudget, LONG_WORK_BYTES, Room};
use crate::api::http::clock::{ServerClock, date};
use crate::api::http::pace::{Pacer, Urgency};
use crate::api::http::retry::{Decision, History, RetryPolicy};
use crate::time::unix_now;

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
            client: http_client::build(&base_url, timeout)?,
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
            network_error(Endpoint::Token, self.timeout, &error)
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
        let mut response =
            response.map_err(|error| network_error(call.endpoint, self.timeout, &error))?;
        let status = response.status();
        debug!(endpoint = %call.endpoint, status = status.as_u16(), elapsed_ms = sent.elapsed().as_millis(), "answered");
        if status != StatusCode::OK {
            self.note_refusal(status);
            let body = body::read_refusal(&mut response).await;
            return Err(refusal(call, status, response.headers(), &body).into());
        }
        let body = body::read(&mut response, room).await;
        let body =
            body.map_err(|error| unread_body(call, response.headers(), self.timeout, error))?;
        let server_time = self.note_success(call.endpoint, sent.elapsed(), response.headers());
        Ok(accept(call, response.headers(), body, server_time, parse).await?)
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

/// A function that reads an answer. Large answers are passed to it on another thread.
pub(in crate::api) trait Parse<T>:
    Fn(Answer) -> Result<T, Unusable> + Clone + Send + 'static
{
}

impl<T, F: Fn(Answer) -> Result<T, Unusable> + Clone + Send + 'static> Parse<T> for F {}

/// Passes a body on to `parse`.
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
    parsed.map_err(|problem| unusable_body(call, headers, size, problem))
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
