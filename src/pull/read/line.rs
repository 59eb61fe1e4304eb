//! A line: one record, ready to be printed.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use crate::api::Record;

/// One record on one line, ready to be printed.
#[derive(Clone, Debug)]
pub(in crate::pull) struct Line {
    pub(in crate::pull) text: LineText,
    /// The latest time, in Unix seconds, by which a later query could select this record again.
    pub(in crate::pull) findable_until: i64,
    /// The time of its event in Unix seconds, if that is measured and plausible. 32 bits fit into the padding of the struct.
    pub(in crate::pull) event_time: Option<NonZeroU32>,
    /// True if its time is outside the window of the slice that it came with.
    pub(in crate::pull) is_stray: bool,
}

/// Compact JSON, in memory that the lines of a page share.
#[derive(Clone, Debug)]
pub(in crate::pull) struct LineText {
    /// The lines of a page in the order of printing, each with its line feed.
    page: Arc<String>,
    /// The range of this one, without its line feed.
    range: Range<usize>,
}

impl LineText {
    /// The lines of `records`, which came from one page, in the same order: newest first.
    pub(super) fn of_page(records: &[&Record]) -> Vec<Self> {
        let bytes = records.iter().map(|record| record.text().len() + 1).sum();
        let mut page = String::with_capacity(bytes);
        let mut ranges = Vec::with_capacity(records.len());
        for record in records.iter().rev() {
            let start = page.len();
            record.push_line(&mut page);
            ranges.push(start..page.len());
            page.push('\n');
        }
        // White space that was removed leaves room.
        page.shrink_to_fit();
        let page = Arc::new(page);
        let lines = ranges.into_iter().rev().map(|range| Self {
            page: Arc::clone(&page),
            range,
        });
        lines.collect()
    }

    /// The text without the line feed.
    pub(in crate::pull) fn as_str(&self) -> &str {
        &self.page[self.range.clone()]
    }

    /// Returns the text of this line and of those of `following` that are stored right after it, each with its line feed, and
    /// their number: at most `most` bytes, but at least this line.
    pub(in crate::pull) fn with_following<'a>(
        &self,
        following: impl Iterator<Item = &'a Self>,
        most: usize,
    ) -> (&str, usize) {
        let mut end = self.range.end + 1;
        let mut count = 1;
        for line in following {
            let is_next = Arc::ptr_eq(&line.page, &self.page) && line.range.start == end;
            if !is_next || line.range.end + 1 - self.range.start > most {
                break;
            }
            end = line.range.end + 1;
            count += 1;
        }
        (&self.page[self.range.start..end], count)
    }
}

#[cfg(test)]
impl Line {
    /// A line of which only the text matters.
    pub(in crate::pull) fn of(text: &str) -> Self {
        Self::of_one_page(&[text]).remove(0)
    }

    /// Lines like that of one page, in the order of printing.
    pub(in crate::pull) fn of_one_page(texts: &[&str]) -> Vec<Self> {
        let page: Arc<String> = Arc::new(texts.iter().map(|text| format!("{text}\n")).collect());
        let mut end = 0;
        let lines = texts.iter().map(|text| {
            let range = end..end + text.len();
            end = range.end + 1;
            Self {
                text: LineText {
                    page: Arc::clone(&page),
                    range,
                },
                findable_until: 0,
                event_time: None,
                is_stray: false,
            }
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_page_stand_one_after_the_other_in_the_order_of_printing() {
        let records =
            ["{\"n\":3}", "[ 2, \"two \" ]", "1"].map(|text| Record::from_line(text).unwrap());
        let lines = LineText::of_page(&records.each_ref());
        let texts: Vec<_> = lines.iter().map(LineText::as_str).collect();
        assert_eq!(texts, ["{\"n\":3}", "[2,\"two \"]", "1"]);

        let oldest_first = || lines.iter().rev();
        let together = |most| lines[2].with_following(oldest_first().skip(1), most);
        assert_eq!(together(100), ("1\n[2,\"two \"]\n{\"n\":3}\n", 3));
        assert_eq!(together(21), ("1\n[2,\"two \"]\n{\"n\":3}\n", 3));
        assert_eq!(together(20), ("1\n[2,\"two \"]\n", 2));
        assert_eq!(together(0), ("1\n", 1));
        // One is left out, or is of another page.
        let skipping = lines[2].with_following(oldest_first().skip(2), 100);
        assert_eq!(skipping, ("1\n", 1));
        let another = Line::of("1");
        let follows = another.text.with_following(oldest_first().skip(1), 100);
        assert_eq!(follows, ("1\n", 1));
    }
}
