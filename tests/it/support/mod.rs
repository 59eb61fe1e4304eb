//! The program, its servers and its terminal, as every scenario uses them.

pub(crate) mod program;
pub(crate) mod range;
pub(crate) mod raw_server;
pub(crate) mod signals;
pub(crate) mod terminal;
pub(crate) mod three_pages;
