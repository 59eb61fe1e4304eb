//! The program on a pseudo-terminal.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdout, Stdio};
use std::thread::JoinHandle;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::program::{Ended, Program};

/// The place of standard output, beside standard error on the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stdout {
    /// Records scroll by on the same terminal; [`Ended::stdout`] is empty.
    OnTheTerminal,
    /// Records go into a pipe, as with `| jq`.
    Piped,
}

/// The width of the terminal.
pub(crate) const COLUMNS: usize = 100;

/// The program, running on a terminal.
pub(crate) struct Running {
    child: Child,
    shown: JoinHandle<String>,
}

impl Running {
    /// Its process.
    pub(crate) fn child(&self) -> &Child {
        &self.child
    }

    /// The pipe with its records; dropping it leaves them without a reader.
    pub(crate) fn take_stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// Waits for its end; [`Ended::stderr`] is everything that was shown, escape sequences included, with `\n` for the
    /// terminal's own line ends.
    pub(crate) fn finish(self) -> Ended {
        let mut ended = Ended::from(self.child.wait_with_output().unwrap());
        ended.stderr = self.shown.join().unwrap().replace("\r\n", "\n");
        ended
    }
}

/// Runs `program` on a terminal of 100 columns until it ends.
pub(crate) fn run_on_terminal(program: &Program, arguments: &[&str], stdout: Stdout) -> Ended {
    start_on_terminal(program, arguments, stdout).finish()
}

/// Starts `program` on a terminal of 100 columns, such that signals stop it.
pub(crate) fn start_on_terminal(program: &Program, arguments: &[&str], stdout: Stdout) -> Running {
    let (screen, terminal) = open();
    let mut command = program.command_stoppable(arguments);
    command.env("TERM", "xterm");
    command.stderr(Stdio::from(terminal.try_clone().unwrap()));
    if stdout == Stdout::OnTheTerminal {
        command.stdout(Stdio::from(terminal.try_clone().unwrap()));
    }
    let child = command.spawn().unwrap();
    // The command keeps handles of the terminal too, and the screen ends only when nothing has it open any more.
    drop((command, terminal));
    let shown = std::thread::spawn(move || read_to_hangup(screen));
    Running { child, shown }
}

fn open() -> (OwnedFd, OwnedFd) {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: COLUMNS as u16,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).unwrap();
    (screen, terminal)
}

/// Linux reports an input/output error, not an end of file, once the last process has closed the terminal.
fn read_to_hangup(screen: OwnedFd) -> String {
    let (mut screen, mut shown, mut part) = (File::from(screen), Vec::new(), [0; 4_096]);
    loop {
        match screen.read(&mut part) {
            Ok(0) => break,
            Ok(length) => shown.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    String::from_utf8(shown).unwrap()
}

/// The lines that are left on the screen once everything `shown` has been drawn, without colour and blank lines.
///
/// Knows what the program and its progress bar send, and panics at any other control sequence.
pub(crate) fn screen(shown: &str) -> Vec<String> {
    let (mut lines, mut row, mut column) = (vec![Vec::new()], 0_usize, 0_usize);
    let mut letters = shown.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => (row, column) = (row + 1, 0),
            '\u{1b}' => {
                let mut sequence = String::new();
                while !sequence.ends_with(|letter: char| letter.is_ascii_alphabetic()) {
                    sequence.extend([letters.next().expect("a whole control sequence")]);
                }
                match sequence.as_str() {
                    "[1A" => row = row.saturating_sub(1),
                    "[1B" => row += 1,
                    "[2K" => lines[row].clear(),
                    colour if colour.ends_with('m') => {}
                    unknown => panic!("{unknown:?} in {shown:?}"),
                }
            }
            letter => {
                if column == COLUMNS {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
                let line: &mut Vec<char> = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    let lines = lines.into_iter().map(String::from_iter);
    lines
        .filter(|line: &String| !line.trim().is_empty())
        .collect()
}
