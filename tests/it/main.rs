//! Scenarios that run the real binary or the public client against a server in the same process.

#[expect(dead_code, reason = "scenarios follow")]
mod program;
#[expect(dead_code, reason = "scenarios follow")]
mod raw_server;
mod simulation;
