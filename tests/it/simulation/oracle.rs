//! The records that should have been printed.
//!
//! The promise covers each record that becomes visible at most the overlap after its time. That time is the
//! one by which the stretch it falls into is read: the event time for notifications and for a range, the
//! processed time for the audit logs of scheduled runs. After a change from a range to scheduled runs at `X`,
//! where the range had come to, the union is promised: what happened before `X` and was visible in time by its
//! event, and what was processed from `X` on.
//!
//! One kind of record is neither promised nor forbidden: an audit log from before `X` that was
//! too late by its event time, or that was processed within a range in which it did not happen. Whether it is
//! found depends on when it was asked for; it may be printed once, and never twice. The same goes for what
//! became visible while the last run was reading.

use std::collections::HashMap;

use verkada_audit_logs::Source;
use verkada_audit_logs::demo::{DemoRecord, Organisation, TimeBase, WindowEnds};

/// The times that one source's runs have covered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coverage {
    pub(super) since: i64,
    /// Read by event time until here; the same as `since` if there was no range.
    pub(super) switched: i64,
    pub(super) through: i64,
    pub(super) overlap: i64,
    pub(super) ends: WindowEnds,
    /// The server's clock when the last run began, and when it ended.
    pub(super) last_run: (i64, i64),
}

/// Limits for the number of times that a record is printed, and that number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    must: u32,
    may: u32,
    printed: u32,
}

/// Every record that could matter, by its text.
pub(super) type Expectations = HashMap<String, Expected>;

impl Coverage {
    fn after_start(&self, time: i64) -> bool {
        time > self.since || self.ends.start_inclusive && time == self.since
    }

    fn before_end(&self, time: i64) -> bool {
        time < self.through || self.ends.end_inclusive && time == self.through
    }

    fn by_event(&self, record: &DemoRecord<'_>) -> bool {
        self.after_start(record.event_time)
            && record.event_time < self.switched
            && record.visible_time <= record.event_time + self.overlap
            // Scheduled runs find what the range did not see yet, when its processed time has come.
            && record.processed_time.is_some_and(|time| self.before_end(time))
    }

    fn by_own_time(&self, time: i64) -> bool {
        let on_the_switch = time == self.switched && self.switched > self.since;
        (time > self.switched || on_the_switch || self.after_start(time) && time == self.since)
            && time >= self.switched
            && self.before_end(time)
    }

    fn is_promised(&self, record: &DemoRecord<'_>) -> bool {
        let own_time = record.processed_time.unwrap_or(record.event_time);
        let covered = match record.processed_time {
            Some(_) => self.by_event(record) || self.by_own_time(own_time),
            None => self.after_start(own_time) && self.before_end(own_time),
        };
        covered && record.visible_time <= self.last_run.0
    }

    fn is_allowed(&self, record: &DemoRecord<'_>) -> bool {
        let own_time = record.processed_time.unwrap_or(record.event_time);
        let by_event = self.after_start(record.event_time) && record.event_time <= self.switched;
        let by_own_time = self.after_start(own_time) && self.before_end(own_time);
        (by_event || by_own_time) && record.visible_time <= self.last_run.1
    }
}

/// Returns how often each record must and may be printed.
pub(super) fn expectations(
    organisation: &Organisation,
    source: Source,
    covered: &Coverage,
) -> Expectations {
    let longest = organisation.profile().longest_delay().as_secs() as i64;
    let span = covered.since - longest..=covered.through + 1;
    let records: Vec<_> = match source {
        Source::AuditLogs => organisation.audit_logs(span, TimeBase::Event).collect(),
        Source::Notifications => organisation.notifications(span).collect(),
    };
    let mut expectations = Expectations::new();
    for record in records {
        let expected = expectations.entry(record.text()).or_default();
        expected.must += u32::from(covered.is_promised(&record));
        expected.may += u32::from(covered.is_promised(&record) || covered.is_allowed(&record));
    }
    expectations
}

/// Compares what was printed with what should have been; returns how many records were promised, and how many
/// of them have a twin.
pub(super) fn compare<'a>(
    mut expectations: Expectations,
    printed: impl Iterator<Item = &'a str>,
) -> Result<(u64, u64), String> {
    for line in printed {
        match expectations.get_mut(line) {
            Some(expected) => expected.printed += 1,
            None => return Err(format!("never happened: {line}")),
        }
    }
    let (mut promised, mut twins) = (0, 0);
    for (text, expected) in expectations {
        let Expected { must, may, printed } = expected;
        if printed < must {
            return Err(format!("missing: {printed} of {must} of {text}"));
        }
        if printed > may {
            return Err(format!("too often: {printed} of {may} of {text}"));
        }
        promised += u64::from(must);
        twins += u64::from(must) * u64::from(must > 1);
    }
    Ok((promised, twins))
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident: $least:literal,)*) => {
        /// Counts of what occurred, over all histories.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Counts { $($(#[$doc])* pub(super) $name: u64,)* }

        impl Counts {
            pub(super) fn add(&mut self, other: &Self) { $(self.$name += other.$name;)* }

            #[track_caller]
            pub(super) fn assert_each_well_above_zero(&self) {
                $(assert!(self.$name >= $least, "{}: {}", stringify!($name), self.$name);)*
            }
        }
    };
}

counts! {
    histories: 1_000,
    runs: 5_000,
    /// Records that had to be printed.
    promised: 50_000,
    /// Records printed although the watermark had passed them.
    late: 1_000,
    /// Promised records with an identical one.
    twins: 1_000,
    /// Pairs of which a run printed one after an earlier run had printed the other.
    twins_apart: 50,
    /// Runs that went on over at least one missed run.
    catch_ups: 500,
    /// Scheduled runs that moved the watermark over more than ten intervals.
    long_catch_ups: 100,
    /// Runs that died with nothing of a slice written.
    died_before_write: 50,
    /// Runs that died with lines written and not acknowledged.
    died_before_save: 50,
    /// Those of them that left half a slice.
    torn: 20,
    /// Torn lines that the next run has completed.
    completed: 10,
    /// Torn lines that it has ended, because it found another record to print first.
    ended: 1,
    /// Runs that died after a slice was saved.
    died_after_save: 50,
    /// Runs that died at some request.
    died_reading: 100,
    /// Runs that were asked to stop and did.
    stopped: 50,
    /// Requests that failed.
    faults: 1_000,
    /// Sources that failed for it.
    failed_sources: 200,
    /// Runs in which one source failed and the other did not.
    failed_alone: 50,
    /// Ranges that took more than one run.
    interrupted_ranges: 50,
    /// Changes from event time to processed time, one for each source that really was read on.
    switches: 200,
    /// Records that a range printed ahead of their processed time, which was after its end.
    ahead: 20,
    /// Output files that were renamed or copied and emptied.
    rotations: 200,
    /// Those of them that held lines which no run had acknowledged.
    rotated_unacknowledged: 10,
    /// Runs by a clock that differs from the server's.
    skewed: 200,
    /// Sources that a run has left with a beginning that no answer had confirmed.
    provisional: 50,
    /// First runs by a clock that is off by more than a minute.
    moved: 20,
    /// Requests of all kinds.
    requests: 20_000,
    /// Reads in which a record came twice because the list had changed.
    shifted_reads: 20,
    /// Pages with records of the page before that turned out to be twins.
    twin_borders: 100,
    /// Requests that both have cost.
    extra_requests: 100,
    /// Runs that looked further back than others.
    longer_overlaps: 200,
}
