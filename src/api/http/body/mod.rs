//! The bytes of an answer: unpacked, within limits, and all answers under way within one budget.
//!
//! ```text
//! read ---> unpack    gzip to text
//!   `-----> budget    the memory that all bodies share
//! ```

mod budget;
mod read;
mod unpack;

pub(super) use budget::{BodyBudget, MAX_BODY_BYTES, Room};
pub(super) use read::{BodyError, LONG_WORK_BYTES, is_packed, read, read_refusal};
