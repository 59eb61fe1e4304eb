//! Lists that change while they are read: a server whose page tokens are page numbers, and the cost of noticing it.

use fastrand::Rng;
use verkada_audit_logs::Statistics;
use verkada_audit_logs::demo::Paging;

use super::history::{History, Variant};
use super::oracle::Counts;
use super::scenario::{Scenario, pick};
use super::{assert_caught_in, assert_none, play};

/// Histories, by their seeds, in which nearly every read of several pages meets a record that appears between two of them.
pub(super) const LIVELY: std::ops::Range<u64> = 1_000..1_200;

/// Requests of a history.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    requests: u64,
    shifted_reads: u64,
    twin_borders: u64,
    extra_requests: u64,
}

impl Spent {
    pub(super) fn add(&mut self, client: &Statistics) {
        self.requests += client.requests;
        self.shifted_reads += client.shifted_reads;
        self.twin_borders += client.twin_borders;
        self.extra_requests += client.extra_requests;
    }
}

impl Scenario {
    pub(super) fn make_lively(&mut self, dice: &mut Rng) {
        self.paging = Paging::ByNumber;
        self.page_size = pick(dice, &[2, 3, 5, 7]);
        self.seconds_per_request = pick(dice, &[1, 3, 20]);
        self.profile.late_per_mille = 300;
        self.profile.audit_logs_per_day *= 2.0;
    }
}

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
