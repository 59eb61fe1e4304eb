//! A limit on the size of files, which ends a run like a full disk and leaves lines that are not acknowledged.

use std::fs;

use super::archive::{Archive, Way, assert_complete};
use super::stream::Stream;

/// In blocks of 512 bytes, or of 1024 with some shells: less than the output in either case, and more than the checkpoint.
const BLOCKS: u64 = 2_000;

/// Less than the first slice.
const FEW_BLOCKS: u64 = 100;

#[test]
fn a_limit_on_file_sizes_is_an_error_and_the_next_run_completes_the_file() {
    let stream = Stream::start();
    for way in [Way::Output, Way::Redirection] {
        let archive = Archive::new(&stream, way);
        let limited = archive.run_limited(BLOCKS);
        assert_eq!(limited.code, Some(1), "{limited:?}");
        limited.says(&["could not be written", "File too large"]);
        let before = archive.content();
        assert!(
            before.len() as u64 >= 512 * BLOCKS,
            "{} bytes",
            before.len()
        );
        archive.complete().quietly();
        let content = archive.content();
        assert!(content.starts_with(&before), "the file was cut");
        assert!(content.lines().eq(Stream::lines()), "{way:?}");
    }
}

#[test]
fn a_file_that_is_rotated_before_anything_in_it_was_acknowledged_is_not_repeated() {
    let stream = Stream::start();
    let mut archive = Archive::new(&stream, Way::Output);
    assert_eq!(archive.run_limited(FEW_BLOCKS).code, Some(1));
    assert!(archive.content().lines().count() > 100);
    archive.rename();
    archive.complete();
    assert_complete(&archive.whole_lines());
}

#[test]
fn a_record_without_its_line_feed_is_ended_even_if_others_are_printed_first() {
    let stream = Stream::start();
    let archive = Archive::new(&stream, Way::Output);
    assert_eq!(archive.run_limited(FEW_BLOCKS).code, Some(1));
    // Notifications are printed last.
    let record = Stream::lines().pop().unwrap();
    fs::write(archive.path(), &record).unwrap();
    archive.complete().quietly();
    let content = archive.content();
    assert!(content.starts_with(&format!("{record}\n")));
    assert_complete(&content);
}
