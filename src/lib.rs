//! Audit logs and camera notifications from Verkada's cloud API, record by record and exactly as the API wrote
//! them.
//!
//! The program `verkada-audit-logs` prints one interval of both as JSON lines; this is what it is made of.
//! [`VerkadaApi`] is useful on its own:
//!
//! ```
//! use verkada_audit_logs::demo::{DemoServer, Profile};
//! use verkada_audit_logs::{Secret, TimeBase, VerkadaApi, Window};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! // With a real organisation: VerkadaApi::from_env()?
//! let demo = DemoServer::builder(Profile::demo()).start()?;
//! let client = VerkadaApi::builder(Secret::new(demo.api_key()))
//!     .base_url(demo.base_url().parse()?)
//!     .build()?;
//!
//! // Every audit log and every notification of ten minutes, oldest first.
//! let window = Window::new(1_789_401_600, 1_789_402_200, TimeBase::Event)?;
//! let audit_logs = client.get_audit_logs(window).await?;
//! let notifications = client.get_notifications(window).await?;
//! assert!(audit_logs.iter().any(|log| log.event_name().as_deref() == Some("Live Stream Started")));
//! assert!(notifications.iter().all(|notification| notification.created().is_some()));
//!
//! // The same page by page, newest first, as the API answers.
//! let mut pages = client.audit_log_pages(window);
//! let mut count = 0;
//! while let Some(page) = pages.next().await? {
//!     count += page.records.len();
//! }
//! assert_eq!(count, audit_logs.len());
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Layout
//!
//! Calls go down this list, never up.
//!
//! - `src/main.rs` and `src/cli/`: flags, variables, messages and exit codes; not part of the library.
//! - [`pull`]: a window becomes lines. `run` on top; `plan` says what to read, `reader` fetches slices ahead,
//!   `filter` keeps what is wanted, `printer` prints each record once to an `output` of `lines`, `checkpoint`
//!   remembers it by its `fingerprint`, behind a `lock`.
//! - [`api`]: the only room that talks to Verkada. `client` and `pages` on top; `transport` with `pacing`, `retry`
//!   and `failed` below, on `http`; `tokens` with the `token_cache` beside; `page` and `record` for what comes back,
//!   on `scan` (with `json_string`), `compact` and `value`.
//! - [`demo`]: a simulated organisation over real HTTP on loopback, for `--demo`, the tests and the benches.
//! - `durable_file` and `digest`: files replaced whole or not at all, and SHA-256.

#[cfg(not(unix))]
compile_error!(
    "verkada-audit-logs relies on Unix file modes and signals; build it on Linux, macOS or a BSD"
);

pub mod api;
pub mod demo;
mod digest;
mod durable_file;
pub mod pull;

pub use api::{
    BaseUrl, ConfigurationError, DEFAULT_MAX_REQUESTS_PER_MINUTE, DEFAULT_PAGE_SIZE,
    DEFAULT_SESSION_TIMEOUT, DEFAULT_TOKEN_EXPIRATION_TIME, DEFAULT_TOKEN_FILE, Effort, Endpoint,
    Error, MAX_PAGE_SIZE, MAX_RETRIES, NetworkFailure, Page, Pages, Record, Region, Secret,
    ServerText, Source, Statistics, TimeBase, VerkadaApi, VerkadaApiBuilder, Window,
};
pub use pull::{
    CRON_INTERVAL_MINUTES, CarryOn, Checkpoint, CheckpointError, DEFAULT_OVERLAP_MINUTES,
    Error as PullError, EventFilter, INTERESTED_EVENTS, Outcome, Output, Printer, Progress, Pull,
    Report, SourceReport, Span, scheduled_window, time_text,
};
