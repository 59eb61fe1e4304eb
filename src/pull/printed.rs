//! Which records have been printed, and how often.

use std::collections::HashMap;

use super::fingerprint::Fingerprint;

/// Counts of printed records by fingerprint. Two identical records are two events, so they are counted, never
/// collapsed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Printed {
    entries: HashMap<Fingerprint, Entry>,
}

/// How often a record was printed, and until which Unix second a query may find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) findable_until: i64,
    pub(super) count: u32,
    /// How many of those that earlier runs have printed this run has not come across yet.
    unfound: u32,
}

impl Entry {
    /// What earlier runs have printed.
    pub(super) fn of_earlier_runs(findable_until: i64, count: u32) -> Self {
        Self {
            findable_until,
            count,
            unfound: count,
        }
    }
}

impl Printed {
    /// For each record of a slice that was read whole, in order, whether it still has to be printed: of `n` equal
    /// ones of which earlier runs have printed `p`, the last `n - p`. The slices of a run have no records in
    /// common, so what this run has printed already says nothing about the next slice.
    pub(super) fn missing(&mut self, records: &[Fingerprint]) -> Vec<bool> {
        let is_missing = |fingerprint: &Fingerprint| match self.entries.get_mut(fingerprint) {
            Some(entry) if entry.unfound > 0 => {
                entry.unfound -= 1;
                false
            }
            _ => true,
        };
        records.iter().map(is_missing).collect()
    }

    /// Counts one more printed record.
    pub(super) fn add(&mut self, fingerprint: Fingerprint, findable_until: i64) {
        let entry = self.entries.entry(fingerprint).or_insert(Entry {
            findable_until,
            count: 0,
            unfound: 0,
        });
        entry.count += 1;
        entry.findable_until = entry.findable_until.max(findable_until);
    }

    /// Puts back an entry that was stored.
    pub(super) fn restore(&mut self, fingerprint: Fingerprint, entry: Entry) {
        self.entries.insert(fingerprint, entry);
    }

    /// Drops the records that no query from `time` on can find.
    pub(super) fn forget_before(&mut self, time: i64) {
        self.entries.retain(|_, entry| entry.findable_until >= time);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Fingerprint, Entry)> {
        self.entries
            .iter()
            .map(|(fingerprint, entry)| (*fingerprint, *entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Fingerprint = Fingerprint(1);
    const B: Fingerprint = Fingerprint(2);

    /// What the next run finds.
    fn reopened(printed: &Printed) -> Printed {
        let mut again = Printed::default();
        for (fingerprint, entry) in printed.iter() {
            again.restore(
                fingerprint,
                Entry::of_earlier_runs(entry.findable_until, entry.count),
            );
        }
        again
    }

    #[test]
    fn identical_twins_are_two_records() {
        let mut printed = Printed::default();
        assert_eq!(printed.missing(&[A, A, B]), [true, true, true]);
        printed.add(A, 10);
        assert_eq!(reopened(&printed).missing(&[A, A, B]), [false, true, true]);
        printed.add(A, 10);
        let missing = reopened(&printed).missing(&[A, A, A]);
        assert_eq!(missing, [false, false, true]);
        assert_eq!(reopened(&printed).missing(&[A]), [false]);
    }

    #[test]
    fn twins_in_different_slices_of_a_run_are_two_records_as_well() {
        let mut printed = Printed::default();
        printed.add(A, 10);
        let mut printed = reopened(&printed);
        assert_eq!(printed.missing(&[B, A]), [true, false]);
        printed.add(B, 10);
        assert_eq!(printed.missing(&[B, A]), [true, true]);
        printed.add(B, 10);
        printed.add(A, 10);
        let missing = reopened(&printed).missing(&[A, A, A, B, B, B]);
        assert_eq!(missing, [false, false, true, false, false, true]);
    }

    #[test]
    fn a_record_is_forgotten_when_no_query_can_find_it_any_more() {
        let mut printed = Printed::default();
        printed.add(A, 10);
        printed.add(B, 20);
        printed.forget_before(10);
        assert_eq!(reopened(&printed).missing(&[A, B]), [false, false]);
        printed.forget_before(11);
        assert_eq!(reopened(&printed).missing(&[A, B]), [true, false]);
        assert_eq!(printed.iter().count(), 1);
    }
}
