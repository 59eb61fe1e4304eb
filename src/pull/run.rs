//! One run: every source prepared, read, printed and reported on.

use std::collections::VecDeque;
use std::fmt::Display;
use std::io;
use std::time::Duration;

use tokio::sync::watch;

use super::clock::{ReadTime, RunClock, Standing};
use super::error::Error;
use super::plan::Plan;
use super::prepare;
use super::read::{self, BudgetedSlice, ReadOptions, Slice, Slices};
use super::report::{Account, Ending, Outcome, Progress, Report, SourceReport, Tally};
use super::task::{ENDS_IN_FUTURE, Period, Pull};
use super::write::{Lateness, Printed, Printer, RestartPoint};
use crate::api::{self, Source, VerkadaApi, Window};
use crate::time::time_text;

/// A source that is still to be printed.
struct PendingSource {
    source: Source,
    plan: Plan,
    /// The read; `Err` if nothing is left to read, with the Unix second through which everything has been printed.
    read: Result<StartedRead, i64>,
}

/// A source whose reading has been started.
struct StartedRead {
    source: Source,
    window: Window,
    slices: Slices,
    /// The first slice, if it was waited for before its turn.
    first: Option<Result<BudgetedSlice, api::Error>>,
}

impl StartedRead {
    /// Waits for the first slice and keeps it.
    async fn fetch_first(&mut self) {
        if self.first.is_none() {
            self.first = self.slices.next().await;
        }
    }

    async fn next(&mut self) -> Option<Result<BudgetedSlice, api::Error>> {
        match self.first.take() {
            None => self.slices.next().await,
            first => first,
        }
    }
}

/// A run under way.
struct Run<'a> {
    pull: &'a Pull,
    api: &'a VerkadaApi,
    clock: RunClock,
    /// `None` when nothing more can be printed.
    printer: Option<Printer>,
    has_checkpoint: bool,
    /// True if what is printed is remembered, so that later runs do not print it again.
    remembers: bool,
    /// Sources that are still to be printed, in order.
    waiting: VecDeque<PendingSource>,
    progress: &'a watch::Sender<Progress>,
    stop: watch::Receiver<bool>,
}

impl Pull {
    /// Runs until everything is printed, a failure ends it, or `stop` turns true. Then the write under way is finished
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
        let mut clock = RunClock::new(self.now);
        let plans = tokio::select! {
            // In this order, so that a first run that is stopped at once has saved where it began.
            biased;
            plans = prepare::prepare(self, api, &mut printer, &mut clock) => plans?,
            () = stopped(&mut stop) => return self.not_begun(clock.now()),
        };
        let mut run = Run {
            pull: self,
            api,
            clock,
            has_checkpoint: printer.checkpoint().is_some(),
            remembers: printer.remembers(),
            printer: Some(printer),
            waiting: VecDeque::new(),
            progress,
            stop,
        };
        run.start(plans);
        run.finish().await
    }

    fn not_begun(&self, now: i64) -> Result<Report, Error> {
        let window = self.requested_window(now)?;
        let sources = self.sources_in_order().map(|source| {
            let rest = RestartPoint::default().hint(window);
            SourceReport::unread(source, Outcome::NotBegun, Some(rest))
        });
        Ok(Report {
            sources: sources.collect(),
        })
    }
}

impl Run<'_> {
    /// Starts the reads of `plans`.
    fn start(&mut self, plans: Vec<(Source, Plan)>) {
        for (source, plan) in plans {
            log_plan(self.api, source, &plan);
            let read = self.start_read(source, plan);
            self.waiting.push_back(PendingSource { source, plan, read });
        }
    }

    fn start_read(&self, source: Source, plan: Plan) -> Result<StartedRead, i64> {
        let (window, first_slice) = match plan {
            Plan::UpToDate(through) => return Err(through),
            Plan::Read {
                window,
                first_slice,
                ..
            } => (window, first_slice),
        };
        let measures = self.remembers || self.pull.measures_times;
        let printer = self.printer.as_ref();
        let options = ReadOptions {
            source,
            window,
            first_slice,
            filter: self.pull.filter.clone(),
            processing_allowance: self.remembers.then_some(self.pull.overlap_seconds),
            measures_processing: measures,
            measures_first_seen: measures
                && self.pull.period == Period::Scheduled
                && printer.is_some_and(|printer| printer.tells_new_from_old(source)),
            now: self.clock.now(),
        };
        Ok(StartedRead {
            source,
            window,
            slices: read::start(self.api, options),
            first: None,
        })
    }

    /// Prints one source after the other.
    async fn finish(mut self) -> Result<Report, Error> {
        let mut sources = Vec::new();
        loop {
            let settled = self.settle_clock().await;
            if sources.is_empty() {
                self.say_where_requests_end();
            }
            let Some(pending) = self.waiting.pop_front() else {
                break;
            };
            let report = match settled {
                // Nothing was printed: the run is refused.
                Err(error) if sources.is_empty() => return Err(error),
                Err(error) => SourceReport::unread(pending.source, Outcome::Failed(error), None),
                Ok(()) => self.finish_source(pending, sources.is_empty()).await,
            };
            self.note_account(report.account);
            sources.push(report);
        }
        Ok(Report { sources })
    }

    /// Shows the account of a source beside those of the sources before, for the case that the run is ended at once.
    fn note_account(&self, account: Account) {
        self.progress.send_if_modified(|progress| {
            let accounts = &mut progress.accounts;
            let of_another =
                |known: &Option<Account>| known.is_some_and(|known| known.source != account.source);
            // There are two sources, so that the first place or the second one is its own.
            let place = usize::from(of_another(&accounts[0]));
            accounts[place] = Some(account);
            // Nobody waits for it.
            false
        });
    }

    async fn finish_source(&mut self, pending: PendingSource, is_first: bool) -> SourceReport {
        let source = pending.source;
        let mut report = match pending.read {
            Err(through) => SourceReport::unread(source, Outcome::UpToDate(through), None),
            Ok(read) if self.printer.is_none() || *self.stop.borrow() && !is_first => {
                let rest = RestartPoint::default().hint(read.window);
                SourceReport::unread(source, Outcome::NotBegun, Some(rest))
            }
            Ok(read) => self.print_source(read).await,
        };
        report.account.printed_through = self.printed_through(source);
        report
    }

    /// Returns how far the source is printed, as the checkpoint has it.
    fn printed_through(&self, source: Source) -> Option<i64> {
        self.printer.as_ref()?.printed_through(source)
    }

    /// Waits for the first answer and compares the clocks. If this machine's is wrong, the sources that are not printed
    /// yet are planned again by Verkada's clock, and what was read for the wrong windows is dropped.
    async fn settle_clock(&mut self) -> Result<(), Error> {
        if self.clock.standing() != Standing::Assumed || self.printer.is_none() {
            return Ok(());
        }
        let mut reads = self.waiting.iter_mut();
        let Some(first) = reads.find_map(|pending| pending.read.as_mut().ok()) else {
            return Ok(());
        };
        let printed = self.progress.borrow().printed;
        let nothing = RestartPoint::default();
        show_progress(self.progress, first.source, first.window, &nothing, printed);
        first.slices.mark_printing();
        tokio::select! {
            biased;
            () = stopped(&mut self.stop) => return Ok(()),
            () = first.fetch_first() => {}
        }
        match &first.first {
            Some(Ok(budgeted)) => {
                let newest = budgeted.slice.newest;
                self.clock.learn_from_answer(self.api, newest);
            }
            // The token's answer may have named a time all the same.
            _ => self.clock.learn(self.api, None),
        }
        if self.clock.standing() == Standing::Unknowable && self.has_checkpoint {
            tracing::warn!(
                "Verkada's answers name no time that can be relied on, so the checkpoint moves only as far as their newest record"
            );
        }
        self.plan_again()
    }

    fn plan_again(&mut self) -> Result<(), Error> {
        let Some(printer) = &mut self.printer else {
            return Ok(());
        };
        let sources: Vec<_> = self.waiting.iter().map(|pending| pending.source).collect();
        let plans = prepare::prepare_again(self.pull, self.api, printer, &self.clock, &sources)?;
        let are_same = self
            .waiting
            .iter()
            .zip(&plans)
            .all(|(pending, (_, plan))| pending.plan.reads_the_same(plan));
        if !are_same {
            self.waiting.clear();
            self.start(plans);
        }
        Ok(())
    }

    /// Warns if the range ends in the future, so that it cannot be read whole yet.
    fn say_where_requests_end(&self) {
        let now = self.clock.now();
        if let Some(end) = self.pull.end_after(now) {
            let requests_end = match self.clock.standing() {
                Standing::Unknowable => end,
                _ => now,
            };
            tracing::warn!(
                end = time_text(end),
                requests_end = time_text(requests_end),
                "{ENDS_IN_FUTURE}"
            );
        }
    }

    /// Prints the slices of one source. Gives up the printer when nothing more can be printed.
    async fn print_source(&mut self, mut read: StartedRead) -> SourceReport {
        let StartedRead { source, window, .. } = read;
        read.slices.mark_printing();
        let mut point = RestartPoint::default();
        let mut read_time = ReadTime::default();
        let mut tally = Tally::default();
        let printed_before = self.progress.borrow().printed;
        let outcome = loop {
            let printed_so_far = printed_before + tally.counts.printed;
            show_progress(self.progress, source, window, &point, printed_so_far);
            let budgeted = match self.next_slice(&mut read, &point).await {
                Ok(budgeted) => budgeted,
                Err(outcome) => break outcome,
            };
            let answered_at = budgeted.slice.server_time.map(|time| time.timestamp());
            read_time.note(&self.clock, answered_at, budgeted.slice.newest);
            let read_at = read_time.certain(&self.clock);
            match print_slice(budgeted, read_at, &mut self.printer).await {
                Ok((printed, slice)) => {
                    tally.add(&slice, printed);
                    point.note_printed(&slice);
                    self.note_account(self.account(source, window, &tally));
                }
                Err(error) => {
                    self.printer = None;
                    break Outcome::Failed(error);
                }
            }
        };
        let saved = self.printer.as_mut().map_or(Ok(()), Printer::finish);
        let outcome = saved.map_or_else(Outcome::Failed, |()| outcome);
        let is_done = matches!(outcome, Outcome::Done);
        tally.odd.warn(source);
        self.warn_of_late_records(source, tally.lateness);
        SourceReport {
            account: Account {
                ending: outcome.ending(),
                ..self.account(source, window, &tally)
            },
            unmatched_names: tally.unmatched_names(source, &self.pull.filter),
            outcome,
            rest: (!is_done).then(|| point.hint(window)),
        }
    }

    /// The account of a source of which `tally` has been printed so far.
    fn account(&self, source: Source, window: Window, tally: &Tally) -> Account {
        Account {
            source,
            window: Some(window),
            counts: tally.counts,
            lateness: tally.lateness,
            longest_processing: tally.longest_processing,
            longest_first_seen: tally.longest_first_seen,
            printed_through: self.printed_through(source),
            ending: Ending::Stopped,
        }
    }

    /// Warns of records that came so late that a little later no run would have looked for them.
    fn warn_of_late_records(&self, source: Source, lateness: Lateness) {
        let Some(minutes) = lateness.overlap_to_set() else {
            return;
        };
        tracing::warn!(
            %source,
            records = lateness.nearly_missed,
            largest_lateness_seconds = lateness.largest,
            "records came up to {} late, in the last fifth of the overlap, and a later one would be missed; set --overlap-minutes {minutes} (now {})",
            shown_span(lateness.largest.unwrap_or_default()),
            self.pull.overlap_seconds / 60
        );
    }

    /// Waits for the next slice of `read`, which is printed up to `point`. `Err` is the outcome if none is to come.
    async fn next_slice(
        &mut self,
        read: &mut StartedRead,
        point: &RestartPoint,
    ) -> Result<BudgetedSlice, Outcome> {
        let received = tokio::select! {
            // A stop comes first, or a fast server could keep the run going.
            biased;
            () = stopped(&mut self.stop) => return Err(Outcome::Stopped),
            received = read.next() => received,
        };
        match received {
            Some(Ok(budgeted)) => Ok(budgeted),
            Some(Err(error)) => Err(Outcome::Failed(error.into())),
            None if point.printed_to() == Some(read.window.end()) => Err(Outcome::Done),
            // The slices must reach the end of the window, or their end would lose the rest in silence.
            None => Err(Outcome::Failed(Error::BrokenOff)),
        }
    }
}

/// Prints a slice on a thread of its own, so that a blocked pipe holds up neither signals nor answers under way.
async fn print_slice(
    budgeted: BudgetedSlice,
    read_at: i64,
    printer: &mut Option<Printer>,
) -> Result<(Printed, Slice), Error> {
    let Some(mut taken) = printer.take() else {
        return Err(Error::Output(io::Error::other("the output is gone")));
    };
    let written = tokio::task::spawn_blocking(move || {
        let BudgetedSlice { slice, reservation } = budgeted;
        let result = taken.print(&slice, read_at);
        drop(reservation);
        (taken, result.map(|printed| (printed, slice)))
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
    progress.send_modify(|progress| {
        *progress = Progress {
            source: Some(source),
            start: window.start(),
            end: window.end(),
            reached: point.printed_to().unwrap_or(window.start()),
            printed,
            ..*progress
        };
    });
}

/// Seconds as people read them: `28m 10s`.
fn shown_span(seconds: i64) -> impl Display {
    humantime::format_duration(Duration::from_secs(seconds.unsigned_abs()))
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
