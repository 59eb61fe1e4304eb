//! The system's limits, looked at before a run begins: open files, threads and the size of files.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use signal_hook::consts::SIGXFSZ;
use signal_hook::flag;
use tokio::runtime::{Builder, Runtime};

/// A run holds fewer files open than this: its own, the runtime's, and a few connections. With fewer allowed it would fail
/// somewhere on the way, with a message about whatever came last.
const OPEN_FILES: u64 = 32;

/// Long enough for any run.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// Builds the runtime. Its first helper thread is started at once and kept: where none can be started, Tokio panics when it
/// needs one.
///
/// # Errors
///
/// Says what the system lacks, and what to do.
pub(crate) fn runtime() -> Result<Runtime, String> {
    if let Some(limit) = getrlimit(Resource::Nofile).current
        && limit < OPEN_FILES
    {
        return Err(format!(
            "only {limit} files may be open, and {OPEN_FILES} are needed; raise the limit (ulimit -n, LimitNOFILE=)"
        ));
    }
    check_threads().map_err(|error| {
        format!("no thread can be started: {error}; raise the limit on processes (ulimit -u, TasksMax=, pids.max)")
    })?;
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_all().thread_keep_alive(FOR_EVER);
    let runtime = builder
        .build()
        .map_err(|error| format!("the program cannot start: {error}"))?;
    runtime.spawn_blocking(|| ());
    report_full_files().map_err(|error| format!("the program cannot start: {error}"))?;
    Ok(runtime)
}

/// Has a write past the limit on the size of files (`ulimit -f`) fail like one to a full disk. Without a handler for its
/// signal it would end the process without a word.
fn report_full_files() -> io::Result<()> {
    flag::register(SIGXFSZ, Arc::default()).map(drop)
}

fn check_threads() -> io::Result<()> {
    let thread = thread::Builder::new().spawn(|| ())?;
    // It does nothing that could fail.
    let _ = thread.join();
    Ok(())
}
