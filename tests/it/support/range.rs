//! A range read by the library's own `Pull`, with its lines kept in memory.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use verkada_audit_logs::demo::{Clock, DemoServer};
use verkada_audit_logs::pull::{
    EventFilter, Outcome, Output, Period, Printer, Progress, Pull, Report,
};
use verkada_audit_logs::{Secret, Source, VerkadaApi, VerkadaApiBuilder};

/// 2026-09-14T00:00:00Z, a Monday.
pub(crate) const MIDNIGHT: i64 = 1_789_344_000;

pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The first slice of a longer range, in seconds, by default.
const DEFAULT_INTERVAL: i64 = 900;

/// A range to read.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Length of the first slice in seconds.
    pub(crate) interval: i64,
    pub(crate) sources: Vec<Source>,
}

/// The printed lines and the report of a read.
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) report: Report,
}

/// A server's clock that stands still.
pub(crate) fn stopped_at(seconds: i64) -> Clock {
    Arc::new(move || seconds)
}

/// A client of `server` that is not held back by any pace and waits for milliseconds between retries.
pub(crate) fn client(server: &DemoServer) -> VerkadaApiBuilder {
    VerkadaApi::builder(Secret::new(server.api_key()).unwrap())
        .base_url(server.base_url().parse().unwrap())
        .page_size(200)
        .max_requests_per_minute(60_000)
        .first_retry_wait(Duration::from_millis(2))
}

impl Range {
    /// Both sources, from `start` for `seconds`.
    pub(crate) fn of(start: i64, seconds: i64) -> Self {
        Self {
            start,
            end: start + seconds,
            interval: DEFAULT_INTERVAL,
            sources: Source::ALL.to_vec(),
        }
    }

    /// One source of it.
    pub(crate) fn only(self, source: Source) -> Self {
        Self {
            sources: vec![source],
            ..self
        }
    }

    /// With another first slice than usual; as long as the range itself, it is read in one piece.
    pub(crate) fn in_slices_of(self, seconds: i64) -> Self {
        Self {
            interval: seconds,
            ..self
        }
    }

    /// Reads every record of it.
    pub(crate) async fn read(&self, api: &VerkadaApi) -> Read {
        let written = Written::default();
        let report = self.read_into(api, written.clone()).await;
        let text = written.0.lock().unwrap().clone();
        Read {
            text: String::from_utf8(text).unwrap(),
            report,
        }
    }

    /// Reads every record of it into any stream.
    pub(crate) async fn read_into(
        &self,
        api: &VerkadaApi,
        stream: impl Write + Send + 'static,
    ) -> Report {
        let pull = Pull {
            now: self.end + DAY,
            period: Period::Range {
                start: self.start,
                end: self.end,
            },
            sources: self.sources.clone(),
            filter: EventFilter::All,
            interval_seconds: self.interval,
            overlap_seconds: 1_800,
            accept_gap_to: None,
            measures_times: false,
        };
        let printer = Printer::new(Output::stream(stream), None);
        let (progress, _) = watch::channel(Progress::default());
        let (_never, stop) = watch::channel(false);
        pull.run(api, printer, &progress, stop).await.unwrap()
    }
}

impl Read {
    /// The text of a read that went well.
    #[track_caller]
    pub(crate) fn whole(self) -> String {
        for source in &self.report.sources {
            assert!(matches!(source.outcome, Outcome::Done), "{source:?}");
        }
        self.text
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
