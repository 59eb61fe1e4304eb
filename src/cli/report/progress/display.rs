//! The progress of a long read: a bar, or a line now and then.

use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use chrono::DateTime;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use verkada_audit_logs::pull::Progress;
use verkada_audit_logs::{Source, VerkadaApi, time_text};

use super::estimate::Estimator;
use crate::cli::report::counted::counted;
use crate::cli::report::messages::{LogFormat, PROGRESS_TARGET, bars};

/// A bar appears only if the read takes longer.
const SHORT_READ: Duration = Duration::from_secs(2);
const BAR_REFRESH: Duration = Duration::from_millis(250);
const LINE_INTERVAL: Duration = Duration::from_secs(30);

/// Shows progress until dropped: a bar on a terminal, a line every 30 seconds with JSON messages, nothing
/// otherwise.
pub(crate) async fn show(
    api: VerkadaApi,
    sources: usize,
    format: LogFormat,
    quiet: bool,
    prints_to_file: bool,
    progress: watch::Receiver<Progress>,
) -> Infallible {
    let meter = Meter {
        api,
        sources,
        progress,
        started: Instant::now(),
        estimator: Estimator::default(),
    };
    // A bar on the same screen as the records would be in their way.
    let is_alone = prints_to_file || !io::stdout().is_terminal();
    let shows_bar = is_alone && io::stderr().is_terminal();
    match format {
        LogFormat::Json => meter.print_lines().await,
        LogFormat::Text if shows_bar && !quiet => meter.draw_bar().await,
        LogFormat::Text => std::future::pending().await,
    }
}

struct Meter {
    api: VerkadaApi,
    sources: usize,
    progress: watch::Receiver<Progress>,
    started: Instant,
    estimator: Estimator,
}

impl Meter {
    async fn draw_bar(mut self) -> Infallible {
        tokio::time::sleep(SHORT_READ).await;
        let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %\n{wide_msg}");
        let bar = bars().add(
            ProgressBar::new(1_000)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
        );
        let _clear_at_the_end = ClearOnDrop(bar.clone());
        loop {
            let snapshot = self.snapshot();
            bar.set_position((snapshot.share * 1_000.0) as u64);
            bar.set_message(snapshot.to_string());
            tokio::time::sleep(BAR_REFRESH).await;
        }
    }

    async fn print_lines(mut self) -> Infallible {
        loop {
            tokio::time::sleep(LINE_INTERVAL).await;
            let snapshot = self.snapshot();
            tracing::info!(
                target: PROGRESS_TARGET,
                source = snapshot.progress.source.map(tracing::field::display),
                reached = snapshot.reached().map(time_text),
                records = snapshot.progress.printed,
                requests = snapshot.requests,
                requests_per_minute = snapshot.per_minute.map(f64::round),
                rate_limited = snapshot.rate_limited,
                percent = (snapshot.share * 100.0).round(),
                seconds_left = snapshot.left.map(|left| left.as_secs()),
                "reading"
            );
        }
    }

    fn snapshot(&mut self) -> Snapshot {
        let progress = *self.progress.borrow();
        let statistics = self.api.statistics();
        let elapsed = self.started.elapsed();
        let is_first = self.sources == 2 && progress.source == Some(Source::AuditLogs);
        Snapshot {
            progress,
            requests: statistics.requests,
            rate_limited: statistics.rate_limited,
            per_minute: per_minute(statistics.requests, elapsed),
            share: share(progress, self.sources),
            left: self.estimator.time_left(&progress, elapsed),
            next: is_first.then_some(Source::Notifications),
        }
    }
}

/// The requests a minute; `None` in the first one, in which a burst would pass for more than the limit.
fn per_minute(requests: u64, elapsed: Duration) -> Option<f64> {
    let minutes = elapsed.as_secs_f64() / 60.0;
    (minutes >= 1.0).then(|| requests as f64 / minutes)
}

/// The part of the whole run that is done, 0 to 1, if both sources take equally long.
fn share(progress: Progress, sources: usize) -> f64 {
    let span = (progress.end - progress.start).max(1) as f64;
    let within = ((progress.reached - progress.start) as f64 / span).clamp(0.0, 1.0);
    let done = if sources == 2 && progress.source == Some(Source::Notifications) {
        1.0
    } else {
        0.0
    };
    (done + within) / sources.max(1) as f64
}

struct Snapshot {
    progress: Progress,
    requests: u64,
    rate_limited: u64,
    per_minute: Option<f64>,
    share: f64,
    /// The time that the source in hand still takes, once it can be estimated.
    left: Option<Duration>,
    /// The source that comes after it. How long that takes is not known before it begins.
    next: Option<Source>,
}

impl Snapshot {
    /// The time up to which everything is printed; `None` until a source has begun.
    fn reached(&self) -> Option<i64> {
        self.progress.source.map(|_| self.progress.reached)
    }

    /// The source in hand, how far it has come, and how long it still takes.
    fn position(&self) -> String {
        let Some((source, reached)) = self.progress.source.zip(self.reached()) else {
            return "waiting for the first answer".to_owned();
        };
        let reached = DateTime::from_timestamp(reached, 0).unwrap_or_default();
        let position = format!("{source} at {}", reached.format("%Y-%m-%d %H:%M"));
        match (self.left, self.next) {
            (None, _) => position,
            (Some(left), None) => format!("{position} · {} left", in_words(left)),
            (Some(left), Some(next)) => {
                format!("{position} · {} left, then {next}", in_words(left))
            }
        }
    }
}

impl std::fmt::Display for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The most important part comes first, because a narrow terminal cuts off the end.
        formatter.write_str(&self.position())?;
        write!(
            formatter,
            " · {}",
            counted(self.progress.printed, "records")
        )?;
        if self.rate_limited > 0 {
            write!(
                formatter,
                " · limit hit {}",
                counted(self.rate_limited, "times")
            )?;
        }
        let requests = counted(self.requests, "requests");
        write!(formatter, " · {requests}")?;
        self.per_minute.map_or(Ok(()), |per_minute| {
            write!(formatter, ", {per_minute:.0} a minute")
        })
    }
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

struct ClearOnDrop(ProgressBar);

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_source_is_the_second_half() {
        let at = |source, reached| Progress {
            source: Some(source),
            start: 100,
            end: 200,
            reached,
            printed: 0,
            ..Progress::default()
        };
        assert_eq!(share(at(Source::AuditLogs, 100), 2), 0.0);
        assert_eq!(share(at(Source::AuditLogs, 150), 2), 0.25);
        assert_eq!(share(at(Source::Notifications, 150), 2), 0.75);
        assert_eq!(share(at(Source::Notifications, 150), 1), 0.5);
        assert_eq!(share(Progress::default(), 2), 0.0);
    }

    #[test]
    fn no_time_is_shown_before_one_is_known_and_counted_words_agree() {
        let mut snapshot = Snapshot {
            progress: Progress::default(),
            requests: 1,
            rate_limited: 1,
            per_minute: None,
            share: 0.0,
            left: None,
            next: None,
        };
        assert_eq!(snapshot.reached(), None);
        assert_eq!(
            snapshot.to_string(),
            "waiting for the first answer · 0 records · limit hit 1 time · 1 request"
        );
        snapshot.requests = 420;
        snapshot.per_minute = per_minute(snapshot.requests, Duration::from_secs(90));
        assert!(
            snapshot
                .to_string()
                .ends_with(" · 420 requests, 280 a minute")
        );
        assert_eq!(per_minute(23, Duration::from_secs(5)), None);
        snapshot.progress.source = Some(Source::AuditLogs);
        snapshot.progress.reached = 1_789_401_600;
        snapshot.next = Some(Source::Notifications);
        snapshot.left = Some(Duration::from_secs(3_720));
        assert_eq!(
            snapshot.position(),
            "audit logs at 2026-09-14 16:00 · 1 h 2 min left, then notifications"
        );
    }
}
