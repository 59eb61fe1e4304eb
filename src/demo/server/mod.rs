//! A server that answers for a simulated organisation as Verkada's API would.
//!
//! It runs on a thread of its own and speaks HTTP on a free port of `127.0.0.1`. Every request is
//! counted first, then delayed, made to fail or refused as configured, and only then reaches its
//! endpoint.
//!
//! ```text
//!     builder                          sets up a server and starts it
//!        |
//!        v
//!     listener                         DemoServer: the thread and its connections
//!        |
//!        v
//!     service                          the handling of one request
//!      | | |
//!      | | +--------> traffic          counts requests and answers
//!      | |               |
//!      | +-------> rate_limit
//!      v
//!     endpoints/                       /token, audit logs, notifications
//!      |     |
//!      v     v
//!   reply  settings                    body and status; everything that can be configured
//!      |     |
//!      v     v
//!   fault   gone                       simulated failures, used by service too; records that vanish
//! ```

mod builder;
mod endpoints;
mod fault;
mod gone;
mod listener;
mod rate_limit;
mod reply;
mod service;
mod settings;
mod traffic;

#[cfg(test)]
mod tests;

pub use builder::DemoServerBuilder;
pub use fault::{Fault, FaultPlan, RequestInfo};
pub use gone::Gone;
pub use listener::DemoServer;
pub use settings::{Clock, DEMO_API_KEY, Paging, WindowEnds};
pub use traffic::{SeenRequest, Stats};
