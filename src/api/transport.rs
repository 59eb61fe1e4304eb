//! Sending one request until it is answered or given up: pacing, retries and the reading of statuses.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{
    CONTENT_LENGTH, DATE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use reqwest::{Client, Method, Response, StatusCode, Url};
use tracing::{debug, info};

use super::error::{Effort, Endpoint, Error};
use super::failed::Failed;
use super::pacing::{Pacer, Urgency};
use super::page::PageProblem;
use super::region::BaseUrl;
use super::retry::{Decision, Failure, History, RetryPolicy};
use super::secret::Secret;
use super::{MAX_BODY_BYTES, unix_now};

/// Headers that carry secrets.
pub(super) const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
pub(super) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-verkada-auth");

/// So much of a refusal is read. Verkada's error envelope has about a hundred bytes.
const LONGEST_REFUSAL: usize = 64 << 10;

/// How long a refusal's text is waited for.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// One request, before it is sent.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) endpoint: Endpoint,
    pub(super) method: Method,
    pub(super) url: Url,
    /// The header that carries the key or the token.
    pub(super) secret: (HeaderName, Secret),
    pub(super) key: Secret,
    /// A token that was sent before and refused.
    pub(super) rejected: Option<Secret>,
    /// Whether a 429 pauses instead of using up retries.
    pub(super) rides_out: bool,
    pub(super) urgency: Urgency,
}

impl Call {
    /// What no message may show: what is sent and was sent before, and the key, which the server may name in any
    /// answer, since it knows whose token it is given.
    fn secrets(&self) -> Vec<&Secret> {
        let sent = [&self.secret.1, &self.key].into_iter();
        sent.chain(&self.rejected).collect()
    }
}

/// What `parse` of [`Transport::send`] is given.
pub(super) struct Answer {
    pub(super) body: String,
    /// The server's clock.
    pub(super) server_time: Option<DateTime<Utc>>,
}

/// Counts of a client since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests sent, retries and token requests included.
    pub requests: u64,
    /// Answers with status 429.
    pub rate_limited: u64,
    /// The usual time from sending a request to having its answer, waits for the pace not included.
    pub latency: Duration,
    /// The server's clock minus this machine's in seconds, at the last answer that named a time.
    pub clock_difference: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Transport {
    pub(super) http: Client,
    pub(super) base_url: BaseUrl,
    pub(super) pacer: Pacer,
    pub(super) policy: RetryPolicy,
    pub(super) timeout: Duration,
    requests: AtomicU64,
    rate_limited: AtomicU64,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    last_success: Option<Instant>,
    latency: Duration,
    clock_difference: Option<i64>,
}

impl Transport {
    pub(super) fn new(
        http: Client,
        base_url: BaseUrl,
        pacer: Pacer,
        policy: RetryPolicy,
        timeout: Duration,
    ) -> Self {
        Self {
            http,
            base_url,
            pacer,
            policy,
            timeout,
            requests: AtomicU64::new(0),
            rate_limited: AtomicU64::new(0),
            progress: Mutex::default(),
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        let progress = self.progress();
        Statistics {
            requests: self.requests.load(Ordering::Relaxed),
            rate_limited: self.rate_limited.load(Ordering::Relaxed),
            latency: progress.latency,
            clock_difference: progress.clock_difference,
        }
    }

    /// Returns when the pace allows one more request.
    pub(super) async fn turn(&self, urgency: &Urgency) {
        self.pacer.ready(urgency).await;
    }

    /// Sends `call`, whose turn has come, until `parse` accepts an answer or the policy gives up.
    pub(super) async fn send<T>(
        &self,
        call: &Call,
        parse: impl Fn(Answer) -> Result<T, PageProblem>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let (mut attempts, mut retries) = (0, 0);
        loop {
            attempts += 1;
            let Failed { failure, report } = match self.attempt(call, &parse).await {
                Ok(parsed) => return Ok(parsed),
                Err(failed) => failed,
            };
            let history = History {
                retries,
                without_success: self.without_success(started),
            };
            match self
                .policy
                .decide(&failure, history, call.rides_out, fastrand::f64())
            {
                Decision::RetryAfter(wait) => {
                    retries += 1;
                    log_retry(call, &failure, wait);
                    tokio::time::sleep(wait).await;
                }
                Decision::PauseEveryone { wait, counts } => {
                    retries += u32::from(counts);
                    log_retry(call, &failure, wait);
                    self.pacer.pause(wait);
                }
                Decision::GiveUp => {
                    let elapsed = started.elapsed();
                    return Err(report(call.endpoint, Effort { attempts, elapsed }));
                }
            }
            self.turn(&call.urgency).await;
        }
    }

    async fn attempt<T>(
        &self,
        call: &Call,
        parse: impl Fn(Answer) -> Result<T, PageProblem>,
    ) -> Result<T, Failed> {
        let sent = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = self.request(call)?.send().await;
        let mut response = response.map_err(|error| Failed::network(error, self.timeout))?;
        let (status, headers) = (response.status(), response.headers().clone());
        debug!(endpoint = %call.endpoint, status = status.as_u16(), elapsed_ms = sent.elapsed().as_millis(), "answered");
        if status != StatusCode::OK {
            self.note_rate_limit(status);
            let body = read_refusal(&mut response).await;
            let secrets = call.secrets();
            return Err(Failed::refused(
                &call.url, status, &headers, &body, &secrets,
            ));
        }
        let body = self.read_body(call, &mut response).await?;
        self.note_success(sent.elapsed(), server_time(&headers));
        self.accept(call, &headers, body, parse)
    }

    fn request(&self, call: &Call) -> Result<reqwest::RequestBuilder, Failed> {
        let (name, secret) = &call.secret;
        let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| Failed {
            failure: Failure::Unusable,
            report: Box::new(|endpoint, _| Error::UnusableAnswer {
                endpoint,
                problem: "the token holds characters that no header can carry".to_owned(),
            }),
        })?;
        value.set_sensitive(true);
        let mut request = self.http.request(call.method.clone(), call.url.clone());
        if call.method == Method::POST {
            // RFC 9110 asks for it, and some proxies insist.
            request = request.header(CONTENT_LENGTH, 0);
        }
        Ok(request
            .header(name, value)
            .header(reqwest::header::ACCEPT, "application/json"))
    }

    fn accept<T>(
        &self,
        call: &Call,
        headers: &HeaderMap,
        body: Vec<u8>,
        parse: impl Fn(Answer) -> Result<T, PageProblem>,
    ) -> Result<T, Failed> {
        let size = body.len();
        let unusable = |words: &str| Failed::unusable(headers, size, words, &call.secrets());
        let Ok(mut body) = String::from_utf8(body) else {
            return Err(unusable("it is no UTF-8"));
        };
        // RFC 8259 lets a reader skip it.
        if body.starts_with(BYTE_ORDER_MARK) {
            body.drain(..BYTE_ORDER_MARK.len_utf8());
        }
        let answer = Answer {
            body,
            server_time: server_time(headers),
        };
        parse(answer).map_err(|problem| match problem {
            PageProblem::EndsEarly if !announces_its_end(headers) => {
                Failed::cut_short("it ends in the middle of the JSON text")
            }
            PageProblem::EndsEarly if size == 0 => unusable("it is empty"),
            PageProblem::EndsEarly => unusable("it is no JSON (it ends early)"),
            PageProblem::Unexpected(words) => unusable(&words),
        })
    }

    /// Reads at most [`MAX_BODY_BYTES`], counted after decompression.
    async fn read_body(&self, call: &Call, response: &mut Response) -> Result<Vec<u8>, Failed> {
        let announced = response.content_length().unwrap_or_default();
        let announced = usize::try_from(announced).unwrap_or(0);
        let mut body = Vec::with_capacity(announced.min(MAX_BODY_BYTES));
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BODY_BYTES => {
                    body.extend_from_slice(&chunk)
                }
                Ok(Some(_)) => {
                    let words = format!(
                        "it is longer than {} MiB; ask for smaller pages with --page-size",
                        MAX_BODY_BYTES >> 20
                    );
                    let headers = response.headers();
                    let secrets = call.secrets();
                    return Err(Failed::unusable(headers, MAX_BODY_BYTES, &words, &secrets));
                }
                Err(error) => return Err(Failed::network(error, self.timeout)),
            }
        }
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn without_success(&self, started: Instant) -> Duration {
        let since = self.progress().last_success.max(Some(started));
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn note_success(&self, taken: Duration, server_time: Option<DateTime<Utc>>) {
        let mut progress = self.progress();
        let difference = server_time.map(|time| time.timestamp() - unix_now());
        progress.clock_difference = difference.or(progress.clock_difference);
        progress.last_success = Some(Instant::now());
        // A moving average: one slow answer neither counts for nothing nor for everything.
        progress.latency = match progress.latency {
            Duration::ZERO => taken,
            usual => (usual * 7 + taken) / 8,
        };
    }

    fn note_rate_limit(&self, status: StatusCode) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.rate_limited.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn log_retry(call: &Call, failure: &Failure, wait: Duration) {
    let endpoint = call.endpoint;
    let wait_seconds = (wait.as_secs_f64() * 10.0).round() / 10.0;
    match failure {
        Failure::Network(cause) => {
            info!(%endpoint, %cause, wait_seconds, "no answer, will ask again")
        }
        Failure::Status { status, .. } => {
            info!(%endpoint, status, wait_seconds, "refused for now, will ask again")
        }
        Failure::Unusable => {}
    }
}

/// What a refusal says, as far as it comes: the status alone decides what happens next.
async fn read_refusal(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= LONGEST_REFUSAL {
                break;
            }
        }
    };
    // What came before the time is up is enough.
    let _ = tokio::time::timeout(REFUSAL_PATIENCE, reading).await;
    body.truncate(LONGEST_REFUSAL);
    body
}

/// Whether the end of the body shows, so that half of it cannot be taken for all of it.
fn announces_its_end(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok().map(DateTime::from)
}
