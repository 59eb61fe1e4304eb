//! From where to carry on by hand after an interruption.

use super::slice::{Bounds, Slice};

/// The `--start` with which the rest of a range can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarryOn {
    /// Unix seconds.
    pub start: i64,
    /// Whether the records of that one second may have been printed already.
    pub repeats_start: bool,
}

/// Watches the printed slices of a source to tell the exact second to go on from, although it is not
/// documented whether a window includes records exactly on its start.
#[derive(Debug, Default)]
pub(super) struct Resume {
    printed_to: Option<i64>,
    last_second_holds_records: bool,
    /// What the answers have shown so far.
    start_is_inclusive: Option<bool>,
}

impl Resume {
    /// Takes note of a slice that was printed.
    pub(super) fn printed(&mut self, slice: &Slice) {
        if slice.edge.first_asked {
            self.start_is_inclusive = Some(true);
        } else if self.last_second_holds_records && follows(self.printed_to, &slice.bounds) {
            // The slice was asked for from that very second on, and did not show its records.
            self.start_is_inclusive = Some(false);
        }
        self.printed_to = Some(slice.bounds.to);
        self.last_second_holds_records = slice.edge.last_second;
    }

    /// Everything before this Unix second has been printed.
    pub(super) fn printed_to(&self) -> Option<i64> {
        self.printed_to
    }

    /// Where to go on; `start` if nothing was printed.
    pub(super) fn carry_on(&self, start: i64) -> CarryOn {
        let Some(printed_to) = self.printed_to else {
            return CarryOn {
                start,
                repeats_start: false,
            };
        };
        if self.last_second_holds_records && self.start_is_inclusive == Some(true) {
            return CarryOn {
                start: printed_to,
                repeats_start: false,
            };
        }
        CarryOn {
            start: printed_to - 1,
            repeats_start: self.last_second_holds_records && self.start_is_inclusive.is_none(),
        }
    }
}

fn follows(printed_to: Option<i64>, bounds: &Bounds) -> bool {
    printed_to == Some(bounds.from) && !bounds.outer_start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Source;
    use crate::pull::slice::Edge;

    fn slice(from: i64, to: i64, first_asked: bool, last_second: bool) -> Slice {
        Slice {
            source: Source::AuditLogs,
            bounds: Bounds {
                from,
                to,
                outer_start: from == 0,
                outer_end: false,
            },
            lines: Vec::new(),
            server_time: None,
            organization_id: None,
            edge: Edge {
                first_asked,
                last_second,
            },
        }
    }

    fn after(slices: &[Slice]) -> CarryOn {
        let mut resume = Resume::default();
        for slice in slices {
            resume.printed(slice);
        }
        resume.carry_on(0)
    }

    #[test]
    fn an_empty_last_second_is_a_safe_start_whatever_the_api_means() {
        let quiet = [slice(0, 10, false, false)];
        assert_eq!(
            after(&quiet),
            CarryOn {
                start: 9,
                repeats_start: false
            }
        );
        assert_eq!(
            after(&[]),
            CarryOn {
                start: 0,
                repeats_start: false
            }
        );
    }

    #[test]
    fn otherwise_the_answers_show_what_a_start_means() {
        let inclusive = [slice(0, 10, false, true), slice(10, 20, true, true)];
        assert_eq!(
            after(&inclusive),
            CarryOn {
                start: 20,
                repeats_start: false
            }
        );
        let exclusive = [slice(0, 10, false, true), slice(10, 20, false, true)];
        assert_eq!(
            after(&exclusive),
            CarryOn {
                start: 19,
                repeats_start: false
            }
        );
    }

    #[test]
    fn without_evidence_a_second_is_repeated_rather_than_lost() {
        let unknown = [slice(0, 10, false, true)];
        assert_eq!(
            after(&unknown),
            CarryOn {
                start: 9,
                repeats_start: true
            }
        );
    }
}
