//! Settings from flags, variables and files: which one wins, which are refused, and what `--help` says of them.

mod command_line;
mod completions;
mod deployment;
mod help;
mod precedence;
mod refusals;
mod repeated_flags;
mod wording;
