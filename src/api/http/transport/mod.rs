//! One request until it is answered.
//!
//! ```text
//! send ---> http_client     the HTTP client, which neither redirects nor tries again by itself
//!   |-----> failures        the error of an attempt
//!   `-----> call            the request
//! ```

mod call;
mod failures;
mod http_client;
mod send;

pub use send::Statistics;

pub(in crate::api) use call::{API_KEY_HEADER, Call, TOKEN_HEADER};
pub(crate) use send::Probe;
pub(in crate::api) use send::Transport;
