//! The records of a range that files hold.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::api::{Record, Source, Window};
use crate::files::for_each_line;
use crate::pull::{EventFilter, Fingerprint, Format, LineContent, Verdict};

/// Records just outside the range are kept as well, up to this part of its length on either side: Verkada may send a record
/// whose own time is a little outside.
const MARGIN_PART: i64 = 8;

/// The longest margin, in seconds.
const LONGEST_MARGIN: i64 = 24 * 3_600;

/// A day, in seconds.
pub(super) const DAY: i64 = 24 * 3_600;

/// The first bytes of a file that gzip has written.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The first bytes of a text file that some editors write.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The records of a range that files hold: 22 bytes for each.
pub struct Archive {
    pub(super) window: Window,
    filter: EventFilter,
    notification_types: Vec<String>,
    pub(super) entries: Vec<Entry>,
    /// Lines that are not records: torn ones, or another program's.
    pub(super) foreign: u64,
    /// Lines in each format.
    formats: BTreeMap<Format, u64>,
}

/// A record, as often as it stands in the files. Fields are as small as they can be: there may be millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) fingerprint: [u8; 16],
    /// The number among identical records that the id of the line gives it, or [`UNNUMBERED`].
    pub(super) ordinal: u16,
    pub(super) row: Row,
    pub(super) count: u16,
}

/// The ordinal of a line that may be any of the identical records: it is raw, or the number in its id does not count.
pub(super) const UNNUMBERED: u16 = 0;

/// Returns `ordinal` as an entry holds it. One that is too large for an entry does not count.
pub(super) fn narrow(ordinal: u32) -> u16 {
    u16::try_from(ordinal).unwrap_or(UNNUMBERED)
}

impl Entry {
    /// The fingerprint and the ordinal.
    pub(super) fn key(&self) -> ([u8; 16], u16) {
        (self.fingerprint, self.ordinal)
    }
}

/// The row of the findings that a record counts in: its source and day, and whether it is within the range at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row(u16);

impl Row {
    const NOTIFICATION: u16 = 1 << 15;
    const OUTSIDE: u16 = 1 << 14;
    const LAST_DAY: u16 = Self::OUTSIDE - 1;

    /// The row of a record of `source` at `time`. A record in one of the seconds at the ends counts as outside: it is not
    /// documented whether Verkada sends those, so their absence says nothing.
    fn of(window: Window, source: Option<Source>, time: Option<i64>) -> Self {
        let is_inside = time.is_some_and(|time| window.start() < time && time < window.end());
        let day = time.map_or(0, |time| day_of(window, time));
        let kind = match source {
            Some(Source::Notifications) => Self::NOTIFICATION,
            _ => 0,
        };
        let outside = if is_inside && source.is_some() {
            0
        } else {
            Self::OUTSIDE
        };
        Self(day.min(Self::LAST_DAY) | kind | outside)
    }

    pub(super) fn source(self) -> Source {
        if self.0 & Self::NOTIFICATION == 0 {
            Source::AuditLogs
        } else {
            Source::Notifications
        }
    }

    pub(super) fn is_inside(self) -> bool {
        self.0 & Self::OUTSIDE == 0
    }

    /// The number of the day, counted from the first of the range.
    pub(super) fn day(self) -> u16 {
        self.0 & Self::LAST_DAY
    }
}

/// Returns the number of the day of `time`, counted from the first of `window`.
pub(super) fn day_of(window: Window, time: i64) -> u16 {
    let days = time.div_euclid(DAY) - window.start().div_euclid(DAY);
    u16::try_from(days.max(0)).unwrap_or(u16::MAX)
}

/// Reports whether a record of `time` is compared in `window`. One without a readable time may be anywhere.
pub(super) fn is_near(window: Window, time: Option<i64>) -> bool {
    let margin = ((window.end() - window.start()) / MARGIN_PART).clamp(1, LONGEST_MARGIN);
    time.is_none_or(|time| (window.start() - margin..=window.end() + margin).contains(&time))
}

impl Archive {
    /// An archive of the records in `window`, by the time of their event, that `filter` keeps. Of notifications those of
    /// `notification_types` are kept, or all if there are none.
    pub fn new(window: Window, filter: EventFilter, notification_types: Vec<String>) -> Self {
        Self {
            window,
            filter,
            notification_types,
            entries: Vec::new(),
            foreign: 0,
            formats: BTreeMap::new(),
        }
    }

    /// Takes the lines of a file, of any format and in any order. One that gzip has compressed is unpacked.
    ///
    /// # Errors
    ///
    /// Those of reading the file, and of unpacking it.
    pub fn add(&mut self, file: impl Read) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(64 << 10, file);
        if reader.fill_buf()?.starts_with(&BYTE_ORDER_MARK) {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        if reader.fill_buf()?.starts_with(&GZIP) {
            return self.add_lines(BufReader::new(MultiGzDecoder::new(reader)));
        }
        self.add_lines(reader)
    }

    /// The format of most lines with records in or near the range; raw if there are none.
    pub fn format(&self) -> Format {
        // Of equals the first one: `max_by_key` takes the last.
        let most = self.formats.iter().rev().max_by_key(|(_, lines)| **lines);
        most.map_or(Format::default(), |(format, _)| *format)
    }

    fn add_lines(&mut self, reader: impl BufRead) -> io::Result<()> {
        let rest = for_each_line(reader, |line| self.take(line))?;
        // A file need not end with a line feed.
        if !rest.torn.is_empty() {
            self.take(&rest.torn);
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8]) {
        let Some(LineContent { record, id, format }) = LineContent::of(line) else {
            self.foreign += u64::from(!line.trim_ascii().is_empty());
            return;
        };
        let source = record.source();
        // It is compared all the same: Verkada might send one like it.
        self.foreign += u64::from(source.is_none());
        let time = record.time(self.window.time_base());
        let time = time.map(|time| time.timestamp());
        if !is_near(self.window, time) || !self.is_kept(source, &record) {
            return;
        }
        // Any JSON of another program looks like a raw line.
        if source.is_some() {
            *self.formats.entry(format).or_default() += 1;
        }
        // Without a time it was numbered among those that happened to be read with it.
        let id = id.filter(|_| time.is_some());
        if self.entries.len() == self.entries.capacity() {
            // Doubling would take three times the memory at the moment of growing.
            self.entries.reserve_exact(self.entries.len() / 8 + 1_024);
        }
        self.entries.push(Entry {
            fingerprint: Fingerprint::of(record.text()).to_bytes(),
            ordinal: id.map_or(UNNUMBERED, |id| narrow(id.ordinal())),
            row: Row::of(self.window, source, time),
            count: 1,
        });
    }

    fn is_kept(&self, source: Option<Source>, record: &Record) -> bool {
        match source {
            Some(Source::Notifications) if !self.notification_types.is_empty() => {
                let Some(own) = record.notification_type() else {
                    return true;
                };
                let mut types = self.notification_types.iter();
                types.any(|wanted| wanted.eq_ignore_ascii_case(own.trim()))
            }
            Some(source) => self.filter.verdict(source, record) != Verdict::Drop,
            None => true,
        }
    }
}
