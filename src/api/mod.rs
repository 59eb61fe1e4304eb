//! The only room that talks to Verkada. It knows no file but the token's.
//!
//! A client asks for one page at a time; lists are read on top of that. Every request goes through one `send`, and
//! every failure comes back as one kind of error that knows its status, its effort and whether it may pass.
//!
//! ```text
//! builder ---> client <--- list/                lists: page by page, or whole; records that come twice
//!                | | `---> page ---> page_body ---> record   what comes back
//!                | `-----> token/      the token, in memory and in its file
//!                `-------> http/       one request until it is answered
//! below all of them: error, source, window, secret
//! ```

mod builder;
mod client;
mod error;
mod http;
mod list;
mod page;
mod page_body;
mod record;
mod secret;
mod source;
mod token;
mod window;

pub use builder::{
    DEFAULT_MAX_REQUESTS_PER_MINUTE, DEFAULT_PAGE_SIZE, DEFAULT_SESSION_TIMEOUT,
    DEFAULT_TOKEN_FILE, MAX_PAGE_SIZE, MOST_REQUESTS_PER_MINUTE, VerkadaApiBuilder,
};
pub use client::VerkadaApi;
pub use error::{
    CertificateProblem, ConfigurationError, Effort, Endpoint, Error, ErrorKind, NetworkFailure,
    ServerText,
};
pub use http::{BaseUrl, MAX_RETRIES, Region, Statistics};
pub use list::Pages;
pub use page::Page;
pub use record::Record;
pub use secret::{LONGEST_QUOTED, Secret, quoted};
pub use source::Source;
pub use token::DEFAULT_TOKEN_EXPIRATION_TIME;
pub use window::{TimeBase, Window};

pub(crate) use http::{Probe, Urgency, clean_server_text};
pub(crate) use record::{parse_time, push_canonical_record, sort_oldest_first};
