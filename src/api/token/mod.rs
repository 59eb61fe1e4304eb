//! The short-lived token: asked for once, shared by all requests, and kept in a file for the next run.
//!
//! ```text
//! store ---> file
//!   |         token.json: one key, one host, 25 minutes
//!   `---> exchange (passed in by the client: POST /token)
//! ```

mod file;
mod store;

pub use file::DEFAULT_TOKEN_EXPIRATION_TIME;

pub(super) use file::{Token, TokenFile};
pub(super) use store::TokenStore;
