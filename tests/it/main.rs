//! Scenarios that run the real binary or the public client against a server in the same process.

mod checkpoints;
mod doctor;
mod formats;
mod interruptions;
mod network;
mod output;
mod reading;
mod settings;
mod simulation;
mod support;
mod verification;
