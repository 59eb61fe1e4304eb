//! The server's thread and connections. Both end when the handle is dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::service::Service;
use super::settings::ServerSettings;
use super::traffic::{SeenRequest, Stats};
use crate::demo::organisation::{Organisation, Profile};

/// Pause after a failure to accept a connection, for example when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A running server for a simulated organisation, on a thread of its own.
///
/// Dropping it closes all connections and ends the thread.
pub struct DemoServer {
    address: SocketAddr,
    service: Arc<Service>,
    /// Dropped to stop the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DemoServer {
    /// Starts a server and returns when it listens.
    pub(super) fn start(profile: Profile, settings: ServerSettings) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = listen(&runtime)?;
        let address = listener.local_addr()?;
        let service = Arc::new(Service::new(profile, settings));
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("demo-server".to_owned())
            .spawn({
                let service = Arc::clone(&service);
                move || runtime.block_on(serve_until_stopped(listener, service, stopped))
            })?;
        Ok(Self {
            address,
            service,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Returns the URL of the API without a trailing slash: `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that `/token` accepts.
    pub fn api_key(&self) -> &str {
        self.service.api_key()
    }

    /// The organisation that is served, to compare its records with those read.
    pub fn organisation(&self) -> &Organisation {
        self.service.organisation()
    }

    /// Returns the counts of requests so far.
    pub fn stats(&self) -> Stats {
        self.service.traffic().stats()
    }

    /// Returns the last 10,000 requests, in order of arrival.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.service.traffic().requests()
    }
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic there has already been reported, and a second one while dropping would abort.
            let _ = thread.join();
        }
    }
}

fn listen(runtime: &Runtime) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let _entered = runtime.enter();
    TcpListener::from_std(listener)
}

async fn serve_until_stopped(
    listener: TcpListener,
    service: Arc<Service>,
    stopped: oneshot::Receiver<()>,
) {
    tokio::select! {
        _ = stopped => {}
        () = accept_connections(listener, service) => {}
    }
}

async fn accept_connections(listener: TcpListener, service: Arc<Service>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, Arc::clone(&service)));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, service: Arc<Service>) {
    // With Nagle's algorithm, an answer of several packets would wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { service.serve(request).await }
    });
    // A failed connection is also seen, and reported, by the client.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}
