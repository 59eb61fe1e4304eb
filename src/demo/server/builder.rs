//! The set-up of a [`DemoServer`].

use std::io;
use std::time::Duration;

use super::fault::FaultPlan;
use super::gone::Gone;
use super::listener::DemoServer;
use super::settings::{Clock, Paging, ServerSettings, WindowEnds};
use crate::demo::organisation::Profile;

/// Sets up a [`DemoServer`]. Created by [`DemoServer::builder`], consumed by
/// [`start`](Self::start).
#[must_use]
pub struct DemoServerBuilder {
    profile: Profile,
    settings: ServerSettings,
}

impl DemoServer {
    /// Returns a builder of a server for the organisation that a profile describes.
    pub fn builder(profile: Profile) -> DemoServerBuilder {
        DemoServerBuilder {
            profile,
            settings: ServerSettings::default(),
        }
    }
}

impl DemoServerBuilder {
    /// Sets the clock, which decides visibility, default windows, the expiry of tokens and the
    /// `Date` header. Default: the system's clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sets the only key that `/token` accepts. Default:
    /// [`DEMO_API_KEY`](crate::demo::DEMO_API_KEY).
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.settings.api_key = api_key.into();
        self
    }

    /// Delays every answer, in real time. Requests are delayed in parallel. Default: no delay.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// Enforces the rate limit: too many requests are answered with 429. Default: not enforced.
    ///
    /// More than 25 requests in any rolling 5 seconds of real time are too many; requests for
    /// tokens and unknown paths count too. The first excess request starts a cool-down of 5 seconds
    /// in which everything is refused; more than 25 further requests in it restart it. Requests
    /// count when they arrive.
    pub fn enforce_rate_limit(mut self, enforce: bool) -> Self {
        self.settings.enforce_rate_limit = enforce;
        self
    }

    /// Sets the number of requests that the rate limit allows in an interval. The cool-down is as
    /// long as the interval. Does not enforce the limit. Default: 25 in 5 seconds.
    pub fn rate_limit(mut self, requests: u32, per: Duration) -> Self {
        self.settings.rate_limit = (requests, per);
        self
    }

    /// Sets the `Retry-After` header of the rate limit's 429 answers. Default: none, as Verkada
    /// documents none.
    pub fn retry_after(mut self, retry_after: Option<String>) -> Self {
        self.settings.retry_after = retry_after;
        self
    }

    /// Sets which ends belong to a window. Default: both.
    pub fn window_ends(mut self, ends: WindowEnds) -> Self {
        self.settings.window_ends = ends;
        self
    }

    /// Sets the meaning of page tokens. Default: the last record that was sent.
    pub fn paging(mut self, paging: Paging) -> Self {
        self.settings.paging = paging;
        self
    }

    /// Sets the rule that decides which records have vanished from the lists. Default: none.
    pub fn gone(mut self, gone: Gone) -> Self {
        self.settings.gone = Some(gone);
        self
    }

    /// Sets the lifetime of API tokens by the clock, in whole seconds. Default: 30 minutes.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = lifetime;
        self
    }

    /// Makes all outstanding tokens expire each time this number of pages has been sent. Default:
    /// 0, which means never.
    pub fn tokens_expire_after(mut self, pages: u64) -> Self {
        self.settings.tokens_expire_after = (pages > 0).then_some(pages);
        self
    }

    /// Sets the plan that decides for each request whether it fails. A fault comes after the
    /// latency, and takes precedence over the rate limit and all checks of the request. Default: no
    /// request fails.
    pub fn fault(mut self, plan: FaultPlan) -> Self {
        self.settings.fault = Some(plan);
        self
    }

    /// Starts the server on a thread of its own and returns when it listens on a free port of
    /// `127.0.0.1`.
    ///
    /// Can be called inside or outside an async runtime.
    ///
    /// # Errors
    ///
    /// Fails if the port, the thread or its runtime cannot be created.
    pub fn start(self) -> io::Result<DemoServer> {
        DemoServer::start(self.profile, self.settings)
    }
}
