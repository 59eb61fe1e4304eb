//! Records on standard output, messages on standard error, and both on a terminal.

mod messages;
mod records;
mod run_reports;
mod streams;
mod terminal;
