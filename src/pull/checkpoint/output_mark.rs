//! The mark by which the next run recognises an output file.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::digest::{hexadecimal, sha256};

/// Bytes before the acknowledged end that are compared to recognise a file.
const COMPARED_BYTES: u64 = 4_096;

/// An output file as it was when its last line was acknowledged. At its path it is recognised by its content, because a
/// reboot may change the numbers that the system gives to devices and files. Under another name the numbers count too.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct OutputMark {
    /// Bytes that are acknowledged.
    pub(in crate::pull) length: u64,
    /// SHA-256 of the last bytes before `length`, in hexadecimal.
    end: String,
    /// The inode number, which tells the file under another name from others that begin like it; 0 if an older version of
    /// this program wrote the mark.
    #[serde(default)]
    number: u64,
    /// The time at which the file was created, in nanoseconds since the Unix epoch: once a file is deleted, its number is
    /// given to another one. `None` if the system does not tell, or an older version of this program wrote the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_nanoseconds: Option<u64>,
}

impl OutputMark {
    /// The mark of `file`, acknowledged up to `length`.
    pub(in crate::pull) fn of(mut file: &File, length: u64) -> io::Result<Self> {
        let compared = length.min(COMPARED_BYTES);
        file.seek(SeekFrom::Start(length - compared))?;
        let mut end = Vec::new();
        file.take(compared).read_to_end(&mut end)?;
        let metadata = file.metadata()?;
        Ok(Self {
            length,
            end: hexadecimal(&sha256(&end)),
            number: metadata.ino(),
            created_nanoseconds: created(&metadata),
        })
    }

    /// Reports whether `file` has the content that this is the mark of. A copy has it too.
    pub(in crate::pull) fn matches(&self, file: &File) -> io::Result<bool> {
        Ok(file.metadata()?.len() >= self.length && Self::of(file, self.length)?.end == self.end)
    }

    /// Reports whether the numbers of a file are those of the marked one, whatever is in it now. A reboot may change the
    /// numbers of some file systems.
    pub(in crate::pull) fn is_numbered(&self, file: &Metadata) -> bool {
        let has_its_time = match (self.created_nanoseconds, created(file)) {
            (Some(marked), Some(found)) => marked == found,
            _ => true,
        };
        self.number != 0 && self.number == file.ino() && has_its_time
    }
}

/// The time at which a file was created, in nanoseconds since the Unix epoch.
fn created(file: &Metadata) -> Option<u64> {
    let since_epoch = file.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since_epoch.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_only_with_the_time_of_creation_where_both_are_known() {
        let file = tempfile::tempfile().unwrap();
        let metadata = file.metadata().unwrap();
        let mark = OutputMark::of(&file, 0).unwrap();
        assert!(mark.is_numbered(&metadata));
        let with = |number, created| OutputMark {
            number,
            created_nanoseconds: created,
            ..mark.clone()
        };
        assert!(with(mark.number, None).is_numbered(&metadata));
        assert!(!with(mark.number + 1, None).is_numbered(&metadata));
        assert!(!with(0, None).is_numbered(&metadata));
        if let Some(created) = mark.created_nanoseconds {
            assert!(!with(mark.number, Some(created + 1)).is_numbered(&metadata));
        }
    }

    #[test]
    fn a_mark_of_an_older_version_is_read() {
        for text in [
            r#"{"length":4,"end":"00"}"#,
            r#"{"device":1,"inode":2,"created":3.5,"length":4,"end":"00"}"#,
        ] {
            let mark: OutputMark = serde_json::from_str(text).unwrap();
            assert_eq!((mark.number, mark.created_nanoseconds), (0, None));
        }
    }
}
