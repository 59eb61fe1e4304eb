//! What Verkada has, against what files hold.
//!
//! The files are read first, and of each record in the range only the fingerprint is kept. Then the range is read from
//! Verkada like any other, and what the files do not hold is printed.
//!
//! ```text
//! Archive  --- sorted --->  Comparison  --->  Findings
//! what the files hold       asked by the      a table by source and day
//!                           printer
//! ```

mod archive;
mod comparison;
mod findings;

pub use archive::Archive;
pub use comparison::Comparison;
pub use findings::{Day, Findings};
