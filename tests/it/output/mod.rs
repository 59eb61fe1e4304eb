//! Records on standard output, messages on standard error, and both on a terminal.

mod marked_file;
mod messages;
mod records;
mod run_reports;
mod streams;
mod terminal;
