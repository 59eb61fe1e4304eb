//! Servers in a process of their own: the bench starts itself again with `serve` and a description.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use verkada_audit_logs::demo::{Burst, DailyCycle, DemoServer, Profile, Source};
use verkada_audit_logs::{Secret, TimeBase, VerkadaApi, Window};

use super::MIDNIGHT;

/// The argument that makes a bench serve.
const SERVE: &str = "serve";

/// A server in a child process, which ends with this handle.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) base_url: String,
}

/// Counts of what a simulated organisation was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) requests: u64,
    pub(crate) too_many: u64,
    pub(crate) records: u64,
}

impl Server {
    /// Starts a server: `pages=N` has N fixed pages of 200 audit logs whatever it is asked; otherwise it is a
    /// simulated organisation with `per_day`, `notifications`, `latency` (ms), `enforce`, and a
    /// `burst` of this many records a second for `burst_seconds` from midnight.
    pub(crate) fn start(description: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(SERVE)
            .args(description.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let base_url = read_line(&mut output);
        Self {
            child,
            input,
            output,
            base_url,
        }
    }

    /// Returns the counts so far.
    pub(crate) fn asked(&mut self) -> Asked {
        writeln!(self.input).unwrap();
        let line = read_line(&mut self.output);
        let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Asked {
            requests: next(),
            too_many: next(),
            records: next(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Serves until standard input ends if this process was started for that; call it first.
pub(crate) fn serve_if_asked() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(SERVE) {
        return;
    }
    let given: Vec<_> = arguments.collect();
    let number = |name: &str| -> f64 {
        let found = given
            .iter()
            .find_map(|given| given.strip_prefix(name)?.strip_prefix('='));
        found.map_or(0.0, |value| value.parse().unwrap())
    };
    match number("pages") as usize {
        0 => serve_organisation(&number),
        pages => serve_fixed(pages),
    }
    #[expect(clippy::exit, reason = "the rest of the bench is not for this process")]
    std::process::exit(0)
}

fn serve_organisation(number: &dyn Fn(&str) -> f64) {
    let burst = Burst {
        source: Source::AuditLogs,
        at: MIDNIGHT,
        seconds: number("burst_seconds") as u32,
        records_per_second: number("burst") as u32,
    };
    let profile = Profile {
        audit_logs_per_day: number("per_day"),
        notifications_per_day: number("notifications"),
        daily_cycle: if number("flat") > 0.0 {
            DailyCycle::Flat
        } else {
            DailyCycle::Moderate
        },
        bursts: vec![burst],
        ..Profile::demo()
    };
    let server = DemoServer::builder(profile)
        .latency(Duration::from_millis(number("latency") as u64))
        .enforce_rate_limit(number("enforce") > 0.0)
        .start()
        .unwrap();
    println!("{}", server.base_url());
    for _ in std::io::stdin().lines() {
        let stats = server.stats();
        println!(
            "{} {} {}",
            stats.requests(),
            stats.rejected_too_many,
            stats.records_sent
        );
    }
}

/// Bodies of pages, newest first, as a simulated organisation of two records a second sends them.
fn fixed_pages(count: usize) -> Vec<Vec<u8>> {
    let profile = Profile {
        audit_logs_per_day: 172_800.0,
        daily_cycle: DailyCycle::Flat,
        ..Profile::demo()
    };
    let server = DemoServer::builder(profile).start().unwrap();
    let client = VerkadaApi::builder(Secret::new(server.api_key()).unwrap())
        .base_url(server.base_url().parse().unwrap())
        .page_size(200)
        .max_requests_per_minute(1_000_000)
        .build()
        .unwrap();
    let window = Window::new(
        MIDNIGHT - 100 * count as i64 - 10_000,
        MIDNIGHT,
        TimeBase::Event,
    );
    let mut pages = client.pages(verkada_audit_logs::Source::AuditLogs, window.unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut bodies = Vec::new();
        while bodies.len() < count {
            let page = pages.next_page().await.unwrap().unwrap();
            let records: Vec<_> = page.records.iter().map(|record| record.text()).collect();
            let next = match bodies.len() + 1 {
                last if last == count => "null".to_owned(),
                next => format!("\"{next}\""),
            };
            let body = format!(
                "{{\"audit_logs\":[{}],\"next_page_token\":{next}}}",
                records.join(",")
            );
            bodies.push(body.into_bytes());
        }
        bodies
    })
}

fn serve_fixed(count: usize) {
    let pages = Arc::new(fixed_pages(count));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let pages = Arc::clone(&pages);
            std::thread::spawn(move || answer_requests(stream, &pages));
        }
    });
    for _ in std::io::stdin().lines() {}
}

fn answer_requests(mut stream: TcpStream, pages: &[Vec<u8>]) -> Option<()> {
    let mut requests = BufReader::new(stream.try_clone().ok()?);
    let _ = stream.set_nodelay(true);
    loop {
        let mut first = String::new();
        let mut line = String::new();
        requests
            .read_line(&mut first)
            .ok()
            .filter(|read| *read > 0)?;
        while line != "\r\n" {
            line.clear();
            requests
                .read_line(&mut line)
                .ok()
                .filter(|read| *read > 0)?;
        }
        let target = first.split(' ').nth(1)?;
        let number = target
            .split_once("page_token=")
            .map_or("0", |(_, number)| number);
        let number: usize = number.parse().ok()?;
        let body: &[u8] = if target.starts_with("/token") {
            br#"{"token":"v2_bench"}"#
        } else {
            pages.get(number)?
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    }
}
