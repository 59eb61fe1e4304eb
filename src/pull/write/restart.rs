//! The restart hint: where to go on by hand after an interruption.

use crate::api::Window;
use crate::pull::read::{Bounds, Edge, Slice};

/// The `--start` and `--end` with which the rest of a window can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartHint {
    /// Unix seconds.
    pub start: i64,
    /// Unix seconds.
    pub end: i64,
    /// True if the records of that one second may have been printed already.
    pub repeats_start: bool,
}

/// Watches the printed slices of a source to find the exact second to go on from, although it is not documented whether
/// a window includes records exactly on its start.
#[derive(Debug, Default)]
pub(in crate::pull) struct RestartPoint {
    printed_to: Option<i64>,
    /// The edge of the last slice.
    edge: Edge,
    /// True if a window includes its start, as far as the answers have shown.
    start_is_inclusive: Option<bool>,
}

impl RestartPoint {
    /// Takes note of a slice that was printed.
    pub(in crate::pull) fn note_printed(&mut self, slice: &Slice) {
        if slice.edge.first_asked {
            self.start_is_inclusive = Some(true);
        } else if self.edge.last_whole && follows(self.printed_to, &slice.bounds) {
            // The slice was asked for from that very second on, and did not show its record.
            self.start_is_inclusive = Some(false);
        }
        self.printed_to = Some(slice.bounds.to);
        self.edge = slice.edge;
    }

    /// The Unix second before which everything has been printed.
    pub(in crate::pull) fn printed_to(&self) -> Option<i64> {
        self.printed_to
    }

    /// The hint for the rest of `window`.
    pub(in crate::pull) fn hint(&self, window: Window) -> RestartHint {
        let hint = |start, repeats_start| RestartHint {
            start,
            end: window.end(),
            repeats_start,
        };
        let Some(printed_to) = self.printed_to else {
            return hint(window.start(), false);
        };
        let Edge {
            last_whole,
            last_fraction,
            ..
        } = self.edge;
        let holds_records = last_whole || last_fraction;
        if holds_records && self.start_is_inclusive == Some(true) {
            return hint(printed_to, false);
        }
        let repeats_start = match self.start_is_inclusive {
            // A record exactly on the start is not sent again, but one a fraction of a second later is.
            Some(false) => last_fraction,
            _ => holds_records,
        };
        hint(printed_to - 1, repeats_start)
    }
}

fn follows(printed_to: Option<i64>, bounds: &Bounds) -> bool {
    printed_to == Some(bounds.from) && !bounds.outer_start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Source, TimeBase};

    fn slice(from: i64, to: i64, first_asked: bool, last_whole: bool) -> Slice {
        Slice {
            source: Source::AuditLogs,
            bounds: Bounds {
                from,
                to,
                outer_start: from == 0,
                outer_end: false,
            },
            time_base: TimeBase::Event,
            lines: Vec::new(),
            filtered: 0,
            odd: Default::default(),
            matched_names: Default::default(),
            longest_processing: None,
            server_time: None,
            organisations: Default::default(),
            newest: None,
            edge: Edge {
                first_asked,
                last_whole,
                last_fraction: false,
            },
        }
    }

    const END: i64 = 100;

    fn after(slices: &[Slice]) -> RestartHint {
        let mut point = RestartPoint::default();
        for slice in slices {
            point.note_printed(slice);
        }
        point.hint(Window::new(0, END, TimeBase::Event).unwrap())
    }

    #[test]
    fn an_empty_last_second_is_a_safe_start_whatever_the_api_means() {
        let quiet = [slice(0, 10, false, false)];
        assert_eq!(
            after(&quiet),
            RestartHint {
                end: END,
                start: 9,
                repeats_start: false
            }
        );
        assert_eq!(
            after(&[]),
            RestartHint {
                end: END,
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
            RestartHint {
                end: END,
                start: 20,
                repeats_start: false
            }
        );
        let exclusive = [slice(0, 10, false, true), slice(10, 20, false, true)];
        assert_eq!(
            after(&exclusive),
            RestartHint {
                end: END,
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
            RestartHint {
                end: END,
                start: 9,
                repeats_start: true
            }
        );
    }

    /// The same with a record half a second after its last second.
    fn with_a_fraction(mut slice: Slice) -> Slice {
        slice.edge.last_fraction = true;
        slice
    }

    #[test]
    fn fractions_of_a_second_show_nothing_and_come_again_from_an_exclusive_start() {
        let unknown = [
            with_a_fraction(slice(0, 10, false, false)),
            with_a_fraction(slice(10, 20, false, false)),
        ];
        let again = |start| RestartHint {
            end: END,
            start,
            repeats_start: true,
        };
        assert_eq!(after(&unknown), again(19));
        let exclusive = [
            slice(0, 10, false, true),
            with_a_fraction(slice(10, 20, false, true)),
        ];
        assert_eq!(after(&exclusive), again(19));
        let inclusive = [with_a_fraction(slice(0, 20, true, false))];
        assert_eq!(
            after(&inclusive),
            RestartHint {
                end: END,
                start: 20,
                repeats_start: false
            }
        );
    }
}
