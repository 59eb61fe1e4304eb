//! The person's side of the program: flags in, messages and an exit code out.

mod api_key;
pub(crate) mod args;
pub(crate) mod config;
pub(crate) mod environment;
pub(crate) mod exit_code;
pub(crate) mod logging;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod signals;
mod time;
