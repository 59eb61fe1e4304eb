//! The printer: writes a slice, each record once, and moves the checkpoint.

use std::time::{Duration, Instant};

use super::faults::{Faults, Moment};
use super::file::{FileChange, NoteChange};
use super::format::{Format, Formatter, Ordinals, RecordId};
use super::known::Known;
use super::lateness::{Deadline, Lateness, longest_first_seen};
use super::output::Output;
use super::unacknowledged::UnacknowledgedLines;
use crate::api::Source;
use crate::pull::checkpoint::{Checkpoint, Fingerprint, Sighting, Watermark};
use crate::pull::error::Error;
use crate::pull::read::{Line, Slice};

/// The ledger reaches this many seconds further back than the overlap: two queries that meet at a second may both see it,
/// and the overlap has a margin of a second.
const LEDGER_MARGIN: i64 = 2;

/// Progress through slices without new records is saved this often. Each save writes the whole ledger.
const LONGEST_UNSAVED: Duration = Duration::from_secs(5);

/// The result of printing a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::pull) struct Printed {
    /// Lines that were written.
    pub(in crate::pull) lines: u64,
    /// The late ones of them.
    pub(in crate::pull) lateness: Lateness,
    /// The longest time from the event of one of them until it was read, in seconds, if it is measured.
    pub(in crate::pull) longest_first_seen: Option<i64>,
}

impl Printed {
    fn lines(lines: usize) -> Self {
        Self {
            lines: lines as u64,
            ..Self::default()
        }
    }
}

/// Writes slices, each record once, and moves the checkpoint after them.
pub struct Printer {
    output: Output,
    formatter: Formatter,
    checkpoint: Option<Checkpoint>,
    /// Decides what is printed, in place of the checkpoint's ledger.
    known: Option<Box<dyn Known>>,
    overlap: i64,
    /// The source in hand, and the second before which its new records are late, as it was when the run began; `None` if
    /// none can be.
    late_before: Option<(Source, Option<i64>)>,
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
            known: None,
            overlap: 0,
            late_before: None,
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

    /// Prints what is missing from `known`, whatever the checkpoint has printed. The checkpoint learns what is printed, and
    /// stays where it is.
    #[must_use]
    pub(crate) fn supplementing(mut self, known: impl Known + 'static) -> Self {
        self.known = Some(Box::new(known));
        self
    }

    /// The checkpoint that the run carries on from.
    pub(in crate::pull) fn checkpoint(&mut self) -> Option<&mut Checkpoint> {
        self.checkpoint.as_mut().filter(|_| self.known.is_none())
    }

    /// Makes the output ready: the lines that a killed run wrote and never acknowledged are read back, and a file that the
    /// checkpoint does not know yet is recorded before the first line goes into it. If `has_begun`, the checkpoint holds the
    /// beginning of a source that is not saved yet, and saves it, so that the next run catches up what a first run fails to
    /// read. `overlap` is the number of seconds that later runs look back, `now` the time in Unix seconds.
    pub(in crate::pull) fn begin(
        &mut self,
        has_begun: bool,
        overlap: i64,
        now: i64,
    ) -> Result<(), Error> {
        self.overlap = overlap;
        let Some(checkpoint) = &mut self.checkpoint else {
            return self.output.end_torn_line().map_err(Error::Output);
        };
        if self.known.is_some() {
            checkpoint.check_existence()?;
            checkpoint.check_host()?;
        }
        checkpoint.check_lock()?;
        let state = &mut checkpoint.state;
        let mut tail = UnacknowledgedLines::new(now);
        let mark = self
            .output
            .recover(state.output.as_ref(), &state.moved_outputs, &mut tail)
            .map_err(Error::Output)?;
        let has_tail = tail.move_to(state);
        // A pipe says nothing about the file of earlier runs.
        let has_new_mark =
            mark.is_some() && (mark != state.output || !state.moved_outputs.is_empty());
        if has_new_mark {
            self.output.sync_name().map_err(Error::Output)?;
            state.output = mark;
            state.moved_outputs.clear();
        }
        // In one go with the mark, and before anything is written: the next run must not read these lines back again.
        if has_begun || has_tail || has_new_mark {
            checkpoint.save()?;
        }
        Ok(())
    }

    /// Prints what is new in the slice, and then moves the checkpoint. `read_at` is the server's clock, in Unix
    /// seconds, when this run read its first slice of the source, or an earlier second if that clock is not known.
    pub(in crate::pull) fn print(&mut self, slice: &Slice, read_at: i64) -> Result<Printed, Error> {
        if self.known.is_some() {
            return self.supplement(slice);
        }
        let Some(checkpoint) = &mut self.checkpoint else {
            return self.print_all(slice);
        };
        let late_before = late_before(&mut self.late_before, checkpoint, slice.source);
        let number = self.slices;
        self.slices += 1;
        let die = |moment| self.faults.die(moment, number);
        checkpoint.check_organisation(&slice.organisations)?;
        let organisation = checkpoint.state.organization_id.as_deref();
        self.formatter.note_organisation(organisation);
        let ordinals = self.formatter.ordinals();
        let fresh = fresh_lines(checkpoint, slice, ordinals, self.faults);
        let new: Vec<_> = fresh.iter().filter(|line| !line.is_recovered).collect();
        let printed = Printed {
            lines: new.len() as u64,
            lateness: lateness(slice, &new, late_before, self.overlap, read_at),
            longest_first_seen: longest_first_seen(slice, new.iter().map(|fresh| fresh.line)),
        };
        if self.faults.save_first {
            acknowledge(checkpoint, slice, read_at, &fresh, self.overlap);
            checkpoint.save()?;
        }
        checkpoint.check_lock()?;
        die(Moment::BeforeWrite)?;
        if printed.lines > 0 {
            let lines = new.into_iter().map(|fresh| (fresh.line, fresh.id));
            let (output, formatter) = (&mut self.output, &self.formatter);
            write_and_mark(output, formatter, checkpoint, slice.source, lines)?;
        }
        die(Moment::BeforeSave)?;
        if !self.faults.save_first {
            acknowledge(checkpoint, slice, read_at, &fresh, self.overlap);
        }
        // Where nothing was printed, nothing can be printed twice, so saving may wait a little.
        self.has_unsaved_progress = fresh.is_empty() && self.saved_at.elapsed() < LONGEST_UNSAVED;
        if !self.has_unsaved_progress {
            checkpoint.save()?;
            self.saved_at = Instant::now();
        }
        die(Moment::AfterSave)?;
        Ok(printed)
    }

    /// Prints every line of the slice, where nothing is remembered.
    fn print_all(&mut self, slice: &Slice) -> Result<Printed, Error> {
        let organisation = slice.organisations.most_named();
        self.formatter.note_organisation(organisation);
        let mut ordinals = self.formatter.ordinals();
        let lines = slice.lines.iter().map(|line| {
            let counted = ordinals.as_mut();
            let id = counted.map(|ordinals| ordinals.next_id(sighting(line).fingerprint));
            (line, id)
        });
        write(&mut self.output, &self.formatter, slice.source, lines, None)?;
        Ok(Printed {
            longest_first_seen: longest_first_seen(slice, slice.lines.iter()),
            ..Printed::lines(slice.lines.len())
        })
    }

    /// Prints what is missing from the slice, as `known` says, and counts it as printed.
    fn supplement(&mut self, slice: &Slice) -> Result<Printed, Error> {
        let Some(known) = &mut self.known else {
            return Ok(Printed::default());
        };
        let sightings: Vec<_> = slice.lines.iter().map(sighting).collect();
        // Counted over the whole slice, so that a missing record gets the id that it had in the lost line.
        let mut ordinals = Ordinals::default();
        let records = slice.lines.iter().zip(&sightings).map(|(line, sighting)| {
            let id = ordinals.next_id(sighting.fingerprint);
            (id, line.text.as_str())
        });
        let records: Vec<_> = records.collect();
        let missing = known.missing(slice.source, &records);
        let organisation = match &self.checkpoint {
            Some(checkpoint) => checkpoint.state.organization_id.as_deref(),
            None => slice.organisations.most_named(),
        };
        self.formatter.note_organisation(organisation);
        let numbers = (0..slice.lines.len()).filter(|number| missing[*number]);
        let lines = numbers
            .clone()
            .map(|number| (&slice.lines[number], Some(records[number].0)));
        let printed = Printed::lines(numbers.clone().count());
        let (output, formatter) = (&mut self.output, &self.formatter);
        let Some(checkpoint) = &mut self.checkpoint else {
            write(output, formatter, slice.source, lines, None)?;
            return Ok(printed);
        };
        checkpoint.check_organisation(&slice.organisations)?;
        checkpoint.check_lock()?;
        let ledger = &mut checkpoint.state.source_mut(slice.source).ledger;
        let unprinted = ledger.missing(sightings.iter().copied());
        if printed.lines == 0 {
            return Ok(printed);
        }
        write_and_mark(output, formatter, checkpoint, slice.source, lines)?;
        let ledger = &mut checkpoint.state.source_mut(slice.source).ledger;
        // The ledger counts the other ones already: they were printed once, and the files have lost them since.
        for number in numbers.filter(|number| unprinted[*number]) {
            ledger.add(sightings[number], slice.lines[number].findable_until);
        }
        checkpoint.save()?;
        Ok(printed)
    }

    /// Returns the Unix second through which everything of `source` has been printed; `None` without a checkpoint, or if
    /// nothing has.
    pub(in crate::pull) fn printed_through(&self, source: Source) -> Option<i64> {
        self.checkpoint.as_ref()?.state.printed_through_of(source)
    }

    /// Reports whether what is printed is remembered.
    pub(in crate::pull) fn remembers(&self) -> bool {
        self.checkpoint.is_some()
    }

    /// Reports whether a record that is new to this run was not there for the earlier ones, as far as is known.
    pub(in crate::pull) fn tells_new_from_old(&self, source: Source) -> bool {
        let checkpoint = self.checkpoint.as_ref();
        checkpoint.is_none_or(|checkpoint| checkpoint.state.tells_new_from_old(source))
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

/// Writes records, each in the format of the run. They have ids unless the format is without.
fn write<'a>(
    output: &mut Output,
    formatter: &'a Formatter,
    source: Source,
    lines: impl Iterator<Item = (&'a Line, Option<RecordId>)>,
    note_change: Option<&mut NoteChange<'_>>,
) -> Result<(), Error> {
    if formatter.is_raw() {
        return output.write(lines.map(|(line, _)| line).collect(), note_change);
    }
    let lines = lines.map(|(line, id)| {
        let id = id.unwrap_or_else(|| RecordId::of(line.text.as_str(), 1));
        formatter.pending(line, source, id)
    });
    output.write(lines.collect(), note_change)
}

/// Writes records durably, and moves the mark of the output to its end. The checkpoint is to be saved after that, when it
/// counts them as printed.
fn write_and_mark<'a>(
    output: &mut Output,
    formatter: &'a Formatter,
    checkpoint: &mut Checkpoint,
    source: Source,
    lines: impl Iterator<Item = (&'a Line, Option<RecordId>)>,
) -> Result<(), Error> {
    let mut note_change = |change| note_change(checkpoint, change);
    write(output, formatter, source, lines, Some(&mut note_change))?;
    // A pipe takes the place of a file: what is after the mark of that was not written by the latest run.
    checkpoint.state.output = output.mark().map_err(Error::Output)?;
    checkpoint.state.moved_outputs.clear();
    Ok(())
}

/// Saves that lines go into another file from now on. If a run is killed before it has acknowledged them, the next one
/// reads them back, together with those in the file that was left.
fn note_change(checkpoint: &mut Checkpoint, change: FileChange) -> Result<(), Error> {
    let left = checkpoint.state.output.replace(change.mark);
    if change.has_left_lines {
        checkpoint.state.moved_outputs.extend(left);
    }
    Ok(checkpoint.save()?)
}

/// Returns the second before which new records of `source` are late. It is that before the first slice of this run, which
/// `noted` keeps from then on.
fn late_before(
    noted: &mut Option<(Source, Option<i64>)>,
    checkpoint: &Checkpoint,
    source: Source,
) -> Option<i64> {
    let known = noted.filter(|(known, _)| *known == source);
    let (_, second) = known.unwrap_or((source, checkpoint.state.late_before(source)));
    *noted = Some((source, second));
    second
}

/// Measures how late the `new` lines of `slice` have come.
fn lateness(
    slice: &Slice,
    new: &[&FreshLine<'_>],
    late_before: Option<i64>,
    overlap: i64,
    read_at: i64,
) -> Lateness {
    let deadline = late_before.and_then(|second| Deadline::of(slice, second, overlap, read_at));
    let texts = new.iter().map(|fresh| fresh.line.text.as_str());
    deadline.map_or_else(Lateness::default, |deadline| deadline.lateness(texts))
}

/// A line that no acknowledged slice holds.
struct FreshLine<'a> {
    line: &'a Line,
    sighting: Sighting,
    /// Its id by its number among all identical records of its slice, those that were printed before included; `None` in a
    /// format without ids.
    id: Option<RecordId>,
    /// True if it stands in the output already, because a run was killed after it wrote it.
    is_recovered: bool,
}

/// The lines that have not been acknowledged yet.
fn fresh_lines<'a>(
    checkpoint: &mut Checkpoint,
    slice: &'a Slice,
    mut ordinals: Option<Ordinals>,
    faults: Faults,
) -> Vec<FreshLine<'a>> {
    let state = &mut checkpoint.state;
    let sightings: Vec<_> = slice.lines.iter().map(sighting).collect();
    let ledger = &mut state.source_mut(slice.source).ledger;
    let missing = ledger.missing(sightings.iter().copied());
    let numbered = slice.lines.iter().zip(sightings).map(|(line, sighting)| {
        let counted = ordinals.as_mut();
        let id = counted.map(|ordinals| ordinals.next_id(sighting.fingerprint));
        FreshLine {
            line,
            sighting,
            id,
            is_recovered: false,
        }
    });
    let mut fresh: Vec<_> = numbered
        .zip(missing)
        .filter_map(|(line, missing)| missing.then_some(line))
        .collect();
    if faults.collapse_twins {
        fresh.dedup_by_key(|fresh| fresh.sighting.fingerprint);
    }
    let recovered = state
        .recovered
        .hold(fresh.iter().map(|fresh| fresh.sighting));
    for (fresh, is_recovered) in fresh.iter_mut().zip(recovered) {
        fresh.is_recovered = is_recovered;
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
    for fresh in fresh.iter().filter(|fresh| fresh.is_recovered) {
        checkpoint
            .state
            .recovered
            .remove(fresh.sighting.fingerprint);
    }
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
