//! Records on standard output, messages on standard error, and both on a terminal.

mod messages;
mod records;
mod streams;
mod terminal;
