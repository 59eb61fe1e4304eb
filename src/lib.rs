//! Audit logs and camera notifications from Verkada's cloud API, record by record and exactly as the API wrote them.
//!
//! The program `verkada-audit-logs` prints one interval of both as JSON lines. Its client, [`VerkadaApi`], is useful on
//! its own:
//!
//! ```
//! use verkada_audit_logs::demo::{DemoServer, Profile};
//! use verkada_audit_logs::{Secret, TimeBase, VerkadaApi, Window};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! // With a real organisation: VerkadaApi::from_env()?
//! let demo = DemoServer::builder(Profile::demo()).start()?;
//! let client = VerkadaApi::builder(Secret::new(demo.api_key())?)
//!     .base_url(demo.base_url().parse()?)
//!     .build()?;
//!
//! // Every audit log and every notification of ten minutes, oldest first.
//! let window = Window::new(1_789_401_600, 1_789_402_200, TimeBase::Event)?;
//! let audit_logs = client.audit_logs(window).await?;
//! let notifications = client.notifications(window).await?;
//! assert!(audit_logs.iter().any(|log| log.event_name().as_deref() == Some("Live Stream Started")));
//! assert!(notifications.iter().all(|notification| notification.created().is_some()));
//!
//! // A record in a type of yours.
//! #[derive(serde::Deserialize)]
//! struct Login {
//!     user_email: Option<String>,
//! }
//! let login: Login = audit_logs[0].parse()?;
//! println!("{:?}", login.user_email);
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Layout
//!
//! Calls go down the drawing, never up.
//!
//! ```text
//! main.rs            arguments, logging, runtime, one command, one error report, one exit code
//!   |
//! cli/               the person's side: flags and variables -> one checked configuration; messages, exit codes
//!   |
//! doctor/            what a set-up can and cannot do, step by step
//! verify/            what Verkada has against what files hold
//!   |
//! pull/              a window becomes lines: plan, read ahead, filter, print each record once, move the checkpoint
//!   |
//! api/               the only room that talks to Verkada: client, pages, records, tokens, pace, retries, errors
//!   |
//! json/              JSON text stepped through once, byte for byte
//!
//! demo/              a simulated Verkada over real HTTP on loopback, for --demo, the tests and the benches
//! files/             files replaced whole or not at all, and what a path leads to
//! digest, time       SHA-256; Unix seconds
//! ```

#[cfg(not(unix))]
compile_error!(
    "verkada-audit-logs relies on Unix file modes and signals; build it on Linux, macOS or a BSD"
);

mod api;
pub mod demo;
mod digest;
#[doc(hidden)]
pub mod doctor;
mod files;
mod json;
#[doc(hidden)]
pub mod pull;
mod time;
#[doc(hidden)]
pub mod verify;

pub use api::{
    BaseUrl, CertificateProblem, ConfigurationError, DEFAULT_MAX_REQUESTS_PER_MINUTE,
    DEFAULT_PAGE_SIZE, DEFAULT_SESSION_TIMEOUT, DEFAULT_TOKEN_EXPIRATION_TIME, DEFAULT_TOKEN_FILE,
    Effort, Endpoint, Error, ErrorKind, MAX_PAGE_SIZE, MAX_RETRIES, NetworkFailure, Page, Pages,
    Record, Region, Secret, ServerText, Source, Statistics, TimeBase, VerkadaApi,
    VerkadaApiBuilder, Window,
};
#[doc(hidden)]
pub use api::{LONGEST_QUOTED, MOST_REQUESTS_PER_MINUTE, quoted};
#[doc(hidden)]
pub use files::publish;
pub use pull::{CRON_INTERVAL_MINUTES, INTERESTED_EVENTS};
#[doc(hidden)]
pub use time::{LEAST_MILLISECONDS, time_text};
