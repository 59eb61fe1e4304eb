//! Runs that are killed, stopped by a signal, or blocked by a reader that does not read; power cuts; and what somebody sees
//! who follows the output meanwhile.

mod followers;
mod interrupted;
mod kill;
mod power_cut;
