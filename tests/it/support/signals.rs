//! Signals to a running program.

use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// SIGHUP, SIGINT and SIGTERM, as bits of `SigIgn` in `/proc/self/status`.
const STOPPING: u64 = 1 << 0 | 1 << 1 | 1 << 14;

const RESTORE: &str = "--default-signal=HUP,INT,TERM";

/// Sends `signal` to `child`.
pub(crate) fn send(signal: Signal, child: &Child) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Returns a command that starts `program` with the default disposition of every signal that stops it.
///
/// Under `nohup`, or as a background job of a shell, a process inherits some of them as ignored and hands that down to
/// its children, so a scenario would wait for ever for the end of a run that never notices its signal. `env` restores
/// the default, and its process becomes the program's.
pub(crate) fn stoppable(program: &str) -> Command {
    if ignored_signals() & STOPPING == 0 {
        return Command::new(program);
    }
    let restores = Command::new("env").args([RESTORE, "true"]).output();
    assert!(
        restores.is_ok_and(|tried| tried.status.success()),
        "SIGHUP, SIGINT or SIGTERM is ignored here, and this `env` has no {RESTORE} (coreutils 8.31): run the tests in \
         the foreground and without nohup"
    );
    let mut command = Command::new("env");
    command.args([RESTORE, program]);
    command
}

/// The signals that this process ignores, one bit each; none where the system does not say.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .map_or("0", str::trim);
    u64::from_str_radix(mask, 16).unwrap()
}

/// Waits for `condition`, which holds soon unless the program is broken.
#[track_caller]
pub(crate) fn wait_until(mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for the end of `child`, which comes soon unless the program is broken.
#[track_caller]
pub(crate) fn wait_for_end(child: &mut Child) -> ExitStatus {
    let mut status = None;
    wait_until(|| {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}
