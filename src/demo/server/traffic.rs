//! Counts of requests and answers, for tests to inspect.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::rate_limit::Peak;

/// Number of requests that are remembered in detail.
const REMEMBERED_REQUESTS: usize = 10_000;

/// Counts of the requests that a [`DemoServer`](super::DemoServer) has received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests for `/token`, with any answer.
    pub token_requests: u64,
    /// Requests for `/core/v1/audit_log`, with any answer.
    pub audit_log_requests: u64,
    /// Requests for `/cameras/v1/alerts`, with any answer.
    pub notification_requests: u64,
    /// Answers with status 429, including those of a [`Fault`](super::Fault).
    pub rejected_too_many: u64,
    /// Answers with status 401, including those of a [`Fault`](super::Fault).
    pub unauthorized: u64,
    /// The largest number of requests of any kind in any rolling interval of the rate limit (5
    /// seconds by default), in real time, even if the limit is not enforced.
    pub most_requests_in_interval: usize,
    /// Records in all answers, including repeated ones.
    pub records_sent: u64,
}

impl Stats {
    /// Returns the total of the three kinds of request.
    pub fn requests(&self) -> u64 {
        self.token_requests + self.audit_log_requests + self.notification_requests
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct SeenRequest {
    /// Position in the order of arrival, from 1.
    pub number: u64,
    /// Method, in upper case.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Names and values of the query, decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// True if there was an `x-api-key` header.
    pub has_api_key: bool,
    /// True if there was an `x-verkada-auth` header.
    pub has_token: bool,
    /// The `accept-encoding` header.
    pub accept_encoding: Option<String>,
    /// The `user-agent` header.
    pub user_agent: Option<String>,
    /// Time of arrival, in real time.
    pub at: Instant,
    /// Status of the answer; `None` until it is sent, and if the connection was closed without one.
    pub status: Option<u16>,
}

/// Counts requests and answers.
pub(super) struct Traffic {
    requests: VecDeque<SeenRequest>,
    arrived: u64,
    peak: Peak,
    stats: Stats,
}

impl Traffic {
    /// Creates empty counts. `interval` is that of the peak.
    pub(super) fn new(interval: Duration) -> Self {
        let (requests, stats) = (VecDeque::new(), Stats::default());
        Self {
            requests,
            arrived: 0,
            peak: Peak::new(interval),
            stats,
        }
    }

    /// Counts an arrival and returns the number of the request.
    pub(super) fn arrive(&mut self, mut request: SeenRequest) -> u64 {
        self.arrived += 1;
        self.peak.count(request.at);
        match request.path.as_str() {
            "/token" => self.stats.token_requests += 1,
            "/core/v1/audit_log" => self.stats.audit_log_requests += 1,
            "/cameras/v1/alerts" => self.stats.notification_requests += 1,
            _ => {}
        }
        request.number = self.arrived;
        if self.requests.len() == REMEMBERED_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
        self.arrived
    }

    /// Counts the answer to a request.
    pub(super) fn answer(&mut self, number: u64, status: u16, records: usize) {
        self.stats.records_sent += records as u64;
        match status {
            401 => self.stats.unauthorized += 1,
            429 => self.stats.rejected_too_many += 1,
            _ => {}
        }
        // Numbers are consecutive, so the distance to the newest is the index from the end.
        let from_newest = (self.arrived - number) as usize;
        if let Some(request) = self.requests.iter_mut().rev().nth(from_newest) {
            request.status = Some(status);
        }
    }

    /// Returns the counts so far.
    pub(super) fn stats(&self) -> Stats {
        Stats {
            most_requests_in_interval: self.peak.most(),
            ..self.stats.clone()
        }
    }

    /// Returns the remembered requests, in order of arrival.
    pub(super) fn requests(&self) -> Vec<SeenRequest> {
        self.requests.iter().cloned().collect()
    }
}
