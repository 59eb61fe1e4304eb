//! One request until it is answered: the address, the pace, the retries, and the reading of what comes back.
//!
//! Everything that is sent goes through [`Transport::send`], which is the only place that adds headers, waits for the
//! pace, tries again and turns a failure into an [`Error`](super::error::Error).
//!
//! ```text
//! transport/ --> pace      when a request may be sent
//!     |--------> retry     whether it is sent again
//!     |--------> body/     the bytes of an answer, unpacked and within limits
//!     |--------> answer    a 200 that is not what was asked for
//!     |--------> clock     the server's time
//!     |--------> certificate ... why one was refused
//!     |--------> server_text ... cleans what the server says
//!     |--------> proxy
//!     `--------> base_url ---> region
//! ```

mod answer;
mod base_url;
mod body;
mod certificate;
mod clock;
mod pace;
mod proxy;
mod region;
mod retry;
mod server_text;
mod transport;

pub use base_url::BaseUrl;
pub use region::Region;
pub use retry::MAX_RETRIES;
pub use transport::Statistics;

pub(super) use answer::{Answer, Keys, Unusable};
pub(super) use pace::Pacer;
pub(crate) use pace::Urgency;
pub(crate) use proxy::ProxyInUse;
pub(super) use retry::RetryPolicy;
pub(crate) use server_text::clean as clean_server_text;
pub(crate) use transport::Probe;
pub(super) use transport::{API_KEY_HEADER, Call, TOKEN_HEADER, Transport};
