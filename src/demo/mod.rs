//! A simulated Verkada organisation, served over real HTTP on loopback.
//!
//! `--demo`, the tests and the benches all talk to this server, so they exercise the program's real
//! HTTP client against responses of the real shapes. Every person, camera and address is invented.
//!
//! ```text
//!     --demo, tests, benches
//!        |              |
//!        v              |
//!     server/           |     how it answers: HTTP, tokens, pages, rate limit, faults
//!        |              |
//!        v              v
//!     organisation/           what happens: the records, a pure function of seed and time
//! ```
//!
//! - [`Profile`] describes how busy an organisation is and how late its records arrive.
//! - [`Organisation`] lists the records of any window. It stores none of them: the same profile and
//!   window always give the same records. Tests use it as the oracle for the program's output.
//! - [`DemoServer`] serves an organisation on `127.0.0.1`. Its clock, rate limit, token lifetime and
//!   [faults](Fault) can be set, and it keeps [statistics](Stats) of its requests.

mod organisation;
mod server;

pub use organisation::{
    Burst, DailyCycle, DemoRecord, DemoRecords, Organisation, Profile, Source, TimeBase,
};
pub use server::{
    Clock, DEMO_API_KEY, DemoServer, DemoServerBuilder, Fault, FaultPlan, Gone, Paging,
    RequestInfo, SeenRequest, Stats, WindowEnds,
};
