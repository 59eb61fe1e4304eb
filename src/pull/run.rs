//! One run: every source planned, read, printed and reported on.

use std::io;

use tokio::sync::watch;

use super::collected::HeldSlice;
use super::filter::EventFilter;
use super::organization;
use super::plan::{Planner, Span, Step};
use super::printer::Printer;
use super::reader::{self, Reading, Slices};
use super::resume::{CarryOn, Resume};
use super::{Error, PulledSlice, time_text};
use crate::api::{Source, VerkadaApi, Window};

/// A clock that differs from the server's by more seconds is worth a warning.
const CLOCK_TOLERANCE: u64 = 60;

/// What one run is to do.
#[derive(Clone, Debug)]
pub struct Pull {
    /// When the run began, in Unix seconds.
    pub now: i64,
    /// What a checkpoint is bound to: the host that is asked.
    pub origin: String,
    /// What time it is about.
    pub span: Span,
    /// What to read; audit logs are printed first whatever the order here.
    pub sources: Vec<Source>,
    /// Which audit logs to keep.
    pub filter: EventFilter,
    /// Length of the scheduled interval in seconds.
    pub interval_seconds: i64,
    /// With a checkpoint: how far back to look again for late records, in seconds.
    pub overlap_seconds: i64,
    /// The pace that the client was built with.
    pub max_requests_per_minute: u32,
}

/// What became of a run.
#[derive(Debug)]
pub struct Report {
    /// One entry for each source, in the order of printing.
    pub sources: Vec<SourceReport>,
}

/// What became of one source.
#[derive(Debug)]
pub struct SourceReport {
    /// Which one.
    pub source: Source,
    /// What was asked for; `None` if nothing was.
    pub window: Option<Window>,
    /// Lines printed.
    pub printed: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How the reading of a source ended.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was printed.
    Done,
    /// Everything had been printed before, through this Unix second; nothing was asked for.
    UpToDate(i64),
    /// It failed; what was printed until then is complete up to the point to carry on from.
    Failed(Error, CarryOn),
    /// It was stopped, likewise.
    Stopped(CarryOn),
    /// It was not begun, because the run had ended.
    NotBegun,
}

/// How far a run has come, for whoever shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// What is being printed.
    pub source: Option<Source>,
    /// The start of its window, in Unix seconds.
    pub start: i64,
    /// The end of its window.
    pub end: i64,
    /// Everything before this Unix second has been printed.
    pub reached: i64,
    /// Lines printed in this run, of all sources.
    pub printed: u64,
}

/// A source whose reading has been started.
struct Begun {
    source: Source,
    window: Window,
    slices: Slices,
}

impl Pull {
    /// Runs until everything is printed, a failure, or `stop` turning true; then the write in hand is
    /// finished and its progress saved. Both sources are read at the same time.
    ///
    /// # Errors
    ///
    /// Fails before anything is read if the output or the checkpoint cannot be used or the range does not fit
    /// it. What fails later is in the report.
    pub async fn run(
        &self,
        api: &VerkadaApi,
        mut printer: Printer,
        progress: &watch::Sender<Progress>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Report, Error> {
        let steps = tokio::select! {
            // In this order, so that a first run that is stopped at once has saved where it began.
            biased;
            steps = self.prepare(api, &mut printer) => steps?,
            () = stopped(&mut stop) => return Ok(self.not_begun()),
        };
        let remembers = printer.checkpoint().is_some();
        let begun: Vec<_> = steps
            .into_iter()
            .inspect(|(source, step)| log_step(api, *source, step))
            .map(|(source, step)| (source, self.begin(api, source, step, remembers)))
            .collect();
        let mut printer = Some(printer);
        let mut sources = Vec::new();
        for (source, begun) in begun {
            sources.push(match begun {
                Err(through) => SourceReport::without_window(source, Outcome::UpToDate(through)),
                Ok(_) if printer.is_none() || *stop.borrow() && !sources.is_empty() => {
                    SourceReport::without_window(source, Outcome::NotBegun)
                }
                Ok(begun) => {
                    self.print_source(begun, &mut printer, progress, &mut stop)
                        .await
                }
            });
        }
        warn_of_clock(api);
        Ok(Report { sources })
    }

    fn not_begun(&self) -> Report {
        let sources = self.wanted();
        Report {
            sources: sources
                .map(|source| SourceReport::without_window(source, Outcome::NotBegun))
                .collect(),
        }
    }

    /// The sources to read, in the order of printing.
    fn wanted(&self) -> impl Iterator<Item = Source> {
        Source::ALL
            .into_iter()
            .filter(|source| self.sources.contains(source))
    }

    async fn prepare(
        &self,
        api: &VerkadaApi,
        printer: &mut Printer,
    ) -> Result<Vec<(Source, Step)>, Error> {
        if let Some(checkpoint) = printer.checkpoint() {
            checkpoint.check(&self.origin, self.now)?;
        }
        let steps = self.steps(printer)?;
        let is_new = printer
            .checkpoint()
            .is_some_and(|checkpoint| !checkpoint.existed());
        if is_new {
            // Where the first run begins is saved before anything can fail or be stopped.
            printer.begin(starts(&steps))?;
        }
        organization::check_new_key(self, api, printer).await?;
        if !is_new {
            // Not a byte is touched for another organisation.
            printer.begin(starts(&steps))?;
        }
        Ok(steps)
    }

    fn steps(&self, printer: &mut Printer) -> Result<Vec<(Source, Step)>, Error> {
        let planner = Planner {
            now: self.now,
            span: self.span,
            interval: self.interval_seconds,
            overlap: self.overlap_seconds,
        };
        let state = printer.checkpoint().map(|checkpoint| &checkpoint.state);
        let steps = self
            .wanted()
            .map(|source| Ok((source, planner.step(source, state)?)));
        steps.collect()
    }

    /// Starts reading, unless the step says that nothing is left to read.
    fn begin(
        &self,
        api: &VerkadaApi,
        source: Source,
        step: Step,
        remembers: bool,
    ) -> Result<Begun, i64> {
        match step {
            Step::UpToDate(through) => Err(through),
            Step::Read {
                window,
                first_slice,
                ..
            } => {
                let reading = Reading {
                    source,
                    window,
                    first_slice,
                    filter: self.filter.clone(),
                    processing_allowance: remembers.then_some(self.overlap_seconds),
                    requests_per_second: f64::from(self.max_requests_per_minute) / 60.0,
                };
                Ok(Begun {
                    source,
                    window,
                    slices: reader::start(api, reading),
                })
            }
        }
    }

    /// Prints one source's slices. Takes the printer away when nothing more can be printed.
    async fn print_source(
        &self,
        mut begun: Begun,
        printer: &mut Option<Printer>,
        progress: &watch::Sender<Progress>,
        stop: &mut watch::Receiver<bool>,
    ) -> SourceReport {
        let Begun { source, window, .. } = begun;
        begun.slices.are_printed_now();
        let mut resume = Resume::default();
        let mut read_at = i64::MAX;
        let mut printed = 0;
        let printed_before = progress.borrow().printed;
        let outcome = loop {
            show(progress, source, window, &resume, printed_before + printed);
            let received = tokio::select! {
                biased;
                () = stopped(stop) => break Outcome::Stopped(resume.carry_on(window.start())),
                received = begun.slices.next() => received,
            };
            let held = match received {
                None if resume.printed_to() == Some(window.end()) => break Outcome::Done,
                // Taking the end of the slices for the end of the window would lose the rest in silence.
                None => break Outcome::Failed(Error::BrokenOff, resume.carry_on(window.start())),
                Some(Err(error)) => {
                    break Outcome::Failed(error.into(), resume.carry_on(window.start()));
                }
                Some(Ok(held)) => held,
            };
            let answered = held.slice.server_time.map(|time| time.timestamp());
            read_at = read_at.min(answered.unwrap_or(self.now));
            match print_slice(held, read_at, printer).await {
                Ok((lines, slice)) => {
                    printed += lines;
                    resume.printed(&slice);
                }
                Err(error) => {
                    *printer = None;
                    break Outcome::Failed(error, resume.carry_on(window.start()));
                }
            }
        };
        let saved = printer.as_mut().map_or(Ok(()), Printer::finish);
        SourceReport {
            source,
            window: Some(window),
            printed,
            outcome: match saved {
                Ok(()) => outcome,
                Err(error) => Outcome::Failed(error, resume.carry_on(window.start())),
            },
        }
    }
}

/// Writes on a thread of its own, so that a blocked pipe holds up neither signals nor answers under way.
async fn print_slice(
    held: HeldSlice,
    read_at: i64,
    printer: &mut Option<Printer>,
) -> Result<(u64, super::slice::Slice), Error> {
    let Some(mut taken) = printer.take() else {
        return Err(Error::Output(io::Error::other("the output is gone")));
    };
    let written = tokio::task::spawn_blocking(move || {
        let (slice, claim) = held.into_parts();
        let pulled = PulledSlice { slice, read_at };
        let result = taken.print(&pulled);
        drop(claim);
        (taken, result.map(|lines| (lines, pulled.slice)))
    });
    let (taken, result) = written
        .await
        .map_err(|error| Error::Output(io::Error::other(error)))?;
    *printer = Some(taken);
    result
}

/// Where the first run of each source begins.
fn starts(steps: &[(Source, Step)]) -> impl Iterator<Item = (Source, i64)> {
    steps.iter().filter_map(|(source, step)| match step {
        Step::Read { since, .. } => Some((*source, *since)),
        Step::UpToDate(_) => None,
    })
}

impl SourceReport {
    fn without_window(source: Source, outcome: Outcome) -> Self {
        Self {
            source,
            window: None,
            printed: 0,
            outcome,
        }
    }
}

/// Returns when `stop` is true; never if it cannot become so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending().await
    }
}

fn show(
    progress: &watch::Sender<Progress>,
    source: Source,
    window: Window,
    resume: &Resume,
    printed: u64,
) {
    progress.send_replace(Progress {
        source: Some(source),
        start: window.start(),
        end: window.end(),
        reached: resume.printed_to().unwrap_or(window.start()),
        printed,
    });
}

fn log_step(api: &VerkadaApi, source: Source, step: &Step) {
    let Step::Read {
        window,
        first_slice,
        ..
    } = step
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
        host = api.base_url(),
        "reading"
    );
}

fn warn_of_clock(api: &VerkadaApi) {
    let Some(difference) = api.statistics().clock_difference else {
        return;
    };
    if difference.unsigned_abs() > CLOCK_TOLERANCE {
        let direction = if difference > 0 { "behind" } else { "ahead of" };
        tracing::warn!(
            difference_seconds = difference,
            "this machine's clock is {} s {direction} Verkada's; set it, or intervals end at the wrong time",
            difference.unsigned_abs()
        );
    }
}
