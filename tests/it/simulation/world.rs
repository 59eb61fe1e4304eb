//! The surroundings of a history: a folder, and a server with a clock and failures of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Notify;
use verkada_audit_logs::demo::{DemoServer, Fault};
use verkada_audit_logs::{Secret, Statistics, VerkadaApi};

use super::scenario::Scenario;
use crate::support::program::folder_in_memory;

/// The pace of the client: none.
const UNLIMITED: u32 = 60_000_000;

/// Failures of a request.
const FAULTS: [Fault; 8] = [
    Fault::Drop,
    Fault::Status(500),
    Fault::Status(503),
    Fault::Status(429),
    Fault::Status(429),
    Fault::Status(401),
    Fault::Status(403),
    Fault::Status(404),
];

pub(super) struct World {
    pub(super) server: DemoServer,
    pub(super) api: VerkadaApi,
    pub(super) hooks: Arc<Hooks>,
    page_size: u32,
    ignores_repeats: bool,
    spent: Spent,
    folder: TempDir,
}

/// Requests of a history.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) requests: u64,
    pub(super) shifted_reads: u64,
    pub(super) twin_borders: u64,
    pub(super) extra_requests: u64,
}

impl Spent {
    fn add(&mut self, client: &Statistics) {
        self.requests += client.requests;
        self.shifted_reads += client.shifted_reads;
        self.twin_borders += client.twin_borders;
        self.extra_requests += client.extra_requests;
    }
}

/// The server's clock and failures, which its hooks ask for.
pub(super) struct Hooks {
    /// The server's present; it goes on by some seconds with each request.
    clock: AtomicI64,
    seconds_per_request: i64,
    /// Of a thousand requests, how many fail.
    faulty: AtomicU64,
    dice: Mutex<fastrand::Rng>,
    faults: AtomicU64,
    /// Counts down to the request that rings.
    countdown: AtomicI64,
    pub(super) bell: Notify,
}

impl Hooks {
    pub(super) fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn fail_per_mille(&self, faulty: u64) {
        self.faulty.store(faulty, Ordering::SeqCst);
    }

    /// Requests that failed on purpose.
    pub(super) fn faults(&self) -> u64 {
        self.faults.load(Ordering::SeqCst)
    }

    /// Rings at the request with this number, counted from 1; never if it is 0.
    pub(super) fn ring_at(&self, request: i64) {
        self.countdown.store(request, Ordering::SeqCst);
    }

    fn decide(&self) -> Option<Fault> {
        if self.countdown.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.bell.notify_one();
        }
        let mut dice = self.dice.lock().unwrap();
        if dice.u64(0..1_000) >= self.faulty.load(Ordering::SeqCst) {
            return None;
        }
        self.faults.fetch_add(1, Ordering::SeqCst);
        dice.choice(&FAULTS).cloned()
    }
}

impl World {
    pub(super) fn new(scenario: &Scenario, ignores_repeats: bool) -> Self {
        let hooks = Arc::new(Hooks {
            clock: AtomicI64::new(scenario.begins),
            seconds_per_request: scenario.seconds_per_request,
            faulty: AtomicU64::new(0),
            dice: Mutex::new(fastrand::Rng::with_seed(scenario.profile.seed)),
            faults: AtomicU64::new(0),
            countdown: AtomicI64::new(0),
            bell: Notify::new(),
        });
        let (clock, fault) = (Arc::clone(&hooks), Arc::clone(&hooks));
        let server = DemoServer::builder(scenario.profile.clone())
            .clock(Arc::new(move || {
                clock
                    .clock
                    .fetch_add(clock.seconds_per_request, Ordering::SeqCst)
            }))
            .fault(Arc::new(move |_| fault.decide()))
            .window_ends(scenario.ends)
            .paging(scenario.paging)
            .token_lifetime(Duration::from_secs(1 << 40))
            .start()
            .unwrap();
        let page_size = scenario.page_size;
        Self {
            api: client(&server, page_size, ignores_repeats),
            page_size,
            ignores_repeats,
            spent: Spent::default(),
            server,
            hooks,
            folder: folder_in_memory(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the client, as a new process has one of its own: requests of a killed run may still be under way, and the
    /// next run must not share their failures.
    pub(super) fn renew_client(&mut self) {
        self.spent.add(&self.api.statistics());
        self.api = client(&self.server, self.page_size, self.ignores_repeats);
    }

    /// Requests of all clients so far.
    pub(super) fn spent(&self) -> Spent {
        let mut spent = self.spent;
        spent.add(&self.api.statistics());
        spent
    }
}

fn client(server: &DemoServer, page_size: u32, ignores_repeats: bool) -> VerkadaApi {
    VerkadaApi::builder(Secret::new(server.api_key()).unwrap())
        .base_url(server.base_url().parse().unwrap())
        .page_size(page_size)
        .ignore_repeats(ignores_repeats)
        .max_requests_per_minute(UNLIMITED)
        .first_retry_wait(Duration::from_micros(100))
        .rate_limit_patience(Duration::from_millis(3))
        .build()
        .unwrap()
}
