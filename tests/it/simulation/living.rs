//! Lists that change while they are read: a server whose page tokens are page numbers, and the cost of noticing it.

use super::history::{History, Variant};
use super::oracle::Counts;
use super::scenario::LIVELY;
use super::{assert_caught_in, assert_none, play};

impl History {
    pub(super) fn count_spent(&mut self) {
        let spent = self.world.spent();
        self.counts.requests = spent.requests;
        self.counts.shifted_reads = spent.shifted_reads;
        self.counts.twin_borders = spent.twin_borders;
        self.counts.extra_requests = spent.extra_requests;
    }
}

impl Counts {
    /// Checks that the pages which are asked for again are fewer than one request in a hundred.
    #[expect(clippy::print_stdout, reason = "the report, which --nocapture shows")]
    #[track_caller]
    pub(super) fn assert_few_extra_requests(&self) {
        let (extra, all) = (self.extra_requests, self.requests);
        let percent = 100.0 * extra as f64 / all as f64;
        println!(
            "{} histories: {} reads shifted, {} pages with twins of the page before, {extra} extra requests of {all}, which is {percent:.2} %",
            self.histories, self.shifted_reads, self.twin_borders
        );
        assert!(percent < 1.0, "{extra} extra requests of {all}");
    }
}

#[test]
fn in_lists_that_shift_all_the_time_each_record_is_printed_exactly_once() {
    let (counts, failures) = play(LIVELY, Variant::AsItIs);
    assert_none(&failures);
    let Counts {
        shifted_reads: shifted,
        twin_borders: twins,
        ..
    } = counts;
    assert!(shifted > 30, "{shifted} reads shifted");
    assert!(twins > 50, "{twins} pages with twins");
}

#[test]
fn records_that_come_twice_because_a_list_has_shifted_are_noticed() {
    assert_caught_in(LIVELY, Variant::IgnoredRepeats, "too often");
}
