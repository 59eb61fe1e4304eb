//! One source's window, read slice by slice, several slices at a time, and handed on in order.
//!
//! Reading goes ahead of printing as far as the pace and the memory budget allow. How long a slice should be is learnt
//! from the slices before it.
//!
//! ```text
//! reader ---> slice_builder ---> slice    lines and edges of a slice that was read whole
//!   |             |----> bounds           what to ask for, and what belongs to the slice
//!   |             |----> budget           memory for fetching ahead
//!   |             |----> line             one record, ready to be printed
//!   |             `----> odd_records      lines to be warned of
//!   |----> sizing                         how long a slice should be, how many requests at a time
//!   `----> options                        what is read, and how
//! ```

mod bounds;
mod budget;
mod line;
mod odd_records;
mod options;
mod reader;
mod sizing;
mod slice;
mod slice_builder;

pub(super) use bounds::Bounds;
pub(super) use line::Line;
pub(super) use odd_records::OddRecords;
pub(super) use options::ReadOptions;
pub(super) use reader::{Slices, start};
pub(super) use slice::{Edge, Slice};
pub(super) use slice_builder::BudgetedSlice;
