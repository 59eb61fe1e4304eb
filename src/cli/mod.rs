//! The person's side of the program: flags and variables in, messages and an exit code out.
//!
//! ```text
//! start                 open files, threads, the runtime
//! args ---> config/     one checked configuration
//! run                   a run with its progress
//! compare ---> run      the command verify
//! examine               the set-up for the doctor, from the same flags
//! documents             shell completions and the man page, from the same flags
//! report/               messages, progress, metrics, exit codes
//! output                standard output or a file, checked before it is used
//! signals               the first one stops the run, a second one ends it at once
//! ```

pub(crate) mod args;
pub(crate) mod compare;
pub(crate) mod config;
pub(crate) mod documents;
pub(crate) mod examine;
pub(crate) mod output;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod signals;
pub(crate) mod start;
