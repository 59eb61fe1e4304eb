//! From a slice to printed lines and a saved checkpoint.

use chrono::DateTime;

use super::checkpoint::{Checkpoint, Watermark};
use super::fingerprint::Fingerprint;
use super::output::Output;
use super::slice::{Line, Slice};
use super::{Error, PulledSlice};

/// Two queries that meet at the same second may both see it, and the overlap has a margin of a second.
const MEMORY_MARGIN: i64 = 2;

/// Prints slices, each record once, and moves the checkpoint behind them.
pub struct Printer {
    output: Output,
    checkpoint: Option<Checkpoint>,
    overlap: i64,
    faults: Faults,
}

/// Ways to be wrong on purpose, so that the simulation can show that it would notice.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Prints identical records once.
    pub collapse_twins: bool,
    /// Saves the checkpoint before the lines are written.
    pub save_first: bool,
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
    /// checkpoint does not know yet is made known before the first line goes into it.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        let Some(checkpoint) = &mut self.checkpoint else {
            return Ok(());
        };
        let known = checkpoint.state.output.clone();
        let cut = self.output.cut_to(known.as_ref()).map_err(Error::Output)?;
        if cut > 0 {
            tracing::info!(
                bytes = cut,
                "cut off what an interrupted run had written and not acknowledged"
            );
        }
        let mark = self.output.mark().map_err(Error::Output)?;
        if mark.is_some() && mark != known {
            self.output.sync_name().map_err(Error::Output)?;
            checkpoint.state.output = mark;
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
        checkpoint.check_organization(slice.organization_id.as_deref())?;
        let fresh = fresh_lines(checkpoint, slice, self.faults);
        if self.faults.save_first {
            acknowledge(checkpoint, pulled, &fresh, self.overlap);
            checkpoint.save()?;
        }
        self.output
            .write(fresh.iter().map(|(line, _)| *line), true)
            .map_err(Error::Output)?;
        if !self.faults.save_first {
            acknowledge(checkpoint, pulled, &fresh, self.overlap);
            if !fresh.is_empty() {
                checkpoint.state.output = self
                    .output
                    .mark()
                    .map_err(Error::Output)?
                    .or(checkpoint.state.output.take());
            }
            checkpoint.save()?;
        }
        Ok(fresh.len() as u64)
    }
}

/// The lines that have not been printed yet, with their fingerprints.
fn fresh_lines<'a>(
    checkpoint: &Checkpoint,
    slice: &'a Slice,
    faults: Faults,
) -> Vec<(&'a Line, Fingerprint)> {
    let fingerprints: Vec<_> = slice.lines.iter().map(fingerprint).collect();
    let missing = checkpoint
        .state
        .source(slice.source)
        .printed
        .missing(&fingerprints);
    let mut fresh: Vec<_> = slice
        .lines
        .iter()
        .zip(fingerprints)
        .zip(missing)
        .filter_map(|(line, missing)| missing.then_some(line))
        .collect();
    if faults.collapse_twins {
        fresh.dedup_by_key(|(_, fingerprint)| *fingerprint);
    }
    fresh
}

fn fingerprint(line: &Line) -> Fingerprint {
    Fingerprint::of(&String::from_utf8_lossy(&line.text))
}

/// Moves the watermark to the end of the slice, but not past the server's clock: what the server has yet to
/// see happen cannot have been read.
fn acknowledge(
    checkpoint: &mut Checkpoint,
    pulled: &PulledSlice,
    fresh: &[(&Line, Fingerprint)],
    overlap: i64,
) {
    let slice = &pulled.slice;
    let server_time = slice
        .server_time
        .map_or(pulled.now, |time| DateTime::timestamp(&time));
    let reached = slice.bounds.to.min(server_time);
    let state = checkpoint.state.source_mut(slice.source);
    let since = state
        .watermark
        .map_or(pulled.since, |watermark| watermark.since);
    let through = state
        .watermark
        .map_or(since, |watermark| watermark.through)
        .max(reached);
    state.watermark = Some(Watermark { since, through });
    for (line, fingerprint) in fresh {
        state.printed.add(*fingerprint, line.findable_until);
    }
    state
        .printed
        .forget_before(through - overlap - MEMORY_MARGIN);
}
