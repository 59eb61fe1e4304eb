//! The examination of a set-up: what it can and cannot do, found out step by step. Nothing is changed but the token file.
//!
//! Each step is a [`Check`]: what was looked at, what was found, and for a failure the error that a run would end with.
//! The caller shows them.
//!
//! ```text
//! examine ---> secret_files       who may read the key
//!    |-------> connection         proxy, connection, clock, token
//!    |-------> lists              one page of each source, and what it shows
//!    |            |---> records         organisation, processed time, lateness, order
//!    |            |---> event_names     names that nothing has, and the nearest known one
//!    |            |---> page_token      the form of a page token
//!    |            `---> window_ends     whether the ends of a window count
//!    `-------> own_files          checkpoint, output, token file
//! below them: pages (asked for within a limit of requests), setup (what is examined), check (what was found)
//! ```

mod check;
mod connection;
mod event_names;
mod examine;
mod lists;
mod own_files;
mod page_token;
mod pages;
mod records;
mod secret_files;
mod setup;
mod window_ends;

pub use check::{Check, CheckOutcome, Subject};
pub use event_names::describe_unmatched;
pub use examine::{examine, skip_without_settings};
pub use own_files::could_append;
pub use secret_files::{SecretFile, SecretFiles};
pub use setup::{MOST_REQUESTS, Setup};
