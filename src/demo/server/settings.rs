//! Everything about a server that can be configured, except its organisation.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::fault::FaultPlan;
use super::gone::Gone;
use super::rate_limit::DOCUMENTED_LIMIT;

/// The API key that a [`DemoServer`](crate::demo::DemoServer) accepts by default. It is invented
/// and grants access to nothing.
pub const DEMO_API_KEY: &str = "demo-key-of-the-simulated-organisation==";

/// Lifetime of Verkada's API tokens.
const TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Returns the server's current time in Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Inclusion of a window's ends. Verkada does not document whether a record exactly at the start or
/// end of a window belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowEnds {
    /// True if `start_time` itself belongs to the window.
    pub start_inclusive: bool,
    /// True if `end_time` itself belongs to the window.
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

/// Meaning of a page token. Verkada does not document it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Paging {
    /// The last record that was sent: records that appear meanwhile shift no others.
    #[default]
    ByPosition,
    /// The number of a page of the list as it is when the page is asked for. A record that appears on an earlier page
    /// shifts all that follow.
    ByNumber,
}

/// The configuration of a server. The builder's methods document each setting.
pub(super) struct ServerSettings {
    pub(super) clock: Clock,
    pub(super) api_key: String,
    pub(super) latency: Duration,
    pub(super) enforce_rate_limit: bool,
    pub(super) rate_limit: (u32, Duration),
    pub(super) retry_after: Option<String>,
    pub(super) window_ends: WindowEnds,
    pub(super) paging: Paging,
    pub(super) gone: Option<Gone>,
    pub(super) token_lifetime: Duration,
    pub(super) tokens_expire_after: Option<u64>,
    pub(super) fault: Option<FaultPlan>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            clock: Arc::new(system_time),
            api_key: DEMO_API_KEY.to_owned(),
            latency: Duration::ZERO,
            enforce_rate_limit: false,
            rate_limit: DOCUMENTED_LIMIT,
            retry_after: None,
            window_ends: WindowEnds::default(),
            paging: Paging::default(),
            gone: None,
            token_lifetime: TOKEN_LIFETIME,
            tokens_expire_after: None,
            fault: None,
        }
    }
}

/// Returns the system's time in Unix seconds, or 0 if its clock is set before 1970.
fn system_time() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_secs() as i64)
}
