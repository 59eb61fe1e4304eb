//! Variables and where they are set.
//!
//! ```text
//! variables ---> env_file ---> env_line      the process, the `.env` file, one line of it
//!     `-------------`--------> names         those of this program, and those that look like them
//! ```

mod env_file;
mod env_line;
mod names;
mod variables;

pub(crate) use variables::{Environment, Found, Layer, Naming};
