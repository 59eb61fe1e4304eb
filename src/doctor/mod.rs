//! The examination of a set-up: what it can and cannot do, found out step by step. Nothing is changed but the token file.
//!
//! Each step is a [`Check`]: what was looked at, what was found, and for a failure the error that a run would end with.
//! The caller shows them.
//!
//! ```text
//! examine ---> secret_files       who may read the key
//!    |-------> connection         proxy, connection, clock, token
//!    |-------> lists              one page of each source: within a limit of requests
//!    |            |---> records         organisation, processed time, lateness, order
//!    |            |---> event_names ---> known_names     names that nothing has, and the nearest one
//!    |            |---> page_token      its form
//!    |            `---> window_ends     whether they count
//!    `-------> own_files          checkpoint, output, token file
//! all of them: check
//! ```

mod check;
mod connection;
mod event_names;
mod examine;
mod known_names;
mod lists;
mod own_files;
mod page_token;
mod records;
mod secret_files;
mod window_ends;

pub use check::{Check, Outcome, Subject};
pub use event_names::describe_unmatched;
pub use examine::{MOST_REQUESTS, Setup, examine, skip_without_settings};
pub use own_files::could_append;
pub use secret_files::{SecretFile, SecretFiles};
