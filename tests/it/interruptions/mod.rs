//! Runs that are killed, stopped by a signal, or blocked by a reader that does not read.

mod interrupted;
mod kill;
