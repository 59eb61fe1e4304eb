//! Variables and where they are set.
//!
//! ```text
//! variables ---> env_file ---> env_line      the process, the `.env` file, one line of it
//! ```

mod env_file;
mod env_line;
mod variables;

pub(crate) use variables::{Environment, Found, Layer};
