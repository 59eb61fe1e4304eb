//! The errors of a run.

use std::io;
use std::path::PathBuf;

use super::checkpoint::CheckpointError;
use crate::api;

/// An error that ends a run, or the read of one source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Verkada could not be read.
    #[error(transparent)]
    Api(#[from] api::Error),
    /// The lines could not be written.
    #[error("the records could not be written: {0}")]
    Output(io::Error),
    /// A file that is to be compared cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Reading ended before the end of the window, through a fault of this program.
    #[error("reading broke off before the end of the window; please report this")]
    BrokenOff,
    /// The checkpoint cannot be used or saved.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The range does not fit the checkpoint.
    #[error(transparent)]
    Configuration(#[from] api::ConfigurationError),
}
