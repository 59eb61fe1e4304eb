//! Records that were written and never acknowledged.

use std::collections::{BTreeMap, HashMap};

use super::fingerprint::Fingerprint;
use super::ledger::Sighting;

/// Counts of the records that a run had written when it was killed, read back from the output by the next one. The ledger
/// does not hold them yet, because the slice of each is not known. When that slice is read again, they are counted as
/// printed.
#[derive(Debug, Default)]
pub(in crate::pull) struct Recovered {
    counts: BTreeMap<Fingerprint, Waiting>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    count: u32,
    /// The Unix second after which no slice holds the record: when every source has been read past it, the count is dropped.
    until: i64,
}

impl Recovered {
    /// Counts `count` more of a record that may be read again until every source has passed the Unix second `until`.
    pub(in crate::pull) fn add(&mut self, fingerprint: Fingerprint, until: i64, count: u32) {
        let waiting = self.counts.entry(fingerprint).or_default();
        waiting.count += count;
        waiting.until = waiting.until.max(until);
    }

    /// Decides for each record of a slice that still has to be printed whether it stands in the output already.
    pub(in crate::pull) fn hold(&self, records: impl Iterator<Item = Sighting>) -> Vec<bool> {
        let mut found: HashMap<Fingerprint, u32> = HashMap::new();
        let is_held = |sighting: Sighting| {
            let Some(waiting) = self.counts.get(&sighting.fingerprint) else {
                return false;
            };
            let found = found.entry(sighting.fingerprint).or_default();
            *found += 1;
            *found <= waiting.count
        };
        records.map(is_held).collect()
    }

    /// Takes off one record, because the ledger holds it now.
    pub(in crate::pull) fn remove(&mut self, fingerprint: Fingerprint) {
        if let Some(waiting) = self.counts.get_mut(&fingerprint) {
            waiting.count -= 1;
            if waiting.count == 0 {
                self.counts.remove(&fingerprint);
            }
        }
    }

    /// Drops what would have been read again before `time`.
    pub(in crate::pull) fn forget_before(&mut self, time: i64) {
        self.counts.retain(|_, waiting| waiting.until >= time);
    }

    /// Fingerprints, until when the records are waited for, and how many there are.
    pub(in crate::pull) fn iter(&self) -> impl Iterator<Item = (Fingerprint, i64, u32)> {
        self.counts
            .iter()
            .map(|(fingerprint, waiting)| (*fingerprint, waiting.until, waiting.count))
    }
}

impl FromIterator<(Fingerprint, i64, u32)> for Recovered {
    fn from_iter<I: IntoIterator<Item = (Fingerprint, i64, u32)>>(entries: I) -> Self {
        let mut recovered = Self::default();
        for (fingerprint, until, count) in entries {
            recovered.add(fingerprint, until, count);
        }
        recovered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Fingerprint = Fingerprint(1);
    const B: Fingerprint = Fingerprint(2);

    fn held(recovered: &Recovered, records: &[Fingerprint]) -> Vec<bool> {
        let sightings = records.iter().map(|fingerprint| Sighting {
            fingerprint: *fingerprint,
            is_stray: false,
        });
        recovered.hold(sightings)
    }

    #[test]
    fn of_identical_records_as_many_are_held_as_were_written() {
        let mut recovered: Recovered = [(A, 10, 1), (A, 10, 1)].into_iter().collect();
        assert_eq!(held(&recovered, &[A, B, A, A]), [true, false, true, false]);
        recovered.remove(A);
        assert_eq!(held(&recovered, &[A, A]), [true, false]);
        recovered.remove(A);
        assert_eq!(held(&recovered, &[A]), [false]);
        assert_eq!(recovered.iter().count(), 0);
    }

    #[test]
    fn a_record_is_waited_for_until_nobody_can_ask_for_it() {
        let mut recovered: Recovered = [(A, 10, 1), (B, 20, 1)].into_iter().collect();
        recovered.forget_before(10);
        assert_eq!(held(&recovered, &[A, B]), [true, true]);
        recovered.forget_before(11);
        assert_eq!(held(&recovered, &[A, B]), [false, true]);
    }
}
