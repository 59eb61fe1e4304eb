//! The handling of one request: it is counted, delayed, possibly made to fail, and answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};

use super::endpoints::{Endpoints, ReceivedRequest, decode_query};
use super::fault::RequestInfo;
use super::rate_limit::RateLimit;
use super::reply::{Rejection, Reply};
use super::settings::ServerSettings;
use super::traffic::{SeenRequest, Traffic};
use crate::demo::organisation::{LAST_SECOND, Organisation, Profile};

/// An error that makes the connection close without an answer.
#[derive(Debug)]
pub(super) struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("connection dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

/// The state that the connections of a server share.
pub(super) struct Service {
    settings: ServerSettings,
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
    /// Creates the service for the organisation that a profile describes.
    pub(super) fn new(profile: Profile, settings: ServerSettings) -> Self {
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

    /// Locks the counts of requests and answers.
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
        let received = ReceivedRequest {
            method: request.method(),
            path: &path,
            query: &query,
            headers,
            now,
        };
        let reply = self.answer(&received, &arrival)?;
        let records = reply.records;
        let response = reply.into_response(&date(now));
        self.traffic()
            .answer(arrival.number, response.status().as_u16(), records);
        Ok(response)
    }

    fn arrive(&self, mut seen: SeenRequest) -> Arrival {
        let mut traffic = self.traffic();
        // Read under the lock, so that times are in the order of the numbers.
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

    fn answer(&self, request: &ReceivedRequest<'_>, arrival: &Arrival) -> Result<Reply, Dropped> {
        let info = RequestInfo {
            number: arrival.number,
            path: request.path,
            query: request.query,
        };
        if let Some(fault) = self.settings.fault.as_ref().and_then(|plan| plan(&info)) {
            return Reply::from_fault(fault).ok_or(Dropped);
        }
        if !arrival.admitted {
            return Ok(self.too_many());
        }
        Ok(self
            .endpoints
            .answer(request, &self.settings)
            .unwrap_or_else(Reply::from))
    }

    fn too_many(&self) -> Reply {
        let reply = Reply::from(Rejection::TooManyRequests);
        match &self.settings.retry_after {
            Some(value) => reply.with_header("retry-after", value),
            None => reply,
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

/// Formats a time for the `Date` header. Times outside 1970 to 9999 are clamped to that range.
fn date(unix_seconds: i64) -> String {
    let seconds = unix_seconds.clamp(0, LAST_SECOND).unsigned_abs();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}
