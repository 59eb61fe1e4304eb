//! Followers of the output: `tail -F` shows each line once, although runs are killed and the file is rotated.
//!
//! ```text
//! killed, rotated, limited ---> archive ---> stream    what there is to read
//!                                   `------> tail      who follows
//! ```

mod archive;
mod killed;
mod limited;
mod rotated;
mod stream;
mod tail;
