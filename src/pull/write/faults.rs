//! Faults on purpose, so that the simulation can show that it would notice them.

use std::io;

use crate::pull::error::Error;

/// Faults to make on purpose.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Prints identical records once.
    pub collapse_twins: bool,
    /// Saves the checkpoint before the lines are written.
    pub save_first: bool,
    /// Dies at this moment of the slice with this number, counted from 0, and leaves the disk as SIGKILL would.
    pub dies: Option<(Moment, u32)>,
}

/// A moment at which a process may die.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Nothing of the slice is written.
    BeforeWrite,
    /// All of it is written.
    BeforeSave,
    /// All of it is written and acknowledged.
    AfterSave,
}

impl Faults {
    /// Fails if the process is to die at this moment.
    pub(super) fn die(&self, moment: Moment, slice: u32) -> Result<(), Error> {
        if self.dies == Some((moment, slice)) {
            return Err(Error::Output(io::Error::other("died on purpose")));
        }
        Ok(())
    }
}
