//! A comparison of the records that Verkada has with those that files hold.
//!
//! The files are read first, and of each record in the range only the fingerprint is kept, with its number among identical
//! ones if its line has an id. Then the range is read from Verkada like any other, and what the files do not hold is
//! printed.
//!
//! ```text
//! comparison ---> archive     what the files hold
//!   |    `------> findings    how many records are missing or surplus, by source and day
//!   `-----------> pull        its printer asks the comparison about each record
//! ```

mod archive;
mod comparison;
mod findings;

pub use archive::Archive;
pub use comparison::Comparison;
pub use findings::{Day, Findings};
