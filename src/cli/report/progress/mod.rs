//! The progress of a long read.
//!
//! ```text
//! display ---> estimate     the time that is left
//! ```

mod display;
mod estimate;

pub(crate) use display::show;
