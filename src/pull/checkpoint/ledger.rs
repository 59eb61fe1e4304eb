//! The ledger: which records have been printed, and how often.

use std::collections::{BTreeMap, HashMap};

use super::fingerprint::Fingerprint;

/// Counts of printed records by fingerprint and by the Unix second until which a query may find them again. Two identical
/// records are two events, so they are counted, never collapsed, and each is forgotten in its own time.
#[derive(Debug, Default)]
pub(in crate::pull) struct Ledger {
    counts: BTreeMap<(Fingerprint, i64), Counts>,
}

/// The counts of one record.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    printed: u32,
    /// Printed by earlier runs and not found again by this one yet.
    unfound: u32,
    /// Printed by this run as strays, and not found yet in the slice that they belong to.
    strayed: u32,
}

/// A record that was found in a slice.
#[derive(Clone, Copy, Debug)]
pub(in crate::pull) struct Sighting {
    pub(in crate::pull) fingerprint: Fingerprint,
    /// True if its time is outside the slice, so that another slice may hold it as well.
    pub(in crate::pull) is_stray: bool,
}

impl Ledger {
    /// Decides for each record of a slice that was read whole, in order, whether it still has to be printed: of `n` equal
    /// ones of which earlier runs have printed `p`, the last `n - p`. The slices of a run have no records in common, so
    /// what this run has printed says nothing about the next slice, except where a record is a stray.
    pub(in crate::pull) fn missing(
        &mut self,
        records: impl Iterator<Item = Sighting>,
    ) -> Vec<bool> {
        let mut strays: HashMap<Fingerprint, u32> = HashMap::new();
        let is_missing = |sighting: Sighting| {
            let Sighting {
                fingerprint,
                is_stray,
            } = sighting;
            let range = (fingerprint, i64::MIN)..=(fingerprint, i64::MAX);
            let mut known = self.counts.range_mut(range);
            if is_stray {
                let seen = strays.entry(fingerprint).or_default();
                *seen += 1;
                return *seen > known.map(|(_, counts)| counts.printed).sum();
            }
            !known.any(|(_, counts)| counts.take_one())
        };
        records.map(is_missing).collect()
    }

    /// Counts one more printed record, which a query may find until the Unix second `findable_until`.
    pub(in crate::pull) fn add(&mut self, sighting: Sighting, findable_until: i64) {
        let key = (sighting.fingerprint, findable_until);
        let counts = self.counts.entry(key).or_default();
        counts.printed += 1;
        counts.strayed += u32::from(sighting.is_stray);
    }

    /// Drops the records that no query from `time` on can find.
    pub(in crate::pull) fn forget_before(&mut self, time: i64) {
        self.counts
            .retain(|(_, findable_until), _| *findable_until >= time);
    }

    /// Fingerprints, until when they may be found, and how often they were printed.
    pub(in crate::pull) fn iter(&self) -> impl Iterator<Item = (Fingerprint, i64, u32)> {
        self.counts
            .iter()
            .map(|((fingerprint, findable_until), counts)| {
                (*fingerprint, *findable_until, counts.printed)
            })
    }
}

/// Takes the records that earlier runs have printed: fingerprints, until when they may be found, and how often they were
/// printed. This is quickest in the order of [`Ledger::iter`].
impl FromIterator<(Fingerprint, i64, u32)> for Ledger {
    fn from_iter<I: IntoIterator<Item = (Fingerprint, i64, u32)>>(earlier: I) -> Self {
        let counts = earlier
            .into_iter()
            .map(|(fingerprint, findable_until, count)| {
                let counts = Counts {
                    printed: count,
                    unfound: count,
                    strayed: 0,
                };
                ((fingerprint, findable_until), counts)
            });
        Self {
            counts: counts.collect(),
        }
    }
}

impl Counts {
    /// Takes off one record that is still to be found again; `false` if there is none.
    fn take_one(&mut self) -> bool {
        for left in [&mut self.unfound, &mut self.strayed] {
            if *left > 0 {
                *left -= 1;
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Fingerprint = Fingerprint(1);
    const B: Fingerprint = Fingerprint(2);

    fn inside(fingerprint: Fingerprint) -> Sighting {
        Sighting {
            fingerprint,
            is_stray: false,
        }
    }

    fn stray(fingerprint: Fingerprint) -> Sighting {
        Sighting {
            fingerprint,
            is_stray: true,
        }
    }

    fn missing(printed: &mut Ledger, records: &[Fingerprint]) -> Vec<bool> {
        printed.missing(records.iter().copied().map(inside))
    }

    /// The ledger as the next run reads it.
    fn reopened(printed: &Ledger) -> Ledger {
        printed.iter().collect()
    }

    #[test]
    fn identical_twins_are_two_records() {
        let mut printed = Ledger::default();
        assert_eq!(missing(&mut printed, &[A, A, B]), [true, true, true]);
        printed.add(inside(A), 10);
        let mut next = reopened(&printed);
        assert_eq!(missing(&mut next, &[A, A, B]), [false, true, true]);
        printed.add(inside(A), 10);
        let mut next = reopened(&printed);
        assert_eq!(missing(&mut next, &[A, A, A]), [false, false, true]);
        assert_eq!(missing(&mut reopened(&printed), &[A]), [false]);
    }

    #[test]
    fn twins_in_different_slices_of_a_run_are_two_records_as_well() {
        let mut printed = Ledger::default();
        printed.add(inside(A), 10);
        let mut printed = reopened(&printed);
        assert_eq!(missing(&mut printed, &[B, A]), [true, false]);
        printed.add(inside(B), 10);
        assert_eq!(missing(&mut printed, &[B, A]), [true, true]);
        printed.add(inside(B), 10);
        printed.add(inside(A), 20);
        let found = missing(&mut reopened(&printed), &[A, A, A, B, B, B]);
        assert_eq!(found, [false, false, true, false, false, true]);
    }

    #[test]
    fn a_stray_is_printed_once_in_a_run_whichever_slice_comes_first() {
        let mut printed = Ledger::default();
        printed.add(inside(A), 10);
        assert_eq!(printed.missing([stray(A)].into_iter()), [false]);
        assert_eq!(printed.missing([stray(B), stray(B)].into_iter()), [true; 2]);
        printed.add(stray(B), 10);
        printed.add(stray(B), 10);
        assert_eq!(printed.missing([stray(B)].into_iter()), [false]);
        assert_eq!(missing(&mut printed, &[B, B, B]), [false, false, true]);
    }

    #[test]
    fn a_record_is_forgotten_when_no_query_can_find_it_any_more() {
        let mut printed = Ledger::default();
        printed.add(inside(A), 10);
        printed.add(inside(B), 20);
        printed.forget_before(10);
        assert_eq!(missing(&mut reopened(&printed), &[A, B]), [false, false]);
        printed.forget_before(11);
        assert_eq!(missing(&mut reopened(&printed), &[A, B]), [true, false]);
        assert_eq!(printed.iter().count(), 1);
    }

    #[test]
    fn an_old_twin_that_is_forgotten_does_not_stand_for_a_new_one() {
        let mut printed = Ledger::default();
        printed.add(inside(A), 10);
        printed.add(inside(A), 20);
        printed.forget_before(11);
        let found = missing(&mut reopened(&printed), &[A, A]);
        assert_eq!(found, [false, true]);
    }
}
