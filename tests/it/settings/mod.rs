//! Settings from flags, variables and files: which one wins, which are refused, and what `--help` says of them.

mod help;
mod precedence;
mod refusals;
