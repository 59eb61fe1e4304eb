//! The file operations of a real run, as strace logs them.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Command;

use crate::support::program::Program;

/// Everything that opens, changes, names or syncs a file. A call that an architecture does not have is passed over.
const CALLS: &str = "?open,?openat,?creat,write,writev,pwrite64,?pwritev,?pwritev2,ftruncate,?truncate,?fallocate,\
    ?copy_file_range,?sendfile,fsync,fdatasync,?sync_file_range,?rename,?renameat,?renameat2,?link,?linkat,?unlink,\
    ?unlinkat,close,dup,?dup2,dup3,fcntl";

/// Longer than any write: the data is logged whole.
const LONGEST_WRITE: usize = 1 << 20;

/// A system call that succeeded.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: String,
    arguments: String,
    pub(super) result: i64,
}

/// Reports why no run can be traced here.
pub(super) fn obstacle() -> Option<String> {
    let tried = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", CALLS, "true"])
        .output();
    match tried {
        Err(error) => Some(format!("strace cannot be started: {error}")),
        Ok(tried) if !tried.status.success() => Some(format!(
            "strace does not work here: {}",
            String::from_utf8_lossy(&tried.stderr).trim()
        )),
        Ok(_) => None,
    }
}

/// Runs `script`, a command line that becomes the program, to its end, and returns its calls in order.
pub(super) fn traced(program: &Program, script: &str) -> Vec<Call> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let ended = program.shell(&format!(
        "strace -f -xx -s {LONGEST_WRITE} -e '{CALLS}' -o '{}' /bin/sh -c 'exec {script}'",
        log.display()
    ));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    parse(BufReader::new(File::open(log).unwrap()))
}

/// Reads a log. A call that another thread interrupts stands where it was resumed. What is written to sockets is passed
/// over, because it is most of the log.
fn parse(log: impl BufRead) -> Vec<Call> {
    let mut unfinished = HashMap::new();
    let mut opened = HashSet::new();
    let mut calls = Vec::new();
    for line in log.lines().map(Result::unwrap) {
        let (thread, event) = line.split_once(' ').unwrap();
        let event = event.trim_start();
        if let Some(begun) = event.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread.to_owned(), begun.to_owned());
            continue;
        }
        let call = if let Some(resumed) = event.strip_prefix("<... ") {
            let (_, rest) = resumed.split_once(" resumed>").unwrap();
            let begun = unfinished.remove(thread).unwrap();
            Call::parse(&format!("{begun}{rest}"))
        } else {
            Call::parse(event)
        };
        calls.extend(call.filter(|call| call.note_descriptors(&mut opened)));
    }
    assert!(unfinished.is_empty(), "{unfinished:?}");
    calls
}

impl Call {
    /// Reads `name(arguments) = result`; `None` if the call failed, or the line is about a signal or an exit.
    fn parse(event: &str) -> Option<Self> {
        let (call, result) = event.rsplit_once(" = ")?;
        let (name, arguments) = call.trim_end().strip_suffix(')')?.split_once('(')?;
        let result = result.split(' ').next()?;
        let result = match result.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16),
            None => result.parse(),
        };
        Some(Self {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            result: result.ok().filter(|result| *result >= 0)?,
        })
    }

    /// Keeps `opened` to the descriptors that lead to files. Returns false if this is a write to another one.
    fn note_descriptors(&self, opened: &mut HashSet<i64>) -> bool {
        match self.name.as_str() {
            "open" | "openat" | "creat" | "dup" | "dup2" | "dup3" => opened.insert(self.result),
            "fcntl" if self.argument(1).starts_with("F_DUPFD") => opened.insert(self.result),
            "close" => opened.remove(&self.number(0)),
            "write" | "writev" | "sendfile" => return opened.contains(&self.number(0)),
            _ => false,
        };
        true
    }

    /// The same write, ended by a kill after half of its bytes.
    pub(super) fn cut_short(&self) -> Self {
        Self {
            result: self.result / 2,
            ..self.clone()
        }
    }

    /// The argument at `index`, as text.
    pub(super) fn argument(&self, index: usize) -> &str {
        // Neither a comma nor a quotation mark occurs in a string: each of its bytes is a number.
        self.arguments.split(", ").nth(index).unwrap()
    }

    /// The argument at `index`, a number.
    pub(super) fn number(&self, index: usize) -> i64 {
        self.argument(index).parse().unwrap()
    }

    /// The argument at `index`, if it is a descriptor.
    pub(super) fn descriptor(&self, index: usize) -> Option<i64> {
        self.argument(index).parse().ok()
    }

    /// The bytes that a write has written.
    pub(super) fn written(&self) -> Vec<u8> {
        let strings = self.arguments.split('"').skip(1).step_by(2);
        let mut bytes: Vec<_> = strings.flat_map(bytes).collect();
        let written = usize::try_from(self.result).unwrap();
        assert!(written <= bytes.len(), "{} is logged cut short", self.name);
        bytes.truncate(written);
        bytes
    }

    /// The path at `index`.
    pub(super) fn path(&self, index: usize) -> String {
        String::from_utf8(bytes(self.argument(index).trim_matches('"'))).unwrap()
    }
}

/// Decodes `\x41\x42`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits
        .map(|digits| u8::from_str_radix(digits, 16).unwrap())
        .collect()
}

#[test]
fn a_call_is_read_with_its_data_also_when_another_thread_comes_between() {
    let log = r#"12 dup(1) = 3
13 write(9, "\x61\x62", 2)              = 2
12 write(3, "\x61\x0a" <unfinished ...>
13 openat(AT_FDCWD, "\x6f\x2f\x70", O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0666) = 4
12 <... write resumed>, 2)              = 1
13 fcntl(4, F_GETFL)                = 0x401 (flags O_WRONLY|O_APPEND)
13 unlink("\x61")    = -1 ENOENT (No such file or directory)
13 writev(4, [{iov_base="\x61", iov_len=1}, {iov_base="\x62", iov_len=1}], 2) = 2
13 +++ exited with 0 +++
"#;
    let calls = parse(log.as_bytes());
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["dup", "openat", "write", "fcntl", "writev"]);
    assert_eq!((calls[1].path(1).as_str(), calls[1].result), ("o/p", 4));
    assert_eq!(calls[1].argument(2), "O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC");
    assert_eq!((calls[2].number(0), calls[2].written()), (3, vec![b'a']));
    assert_eq!(calls[3].result, 0x401);
    assert_eq!(calls[4].written(), b"ab");
}
