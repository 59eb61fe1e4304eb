//! A window or a long range becomes requests, and their answers become one sequence of records.

mod backfill;
mod clocks;
mod slices;
mod timeless;
mod windows;
