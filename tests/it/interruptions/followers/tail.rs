//! `tail -F`, which follows the output as a log shipper does.

use std::fs::{self, File};
use std::io::Write;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::program::Program;
use crate::support::signals::wait_until;

/// The last line that a follower waits for; nobody else writes it.
pub(super) const LAST_LINE: &str = "the end\n";

/// Returns why nothing can be followed here.
pub(super) fn obstacle() -> Option<&'static str> {
    let version = Command::new("tail").arg("--version").output();
    let is_gnu = version.is_ok_and(|version| version.stdout.starts_with(b"tail (GNU coreutils)"));
    (!is_gnu).then_some("`tail` is not that of GNU coreutils, whose -F follows a name")
}

/// A follower of a file by its name, from its first line on.
pub(super) struct Tail {
    child: Child,
    folder: TempDir,
}

impl Tail {
    /// Follows `name`, which need not exist yet.
    pub(super) fn follow(program: &Program, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shown = File::create(folder.path().join("shown")).unwrap();
        let child = Command::new("tail")
            .args(["-F", "-n", "+1", "-s", "0.05"])
            .arg(program.path(name))
            .stdin(Stdio::null())
            .stdout(shown)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn shown(&self) -> String {
        String::from_utf8(fs::read(self.folder.path().join("shown")).unwrap()).unwrap()
    }

    /// Waits until this many bytes have been shown.
    #[track_caller]
    pub(super) fn wait_for(&self, bytes: usize) {
        let shown = self.folder.path().join("shown");
        wait_until(|| fs::metadata(&shown).unwrap().len() >= bytes as u64);
    }

    /// Returns everything that was shown, once the follower has come to the end of the file at `name`.
    #[track_caller]
    pub(super) fn finish(self, program: &Program, name: &str) -> String {
        let mut file = File::options()
            .append(true)
            .open(program.path(name))
            .unwrap();
        file.write_all(LAST_LINE.as_bytes()).unwrap();
        wait_until(|| self.shown().ends_with(LAST_LINE));
        let shown = self.shown();
        shown.strip_suffix(LAST_LINE).unwrap().to_owned()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        // It has ended already if it was killed with the test's whole group.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
