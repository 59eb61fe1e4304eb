//! What one page of each list shows.
//!
//! ```text
//! survey ---> records         organisation, processed time, lateness, order
//!    |------> event_names     names that nothing has, and the nearest known one
//!    |------> page_token      the form of a page token
//!    `------> window_ends     whether the ends of a window count
//! below them: pages (asked for within the limit of requests)
//! ```

mod event_names;
mod page_token;
mod pages;
mod records;
mod survey;
mod window_ends;

pub use event_names::describe_unmatched;

pub(in crate::doctor) use survey::check;
