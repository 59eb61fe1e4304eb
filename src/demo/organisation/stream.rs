//! The records of one source: their number, delays, twins and content keys.

use super::density::Density;
use super::profile::{Profile, Source};
use super::random::{happens, mix, scale};

/// Purpose of a draw, so that the properties of a record are independent of each other.
#[derive(Clone, Copy)]
enum Draw {
    Count,
    Record,
    Twin,
    Processing,
    Late,
    Visibility,
}

/// The records of one source.
///
/// A record is identified by its event second and its index in that second, which counts from 0.
pub(super) struct RecordStream {
    source: Source,
    density: Density,
    record_key: u64,
    processing_delays: Vec<u32>,
    visibility_delays: Vec<u32>,
    late_per_mille: u32,
    twins_per_mille: u32,
}

impl RecordStream {
    /// Creates the stream of a source. Notifications have no processing delay.
    pub(super) fn new(profile: &Profile, source: Source) -> Self {
        let key = mix(profile.seed, source as u64);
        let processing_delays = match source {
            Source::AuditLogs if !profile.processing_delays.is_empty() => {
                profile.processing_delays.clone()
            }
            Source::AuditLogs | Source::Notifications => vec![0],
        };
        Self {
            source,
            density: Density::new(profile, source, mix(key, Draw::Count as u64)),
            record_key: mix(key, Draw::Record as u64),
            processing_delays,
            visibility_delays: profile.visibility_delays.clone(),
            late_per_mille: profile.late_per_mille,
            twins_per_mille: profile.twins_per_mille,
        }
    }

    /// The kind of record.
    pub(super) fn source(&self) -> Source {
        self.source
    }

    /// The number of records in each second.
    pub(super) fn density(&self) -> &Density {
        &self.density
    }

    /// The possible delays from event to processed time, in seconds; never empty. A record's *slot*
    /// is the index of its delay in this list.
    pub(super) fn processing_delays(&self) -> &[u32] {
        &self.processing_delays
    }

    /// Returns the key of a record's content. A twin has the key of its original.
    pub(super) fn content(&self, second: i64, index: u32) -> u64 {
        let mut origin = index;
        while origin > 0 && self.is_twin(second, origin) {
            origin -= 1;
        }
        self.identity(second, origin)
    }

    /// Returns the index in [`processing_delays`](Self::processing_delays) of the delay of the
    /// record with this content.
    pub(super) fn slot(&self, content: u64) -> usize {
        let draw = mix(content, Draw::Processing as u64);
        // Half of all draws have no trailing zero, a quarter has one, and so on.
        (draw.trailing_zeros() as usize).min(self.processing_delays.len() - 1)
    }

    /// Returns the seconds from a record's own time until the API shows it.
    pub(super) fn visibility_delay(&self, second: i64, index: u32) -> i64 {
        let identity = self.identity(second, index);
        if !happens(mix(identity, Draw::Late as u64), self.late_per_mille) {
            return 0;
        }
        let choices = self.visibility_delays.len() as u64;
        let chosen = scale(mix(identity, Draw::Visibility as u64), choices);
        let delay = self.visibility_delays.get(chosen as usize);
        i64::from(delay.copied().unwrap_or(0))
    }

    fn is_twin(&self, second: i64, index: u32) -> bool {
        let draw = mix(self.identity(second, index), Draw::Twin as u64);
        happens(draw, self.twins_per_mille)
    }

    fn identity(&self, second: i64, index: u32) -> u64 {
        mix(mix(self.record_key, second as u64), u64::from(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_delays_are_the_most_common() {
        let stream = RecordStream::new(&Profile::demo(), Source::AuditLogs);
        let mut seen = [0; 8];
        for index in 0..10_000 {
            seen[stream.slot(stream.content(1_789_000_000, index))] += 1;
        }
        assert!((4_700..5_300).contains(&seen[0]), "{seen:?}");
        assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
    }

    #[test]
    fn the_configured_share_is_late() {
        let profile = Profile {
            late_per_mille: 100,
            ..Profile::demo()
        };
        let stream = RecordStream::new(&profile, Source::Notifications);
        let late = (0..10_000).filter(|&index| stream.visibility_delay(1_789_000_000, index) > 0);
        let late = late.count();
        assert!((850..1_150).contains(&late), "{late}");
    }

    #[test]
    fn a_chain_of_twins_shares_one_content() {
        let profile = Profile {
            twins_per_mille: 1000,
            ..Profile::demo()
        };
        let stream = RecordStream::new(&profile, Source::AuditLogs);
        assert_eq!(stream.content(77, 9), stream.content(77, 0));
        let profile = Profile {
            twins_per_mille: 0,
            ..profile
        };
        let stream = RecordStream::new(&profile, Source::AuditLogs);
        assert_ne!(stream.content(77, 9), stream.content(77, 8));
    }
}
