//! Files that matter: replaced whole or not at all, never through a link that another user has planted, and named in
//! every error.
//!
//! ```text
//! look ---> durable ---> trust ---> failure
//!   |          |           |          `----> errors that name the path
//!   |          |           `---------------> what a path leads to, and whether that may be used
//!   |          `---------------------------> a file replaced whole
//!   `--------------------------------------> what could be written, told without writing anything
//! mounts                                     a mounted file can be written to, but not replaced
//! space                                      free space of a file system
//! lines                                      a file line by line
//! ```

mod durable;
mod failure;
mod lines;
mod look;
mod mounts;
mod space;
mod trust;

pub use durable::publish;
pub(crate) use durable::{check_replaceable, neighbour, replace, replace_shared, sync_folder};
pub(crate) use failure::{at, shown_folder};
pub(crate) use lines::{Rest, for_each_line};
pub(crate) use look::{could_append, could_replace};
pub(crate) use mounts::is_mount_point;
pub(crate) use space::Space;
pub(crate) use trust::{open, resolve};
