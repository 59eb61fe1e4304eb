//! The records of a window, found lazily, newest first.

use std::ops::RangeInclusive;

use super::density::{FIRST_SECOND, LAST_SECOND};
use super::organisation::{Organisation, TimeBase};
use super::profile::Source;
use super::stream::Stream;
use super::{audit_log, notification};

/// A record's place in the order of a source, which depends on nothing but the record and the time
/// base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The time that orders the records, in Unix seconds.
    pub(super) second: i64,
    /// Which processing delay leads to that second; always 0 when ordered by event time.
    pub(super) slot: u32,
    /// The record's index in its event second.
    pub(super) index: u32,
}

/// One record of a simulated organisation. Times are in Unix seconds.
#[derive(Clone, Copy)]
pub struct DemoRecord<'a> {
    /// When it happened: `timestamp` of an audit log, `created` of a notification.
    pub event_time: i64,
    /// `processed_timestamp` of an audit log; notifications have none.
    pub processed_time: Option<i64>,
    /// From when on the API shows it.
    pub visible_time: i64,
    pub(super) organisation: &'a Organisation,
    pub(super) position: Position,
    pub(super) content: u64,
}

impl DemoRecord<'_> {
    /// The record as compact JSON, byte for byte what the server sends; a notification's
    /// `image_url` is null.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, None);
        text
    }

    /// The name of an audit log's event (a few end with a space), or a notification's type.
    pub fn name(&self) -> &'static str {
        match self.processed_time {
            Some(_) => audit_log::event_name(self.content),
            None => notification::notification_type(self.content),
        }
    }

    /// Appends the record's text. A notification gets the image link, if there is one.
    pub(super) fn write(&self, text: &mut String, image_link: Option<&str>) {
        match self.processed_time {
            Some(processed_time) => audit_log::write(self, processed_time, text),
            None => notification::write(self, image_link, text),
        }
    }
}

/// Lazy iterator over the records of a window, newest first.
pub struct Records<'a> {
    organisation: &'a Organisation,
    stream: &'a Stream,
    source: Source,
    base: TimeBase,
    oldest: i64,
    /// The search goes on below this position: lower indexes, further slots, earlier seconds.
    next: Position,
}

impl<'a> Records<'a> {
    /// The records of a window, both ends included.
    pub(super) fn new(
        organisation: &'a Organisation,
        source: Source,
        base: TimeBase,
        window: RangeInclusive<i64>,
    ) -> Self {
        let newest = (*window.end()).clamp(FIRST_SECOND - 1, LAST_SECOND);
        let mut records = Self {
            organisation,
            stream: organisation.stream(source),
            source,
            base,
            oldest: (*window.start()).max(FIRST_SECOND),
            next: Position {
                second: newest,
                slot: 0,
                index: 0,
            },
        };
        records.enter_second(newest);
        records
    }

    /// Only what comes after a position, which must come from the same source and time base.
    pub(super) fn after(mut self, position: Position) -> Self {
        if position.second <= self.next.second {
            self.next = position;
        }
        self
    }

    /// The event time of the records of a slot whose ordering time is the given second.
    fn event_second(&self, second: i64, slot: u32) -> i64 {
        match self.base {
            TimeBase::Event => second,
            TimeBase::Processed => second.saturating_sub(self.delay(slot as usize)),
        }
    }

    fn delay(&self, slot: usize) -> i64 {
        let delays = self.stream.processing_delays();
        delays.get(slot).copied().map_or(0, i64::from)
    }

    /// How many slots a second has.
    fn slots(&self) -> u32 {
        match self.base {
            TimeBase::Event => 1,
            TimeBase::Processed => self.stream.processing_delays().len() as u32,
        }
    }

    /// Puts the search at the end of a second, or of the newest earlier one that may hold a record.
    fn enter_second(&mut self, second: i64) {
        match self.stream.density().is_steady() {
            true => self.enter_slot(second, 0),
            false => self.enter_slot(self.newest_candidate(second), 0),
        }
    }

    /// The newest second, not after the given one, in which any slot may hold a record.
    fn newest_candidate(&self, second: i64) -> i64 {
        let candidates = (0..self.slots()).filter_map(|slot| {
            let event_second = self.event_second(second, slot);
            let candidate = self.stream.density().newest_candidate(event_second)?;
            Some(second.saturating_sub(event_second.saturating_sub(candidate)))
        });
        candidates.max().unwrap_or(FIRST_SECOND - 1)
    }

    fn enter_slot(&mut self, second: i64, slot: u32) {
        let event_second = self.event_second(second, slot);
        let index = self.stream.density().count(event_second);
        self.next = Position {
            second,
            slot,
            index,
        };
    }

    /// Goes to the next slot, or to the second before.
    fn leave_slot(&mut self) {
        match self.next.slot + 1 {
            slot if slot < self.slots() => self.enter_slot(self.next.second, slot),
            _ => self.enter_second(self.next.second - 1),
        }
    }

    /// The record at the current position, unless it belongs to another slot.
    fn record(&self) -> Option<DemoRecord<'a>> {
        let Position {
            second,
            slot,
            index,
        } = self.next;
        let event_time = self.event_second(second, slot);
        let content = self.stream.content(event_time, index);
        let own_slot = self.stream.slot(content);
        if self.base == TimeBase::Processed && own_slot != slot as usize {
            return None;
        }
        let own_time = event_time + self.delay(own_slot);
        Some(DemoRecord {
            event_time,
            processed_time: (self.source == Source::AuditLogs).then_some(own_time),
            visible_time: own_time + self.stream.visibility_delay(event_time, index),
            organisation: self.organisation,
            position: self.next,
            content,
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = DemoRecord<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next.second >= self.oldest {
            if self.next.index == 0 {
                self.leave_slot();
                continue;
            }
            self.next.index -= 1;
            if let Some(record) = self.record() {
                return Some(record);
            }
        }
        None
    }
}
