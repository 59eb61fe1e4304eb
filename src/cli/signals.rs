//! SIGINT and SIGTERM: the first one asks, the second one insists.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::report::ExitCode;

/// Which signals have come.
pub(crate) struct Signals {
    stop: watch::Receiver<bool>,
    received: watch::Receiver<Option<ExitCode>>,
}

impl Signals {
    /// Starts listening. A second signal ends the process at once, from within the handler, so that it works
    /// while a pipe is blocked.
    pub(crate) fn listen() -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        for (number, code) in [
            (SIGINT, ExitCode::Interrupted),
            (SIGTERM, ExitCode::Terminated),
        ] {
            flag::register_conditional_shutdown(number, code as i32, Arc::clone(&stopping))?;
        }
        for number in [SIGINT, SIGTERM] {
            flag::register(number, Arc::clone(&stopping))?;
        }
        let (stop_sender, stop) = watch::channel(false);
        let (received_sender, received) = watch::channel(None);
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            let code = tokio::select! {
                _ = interrupt.recv() => ExitCode::Interrupted,
                _ = terminate.recv() => ExitCode::Terminated,
            };
            received_sender.send_replace(Some(code));
            stop_sender.send_replace(true);
        });
        Ok(Self { stop, received })
    }

    /// Turns true with the first signal.
    pub(crate) fn stop(&self) -> watch::Receiver<bool> {
        self.stop.clone()
    }

    /// The exit code for the signal that came, if one did.
    pub(crate) fn received(&self) -> Option<ExitCode> {
        *self.received.borrow()
    }
}
