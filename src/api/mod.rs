//! The only room that talks to Verkada: tokens, pace, retries, pages and errors. It knows no file but the
//! token's.

mod builder;
mod client;
mod compact;
mod error;
mod failed;
mod http;
mod json_string;
mod order;

mod pacing;
mod page;
mod pages;
mod record;
mod region;
mod retry;
mod scan;
mod secret;
mod server_text;
mod token_cache;
mod tokens;
mod transport;
mod value;
mod window;

use std::time::Duration;

pub use builder::VerkadaApiBuilder;
pub use client::VerkadaApi;
pub use error::{ConfigurationError, Effort, Endpoint, Error, NetworkFailure};
pub use page::Page;
pub use pages::Pages;
pub use record::Record;
pub use region::{BaseUrl, Region};
pub use secret::Secret;
pub use server_text::ServerText;
pub use transport::Statistics;
pub use window::{Source, TimeBase, Window};

pub(crate) use order::sort_oldest_first;
pub(crate) use pacing::Urgency;
pub(crate) use record::LineText;
pub(crate) use scan::{Malformed, Scan};

/// Records a page unless told otherwise; Verkada's own default.
pub const DEFAULT_PAGE_SIZE: u32 = 100;
/// The most records that Verkada puts on a page.
pub const MAX_PAGE_SIZE: u32 = 200;
/// How long a token is used. Verkada documents 30 minutes; the rest is a margin.
pub const DEFAULT_TOKEN_EXPIRATION_TIME: Duration = Duration::from_secs(25 * 60);
/// How often a request is sent again after a failure that may pass.
pub const MAX_RETRIES: u32 = 3;
/// How long one attempt of a request may take, from connecting to the last byte of the answer.
pub const DEFAULT_SESSION_TIMEOUT: Duration = Duration::from_secs(30);
/// Our share of the 300 requests a minute that an organisation has for everything.
pub const DEFAULT_MAX_REQUESTS_PER_MINUTE: u32 = 280;
/// Where the token is kept from one run to the next.
pub const DEFAULT_TOKEN_FILE: &str = "token.json";
/// The longest answer that is read, after decompression.
const MAX_BODY_BYTES: usize = 64 << 20;

/// Unix seconds by this machine's clock.
fn unix_now() -> i64 {
    chrono::Utc::now().timestamp()
}
