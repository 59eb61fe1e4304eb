//! Records on standard output and messages on standard error.

mod messages;
mod records;
mod streams;
