//! How a [`DemoServer`] is set up.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::answer::Fault;
use super::profile::Profile;
use super::rate_limit::DOCUMENTED_LIMIT;
use super::server::DemoServer;
use super::service::RequestInfo;

/// The API key that a [`DemoServer`] accepts unless told otherwise. It is invented and opens
/// nothing.
pub const DEMO_API_KEY: &str = "demo-key-of-the-simulated-organisation==";

/// How long Verkada's API tokens live.
const TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What the server takes for the present, in Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Decides which requests go wrong, and how.
pub type FaultPlan = Arc<dyn Fn(&RequestInfo<'_>) -> Option<Fault> + Send + Sync>;

/// Whether a record exactly at the start or end of a window belongs to it. Verkada does not
/// document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowEnds {
    /// Whether `start_time` itself belongs to the window.
    pub start_inclusive: bool,
    /// Whether `end_time` itself belongs to the window.
    pub end_inclusive: bool,
}

impl Default for WindowEnds {
    /// Both ends belong to the window.
    fn default() -> Self {
        Self {
            start_inclusive: true,
            end_inclusive: true,
        }
    }
}

/// Everything about a server that is not its organisation.
pub(super) struct Settings {
    pub(super) clock: Clock,
    pub(super) api_key: String,
    pub(super) latency: Duration,
    pub(super) enforce_rate_limit: bool,
    pub(super) rate_limit: (u32, Duration),
    pub(super) retry_after: Option<String>,
    pub(super) window_ends: WindowEnds,
    pub(super) token_lifetime: Duration,
    pub(super) tokens_expire_after: Option<u64>,
    pub(super) fault: Option<FaultPlan>,
}

/// Sets up a [`DemoServer`]; begins with [`DemoServer::builder`] and ends with
/// [`start`](Self::start).
#[must_use]
pub struct DemoServerBuilder {
    profile: Profile,
    settings: Settings,
}

impl DemoServerBuilder {
    /// A server with every setting at its default.
    pub(super) fn new(profile: Profile) -> Self {
        let settings = Settings {
            clock: Arc::new(system_time),
            api_key: DEMO_API_KEY.to_owned(),
            latency: Duration::ZERO,
            enforce_rate_limit: false,
            rate_limit: DOCUMENTED_LIMIT,
            retry_after: None,
            window_ends: WindowEnds::default(),
            token_lifetime: TOKEN_LIFETIME,
            tokens_expire_after: None,
            fault: None,
        };
        Self { profile, settings }
    }

    /// What decides visibility, default windows, the end of tokens and the `Date` header. Default:
    /// the system's clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// The one key that `/token` accepts. Default: [`DEMO_API_KEY`].
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.settings.api_key = api_key.into();
        self
    }

    /// How long every answer takes, in real time. Requests wait side by side. Default: none.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// Whether too many requests are answered with 429. Default: no.
    ///
    /// More than 25 requests in any rolling 5 seconds of real time, those for tokens and unknown
    /// paths included, are too many. The first of these starts a cool-down of 5 seconds in which
    /// everything is refused; more than 25 further requests in it start it again. Requests count
    /// when they arrive.
    pub fn enforce_rate_limit(mut self, enforce: bool) -> Self {
        self.settings.enforce_rate_limit = enforce;
        self
    }

    /// Scales the limit: how many requests in which interval. The cool-down is as long as the
    /// interval. Setting it does not enforce it. Default: 25 in 5 seconds.
    pub fn rate_limit(mut self, requests: u32, per: Duration) -> Self {
        self.settings.rate_limit = (requests, per);
        self
    }

    /// The `Retry-After` header of the limit's own 429 answers. Default: none, as Verkada documents
    /// none.
    pub fn retry_after(mut self, retry_after: Option<String>) -> Self {
        self.settings.retry_after = retry_after;
        self
    }

    /// Whether windows include their ends. Default: both.
    pub fn window_ends(mut self, ends: WindowEnds) -> Self {
        self.settings.window_ends = ends;
        self
    }

    /// How long API tokens live by the clock, in whole seconds. Default: 30 minutes.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = lifetime;
        self
    }

    /// Makes all outstanding tokens expire after every so many pages sent. Default: never; 0 means
    /// never too.
    pub fn tokens_expire_after(mut self, pages: u64) -> Self {
        self.settings.tokens_expire_after = (pages > 0).then_some(pages);
        self
    }

    /// Decides for each request whether it goes wrong. A fault wins over the rate limit and every
    /// check of the request, and comes after the latency. Default: nothing goes wrong.
    pub fn fault(mut self, plan: FaultPlan) -> Self {
        self.settings.fault = Some(plan);
        self
    }

    /// Starts the server on a thread of its own and returns when it listens on a free port of
    /// `127.0.0.1`.
    ///
    /// May be called from anywhere, inside or outside an async runtime.
    ///
    /// # Errors
    ///
    /// When the port, the thread or its runtime cannot be had.
    pub fn start(self) -> io::Result<DemoServer> {
        DemoServer::start(self.profile, self.settings)
    }
}

/// The system's clock in Unix seconds; 0 if it stands before 1970.
fn system_time() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_secs() as i64)
}
