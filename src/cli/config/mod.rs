//! Flags, variables and defaults become one checked configuration.
//!
//! A flag wins over the environment, and the environment over `.env`. Every message names the flag or variable at fault.
//!
//! ```text
//! assemble ---> target ---> api_key       the organisation to read
//!    |-------> events                     the audit logs to keep
//!    |-------> files                      which there are, and one purpose for each
//!    |-------> period ---> time           the range, and times as people write them
//!    `-------> setting ---> environment/   flag, variable, .env
//! all of them: usage_error
//! ```

mod api_key;
mod assemble;
mod environment;
mod events;
mod files;
mod period;
mod setting;
mod target;
mod time;
mod usage_error;

pub(crate) use api_key::{KEY, file as key_file};
pub(crate) use assemble::Config;
pub(crate) use environment::{Environment, Layer, Naming};
pub(crate) use files::{METRICS_FILE, check_compared, is_among, metrics_file};
pub(crate) use time::parse_span;
pub(crate) use usage_error::{LONGEST_QUOTED, UsageError, quoted};
