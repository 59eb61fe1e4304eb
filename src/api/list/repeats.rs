//! Records that come a second time: identical ones, or a list that has shifted while it is read.
//!
//! Page tokens may be page numbers of a list that goes on changing. A record that appears before the end of a page that
//! was read pushes another one from there onto the next page, where it looks like a true twin. Only the earlier page
//! tells the two apart: if it is the same as before, the records are twins.

use std::collections::VecDeque;

use crate::api::record::RecordDigest;

/// Records that are remembered of a read: twenty full pages. A record that comes again later than that is not noticed.
const MOST_RECORDS: usize = 4_000;

/// Pages whose last record is looked for on the next one. More than one, because records that appear just before the end
/// of a page may fill a whole one.
const MOST_ENDS: usize = 3;

/// The pages that were read last, from old to new.
#[derive(Debug, Default)]
pub(super) struct RecentPages {
    pages: VecDeque<RecentPage>,
    sketch: Sketch,
}

/// A page that was read.
#[derive(Debug)]
pub(super) struct RecentPage {
    /// Counted from 1.
    pub(super) number: u64,
    /// The token that it was asked for with; `None` for the first page.
    pub(super) token: Option<String>,
    pub(super) digests: Box<[RecordDigest]>,
}

/// Counts of the remembered records by a part of their digests. It tells quickly of nearly every record that it is none of
/// them. 16 bits are enough: a page has fewer than 14,000 elements, and it counts at most two such pages.
#[derive(Debug, Default)]
struct Sketch(Vec<u16>);

impl Sketch {
    /// About twice the records that are remembered, so that most counts are zero. A power of two is quicker to divide by.
    const COUNTS: usize = (2 * MOST_RECORDS).next_power_of_two();

    fn place(digest: &RecordDigest) -> usize {
        digest.number() as usize % Self::COUNTS
    }

    fn add(&mut self, digests: &[RecordDigest]) {
        self.0.resize(Self::COUNTS, 0);
        for digest in digests {
            self.0[Self::place(digest)] += 1;
        }
    }

    fn remove(&mut self, digests: &[RecordDigest]) {
        for digest in digests {
            self.0[Self::place(digest)] -= 1;
        }
    }

    /// Reports whether a record with this digest may have been added.
    fn may_hold(&self, digest: &RecordDigest) -> bool {
        self.0
            .get(Self::place(digest))
            .is_some_and(|count| *count > 0)
    }
}

impl RecentPages {
    /// Remembers `page`, and forgets the oldest ones if there are too many.
    pub(super) fn add(&mut self, page: RecentPage) {
        self.sketch.add(&page.digests);
        self.pages.push_back(page);
        let mut records: usize = self.pages.iter().map(|page| page.digests.len()).sum();
        while records > MOST_RECORDS && self.pages.len() > 1 {
            records -= self.forget_oldest();
        }
    }

    /// Returns how many records it had.
    fn forget_oldest(&mut self) -> usize {
        let Some(oldest) = self.pages.pop_front() else {
            return 0;
        };
        self.sketch.remove(&oldest.digests);
        oldest.digests.len()
    }

    /// The pages that have to be the same as before if the records that `new` has in common with them are twins, from
    /// new to old. Empty if these records are not such as a list that has shifted would repeat.
    pub(super) fn to_compare(&self, new: &[RecordDigest]) -> Vec<&RecentPage> {
        let Some(shifted) = self.shifted(new) else {
            return Vec::new();
        };
        let numbers = [Some(shifted), self.anchor(shifted)];
        let pages = self.pages.iter().rev();
        pages
            .filter(|page| numbers.contains(&Some(page.number)))
            .collect()
    }

    /// The number of the page from which records seem to have shifted to `new`.
    ///
    /// Records that appear on the pages before push the last ones that were read, up to the very last, to the beginning
    /// of the next page. Others that have just appeared may be among them. Twins that are spread over the pages of a busy
    /// second look different; to compare for each of them would cost a request a page.
    fn shifted(&self, new: &[RecordDigest]) -> Option<u64> {
        let recent = self
            .pages
            .iter()
            .rev()
            .filter(|page| !page.digests.is_empty());
        for page in recent.take(MOST_ENDS) {
            let last = page.digests.last();
            let ends = (0..new.len()).filter(|at| new.get(*at) == last);
            for end in ends {
                let repeated = new[..=end].iter().rev().filter(|digest| self.holds(digest));
                if begins_with(self.back_from(page.number), repeated) {
                    return Some(page.number);
                }
            }
        }
        self.shifted_by_more_than_a_page(new)
    }

    /// The same, if the last record that was read is yet to come again because more records have appeared than a page
    /// holds.
    fn shifted_by_more_than_a_page(&self, new: &[RecordDigest]) -> Option<u64> {
        // Such a page holds known records, and a few that have just appeared among them. If few are known, they are twins.
        let are_few = |known: usize| 2 * known < new.len();
        let may_be_known = new.iter().filter(|digest| self.sketch.may_hold(digest));
        if are_few(may_be_known.count()) {
            return None;
        }
        let known = new.iter().rev().filter(|digest| self.holds(digest));
        let repeated: Vec<_> = known.collect();
        let last = *repeated.first()?;
        if are_few(repeated.len()) {
            return None;
        }
        let back = self.back_from(u64::MAX);
        let starts = (0..)
            .zip(back.clone())
            .filter(|(_, (_, digest))| *digest == last);
        let mut starts = starts.map(|(start, (number, _))| (start, number));
        let (_, number) = starts.find(|(start, _)| {
            let repeated = repeated.iter().copied();
            begins_with(back.clone().skip(*start), repeated)
        })?;
        Some(number)
    }

    /// Reports whether a record with this digest is remembered.
    fn holds(&self, digest: &RecordDigest) -> bool {
        self.sketch.may_hold(digest) && self.pages.iter().any(|page| page.digests.contains(digest))
    }

    /// The records up to the end of page `number`, from the last one back, each with the number of its page.
    fn back_from(&self, number: u64) -> impl Iterator<Item = (u64, &RecordDigest)> + Clone {
        let pages = self.pages.iter().rev();
        pages
            .filter(move |page| page.number <= number)
            .flat_map(|page| {
                page.digests
                    .iter()
                    .rev()
                    .map(|digest| (page.number, digest))
            })
    }

    /// The number of the last page up to `number` with a record that has no twin; of the oldest page if none has. A page
    /// that holds only twins may look the same although it has shifted.
    fn anchor(&self, number: u64) -> Option<u64> {
        let is_single = |digest: &RecordDigest| {
            let same = self
                .back_from(u64::MAX)
                .filter(|(_, other)| *other == digest);
            same.take(2).count() == 1
        };
        let up_to = self.pages.iter().rev().filter(|page| page.number <= number);
        let anchor = up_to
            .clone()
            .find(|page| page.digests.iter().any(is_single));
        anchor.or(self.pages.front()).map(|page| page.number)
    }
}

/// Reports whether `records` begin with those of `beginning`, neighbouring twins counted as one: another twin may have
/// appeared beside them.
fn begins_with<'a>(
    records: impl Iterator<Item = (u64, &'a RecordDigest)>,
    beginning: impl Iterator<Item = &'a RecordDigest>,
) -> bool {
    let mut records = without_neighbouring_twins(records.map(|(_, digest)| digest));
    without_neighbouring_twins(beginning).all(|digest| records.next() == Some(digest))
}

fn without_neighbouring_twins<'a>(
    records: impl Iterator<Item = &'a RecordDigest>,
) -> impl Iterator<Item = &'a RecordDigest> {
    let mut before = None;
    records.filter(move |digest| before.replace(*digest) != Some(*digest))
}

impl RecentPage {
    /// Reports whether `new` is this page once more, and not just many twins of one record.
    pub(super) fn comes_again_as(&self, new: &[RecordDigest]) -> bool {
        *self.digests == *new && new.iter().any(|digest| *digest != new[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [u64; 0] = [];

    fn digests(numbers: &[u64]) -> Box<[RecordDigest]> {
        numbers
            .iter()
            .copied()
            .map(RecordDigest::numbered)
            .collect()
    }

    fn recent(pages: &[&[u64]]) -> RecentPages {
        let mut recent = RecentPages::default();
        for (number, page) in (1..).zip(pages) {
            recent.add(RecentPage {
                number,
                token: None,
                digests: digests(page),
            });
        }
        recent
    }

    fn compared(pages: &[&[u64]], new: &[u64]) -> Vec<u64> {
        let recent = recent(pages);
        let pages = recent.to_compare(&digests(new));
        pages.iter().map(|page| page.number).collect()
    }

    #[test]
    fn the_page_with_the_repeated_record_is_compared() {
        assert_eq!(compared(&[&[1, 2], &[3, 4]], &[5, 6]), NONE);
        assert_eq!(compared(&[&[1, 2], &[3, 4]], &[4, 5]), [2]);
        assert_eq!(compared(&[&[1, 2], &[3, 4]], &[5, 4]), [2]);
        assert_eq!(compared(&[&[1, 2], &[3, 4], &[]], &[1, 2]), [1]);
        assert_eq!(compared(&[&[1, 2], &[3, 4]], &[3, 4]), [2]);
        assert_eq!(compared(&[], &[1]), NONE);
        assert_eq!(compared(&[&[1]], &[]), NONE);
    }

    #[test]
    fn a_page_of_twins_is_compared_together_with_one_that_cannot_look_the_same_when_it_shifts() {
        assert_eq!(compared(&[&[1, 2], &[3, 3], &[3, 3]], &[3, 4]), [3, 1]);
        assert_eq!(compared(&[&[3, 3], &[3, 3]], &[3, 3]), [2, 1]);
        assert_eq!(compared(&[&[1, 2], &[3]], &[3]), [2]);
    }

    #[test]
    fn twins_that_are_spread_over_the_pages_cost_nothing() {
        let pages: [&[u64]; 2] = [&[1, 2, 3, 4, 5], &[6, 7, 8, 9, 10]];
        assert_eq!(compared(&pages, &[11, 9, 12, 3, 13]), NONE);
        assert_eq!(compared(&pages, &[3, 10, 11, 12, 13]), NONE);
        assert_eq!(compared(&pages, &[11, 3, 2, 9, 12]), NONE);
    }

    #[test]
    fn records_that_appear_at_the_border_do_not_hide_the_ones_that_shift() {
        let pages: [&[u64]; 2] = [&[1, 2, 3], &[4, 5, 6]];
        assert_eq!(compared(&pages, &[11, 6, 7]), [2]);
        assert_eq!(compared(&pages, &[5, 11, 6]), [2]);
        // Another twin of each.
        assert_eq!(compared(&pages, &[5, 5, 6]), [2]);
        assert_eq!(compared(&pages, &[6, 6, 7]), [2]);
        // They fill a whole page before.
        assert_eq!(compared(&[&[1, 2, 3], &[11, 12, 13]], &[14, 3, 4]), [1]);
    }

    #[test]
    fn more_records_than_a_page_holds_may_appear() {
        let pages: [&[u64]; 6] = [&[1, 2], &[3, 4], &[5, 6], &[7, 8], &[9, 10], &[11, 12]];
        assert_eq!(compared(&pages, &[1, 2]), [1]);
        assert_eq!(compared(&pages, &[2, 3]), [2]);
        assert_eq!(compared(&pages, &[50, 3]), [2]);
        // Half of the page is known, however long it is.
        let new = [50, 51, 3, 52, 4, 53, 5, 54, 6, 7];
        assert_eq!(compared(&pages, &new), [4]);
        assert_eq!(compared(&pages, &[&new[..9], &[55]].concat()), NONE);
        assert_eq!(compared(&pages, &[3, 2]), NONE);
    }

    #[test]
    fn memory_is_bounded_and_what_is_forgotten_is_not_compared() {
        const PAGES: u64 = 310;
        let mut recent = RecentPages::default();
        for number in 0..PAGES {
            let first = number * 200;
            let numbers: Vec<_> = (first..first + 200).collect();
            recent.add(RecentPage {
                number: number + 1,
                token: None,
                digests: digests(&numbers),
            });
        }
        assert_eq!(recent.pages.len(), MOST_RECORDS / 200);
        let oldest = PAGES * 200 - MOST_RECORDS as u64;
        assert!(recent.to_compare(&digests(&[oldest - 1])).is_empty());
        assert_eq!(recent.to_compare(&digests(&[oldest])).len(), 1);
        // A page that is larger than all that is remembered.
        let huge: Vec<_> = (100_000..150_000).collect();
        recent.add(RecentPage {
            number: PAGES + 1,
            token: None,
            digests: digests(&huge),
        });
        assert_eq!(recent.pages.len(), 1);
        let counted: u32 = recent.sketch.0.iter().copied().map(u32::from).sum();
        assert_eq!(counted as usize, huge.len());
    }

    #[test]
    fn only_a_page_of_different_records_can_come_again() {
        let comes_again =
            |page: &[u64], new: &[u64]| recent(&[page]).pages[0].comes_again_as(&digests(new));
        assert!(comes_again(&[1, 2], &[1, 2]));
        assert!(!comes_again(&[1, 1], &[1, 1]));
        assert!(!comes_again(&[1], &[1]));
        assert!(!comes_again(&[], &[]));
        assert!(!comes_again(&[1, 2], &[2, 1]));
    }
}
