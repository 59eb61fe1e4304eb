//! The records of a window, found lazily, newest first.

use std::ops::RangeInclusive;

use super::content::{AuditLog, Catalogue, Notification, event_name, notification_type};
use super::density::{FIRST_SECOND, LAST_SECOND};
use super::profile::Source;
use super::stream::RecordStream;

/// The time of an audit log that a window selects by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeBase {
    /// `timestamp`: the time at which it happened.
    Event,
    /// `processed_timestamp`: the time at which Verkada had finished processing it
    /// (`use_processed_timestamp=true`).
    Processed,
}

/// A record's position in the order of its source. Depends only on the record and the time base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordPosition {
    /// The time that orders the records, in Unix seconds.
    pub(crate) second: i64,
    /// Index of the record's processing delay; always 0 when ordered by event time.
    pub(crate) slot: u32,
    /// The record's index in its event second.
    pub(crate) index: u32,
}

/// One record of a simulated organisation. Times are in Unix seconds.
#[derive(Clone, Copy)]
pub struct DemoRecord<'a> {
    /// `timestamp` of an audit log, `created` of a notification.
    pub event_time: i64,
    /// `processed_timestamp` of an audit log; notifications have none.
    pub processed_time: Option<i64>,
    /// The time from which the API shows it.
    pub visible_time: i64,
    pub(crate) position: RecordPosition,
    content: u64,
    catalogue: &'a Catalogue,
}

impl DemoRecord<'_> {
    /// Returns the record as compact JSON, byte for byte as the server sends it. A notification's
    /// `image_url` is null.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, None);
        text
    }

    /// Returns an audit log's event name (a few end with a space), or a notification's type.
    pub fn name(&self) -> &'static str {
        match self.processed_time {
            Some(_) => event_name(self.content),
            None => notification_type(self.content),
        }
    }

    /// Appends the record's text. The image link is used for notifications only.
    pub(crate) fn write(&self, text: &mut String, image_link: Option<&str>) {
        match self.processed_time {
            Some(processed_time) => AuditLog {
                catalogue: self.catalogue,
                content: self.content,
                event_time: self.event_time,
                processed_time,
            }
            .write(text),
            None => Notification {
                catalogue: self.catalogue,
                content: self.content,
                created: self.event_time,
                image_link,
            }
            .write(text),
        }
    }
}

/// Lazy iterator over the records of a window, newest first.
pub struct DemoRecords<'a> {
    stream: &'a RecordStream,
    catalogue: &'a Catalogue,
    base: TimeBase,
    oldest: i64,
    /// The search continues after this position: lower indexes, further slots, earlier seconds.
    next: RecordPosition,
}

impl<'a> DemoRecords<'a> {
    /// Lists the records of a window, both ends included.
    pub(super) fn new(
        stream: &'a RecordStream,
        catalogue: &'a Catalogue,
        base: TimeBase,
        window: RangeInclusive<i64>,
    ) -> Self {
        let newest = (*window.end()).clamp(FIRST_SECOND - 1, LAST_SECOND);
        let mut records = Self {
            stream,
            catalogue,
            base,
            oldest: (*window.start()).max(FIRST_SECOND),
            next: RecordPosition {
                second: newest,
                slot: 0,
                index: 0,
            },
        };
        records.enter_second(newest);
        records
    }

    /// Keeps only the records after a position, which must be of the same source and time base.
    pub(crate) fn after(mut self, position: RecordPosition) -> Self {
        if position.second <= self.next.second {
            self.next = position;
        }
        self
    }

    /// Returns the event time of a slot's records that are ordered at the given second.
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

    /// Returns the number of slots in a second.
    fn slots(&self) -> u32 {
        match self.base {
            TimeBase::Event => 1,
            TimeBase::Processed => self.stream.processing_delays().len() as u32,
        }
    }

    /// Moves the search to the end of a second, or of the newest earlier one that may hold a
    /// record.
    fn enter_second(&mut self, second: i64) {
        let candidate = if self.stream.density().is_steady() {
            second
        } else {
            self.newest_candidate(second)
        };
        self.enter_slot(candidate, 0);
    }

    /// Returns the newest second, not after the given one, in which any slot may hold a record.
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
        self.next = RecordPosition {
            second,
            slot,
            index,
        };
    }

    /// Moves the search to the next slot, or to the second before.
    fn leave_slot(&mut self) {
        match self.next.slot + 1 {
            slot if slot < self.slots() => self.enter_slot(self.next.second, slot),
            _ => self.enter_second(self.next.second - 1),
        }
    }

    /// Returns the record at the current position, unless it belongs to another slot.
    fn record(&self) -> Option<DemoRecord<'a>> {
        let RecordPosition {
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
            processed_time: (self.stream.source() == Source::AuditLogs).then_some(own_time),
            visible_time: own_time + self.stream.visibility_delay(event_time, index),
            position: self.next,
            content,
            catalogue: self.catalogue,
        })
    }
}

impl<'a> Iterator for DemoRecords<'a> {
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
