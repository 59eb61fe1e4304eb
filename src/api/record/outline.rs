//! The outline of a record: the ranges of its text and of the fields that are read, in the text of its page.

use std::ops::Range;

use super::identity::SIGNED_LINK;
use crate::json::{Malformed, Scan};

/// A range of bytes in a page, or in a line that was read back. 32 bits are enough, because both are at most 64 MiB.
pub(super) type TextRange = Range<u32>;

/// The fields that are read; the discriminant is the index in [`Outline::fields`].
#[derive(Clone, Copy)]
pub(super) enum Field {
    EventName,
    NotificationType,
    OrganizationId,
    Timestamp,
    ProcessedTimestamp,
    Created,
    ImageUrl,
}

pub(super) const FIELDS: usize = Field::ImageUrl as usize + 1;

impl Field {
    /// The field that `key`, quotes included, names. A key that is written with an escape is not recognised.
    fn named(key: &str) -> Option<Self> {
        Some(match key {
            r#""event_name""# => Self::EventName,
            r#""notification_type""# => Self::NotificationType,
            r#""organization_id""# => Self::OrganizationId,
            r#""timestamp""# => Self::Timestamp,
            r#""processed_timestamp""# => Self::ProcessedTimestamp,
            r#""created""# => Self::Created,
            SIGNED_LINK => Self::ImageUrl,
            _ => return None,
        })
    }
}

/// The ranges of a record and its fields in the text of its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct Outline {
    pub(super) text: TextRange,
    /// Of a repeated key, the last one, as in most JSON readers. Empty where the record is without the field: no value is.
    pub(super) fields: [TextRange; FIELDS],
    pub(super) has_white_space: bool,
}

/// Reads the outlines of the records of a page, one after the other.
///
/// Nearly all records of a page have the same keys in the same order. Each key is first compared with the key at the same
/// index of the records before, which is quicker than scanning it and looking it up.
pub(in crate::api) struct OutlineReader<'a> {
    page: &'a str,
    scan: &'a Scan<'a>,
    known: Vec<KnownKey<'a>>,
}

/// A key that was read.
struct KnownKey<'a> {
    /// Its text with the quotes and the colon.
    text: &'a [u8],
    field: Option<Field>,
}

impl<'a> OutlineReader<'a> {
    /// Limit for the keys that are remembered.
    const MOST_KNOWN: usize = 32;

    pub(in crate::api) fn new(page: &'a str, scan: &'a Scan<'a>) -> Self {
        Self {
            page,
            scan,
            known: Vec::new(),
        }
    }

    /// Steps over the record that begins at `start`. Returns the position after it as well.
    pub(in crate::api) fn read(&mut self, start: usize) -> Result<(Outline, usize), Malformed> {
        let scan = self.scan;
        let white_space_before = scan.white_space_bytes();
        let mut fields = [const { 0..0 }; FIELDS];
        let mut index = 0;
        let end = match scan.peek(start) {
            b'{' => scan.object_members(start, |at| {
                let (field, value) = self.key(index, at)?;
                index += 1;
                let end = scan.value(value)?;
                if let Some(field) = field {
                    fields[field as usize] = narrow(value..end);
                }
                Ok::<_, Malformed>(end)
            })?,
            _ => scan.value(start)?,
        };
        let outline = Outline {
            text: narrow(start..end),
            fields,
            has_white_space: scan.white_space_bytes() > white_space_before,
        };
        Ok((outline, end))
    }

    /// Steps over the key at `at`, whose number in its record is `index`, and its colon. Returns the field that it names and
    /// the start of its value.
    #[inline]
    fn key(&mut self, index: usize, at: usize) -> Result<(Option<Field>, usize), Malformed> {
        if let Some(known) = self.known.get(index)
            && begins_with(&self.page.as_bytes()[at..], known.text)
        {
            return Ok((known.field, self.scan.white_space(at + known.text.len())));
        }
        self.new_key(index, at)
    }

    fn new_key(&mut self, index: usize, at: usize) -> Result<(Option<Field>, usize), Malformed> {
        let (key, value) = self.scan.key(at)?;
        let field = Field::named(&self.page[key.clone()]);
        let text = &self.page.as_bytes()[key.start..=key.end];
        // White space before the colon would have to be counted each time.
        if text.ends_with(b":") {
            let known = KnownKey { text, field };
            match self.known.get_mut(index) {
                Some(before) => *before = known,
                None if index < Self::MOST_KNOWN => self.known.push(known),
                None => {}
            }
        }
        Ok((field, value))
    }
}

/// Like [`slice::starts_with`], eight bytes at a time: for texts as short as keys, the call of a general comparison costs
/// more than the comparison.
#[inline]
fn begins_with(text: &[u8], known: &[u8]) -> bool {
    let Some(found) = text.get(..known.len()) else {
        return false;
    };
    let (Some(found_end), Some(known_end)) = (found.last_chunk::<8>(), known.last_chunk::<8>())
    else {
        return found == known;
    };
    let (found, known) = (found.as_chunks::<8>().0, known.as_chunks::<8>().0);
    // The last eight bytes overlap the others, and cover the rest.
    found_end == known_end && found.iter().zip(known).all(|(found, known)| found == known)
}

fn narrow(range: Range<usize>) -> TextRange {
    let narrow = |at| u32::try_from(at).expect("pages and lines are at most 64 MiB");
    narrow(range.start)..narrow(range.end)
}
