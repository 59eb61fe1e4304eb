//! A read of three pages through the public client, with a server that fails at a chosen step.

use std::time::Duration;

use verkada_audit_logs::{Error, Secret, Source, TimeBase, VerkadaApi, Window};

use crate::support::program::KEY;
use crate::support::raw_server::{RawServer, Reply, Request};

/// The window that is read: ten minutes.
pub(crate) fn window() -> Window {
    Window::new(1_789_401_600, 1_789_402_200, TimeBase::Event).unwrap()
}

/// A client that does not wait long.
pub(crate) fn client(base_url: &str, timeout: Duration) -> VerkadaApi {
    VerkadaApi::builder(Secret::new(KEY).unwrap())
        .base_url(base_url.parse().unwrap())
        .first_retry_wait(Duration::from_millis(1))
        .timeout(timeout)
        .max_requests_per_minute(60_000)
        .build()
        .unwrap()
}

/// Reads the three pages of `source`.
pub(crate) fn read(
    base_url: &str,
    source: Source,
    timeout: Duration,
) -> Result<Vec<String>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = client(base_url, timeout);
    let records = runtime.block_on(async {
        match source {
            Source::AuditLogs => client.audit_logs(window()).await,
            Source::Notifications => client.notifications(window()).await,
        }
    })?;
    Ok(records.iter().map(|record| record.to_line()).collect())
}

/// The steps of a read of three pages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Token,
    Page(usize),
}

pub(crate) const STEPS: [Step; 4] = [Step::Token, Step::Page(0), Step::Page(1), Step::Page(2)];

fn step(request: &Request) -> Step {
    let page = request.parameter("page_token");
    match request.path.as_str() {
        "/token" => Step::Token,
        _ => Step::Page(page.map_or(0, |page| page.parse().unwrap())),
    }
}

/// The answer of a healthy server.
fn good(request: &Request) -> Reply {
    match step(request) {
        Step::Token => Reply::token("token"),
        Step::Page(2) => Reply::only_page(request, r#"{"n":2}"#),
        Step::Page(page) => Reply::page(
            request,
            &format!(r#"{{"n":{page}}}"#),
            &format!(r#""{}""#, page + 1),
        ),
    }
}

/// A server that fails the first `times` requests of one step, and is healthy otherwise.
pub(crate) fn failing(
    at: Step,
    times: usize,
    fault: impl Fn() -> Reply + Send + Sync + 'static,
) -> RawServer {
    let count = std::sync::atomic::AtomicUsize::new(0);
    RawServer::start(move |request, _| {
        let fails =
            step(request) == at && count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < times;
        if fails { fault() } else { good(request) }
    })
}

pub(crate) fn requests(server: &RawServer, at: Step) -> usize {
    server.seen().iter().filter(|seen| step(seen) == at).count()
}
