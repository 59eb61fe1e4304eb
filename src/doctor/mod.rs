//! The examination of a set-up: what it can and cannot do, found out step by step. Nothing is changed but the token file.
//!
//! Each step is a [`Check`]: what was looked at, what was found, and for a failure the error that a run would end with.
//! The caller shows them.
//!
//! ```text
//! examine ---> secret_files       who may read the key
//!    |-------> connection         proxy, connection, clock, token
//!    |-------> lists/             one page of each source, and what it shows
//!    `-------> own_files          checkpoint, output, token file, metrics file
//! below them: setup (what is examined), check (what was found)
//! ```

mod check;
mod connection;
mod examine;
mod lists;
mod own_files;
mod secret_files;
mod setup;

pub use check::{Check, CheckOutcome, Subject};
pub use examine::{examine, skip_without_settings};
pub use lists::describe_unmatched;
pub use own_files::could_append;
pub use secret_files::{SecretFile, SecretFiles};
pub use setup::{MOST_REQUESTS, Setup};
