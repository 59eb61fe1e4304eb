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
}

impl Printed {
    /// For each record of a complete read, in order, whether it still has to be printed: of `n` equal ones of
    /// which `p` were printed, the last `n - p`.
    pub(super) fn missing(&self, records: &[Fingerprint]) -> Vec<bool> {
        let mut seen: HashMap<Fingerprint, u32> = HashMap::new();
        let is_missing = |fingerprint: &Fingerprint| {
            let Some(entry) = self.entries.get(fingerprint) else {
                return true;
            };
            let seen = seen.entry(*fingerprint).or_default();
            *seen += 1;
            *seen > entry.count
        };
        records.iter().map(is_missing).collect()
    }

    /// Counts one more printed record.
    pub(super) fn add(&mut self, fingerprint: Fingerprint, findable_until: i64) {
        let entry = self.entries.entry(fingerprint).or_insert(Entry {
            findable_until,
            count: 0,
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

    #[test]
    fn identical_twins_are_two_records() {
        let mut printed = Printed::default();
        assert_eq!(printed.missing(&[A, A, B]), [true, true, true]);
        printed.add(A, 10);
        assert_eq!(printed.missing(&[A, A, B]), [false, true, true]);
        printed.add(A, 10);
        assert_eq!(printed.missing(&[A, A, A]), [false, false, true]);
        assert_eq!(printed.missing(&[A]), [false]);
    }

    #[test]
    fn a_record_is_forgotten_when_no_query_can_find_it_any_more() {
        let mut printed = Printed::default();
        printed.add(A, 10);
        printed.add(B, 20);
        printed.forget_before(10);
        assert_eq!(printed.missing(&[A, B]), [false, false]);
        printed.forget_before(11);
        assert_eq!(printed.missing(&[A, B]), [true, false]);
        assert_eq!(printed.iter().count(), 1);
    }
}
