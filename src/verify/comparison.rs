//! The comparison: tells the printer which of Verkada's records the files do not hold.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::archive::{Archive, DAY, Entry, UNNUMBERED, day_of, is_near, narrow};
use super::findings::{Day, Findings};
use crate::api::{Record, Source, Window};
use crate::pull::{Checkpoint, Known, Output, Printer, RecordId};

/// An archive that is asked about records. Clones share it.
#[derive(Clone)]
pub struct Comparison(Arc<Mutex<Tally>>);

/// The records of the files that no record of Verkada was matched with yet, and the counts so far.
struct Tally {
    window: Window,
    /// In the order of their fingerprints and ordinals. The count goes down with each record that is found.
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
            let is_same = later.key() == kept.key() && later.row == kept.row;
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
    fn missing(&mut self, source: Source, records: &[(RecordId, &str)]) -> Vec<bool> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tally.missing(source, records)
    }
}

impl Tally {
    /// Counts the records of a slice that Verkada sent, and decides which of them the files do not hold.
    fn missing(&mut self, source: Source, records: &[(RecordId, &str)]) -> Vec<bool> {
        let numbered = records
            .iter()
            .map(|(id, _)| self.take(*id, narrow(id.ordinal())));
        let mut held: Vec<_> = numbered.collect();
        // A raw line may be any of the identical records, so the lines with ids are taken first.
        for ((id, _), is_held) in records.iter().zip(&mut held) {
            *is_held = *is_held || self.take(*id, UNNUMBERED);
        }
        let missing = records
            .iter()
            .zip(held)
            .map(|((_, text), is_held)| self.is_missing(source, text, is_held));
        missing.collect()
    }

    /// Counts a record that Verkada sent, and reports whether it is missing, which those far outside the range never are.
    fn is_missing(&mut self, source: Source, text: &str, is_held: bool) -> bool {
        let time = Record::from_line(text).and_then(|record| record.time(self.window.time_base()));
        let time = time.map(|time| time.timestamp());
        if !is_near(self.window, time) {
            // The archive does not know whether the files hold it.
            self.outside += 1;
            return false;
        }
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

    /// Takes off one line of the files with the fingerprint of `id` and this ordinal; `false` if they hold no more of it.
    fn take(&mut self, id: RecordId, ordinal: u16) -> bool {
        let key = (id.fingerprint().to_bytes(), ordinal);
        let first = self.entries.partition_point(|entry| entry.key() < key);
        let mut same = self.entries[first..]
            .iter_mut()
            .take_while(|entry| entry.key() == key);
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
        let mut surplus_without_id = 0;
        let left = self.entries.iter().filter(|entry| entry.count > 0);
        for entry in left.filter(|entry| entry.row.is_inside()) {
            let source = entry.row.source();
            if read_whole.contains(&source) {
                let day = surplus.day(source, entry.row.day());
                day.surplus += u64::from(entry.count);
                day.files += u64::from(entry.count);
                if entry.ordinal == UNNUMBERED {
                    surplus_without_id += u64::from(entry.count);
                }
            }
        }
        Findings {
            days: surplus.days.into_values().collect(),
            surplus_without_id,
            foreign_lines: self.foreign,
            outside: self.outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TimeBase;
    use crate::pull::{EventFilter, Format, Origin};

    const RECORD: &str = r#"{"event_name":"User Login","timestamp":"2026-09-14T12:00:00Z"}"#;

    const NONE: [u32; 0] = [];

    /// The archive line of the record that has this ordinal; 0 for a raw line.
    fn line(record: &str, ordinal: u32) -> String {
        let origin = Origin {
            source: Source::AuditLogs,
            host: "h",
            organization_id: None,
        };
        let format = match ordinal {
            0 => Format::Raw,
            _ => Format::Envelope,
        };
        let line = format.line(record, RecordId::of(record, ordinal), origin);
        format!("{}\n", line.text)
    }

    /// A comparison with an archive of lines of `record` that have these ordinals.
    fn comparison(record: &str, ordinals: &[u32]) -> Comparison {
        let window = Window::new(1_789_344_000, 1_789_430_400, TimeBase::Event).unwrap();
        let mut archive = Archive::new(window, EventFilter::All, Vec::new());
        for ordinal in ordinals {
            archive.add(line(record, *ordinal).as_bytes()).unwrap();
        }
        Comparison::with(archive)
    }

    /// Compares a slice of `count` identical records. Returns the ordinals of those that are missing.
    fn missing(comparison: &mut Comparison, record: &str, count: u32) -> Vec<u32> {
        let records = (1..=count).map(|ordinal| (RecordId::of(record, ordinal), record));
        let records: Vec<_> = records.collect();
        let missing = comparison.missing(Source::AuditLogs, &records);
        let numbered = (1..=count).zip(missing);
        let missing = numbered.filter_map(|(ordinal, is_missing)| is_missing.then_some(ordinal));
        missing.collect()
    }

    /// Verkada's, the files', the missing and the surplus records, and those of the last that have no id.
    fn sums(comparison: &Comparison) -> ([u64; 4], u64) {
        let findings = comparison.findings(&Source::ALL);
        (findings.sums(), findings.surplus_without_id)
    }

    #[test]
    fn of_identical_records_those_are_missing_whose_own_lines_are_lost() {
        for (archive, count, expected) in [
            (&[][..], 2, &[1, 2][..]),
            (&[1, 2], 2, &[]),
            (&[2, 1], 2, &[]),
            (&[2], 2, &[1]),
            (&[1], 2, &[2]),
            // A repeated line does not stand for its twin, nor does one that Verkada does not have.
            (&[2, 2], 2, &[1]),
            (&[1, 1, 1], 3, &[2, 3]),
            (&[3, 1], 2, &[2]),
            // A raw line may be any of them.
            (&[0], 2, &[2]),
            (&[0, 0], 2, &[]),
            (&[0, 2], 2, &[]),
            (&[0, 1], 2, &[]),
            (&[2, 2, 0], 3, &[3]),
            (&[2, 0], 3, &[3]),
        ] {
            let mut comparison = comparison(RECORD, archive);
            let missing = missing(&mut comparison, RECORD, count);
            assert_eq!(missing, expected, "{archive:?}, {count}");
        }
    }

    /// Every archive of up to two raw lines and up to two lines of each of the ordinals 1 to 4.
    fn archives() -> impl Iterator<Item = Vec<u32>> {
        (0..3_u32.pow(5)).map(|number| {
            let times = |ordinal: u32| number / 3_u32.pow(ordinal) % 3;
            let lines = (0..5).flat_map(|ordinal| (0..times(ordinal)).map(move |_| ordinal));
            lines.collect()
        })
    }

    #[test]
    fn whatever_lines_there_are_no_id_is_missing_that_they_hold_and_a_repair_is_complete() {
        for mut archive in archives() {
            for count in 1..=3 {
                let mut first = comparison(RECORD, &archive);
                let missing_ordinals = missing(&mut first, RECORD, count);
                for ordinal in &missing_ordinals {
                    assert!(!archive.contains(ordinal), "{archive:?}: {ordinal}");
                }
                let own = (1..=count)
                    .filter(|ordinal| archive.contains(ordinal))
                    .count();
                let raw = archive.iter().filter(|ordinal| **ordinal == 0).count();
                let of_raw = raw.min(count as usize - own);
                let held = own + of_raw;
                let expected_sums = [
                    count as usize,
                    archive.len(),
                    count as usize - held,
                    archive.len() - held,
                ];
                let expected = (expected_sums.map(|sum| sum as u64), (raw - of_raw) as u64);
                assert_eq!(sums(&first), expected, "{archive:?}, {count}");

                let before = archive.len();
                archive.extend(&missing_ordinals);
                let mut again = comparison(RECORD, &archive);
                assert_eq!(
                    missing(&mut again, RECORD, count),
                    NONE,
                    "{archive:?}, {count}"
                );
                archive.truncate(before);
            }
        }
    }

    #[test]
    fn a_number_too_large_for_an_entry_stands_for_any_record() {
        let beyond = u32::from(u16::MAX) + 1;
        let mut comparison = comparison(RECORD, &[beyond, u32::from(u16::MAX)]);
        assert_eq!(missing(&mut comparison, RECORD, 2), [2]);
    }

    #[test]
    fn records_without_a_time_are_counted_because_their_numbers_depend_on_the_slices() {
        let record = r#"{"event_name":"User Login"}"#;
        let mut two_slices = comparison(record, &[1, 2]);
        assert_eq!(missing(&mut two_slices, record, 1), NONE);
        assert_eq!(missing(&mut two_slices, record, 1), NONE);
        assert_eq!(missing(&mut two_slices, record, 1), [1]);
        let mut one_slice = comparison(record, &[1, 1]);
        assert_eq!(missing(&mut one_slice, record, 3), [3]);
    }
}
