//! The progress of a long read: a bar, or a line now and then.

use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use chrono::DateTime;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use verkada_audit_logs::pull::Progress;
use verkada_audit_logs::{Source, VerkadaApi, time_text};

use super::messages::{LogFormat, PROGRESS_TARGET, bars};

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
}

impl Meter {
    async fn draw_bar(self) -> Infallible {
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

    async fn print_lines(self) -> Infallible {
        loop {
            tokio::time::sleep(LINE_INTERVAL).await;
            let snapshot = self.snapshot();
            tracing::info!(
                target: PROGRESS_TARGET,
                source = %snapshot.source,
                reached = time_text(snapshot.progress.reached),
                records = snapshot.progress.printed,
                requests = snapshot.requests,
                requests_per_minute = snapshot.per_minute.round(),
                rate_limited = snapshot.rate_limited,
                percent = (snapshot.share * 100.0).round(),
                seconds_left = snapshot.left.map(|left| left.as_secs()),
                "reading"
            );
        }
    }

    fn snapshot(&self) -> Snapshot {
        let progress = *self.progress.borrow();
        let statistics = self.api.statistics();
        let elapsed = self.started.elapsed();
        let share = share(progress, self.sources);
        Snapshot {
            progress,
            source: progress
                .source
                .map_or_else(String::new, |source| source.to_string()),
            requests: statistics.requests,
            rate_limited: statistics.rate_limited,
            per_minute: statistics.requests as f64 * 60.0 / elapsed.as_secs_f64().max(1.0),
            share,
            left: (share > 0.0).then(|| elapsed.mul_f64((1.0 - share) / share)),
        }
    }
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
    source: String,
    requests: u64,
    rate_limited: u64,
    per_minute: f64,
    share: f64,
    left: Option<Duration>,
}

impl std::fmt::Display for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The most important comes first: a narrow terminal cuts off the end.
        let reached = DateTime::from_timestamp(self.progress.reached, 0).unwrap_or_default();
        let reached = reached.format("%Y-%m-%d %H:%M");
        write!(formatter, "{} at {reached}", self.source)?;
        match self.left.map(|left| left.as_secs()) {
            Some(seconds) if seconds >= 3_600 => write!(
                formatter,
                " · {} h {} min left",
                seconds / 3_600,
                seconds / 60 % 60
            ),
            Some(seconds) if seconds >= 60 => write!(formatter, " · {} min left", seconds / 60),
            Some(seconds) => write!(formatter, " · {seconds} s left"),
            None => Ok(()),
        }?;
        write!(formatter, " · {} records", self.progress.printed)?;
        if self.rate_limited > 0 {
            write!(formatter, " · limit hit {} times", self.rate_limited)?;
        }
        write!(
            formatter,
            " · {} requests, {:.0} a minute",
            self.requests, self.per_minute
        )
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
        };
        assert_eq!(share(at(Source::AuditLogs, 100), 2), 0.0);
        assert_eq!(share(at(Source::AuditLogs, 150), 2), 0.25);
        assert_eq!(share(at(Source::Notifications, 150), 2), 0.75);
        assert_eq!(share(at(Source::Notifications, 150), 1), 0.5);
        assert_eq!(share(Progress::default(), 2), 0.0);
    }
}
