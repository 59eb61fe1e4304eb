//! The printer: writes a slice, each record once, and moves the checkpoint.

use std::time::{Duration, Instant};

use super::faults::{Faults, Moment};
use super::format::{Format, Formatter, Ordinals, PendingLine, Printable};
use super::output::{Output, Tail};
use crate::api::Source;
use crate::pull::checkpoint::{
    Announcement, Checkpoint, Fingerprint, OutputMark, Sighting, Watermark,
};
use crate::pull::error::Error;
use crate::pull::read::{Line, Slice};

/// The ledger reaches this many seconds further back than the overlap: two queries that meet at a second may both see it,
/// and the overlap has a margin of a second.
const LEDGER_MARGIN: i64 = 2;

/// Progress through slices without new records is saved this often. Each save writes the whole ledger.
const LONGEST_UNSAVED: Duration = Duration::from_secs(5);

/// Writes slices, each record once, and moves the checkpoint after them.
pub struct Printer {
    output: Output,
    formatter: Formatter,
    checkpoint: Option<Checkpoint>,
    overlap: i64,
    faults: Faults,
    slices: u32,
    /// True if slices without new records have moved the watermark since it was saved.
    has_unsaved_progress: bool,
    saved_at: Instant,
}

impl Printer {
    /// Prints records as they are to `output`; with a checkpoint, only those that its ledger does not hold yet.
    pub fn new(output: Output, checkpoint: Option<Checkpoint>) -> Self {
        Self {
            output,
            formatter: Formatter::new(Format::Raw, String::new()),
            checkpoint,
            overlap: 0,
            faults: Faults::default(),
            slices: 0,
            has_unsaved_progress: false,
            saved_at: Instant::now(),
        }
    }

    /// Prints lines in `format`. `host` is where the records come from, such as `api.eu.verkada.com`.
    #[must_use]
    pub fn with_format(mut self, format: Format, host: String) -> Self {
        self.formatter = Formatter::new(format, host);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    pub(in crate::pull) fn checkpoint(&mut self) -> Option<&mut Checkpoint> {
        self.checkpoint.as_mut()
    }

    /// Makes the output ready: what a killed run wrote and never acknowledged is cut off, and a file that the checkpoint
    /// does not know yet is recorded before the first line goes into it. `has_begun` says that the checkpoint holds the
    /// beginning of a source that is not saved yet: then it is, so that the next run catches up what a first run fails to
    /// read. `overlap` says how many seconds later runs look back.
    pub(in crate::pull) fn begin(&mut self, has_begun: bool, overlap: i64) -> Result<(), Error> {
        self.overlap = overlap;
        let Some(checkpoint) = &mut self.checkpoint else {
            return end_torn_line(&mut self.output);
        };
        checkpoint.check_lock()?;
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
                "another program has written to the file of --output since the last run; give it a file of its own"
            ),
        }
        end_torn_line(&mut self.output)?;
        let mark = self.output.mark().map_err(Error::Output)?;
        if let Some(announced) = announced.filter(|_| mark.is_some()) {
            let was_writing = known.is_some_and(|known| known.length == announced.offset);
            if tail == Tail::None && mark != checkpoint.state.output && was_writing {
                tracing::warn!(
                    bytes = announced.bytes,
                    "the file of --output is not the one that a killed run was writing to; at most this many bytes at the end of that file come again"
                );
            }
            // Bytes after the mark are not the announced ones from now on.
            checkpoint.announce(None)?;
        }
        let mut changed = has_begun;
        if mark.is_some() && mark != checkpoint.state.output {
            self.output.sync_name().map_err(Error::Output)?;
            checkpoint.state.output = mark;
            changed = true;
        }
        if changed {
            checkpoint.save()?;
        }
        Ok(())
    }

    /// Prints what is new in the slice, and then moves the checkpoint. Returns how many lines were printed. `read_at` is the
    /// server's clock, in Unix seconds, when this run read its first slice of the source, or an earlier second if that
    /// clock is not known.
    pub(in crate::pull) fn print(&mut self, slice: &Slice, read_at: i64) -> Result<u64, Error> {
        let Some(checkpoint) = &mut self.checkpoint else {
            let organisation = slice.organisations.most_named();
            self.formatter.note_organisation(organisation);
            let lines = self.formatter.lines(&slice.lines, slice.source);
            self.output.write(lines, false).map_err(Error::Output)?;
            return Ok(slice.lines.len() as u64);
        };
        let number = self.slices;
        self.slices += 1;
        let die = |moment| self.faults.die(moment, number);
        checkpoint.check_organisation(&slice.organisations)?;
        let organisation = checkpoint.state.organization_id.as_deref();
        self.formatter.note_organisation(organisation);
        let ordinals = self.formatter.ordinals();
        let fresh = fresh_lines(checkpoint, slice, ordinals, self.faults);
        let formatter = &self.formatter;
        let lines = || {
            fresh
                .iter()
                .map(|fresh| fresh.formatted(formatter, slice.source))
        };
        if self.faults.save_first {
            acknowledge(checkpoint, slice, read_at, &fresh, self.overlap);
            checkpoint.save()?;
        }
        let mark = if fresh.is_empty() {
            None
        } else {
            self.output.mark().map_err(Error::Output)?
        };
        checkpoint.check_lock()?;
        if let Some(mark) = &mark {
            announce(checkpoint, mark, lines())?;
        }
        die(Moment::BeforeWrite)?;
        let written = self.output.write(lines(), true);
        if written.is_err() && mark.is_some() && self.output.mark().ok() == Some(mark) {
            // Nothing of it is left, so bytes after the mark are not the announced ones from now on.
            checkpoint.announce(None)?;
        }
        written.map_err(Error::Output)?;
        die(Moment::BeforeSave)?;
        if !self.faults.save_first {
            acknowledge(checkpoint, slice, read_at, &fresh, self.overlap);
        }
        if !fresh.is_empty() {
            checkpoint.state.output = self
                .output
                .mark()
                .map_err(Error::Output)?
                .or(checkpoint.state.output.take());
        }
        // Where nothing was printed, nothing can be printed twice, so saving may wait a little.
        self.has_unsaved_progress = fresh.is_empty() && self.saved_at.elapsed() < LONGEST_UNSAVED;
        if !self.has_unsaved_progress {
            checkpoint.save()?;
            self.saved_at = Instant::now();
        }
        die(Moment::AfterSave)?;
        Ok(fresh.len() as u64)
    }

    /// Saves the progress that has waited so far.
    pub(in crate::pull) fn finish(&mut self) -> Result<(), Error> {
        if let Some(checkpoint) = self
            .checkpoint
            .as_mut()
            .filter(|_| self.has_unsaved_progress)
        {
            checkpoint.save()?;
            self.has_unsaved_progress = false;
        }
        Ok(())
    }
}

fn end_torn_line(output: &mut Output) -> Result<(), Error> {
    if output.end_torn_line().map_err(Error::Output)? {
        tracing::warn!(
            "the last line of the file of --output was torn; it was ended, and is not a whole record"
        );
    }
    Ok(())
}

/// Makes a half-written slice recognisable to the next run.
fn announce<'a>(
    checkpoint: &mut Checkpoint,
    mark: &OutputMark,
    lines: impl Iterator<Item = PendingLine<'a>>,
) -> Result<(), Error> {
    let lengths = lines.map(|line| line.text().len() as u64 + 1);
    let announcement = Announcement {
        offset: mark.length,
        bytes: lengths.sum(),
    };
    Ok(checkpoint.announce(Some(announcement))?)
}

/// A record that has not been printed yet.
struct FreshLine<'a> {
    line: &'a Line,
    sighting: Sighting,
    /// Its number among all identical records of its slice, those that were printed before included; `None` in a format
    /// without ids.
    ordinal: Option<u32>,
}

impl<'a> FreshLine<'a> {
    fn formatted(&self, formatter: &'a Formatter, source: Source) -> PendingLine<'a> {
        let fingerprint = self.sighting.fingerprint;
        formatter.numbered_line(self.line, source, fingerprint, self.ordinal)
    }
}

/// The records that have not been printed yet.
fn fresh_lines<'a>(
    checkpoint: &mut Checkpoint,
    slice: &'a Slice,
    mut ordinals: Option<Ordinals>,
    faults: Faults,
) -> Vec<FreshLine<'a>> {
    let sightings: Vec<_> = slice.lines.iter().map(sighting).collect();
    let missing = checkpoint
        .state
        .source_mut(slice.source)
        .ledger
        .missing(sightings.iter().copied());
    let numbered = slice.lines.iter().zip(sightings).map(|(line, sighting)| {
        let counted = ordinals.as_mut();
        let ordinal = counted.map(|ordinals| ordinals.next(sighting.fingerprint));
        FreshLine {
            line,
            sighting,
            ordinal,
        }
    });
    let mut fresh: Vec<_> = numbered
        .zip(missing)
        .filter_map(|(line, missing)| missing.then_some(line))
        .collect();
    if faults.collapse_twins {
        fresh.dedup_by_key(|fresh| fresh.sighting.fingerprint);
    }
    fresh
}

fn sighting(line: &Line) -> Sighting {
    Sighting {
        fingerprint: Fingerprint::of(line.text.as_str()),
        is_stray: line.is_stray,
    }
}

/// Moves the watermark to the end of the slice, but not past the server's clock, because what has not happened yet cannot
/// have been read. It does not pass what that clock said at an earlier slice of the run either: a record of that slice may
/// have turned up since, and the next run looks for it only from the overlap before the watermark.
fn acknowledge(
    checkpoint: &mut Checkpoint,
    slice: &Slice,
    read_at: i64,
    fresh: &[FreshLine<'_>],
    overlap: i64,
) {
    let state = checkpoint.state.source_mut(slice.source);
    for fresh in fresh {
        state.ledger.add(fresh.sighting, fresh.line.findable_until);
    }
    let mut watermark = state
        .watermark
        .unwrap_or(Watermark::starting_at(slice.bounds.from));
    watermark.through = watermark.through.max(slice.bounds.to.min(read_at));
    watermark.remembered = watermark
        .remembered
        .max(watermark.through - overlap - LEDGER_MARGIN);
    state.advance(watermark);
}
