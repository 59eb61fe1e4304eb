//! The person's side of the program: flags and variables in, messages and an exit code out.
//!
//! ```text
//! start                                open files, threads, the runtime
//! run ---> signals                     a run with its progress; the first signal stops it, a second one ends it at once
//! compare ---> run, output             the command verify
//! examine ---> output                  the command doctor
//! documents ---> args                  shell completions and the man page
//! report/                              messages, progress, metrics, exit codes
//!    |----> output                     standard output or a file, checked before it is used
//!    `----> config/ ---> args          one checked configuration, from flags and variables
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
