//! The two reads that the benches of pages measure: as many audit logs in slices and in one piece.

use super::server::Server;
use super::{MIDNIGHT, is_quick};

/// Records a second of the organisation that is read in slices.
const DENSITY: usize = 50;

const UNPACED: &str = "--all-events --only audit-logs --max-requests-per-minute 1000000";

/// The servers of the two reads.
pub(crate) struct Reads {
    pub(crate) pages: usize,
    pub(crate) records: usize,
    /// An organisation that is read in slices.
    organisation: Server,
    /// Pages of 200 records, which are the same for every window.
    pub(crate) fixed: Server,
}

/// One read: where, and with which arguments.
pub(crate) struct Read<'a> {
    pub(crate) how: &'static str,
    pub(crate) base_url: &'a str,
    pub(crate) arguments: String,
}

impl Reads {
    /// Starts the servers.
    pub(crate) fn start() -> Self {
        let pages = if is_quick() { 50 } else { 500 };
        let records = pages * 200;
        println!("{records} audit logs in pages of 200");
        Self {
            pages,
            records,
            organisation: Server::start(&format!("per_day={} flat=1", DENSITY * 86_400)),
            fixed: Server::start(&format!("pages={pages}")),
        }
    }

    pub(crate) fn in_slices(&self) -> Read<'_> {
        let end = MIDNIGHT + (self.records / DENSITY) as i64;
        Read {
            how: "in slices",
            base_url: &self.organisation.base_url,
            arguments: format!("--start {MIDNIGHT} --end {end} --interval-minutes 1 {UNPACED}"),
        }
    }

    pub(crate) fn in_one_piece(&self) -> Read<'_> {
        Read {
            how: "in one piece",
            base_url: &self.fixed.base_url,
            arguments: format!(
                "--start 1789340000 --end 1789344000 --interval-minutes 1440 --page-size 200 {UNPACED}"
            ),
        }
    }
}
