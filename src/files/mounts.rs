//! Files that are mount points: container tools mount single files, which can be written to but not replaced.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The table of the mounts that this process sees. Only Linux has it, and only Linux mounts single files.
const MOUNT_TABLE: &str = "/proc/self/mountinfo";

/// Reports whether the file at `path` is a mount point, so that renaming onto it would fail. A table that cannot be read
/// shows none.
pub(crate) fn is_mount_point(path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else {
        return false;
    };
    let table = fs::read(MOUNT_TABLE).unwrap_or_default();
    mount_points(&table).any(|point| point == path.as_os_str().as_bytes())
}

/// The mount points in `table`: the fifth field of each line, see proc_pid_mountinfo(5).
fn mount_points(table: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .map(unescaped)
}

/// Decodes `\040`: the kernel writes a byte that would end the field as a backslash and three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.first_chunk::<3>().filter(|_| first == b'\\');
        let code = digits
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        decoded.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_with_every_escape() {
        let table = br"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
63 22 254:0 /tmp/a\040b /data/with\040space\011tab\012line\134backslash rw master:1 - ext4 /dev/vda rw
64 22 0:5 / /data/\04 rw - tmpfs tmpfs rw
65 22 0:5 / /data/\999 rw - tmpfs tmpfs rw

short line
";
        let points: Vec<_> = mount_points(table).collect();
        let expected: [&[u8]; 4] = [
            b"/",
            b"/data/with space\ttab\nline\\backslash",
            br"/data/\04",
            br"/data/\999",
        ];
        assert_eq!(points, expected);
    }

    #[test]
    fn an_ordinary_file_is_not_a_mount_point() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(!is_mount_point(&path));
        fs::write(&path, "").unwrap();
        assert!(!is_mount_point(&path));
        assert!(is_mount_point(Path::new("/")) || !Path::new(MOUNT_TABLE).exists());
    }
}
