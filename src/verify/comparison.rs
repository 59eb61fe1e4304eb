//! The comparison: tells the printer which of Verkada's records the files do not hold.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::archive::{Archive, DAY, Entry, day_of, is_near};
use super::findings::{Day, Findings};
use crate::api::{Record, Source, Window};
use crate::pull::{Checkpoint, Fingerprint, Known, Output, Printer};

/// An archive that is asked about records. Clones share it.
#[derive(Clone)]
pub struct Comparison(Arc<Mutex<Tally>>);

/// The records of the files that no record of Verkada was matched with yet, and the counts so far.
struct Tally {
    window: Window,
    /// In the order of their fingerprints. The count goes down with each record that is found.
    entries: Vec<Entry>,
    foreign: u64,
    /// Records that Verkada sent and that are from far outside the range.
    outside: u64,
    /// By source and number of the day.
    days: BTreeMap<(bool, u16), Day>,
}

impl Comparison {
    /// Gets `archive` ready to be asked.
    pub fn with(archive: Archive) -> Self {
        let Archive {
            window,
            mut entries,
            foreign,
            ..
        } = archive;
        entries.sort_unstable();
        entries.dedup_by(|later, kept| {
            let is_same = later.fingerprint == kept.fingerprint && later.row == kept.row;
            let sum = kept.count.checked_add(later.count).filter(|_| is_same);
            kept.count = sum.unwrap_or(kept.count);
            sum.is_some()
        });
        Self(Arc::new(Mutex::new(Tally {
            window,
            entries,
            foreign,
            outside: 0,
            days: BTreeMap::new(),
        })))
    }

    /// A printer that prints what the archive does not hold, to `output`. With the checkpoint of the scheduled runs, they
    /// will not print it again.
    pub fn printer(&self, output: Output, checkpoint: Option<Checkpoint>) -> Printer {
        Printer::new(output, checkpoint).supplementing(self.clone())
    }

    /// The findings so far. Of the sources that are `read_whole`, the records that the files hold and
    /// Verkada did not send are surplus.
    pub fn findings(&self, read_whole: &[Source]) -> Findings {
        let tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tally.findings(read_whole)
    }
}

impl Known for Comparison {
    fn missing(&mut self, source: Source, lines: &[&str]) -> Vec<bool> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = lines.iter().map(|line| tally.is_missing(source, line));
        missing.collect()
    }
}

impl Tally {
    /// Counts a record that Verkada sent, and reports whether the files hold no more of it.
    fn is_missing(&mut self, source: Source, line: &str) -> bool {
        let time = Record::from_line(line).and_then(|record| record.time(self.window.time_base()));
        let time = time.map(|time| time.timestamp());
        if !is_near(self.window, time) {
            // The archive does not know whether the files hold it.
            self.outside += 1;
            return false;
        }
        let is_held = self.take(Fingerprint::of(line).to_bytes());
        let time = time.unwrap_or(self.window.start());
        let number = day_of(self.window, time);
        let day = self.day(source, number);
        day.verkada += 1;
        if is_held {
            day.files += 1;
        } else {
            day.missing += 1;
        }
        !is_held
    }

    /// Takes off one record of the files; `false` if they hold no more of it.
    fn take(&mut self, fingerprint: [u8; 16]) -> bool {
        let first = self
            .entries
            .partition_point(|entry| entry.fingerprint < fingerprint);
        let mut same = self.entries[first..]
            .iter_mut()
            .take_while(|entry| entry.fingerprint == fingerprint);
        let Some(entry) = same.find(|entry| entry.count > 0) else {
            return false;
        };
        entry.count -= 1;
        true
    }

    fn day(&mut self, source: Source, number: u16) -> &mut Day {
        let key = (source == Source::Notifications, number);
        let start = self.window.start().div_euclid(DAY) * DAY;
        self.days.entry(key).or_insert(Day {
            source,
            start: start + i64::from(number) * DAY,
            ..Day::default()
        })
    }

    fn findings(&self, read_whole: &[Source]) -> Findings {
        let mut surplus = Self {
            window: self.window,
            entries: Vec::new(),
            foreign: self.foreign,
            outside: self.outside,
            days: self.days.clone(),
        };
        let left = self.entries.iter().filter(|entry| entry.count > 0);
        for entry in left.filter(|entry| entry.row.is_inside()) {
            let source = entry.row.source();
            if read_whole.contains(&source) {
                let day = surplus.day(source, entry.row.day());
                day.surplus += u64::from(entry.count);
                day.files += u64::from(entry.count);
            }
        }
        Findings {
            days: surplus.days.into_values().collect(),
            foreign_lines: self.foreign,
            outside: self.outside,
        }
    }
}
