//! Scenarios that run the real binary or the public client against a server in the same process.

mod backfill;
mod checkpoints;
mod credentials;
mod faults;
mod files_safety;
mod interrupted;
mod kill;
mod messages;
mod paging;
mod program;
mod range;
mod raw_server;
mod records;
mod redirects;
mod settings;
mod simulation;
mod slices;
mod streams;
mod three_pages;
mod timeless;
mod windows;
