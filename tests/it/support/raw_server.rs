//! A scripted server on a raw socket, which can misbehave as no HTTP library would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The path of audit logs.
pub(crate) const AUDIT_LOGS: &str = "/core/v1/audit_log";
/// The path of notifications.
pub(crate) const NOTIFICATIONS: &str = "/cameras/v1/alerts";

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `GET` or `POST`.
    pub(crate) method: String,
    /// The path without the query.
    pub(crate) path: String,
    /// The query, still encoded.
    pub(crate) query: String,
    /// Names in lower case, and values.
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The decoded value of a parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = reqwest::Url::parse(&format!("http://localhost/?{}", self.query)).unwrap();
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// Reports whether it asks for audit logs.
    pub(crate) fn is_for_audit_logs(&self) -> bool {
        self.path == AUDIT_LOGS
    }
}

/// The answer to a request.
pub(crate) enum Reply {
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then nothing more while the connection stays open.
    Stall(Vec<u8>),
    /// The connection is reset without an answer.
    Reset,
}

impl Reply {
    /// A complete answer with `headers`, each ending in `\r\n`. It is dated now unless they have a date.
    pub(crate) fn with(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let now = if headers.starts_with("date:") || headers.contains("\ndate:") {
            String::new()
        } else {
            format!("date: {}\r\n", httpdate::fmt_http_date(SystemTime::now()))
        };
        Self::undated(status, &format!("{headers}{now}"), body)
    }

    /// A complete answer without a date.
    pub(crate) fn undated(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
            body.len()
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// A complete answer of JSON.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::with(status, "content-type: application/json\r\n", body)
    }

    /// Verkada's error envelope.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::json(
            status,
            &format!(r#"{{"id":"zz00","message":"{message}","data":null}}"#),
        )
    }

    /// A page of whichever list `request` is for: the text between the brackets, and the next page token as
    /// JSON.
    pub(crate) fn page(request: &Request, records: &str, next: &str) -> Self {
        let list = if request.is_for_audit_logs() {
            "audit_logs"
        } else {
            "notifications"
        };
        Self::json(
            200,
            &format!(r#"{{"{list}":[{records}],"next_page_token":{next}}}"#),
        )
    }

    /// The only page of a list.
    pub(crate) fn only_page(request: &Request, records: &str) -> Self {
        Self::page(request, records, "null")
    }

    /// A token.
    pub(crate) fn token(token: &str) -> Self {
        Self::json(200, &format!(r#"{{"token":"{token}"}}"#))
    }
}

/// Compresses a body.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The server; it stops when dropped, and fails the test if nobody called it.
pub(crate) struct RawServer {
    base_url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    /// Answers each request, one connection at a time each on a thread of its own, as `script` says. The
    /// number counts the requests with the same path from 0.
    pub(crate) fn start(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stopping = Arc::new(AtomicBool::new(false));
        let (thread_seen, thread_stopping) = (Arc::clone(&seen), Arc::clone(&stopping));
        let script = Arc::new(script);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if thread_stopping.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, script) = (Arc::clone(&thread_seen), Arc::clone(&script));
                let stopping = Arc::clone(&thread_stopping);
                std::thread::spawn(move || serve(stream.unwrap(), &seen, &*script, &stopping));
            }
        });
        Self {
            base_url,
            seen,
            stopping,
            thread: Some(thread),
        }
    }

    /// Issues `token-0`, `token-1`, …, and answers whatever is not for a token as `script` says.
    pub(crate) fn issuing_tokens(
        script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |request, number| match request.path.as_str() {
            "/token" => Reply::token(&format!("token-{number}")),
            _ => script(request, number),
        })
    }

    /// Has one page of each list: the texts between the brackets.
    pub(crate) fn holding(audit_logs: &str, notifications: &str) -> Self {
        let (audit_logs, notifications) = (audit_logs.to_owned(), notifications.to_owned());
        Self::issuing_tokens(move |request, _| {
            if request.is_for_audit_logs() {
                Reply::only_page(request, &audit_logs)
            } else {
                Reply::only_page(request, &notifications)
            }
        })
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// The requests so far for `path`.
    pub(crate) fn seen_at(&self, path: &str) -> Vec<Request> {
        let mut seen = self.seen();
        seen.retain(|request| request.path == path);
        seen
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        let address = self.base_url.trim_start_matches("http://");
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if !std::thread::panicking() {
            assert!(!self.seen().is_empty(), "nobody called the server");
        }
    }
}

fn serve(
    stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    script: &(dyn Fn(&Request, usize) -> Reply + Send + Sync),
    stopping: &AtomicBool,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Some(request) = read_request(&mut reader) else {
        return;
    };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.iter()
            .filter(|earlier| earlier.path == request.path)
            .count()
            - 1
    };
    answer(stream, script(&request, number), stopping);
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut words = lines.first()?.split(' ');
    let method = words.next()?.to_owned();
    let (path, query) = match words.next()?.split_once('?') {
        Some((path, query)) => (path.to_owned(), query.to_owned()),
        None => (lines[0].split(' ').nth(1)?.to_owned(), String::new()),
    };
    let headers = lines[1..].iter().filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Some(Request {
        method,
        path,
        query,
        headers: headers.collect(),
    })
}

fn answer(mut stream: TcpStream, reply: Reply, stopping: &AtomicBool) {
    // The client may have gone away, which some scenarios are about.
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = stream.read_to_end(&mut Vec::new());
        }
        Reply::Stall(bytes) => {
            let _ = stream.write_all(&bytes);
            while !stopping.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // Closing with unread bytes, or at once, makes the kernel answer with a reset or an end of file.
        Reply::Reset => drop(stream),
    }
}
