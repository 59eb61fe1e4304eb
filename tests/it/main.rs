//! Scenarios that run the real binary or the public client against a server in the same process.
