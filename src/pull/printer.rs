//! From a slice to printed lines and a saved checkpoint.

use std::io;
use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, Watermark};
use super::fingerprint::Fingerprint;
use super::output::{Announcement, Output, OutputMark, Tail};
use super::printed::Found;
use super::slice::{Line, Slice};
use super::{Error, PulledSlice};
use crate::api::Source;

/// Two queries that meet at the same second may both see it, and the overlap has a margin of a second.
const MEMORY_MARGIN: i64 = 2;

/// Progress through slices in which nothing is new is saved this often. Each save writes all that is remembered.
const LONGEST_UNSAVED: Duration = Duration::from_secs(5);

/// Prints slices, each record once, and moves the checkpoint behind them.
pub struct Printer {
    output: Output,
    checkpoint: Option<Checkpoint>,
    overlap: i64,
    faults: Faults,
    slices: u32,
    /// Whether slices in which nothing was new have moved the watermark since it was saved.
    unsaved: bool,
    saved: Instant,
}

/// Ways to be wrong on purpose, so that the simulation can show that it would notice.
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

/// When a process may die.
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
    fn die(&self, moment: Moment, slice: u32) -> Result<(), Error> {
        match self.dies == Some((moment, slice)) {
            true => Err(Error::Output(io::Error::other("died on purpose"))),
            false => Ok(()),
        }
    }
}

impl Printer {
    /// Prints to `output`; with a checkpoint, only what it does not know yet. `overlap_seconds` says how far
    /// back later runs look again.
    pub fn new(output: Output, checkpoint: Option<Checkpoint>, overlap_seconds: i64) -> Self {
        Self {
            output,
            checkpoint,
            overlap: overlap_seconds,
            faults: Faults::default(),
            slices: 0,
            unsaved: false,
            saved: Instant::now(),
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    pub(super) fn checkpoint(&mut self) -> Option<&mut Checkpoint> {
        self.checkpoint.as_mut()
    }

    /// Makes the output ready: what a killed run wrote and never acknowledged is cut off, and a file that the
    /// checkpoint does not know yet is made known before the first line goes into it. Where each of the sources
    /// in `starts` begins is saved as well, so that what a first run fails to read is caught up by the next.
    pub(super) fn begin(
        &mut self,
        starts: impl Iterator<Item = (Source, i64)>,
    ) -> Result<(), Error> {
        let Some(checkpoint) = &mut self.checkpoint else {
            return end_torn_line(&mut self.output);
        };
        let known = checkpoint.state.output.clone();
        let announced = checkpoint.announced();
        let tail = self
            .output
            .cut_to(known.as_ref(), announced)
            .map_err(Error::Output)?;
        match tail {
            Tail::None => {}
            Tail::Cut(bytes) => {
                tracing::info!(
                    bytes,
                    "cut off what a killed run had written and not acknowledged"
                );
            }
            Tail::Foreign(bytes) => tracing::warn!(
                bytes,
                "something else has written to the file of --output since the last run; give it a file of its own"
            ),
        }
        end_torn_line(&mut self.output)?;
        let mark = self.output.mark().map_err(Error::Output)?;
        if let Some(announced) = announced.filter(|_| mark.is_some()) {
            let was_writing = known.is_some_and(|known| known.length() == announced.offset);
            if tail == Tail::None && mark != checkpoint.state.output && was_writing {
                tracing::warn!(
                    bytes = announced.bytes,
                    "the file of --output is another one than a killed run was writing to; at most so many bytes at the end of that one come again"
                );
            }
            // What comes behind the mark from now on is not what was announced.
            checkpoint.announce(None)?;
        }
        let mut changed = false;
        if mark.is_some() && mark != checkpoint.state.output {
            self.output.sync_name().map_err(Error::Output)?;
            checkpoint.state.output = mark;
            changed = true;
        }
        for (source, since) in starts {
            let watermark = &mut checkpoint.state.source_mut(source).watermark;
            if watermark.is_none_or(|watermark| watermark.since != since) {
                *watermark = Some(Watermark::starting_at(since));
                changed = true;
            }
        }
        if changed {
            checkpoint.save()?;
        }
        Ok(())
    }

    /// Prints what is new in the slice, and then moves the checkpoint. Returns how many lines were printed.
    pub(super) fn print(&mut self, pulled: &PulledSlice) -> Result<u64, Error> {
        let slice = &pulled.slice;
        let Some(checkpoint) = &mut self.checkpoint else {
            self.output
                .write(slice.lines.iter(), false)
                .map_err(Error::Output)?;
            return Ok(slice.lines.len() as u64);
        };
        let number = self.slices;
        self.slices += 1;
        let die = |moment| self.faults.die(moment, number);
        checkpoint.check_organization(slice.organization_id.as_deref())?;
        let fresh = fresh_lines(checkpoint, slice, self.faults);
        if self.faults.save_first {
            acknowledge(checkpoint, pulled, &fresh, self.overlap);
            checkpoint.save()?;
        }
        let mark = match fresh.is_empty() {
            true => None,
            false => self.output.mark().map_err(Error::Output)?,
        };
        if let Some(mark) = &mark {
            announce(checkpoint, mark, &fresh)?;
        }
        die(Moment::BeforeWrite)?;
        let written = self.output.write(fresh.iter().map(|(line, _)| *line), true);
        if written.is_err() && mark.is_some() && self.output.mark().ok() == Some(mark) {
            // Nothing of it is left, so what comes behind the mark from now on is not what was announced.
            checkpoint.announce(None)?;
        }
        written.map_err(Error::Output)?;
        die(Moment::BeforeSave)?;
        if !self.faults.save_first {
            acknowledge(checkpoint, pulled, &fresh, self.overlap);
        }
        if !fresh.is_empty() {
            checkpoint.state.output = self
                .output
                .mark()
                .map_err(Error::Output)?
                .or(checkpoint.state.output.take());
        }
        // Where nothing was printed, nothing can be printed twice: the progress may wait a little.
        self.unsaved = fresh.is_empty() && self.saved.elapsed() < LONGEST_UNSAVED;
        if !self.unsaved {
            checkpoint.save()?;
            self.saved = Instant::now();
        }
        die(Moment::AfterSave)?;
        Ok(fresh.len() as u64)
    }

    /// Saves the progress that has waited so far.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if let Some(checkpoint) = self.checkpoint.as_mut().filter(|_| self.unsaved) {
            checkpoint.save()?;
            self.unsaved = false;
        }
        Ok(())
    }
}

fn end_torn_line(output: &mut Output) -> Result<(), Error> {
    if output.end_torn_line().map_err(Error::Output)? {
        tracing::warn!(
            "the last line of the file of --output was torn; it was ended, and is no whole record"
        );
    }
    Ok(())
}

/// Makes a half-written slice recognisable to the next run.
fn announce(
    checkpoint: &mut Checkpoint,
    mark: &OutputMark,
    fresh: &[(&Line, Found)],
) -> Result<(), Error> {
    let lengths = fresh
        .iter()
        .map(|(line, _)| line.text.as_str().len() as u64 + 1);
    let announcement = Announcement {
        offset: mark.length(),
        bytes: lengths.sum(),
    };
    Ok(checkpoint.announce(Some(announcement))?)
}

/// The lines that have not been printed yet, with their fingerprints.
fn fresh_lines<'a>(
    checkpoint: &mut Checkpoint,
    slice: &'a Slice,
    faults: Faults,
) -> Vec<(&'a Line, Found)> {
    let found: Vec<_> = slice.lines.iter().map(found).collect();
    let missing = checkpoint
        .state
        .source_mut(slice.source)
        .printed
        .missing(found.iter().copied());
    let mut fresh: Vec<_> = slice
        .lines
        .iter()
        .zip(found)
        .zip(missing)
        .filter_map(|(line, missing)| missing.then_some(line))
        .collect();
    if faults.collapse_twins {
        fresh.dedup_by_key(|(_, found)| found.fingerprint);
    }
    fresh
}

fn found(line: &Line) -> Found {
    Found {
        fingerprint: Fingerprint::of(line.text.as_str()),
        is_stray: line.is_stray,
    }
}

/// Moves the watermark to the end of the slice, but not past the server's clock: what the server has yet to
/// see happen cannot have been read. Nor past what that clock said at an earlier slice of the run, for a record
/// of that slice may have turned up since, and the next run looks for it only from the overlap before the
/// watermark.
fn acknowledge(
    checkpoint: &mut Checkpoint,
    pulled: &PulledSlice,
    fresh: &[(&Line, Found)],
    overlap: i64,
) {
    let slice = &pulled.slice;
    let state = checkpoint.state.source_mut(slice.source);
    for (line, found) in fresh {
        state.printed.add(*found, line.findable_until);
    }
    let watermark = state
        .watermark
        .get_or_insert(Watermark::starting_at(slice.bounds.from));
    watermark.through = watermark.through.max(slice.bounds.to.min(pulled.read_at));
    watermark.remembered = watermark
        .remembered
        .max(watermark.through - overlap - MEMORY_MARGIN);
}
