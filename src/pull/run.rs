//! One run: every source prepared, read, printed and reported on.

use std::io;

use tokio::sync::watch;

use super::error::Error;
use super::plan::Plan;
use super::prepare;
use super::read::{self, BudgetedSlice, ReadOptions, Slice, Slices};
use super::report::{Outcome, Progress, Report, SourceReport};
use super::task::Pull;
use super::write::{Printer, RestartPoint};
use crate::api::{Source, VerkadaApi, Window};
use crate::time::{CLOCK_TOLERANCE_SECONDS, time_text};

/// A source whose reading has been started.
struct StartedRead {
    source: Source,
    window: Window,
    slices: Slices,
}

impl Pull {
    /// Runs until everything is printed, until a failure, or until `stop` turns true; then the write in hand is finished
    /// and its progress saved. Both sources are read at the same time.
    ///
    /// # Errors
    ///
    /// Fails before anything is read if the output or the checkpoint cannot be used or the range does not fit it. Later
    /// failures are in the report.
    pub async fn run(
        &self,
        api: &VerkadaApi,
        mut printer: Printer,
        progress: &watch::Sender<Progress>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Report, Error> {
        let plans = tokio::select! {
            // In this order, so that a first run that is stopped at once has saved where it began.
            biased;
            plans = prepare::prepare(self, api, &mut printer) => plans?,
            () = stopped(&mut stop) => return self.not_begun(),
        };
        let has_checkpoint = printer.checkpoint().is_some();
        let started: Vec<_> = plans
            .into_iter()
            .inspect(|(source, plan)| log_plan(api, *source, plan))
            .map(|(source, plan)| (source, self.start(api, source, plan, has_checkpoint)))
            .collect();
        let mut printer = Some(printer);
        let mut sources = Vec::new();
        for (source, started) in started {
            sources.push(match started {
                Err(through) => SourceReport::unread(source, Outcome::UpToDate(through), None),
                Ok(read) if printer.is_none() || *stop.borrow() && !sources.is_empty() => {
                    let rest = RestartPoint::default().hint(read.window);
                    SourceReport::unread(source, Outcome::NotBegun, Some(rest))
                }
                Ok(read) => {
                    self.print_source(read, &mut printer, progress, &mut stop)
                        .await
                }
            });
        }
        warn_of_clock(api);
        Ok(Report { sources })
    }

    fn not_begun(&self) -> Result<Report, Error> {
        let window = self.requested_window()?;
        let sources = self.sources_in_order().map(|source| {
            let rest = RestartPoint::default().hint(window);
            SourceReport::unread(source, Outcome::NotBegun, Some(rest))
        });
        Ok(Report {
            sources: sources.collect(),
        })
    }

    /// Starts reading. `Err` holds the Unix second through which everything has been printed, if nothing is left to read.
    fn start(
        &self,
        api: &VerkadaApi,
        source: Source,
        plan: Plan,
        has_checkpoint: bool,
    ) -> Result<StartedRead, i64> {
        match plan {
            Plan::UpToDate(through) => Err(through),
            Plan::Read {
                window,
                first_slice,
                ..
            } => {
                let options = ReadOptions {
                    source,
                    window,
                    first_slice,
                    filter: self.filter.clone(),
                    processing_allowance: has_checkpoint.then_some(self.overlap_seconds),
                };
                Ok(StartedRead {
                    source,
                    window,
                    slices: read::start(api, options),
                })
            }
        }
    }

    /// Prints one source's slices. Takes the printer away when nothing more can be printed.
    async fn print_source(
        &self,
        mut read: StartedRead,
        printer: &mut Option<Printer>,
        progress: &watch::Sender<Progress>,
        stop: &mut watch::Receiver<bool>,
    ) -> SourceReport {
        let StartedRead { source, window, .. } = read;
        read.slices.mark_printing();
        let mut point = RestartPoint::default();
        let mut read_at = i64::MAX;
        let mut printed = 0;
        let printed_before = progress.borrow().printed;
        let outcome = loop {
            show_progress(progress, source, window, &point, printed_before + printed);
            let received = tokio::select! {
                biased;
                () = stopped(stop) => break Outcome::Stopped,
                received = read.slices.next() => received,
            };
            let budgeted = match received {
                None if point.printed_to() == Some(window.end()) => break Outcome::Done,
                // To take the end of the slices for the end of the window would lose the rest in silence.
                None => break Outcome::Failed(Error::BrokenOff),
                Some(Err(error)) => break Outcome::Failed(error.into()),
                Some(Ok(budgeted)) => budgeted,
            };
            let answered_at = budgeted.slice.server_time.map(|time| time.timestamp());
            read_at = read_at.min(answered_at.unwrap_or(self.now));
            match print_slice(budgeted, read_at, printer).await {
                Ok((lines, slice)) => {
                    printed += lines;
                    point.note_printed(&slice);
                }
                Err(error) => {
                    *printer = None;
                    break Outcome::Failed(error);
                }
            }
        };
        let saved = printer.as_mut().map_or(Ok(()), Printer::finish);
        let outcome = saved.map_or_else(Outcome::Failed, |()| outcome);
        let rest = !matches!(outcome, Outcome::Done);
        SourceReport {
            source,
            window: Some(window),
            printed,
            outcome,
            rest: rest.then(|| point.hint(window)),
        }
    }
}

/// Writes on a thread of its own, so that a blocked pipe holds up neither signals nor answers under way.
async fn print_slice(
    budgeted: BudgetedSlice,
    read_at: i64,
    printer: &mut Option<Printer>,
) -> Result<(u64, Slice), Error> {
    let Some(mut taken) = printer.take() else {
        return Err(Error::Output(io::Error::other("the output is gone")));
    };
    let written = tokio::task::spawn_blocking(move || {
        let BudgetedSlice { slice, reservation } = budgeted;
        let result = taken.print(&slice, read_at);
        drop(reservation);
        (taken, result.map(|lines| (lines, slice)))
    });
    let (taken, result) = written
        .await
        .map_err(|error| Error::Output(io::Error::other(error)))?;
    *printer = Some(taken);
    result
}

/// Returns when `stop` is true; never if it cannot become so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending().await
    }
}

fn show_progress(
    progress: &watch::Sender<Progress>,
    source: Source,
    window: Window,
    point: &RestartPoint,
    printed: u64,
) {
    progress.send_replace(Progress {
        source: Some(source),
        start: window.start(),
        end: window.end(),
        reached: point.printed_to().unwrap_or(window.start()),
        printed,
    });
}

fn log_plan(api: &VerkadaApi, source: Source, plan: &Plan) {
    let Plan::Read {
        window,
        first_slice,
        ..
    } = plan
    else {
        return;
    };
    tracing::info!(
        %source,
        start = time_text(window.start()),
        end = time_text(window.end()),
        time_base = ?window.time_base(),
        first_slice_seconds = first_slice,
        page_size = api.page_size(),
        host = %api.base_url(),
        "reading"
    );
}

fn warn_of_clock(api: &VerkadaApi) {
    let Some(difference) = api.statistics().clock_difference else {
        return;
    };
    if difference.abs() > CLOCK_TOLERANCE_SECONDS {
        let direction = if difference > 0 { "behind" } else { "ahead of" };
        tracing::warn!(
            difference_seconds = difference,
            "this machine's clock is {} s {direction} Verkada's; set it, or intervals end at the wrong time",
            difference.abs()
        );
    }
}
