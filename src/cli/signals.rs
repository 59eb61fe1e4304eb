//! SIGHUP, SIGINT and SIGTERM: the first one stops the run in good order, a second one ends it at once.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::report::{self, ExitCode};

/// The signals that stop a run, and their exit codes.
const STOPPING: [(i32, ExitCode); 3] = [
    (SIGHUP, ExitCode::HungUp),
    (SIGINT, ExitCode::Interrupted),
    (SIGTERM, ExitCode::Terminated),
];

/// Limit for the time that the last line of a process may take that a second signal ends.
const LONGEST_LAST_LINE: Duration = Duration::from_secs(1);

/// The signals that have been received.
pub(crate) struct Signals {
    stop: watch::Receiver<bool>,
    received: watch::Receiver<Option<ExitCode>>,
}

impl Signals {
    /// Starts listening. A second signal ends the process at once, from a thread of its own, so that it works while a pipe
    /// is blocked.
    pub(crate) fn listen() -> io::Result<Self> {
        let ignored = IgnoredSignals::inherited();
        let heard = STOPPING
            .into_iter()
            .filter(|(number, _)| !ignored.stays(*number));
        let heard: Vec<_> = heard.collect();
        end_on_second(&heard)?;
        let (stop_sender, stop) = watch::channel(false);
        let (received_sender, received) = watch::channel(None);
        for (number, code) in heard {
            let mut arrivals = signal(SignalKind::from_raw(number))?;
            let (stop_sender, received_sender) = (stop_sender.clone(), received_sender.clone());
            tokio::spawn(async move {
                arrivals.recv().await;
                received_sender.send_if_modified(|first| {
                    let is_first = first.is_none();
                    first.get_or_insert(code);
                    is_first
                });
                stop_sender.send_replace(true);
            });
        }
        Ok(Self { stop, received })
    }

    /// Turns true with the first signal.
    pub(crate) fn stop(&self) -> watch::Receiver<bool> {
        self.stop.clone()
    }

    /// The exit code for the first signal, if one was received.
    pub(crate) fn received(&self) -> Option<ExitCode> {
        *self.received.borrow()
    }
}

/// Ends the process with the second signal.
///
/// A terminal that closes often sends SIGHUP twice, and systemd may send it right after SIGTERM: it counts as the first
/// signal, and never as the second.
fn end_on_second(heard: &[(i32, ExitCode)]) -> io::Result<()> {
    let is_stopping = Arc::new(AtomicBool::new(false));
    let latest = Arc::new(AtomicUsize::new(0));
    let (mut arrivals, handler) = UnixStream::pair()?;
    for (number, code) in heard {
        if *number == SIGHUP {
            flag::register(SIGHUP, Arc::clone(&is_stopping))?;
        } else {
            // In this order, so that the thread finds the code when it is woken.
            flag::register_usize(*number, Arc::clone(&latest), *code as usize)?;
            pipe::register(*number, handler.try_clone()?)?;
        }
    }
    let codes: Vec<_> = heard.iter().map(|(_, code)| *code).collect();
    let wait = move || {
        while arrivals.read_exact(&mut [0]).is_ok() {
            if is_stopping.swap(true, Ordering::SeqCst) {
                let latest = latest.load(Ordering::SeqCst);
                let code = codes.into_iter().find(|code| *code as usize == latest);
                end_at_once(code.unwrap_or(ExitCode::Failure));
            }
        }
    };
    thread::Builder::new().spawn(wait).map(drop)
}

/// Ends the process without waiting for anything but a last line, and not long for that: standard error may be a full
/// pipe.
fn end_at_once(code: ExitCode) -> ! {
    let (said, wait) = mpsc::channel();
    let say = move || {
        report::close_at_once(code);
        // Nobody waits for it if it took too long.
        let _ = said.send(());
    };
    if thread::Builder::new().spawn(say).is_ok() {
        let _ = wait.recv_timeout(LONGEST_LAST_LINE);
    }
    signal_hook::low_level::exit(code as i32)
}

/// Waits for `work`, unless a signal stops the process first. `Err` holds the exit code for it.
///
/// Threads that `work` has started end with the process.
pub(crate) async fn unless_stopped<T>(work: impl Future<Output = T>) -> Result<T, ExitCode> {
    let Ok(signals) = Signals::listen() else {
        return Ok(work.await);
    };
    let mut stop = signals.stop();
    tokio::select! {
        done = work => Ok(done),
        _ = stop.wait_for(|stopped| *stopped) => Err(signals.received().unwrap_or(ExitCode::Failure)),
    }
}

/// The signals that this process ignores, as a bit mask: bit 0 is signal 1.
struct IgnoredSignals(u64);

impl IgnoredSignals {
    /// Returns the signals that were ignored when the process began. Only Linux shows them without unsafe code;
    /// elsewhere none counts as ignored.
    fn inherited() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self::of_status(&status)
    }

    fn of_status(status: &str) -> Self {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        Self(mask.unwrap_or_default())
    }

    /// Reports whether the signal stays ignored: SIGHUP under `nohup`, and SIGINT for a background process of a shell
    /// script, which is not meant by Ctrl-C. SIGTERM always stops a run.
    fn stays(&self, number: i32) -> bool {
        number != SIGTERM && self.0 >> (number - 1) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hangup_and_interrupt_stay_ignored_if_the_parent_ignored_them() {
        let stay = |status: &str| {
            let ignored = IgnoredSignals::of_status(status);
            [SIGHUP, SIGINT, SIGTERM].map(|number| ignored.stays(number))
        };
        assert_eq!(stay("SigIgn:\t0000000000000000\n"), [false; 3]);
        assert_eq!(
            stay("Name:\tx\nSigIgn:\t0000000000001001\n"),
            [true, false, false]
        );
        assert_eq!(stay("SigIgn:\t0000000000004003\n"), [true, true, false]);
        assert_eq!(stay("SigIgn:\tunreadable\n"), [false; 3]);
        assert_eq!(stay(""), [false; 3]);
    }
}
