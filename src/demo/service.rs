//! What happens to a request on its way: counted, delayed, perhaps made to fail, answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};

use super::answer::{Answer, Refusal};
use super::builder::Settings;
use super::density::LAST_SECOND;
use super::endpoints::{Call, Endpoints};
use super::organisation::Organisation;
use super::parameters::decode_query;
use super::profile::Profile;
use super::rate_limit::RateLimit;
use super::traffic::{SeenRequest, Traffic};

/// A request as a [`FaultPlan`](super::FaultPlan) sees it.
#[derive(Debug, Clone, Copy)]
pub struct RequestInfo<'a> {
    /// Place in the order of arrival, from 1, over requests of every kind.
    pub number: u64,
    /// Path without the query.
    pub path: &'a str,
    /// Names and values of the query, decoded, in the order sent.
    pub query: &'a [(String, String)],
}

/// The reason to close a connection without an answer.
#[derive(Debug)]
pub(super) struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("connection dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

/// Everything that the connections of a server share.
pub(super) struct Service {
    settings: Settings,
    endpoints: Endpoints,
    traffic: Mutex<Traffic>,
    rate_limit: Mutex<RateLimit>,
}

/// A request that has been counted.
struct Arrival {
    number: u64,
    admitted: bool,
}

impl Service {
    /// The service for the organisation that a profile describes.
    pub(super) fn new(profile: Profile, settings: Settings) -> Self {
        let (_, interval) = settings.rate_limit;
        Self {
            endpoints: Endpoints::new(Organisation::new(profile), &settings),
            traffic: Mutex::new(Traffic::new(interval)),
            rate_limit: Mutex::new(RateLimit::new(settings.rate_limit)),
            settings,
        }
    }

    /// The organisation that is served.
    pub(super) fn organisation(&self) -> &Organisation {
        self.endpoints.organisation()
    }

    /// The key that `/token` accepts.
    pub(super) fn api_key(&self) -> &str {
        &self.settings.api_key
    }

    /// The counts of what was asked.
    pub(super) fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub(super) async fn serve(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Dropped> {
        let seen = seen_request(&request);
        let (path, query) = (seen.path.clone(), seen.query.clone());
        let arrival = self.arrive(seen);
        if !self.settings.latency.is_zero() {
            tokio::time::sleep(self.settings.latency).await;
        }
        let now = (self.settings.clock)();
        let headers = request.headers();
        let call = Call {
            method: request.method(),
            path: &path,
            query: &query,
            headers,
            now,
        };
        let answer = self.answer(&call, &arrival)?;
        let records = answer.records;
        let response = answer.into_response(&date(now));
        self.traffic()
            .answer(arrival.number, response.status().as_u16(), records);
        Ok(response)
    }

    fn arrive(&self, mut seen: SeenRequest) -> Arrival {
        let mut traffic = self.traffic();
        // Taken under the lock, so that times are in the order of the numbers.
        let now = Instant::now();
        seen.at = now;
        let number = traffic.arrive(seen);
        let mut limit = self
            .rate_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let admitted = !self.settings.enforce_rate_limit || limit.admit(now);
        Arrival { number, admitted }
    }

    fn answer(&self, call: &Call<'_>, arrival: &Arrival) -> Result<Answer, Dropped> {
        let info = RequestInfo {
            number: arrival.number,
            path: call.path,
            query: call.query,
        };
        if let Some(fault) = self.settings.fault.as_ref().and_then(|plan| plan(&info)) {
            return Answer::of_fault(fault).ok_or(Dropped);
        }
        if !arrival.admitted {
            return Ok(self.too_many());
        }
        Ok(self
            .endpoints
            .answer(call, &self.settings)
            .unwrap_or_else(Answer::from))
    }

    fn too_many(&self) -> Answer {
        let answer = Answer::from(Refusal::TooManyRequests);
        match &self.settings.retry_after {
            Some(value) => answer.with_header("retry-after", value),
            None => answer,
        }
    }
}

fn seen_request(request: &Request<Incoming>) -> SeenRequest {
    let headers = request.headers();
    SeenRequest {
        number: 0,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: decode_query(request.uri().query().unwrap_or_default()),
        has_api_key: headers.contains_key("x-api-key"),
        has_token: headers.contains_key("x-verkada-auth"),
        accept_encoding: header(headers, "accept-encoding"),
        user_agent: header(headers, "user-agent"),
        at: Instant::now(),
        status: None,
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// A time as the `Date` header writes it; times outside 1970 to 9999 count as the nearest that it
/// can write.
fn date(unix_seconds: i64) -> String {
    let seconds = unix_seconds.clamp(0, LAST_SECOND).unsigned_abs();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}
