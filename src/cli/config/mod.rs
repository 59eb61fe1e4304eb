//! Flags, variables and defaults become one checked configuration.
//!
//! A flag wins over the environment, and the environment over `.env`. Every message names the flag or variable at fault.
//!
//! ```text
//! assemble ---> target ---> api_key       whom to ask
//!    |-------> files                      one file for one purpose
//!    |-------> time                       times as people write them
//!    `-------> setting ---> environment   flag, variable, .env
//! all of them: usage_error
//! ```

mod api_key;
mod assemble;
mod environment;
mod files;
mod setting;
mod target;
mod time;
mod usage_error;

pub(crate) use assemble::Config;
pub(crate) use environment::Environment;
pub(crate) use usage_error::{LONGEST_QUOTED, UsageError, quoted};
