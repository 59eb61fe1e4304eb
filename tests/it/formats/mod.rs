//! Lines in the formats of `--format`: envelopes and OCSF events, held against their schemas.

mod cli;
mod envelopes;
mod events;
mod lossless;
mod names;
mod records;
mod schemas;
mod switching;
