//! SIGHUP, SIGINT and SIGTERM: the first one stops the run in good order, a second one ends it at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::report::ExitCode;

/// The signals that stop a run, and their exit codes.
const STOPPING: [(i32, ExitCode); 3] = [
    (SIGHUP, ExitCode::HungUp),
    (SIGINT, ExitCode::Interrupted),
    (SIGTERM, ExitCode::Terminated),
];

/// The signals that have been received.
pub(crate) struct Signals {
    stop: watch::Receiver<bool>,
    received: watch::Receiver<Option<ExitCode>>,
}

impl Signals {
    /// Starts listening. A second signal ends the process at once, from within the handler, so that it works
    /// while a pipe is blocked.
    pub(crate) fn listen() -> io::Result<Self> {
        let ignored = IgnoredSignals::inherited();
        let heard = STOPPING
            .into_iter()
            .filter(|(number, _)| !ignored.stays(*number));
        let heard: Vec<_> = heard.collect();
        let stopping = Arc::new(AtomicBool::new(false));
        for (number, code) in &heard {
            // A terminal that closes often sends SIGHUP twice, and systemd may send it right after SIGTERM: it never
            // cuts short the stop that is under way.
            if *number != SIGHUP {
                flag::register_conditional_shutdown(*number, *code as i32, Arc::clone(&stopping))?;
            }
        }
        let (stop_sender, stop) = watch::channel(false);
        let (received_sender, received) = watch::channel(None);
        for (number, code) in heard {
            // After the conditional shutdown, which would otherwise see the flag that the first signal sets.
            flag::register(number, Arc::clone(&stopping))?;
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

/// Waits for `work`, unless a signal stops the process first. `Err` holds the exit code for it.
///
/// What `work` leaves behind ends with the process.
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
