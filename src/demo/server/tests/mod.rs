//! Tests of the server as a whole, with a client over a plain socket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::Value;

use super::{Clock, DemoServer, DemoServerBuilder};
use crate::demo::organisation::Profile;

mod paging;
mod requests;

const NOW: i64 = 1_789_387_200;

/// A clock that a test sets.
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn at(now: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || now.load(Ordering::SeqCst))
    }
}

struct RawResponse {
    status: u16,
    head: String,
    body: String,
}

impl RawResponse {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends one request on a connection of its own. Returns `None` if it is closed without an answer.
fn request(server: &DemoServer, method: &str, target: &str, header: &str) -> Option<RawResponse> {
    let address = server.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).unwrap();
    let text =
        format!("{method} {target} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n{header}\r\n");
    stream.write_all(text.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    let (head, body) = reply.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let (head, body) = (head.to_owned(), body.to_owned());
    Some(RawResponse { status, head, body })
}

fn token(server: &DemoServer) -> String {
    let header = format!("x-api-key: {}\r\n", server.api_key());
    let reply = request(server, "POST", "/token", &header).unwrap();
    assert_eq!(reply.status, 200);
    reply.json()["token"].as_str().unwrap().to_owned()
}

/// Sends a data request with a new token.
fn get(server: &DemoServer, target: &str) -> RawResponse {
    let header = format!("x-verkada-auth: {}\r\n", token(server));
    request(server, "GET", target, &header).unwrap()
}

fn started(builder: DemoServerBuilder) -> DemoServer {
    builder.start().unwrap()
}

fn server_at(clock: &TestClock) -> DemoServer {
    started(DemoServer::builder(Profile::demo()).clock(clock.clock()))
}

/// Reads all pages and returns the text of each page's list, without the brackets. `between` runs
/// between two pages.
fn read_all(
    server: &DemoServer,
    target: &str,
    list: &str,
    mut between: impl FnMut(),
) -> Vec<String> {
    let (mut lists, mut page_token) = (Vec::new(), String::new());
    loop {
        let reply = get(server, &format!("{target}&page_token={page_token}"));
        let records = reply.body.strip_prefix(&format!("{{\"{list}\":[")).unwrap();
        lists.push(
            records
                .rsplit_once("],\"next_page_token\"")
                .unwrap()
                .0
                .to_owned(),
        );
        match reply.json()["next_page_token"].as_str() {
            Some(next) => page_token = next.to_owned(),
            None => return lists,
        }
        between();
    }
}
