//! A simulated Verkada organisation over real HTTP on loopback.
//!
//! `--demo`, the tests and the benches all talk to this server, so what they exercise is the
//! program's real HTTP client against answers with the real shapes. Every person, camera and
//! address is invented.
//!
//! # Layout
//!
//! - [`Profile`] says how busy an organisation is and how late its records arrive.
//! - [`Organisation`] answers which records exist. Records are a pure function of seed and time
//!   and are never stored, so a window of any length may be asked for, and always has the same
//!   answer. Tests use it as the oracle for what the program should have printed.
//! - [`DemoServer`] serves an organisation on `127.0.0.1`, with knobs for the clock, the rate
//!   limit, expiring tokens and [faults](Fault), and keeps [statistics](Stats) of its requests.

mod answer;
mod audit_log;
mod builder;
mod catalogue;
mod density;
mod endpoints;
mod event;
mod notification;
mod organisation;
mod page;
mod parameters;
mod profile;
mod random;
mod rate_limit;
mod records;
mod server;
mod service;
mod stream;
mod text;
mod tokens;
mod traffic;

#[cfg(test)]
mod tests;

pub use answer::Fault;
pub use builder::{Clock, DEMO_API_KEY, DemoServerBuilder, FaultPlan, WindowEnds};
pub use organisation::{Organisation, TimeBase};
pub use profile::{Burst, DailyCycle, Profile, Source};
pub use records::{DemoRecord, Records};
pub use server::DemoServer;
pub use service::RequestInfo;
pub use traffic::{SeenRequest, Stats};
