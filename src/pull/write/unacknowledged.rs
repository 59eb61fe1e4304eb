//! The lines of a killed run, read back from the output.

use std::mem;

use super::format::LineContent;
use crate::pull::checkpoint::{Fingerprint, State};

/// Lines that stand after the acknowledged end of the output.
pub(super) struct UnacknowledgedLines {
    records: Vec<Fingerprint>,
    /// The number of records in files that were reported.
    reported: usize,
    /// Lines that are not JSON, so no run has written them, since the last report.
    foreign: u64,
    /// The latest time of a record, or of reading if that is later, in Unix seconds.
    latest: i64,
}

impl UnacknowledgedLines {
    /// No lines yet. `now` is the time in Unix seconds by which the records had been read.
    pub(super) fn new(now: i64) -> Self {
        Self {
            records: Vec::new(),
            reported: 0,
            foreign: 0,
            latest: now,
        }
    }

    /// Takes a line without its line feed.
    pub(super) fn take(&mut self, line: &[u8]) {
        let Some(LineContent { record, .. }) = LineContent::of(line) else {
            self.foreign += 1;
            return;
        };
        self.records.push(Fingerprint::of(record.text()));
        // This machine's clock may be behind Verkada's.
        let times = [
            record.timestamp(),
            record.processed_timestamp(),
            record.created(),
        ];
        let latest = times.into_iter().flatten().max();
        if let Some(latest) = latest {
            self.latest = self.latest.max(latest.timestamp());
        }
    }

    /// Says what was found in `file`, since the last report. Records of a killed run are usual if earlier runs are expected to
    /// have written that file (`is_expected`). In any other file they count as printed too, so that is a warning.
    pub(super) fn report(&mut self, file: &str, is_expected: bool) {
        let records = self.records.len() - mem::replace(&mut self.reported, self.records.len());
        let foreign = mem::take(&mut self.foreign);
        if records > 0 && is_expected {
            tracing::info!(
                records,
                path = file,
                "the output holds records of a run that ended before it had acknowledged them; they are not printed again"
            );
        } else if records > 0 {
            tracing::warn!(
                records,
                path = file,
                "the last run wrote to this file, which is not the output of this run; it holds records of a run that ended before it had acknowledged them, and they are not printed again (if they are of another checkpoint, let the command verify print them)"
            );
        }
        if foreign > 0 {
            tracing::warn!(
                lines = foreign,
                path = file,
                "another program has written to the output since the last run; give it a file of its own"
            );
        }
    }

    /// Hands the records on to the checkpoint. Returns whether there were any.
    pub(super) fn move_to(self, state: &mut State) -> bool {
        let through = state.watermarks().map(|watermark| watermark.through).max();
        // A source that has been read past this has shown all of them again.
        let until = self.latest.max(through.unwrap_or(self.latest));
        for fingerprint in &self.records {
            state.recovered.add(*fingerprint, until, 1);
        }
        !self.records.is_empty()
    }
}
