//! One history: its runs and its mishaps.

use std::fs;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use tokio::sync::watch;
use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{
    self, Checkpoint, CheckpointError, EventFilter, Faults, Format, Moment, Output, Period,
    Printer, Progress, Pull, Report,
};

use super::oracle::Counts;
use super::scenario::{LIVELY, Scenario, pick};
use super::world::World;

/// The program, or one that is wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    AsItIs,
    NoOverlap,
    CollapsedTwins,
    SavesFirst,
    IgnoredRepeats,
}

pub(super) struct History {
    pub(super) variant: Variant,
    pub(super) dice: Rng,
    pub(super) scenario: Scenario,
    pub(super) world: World,
    pub(super) counts: Counts,
    /// Whole lines that runs have printed.
    pub(super) printed: Vec<String>,
    /// Bytes of the output file already taken.
    pub(super) taken: usize,
    /// Files that the output was rotated into, which are named by number.
    pub(super) rotated: usize,
    /// The mark of the output in the checkpoint at the last rotation.
    pub(super) rotated_mark: Value,
    /// True if the last line of the output file is torn.
    pub(super) is_torn: bool,
    /// Possible beginnings of a first run.
    beginnings: Vec<i64>,
    /// The beginning of each source, in the order of `Source::ALL`, once it is settled.
    pub(super) since: [Option<i64>; 2],
    /// The second through which each source is printed.
    pub(super) through: [Option<i64>; 2],
    /// The same at the change from a range to scheduled runs.
    pub(super) switched: [Option<i64>; 2],
}

/// Disturbance of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    None,
    Dies(Moment, u32),
    DiesAtRequest(i64),
    StopsAtRequest(i64),
}

/// End of a run.
pub(super) enum Ended {
    Killed,
    NotBegun,
    Reported(Report),
}

impl History {
    pub(super) fn new(seed: u64, variant: Variant) -> Self {
        let mut dice = Rng::with_seed(seed);
        let mut scenario = Scenario::draw(&mut dice);
        if LIVELY.contains(&seed) {
            scenario.make_lively(&mut dice);
        }
        Self {
            variant,
            world: World::new(&scenario, variant == Variant::IgnoredRepeats),
            dice,
            scenario,
            counts: Counts {
                histories: 1,
                ..Counts::default()
            },
            printed: Vec::new(),
            taken: 0,
            rotated: 0,
            rotated_mark: Value::Null,
            is_torn: false,
            beginnings: Vec::new(),
            since: [None; 2],
            through: [None; 2],
            switched: [None; 2],
        }
    }

    pub(super) async fn play(mut self) -> Result<Counts, String> {
        if let Some((start, end)) = self.scenario.backfill {
            self.play_range(start, end).await?;
        }
        self.switched = self.through;
        for gap in self.scenario.gaps.clone() {
            self.play_run(Period::Scheduled).await?;
            self.maybe_rotate();
            self.world.hooks.advance(gap);
        }
        self.play_last_run().await
    }

    /// A range, now and then interrupted, and sometimes never finished.
    async fn play_range(&mut self, start: i64, end: i64) -> Result<(), String> {
        let attempts = self.dice.u32(1..5);
        for attempt in 0..attempts {
            self.play_run(Period::Range { start, end }).await?;
            self.maybe_rotate();
            let seconds = self.dice.i64(0..self.scenario.interval);
            self.world.hooks.advance(seconds);
            let done = self.through_of_all() >= Some(end);
            if done {
                self.counts.interrupted_ranges += u64::from(attempt > 0);
                return Ok(());
            }
        }
        Ok(())
    }

    async fn play_run(&mut self, period: Period) -> Result<(), String> {
        let faulty = pick(&mut self.dice, &[0, 0, 30, 200, 400]);
        self.world.hooks.fail_per_mille(faulty);
        let mishap = self.mishap();
        let skew = match self.dice.u32(0..12) {
            0..2 => self.dice.i64(-50..120),
            2 => self.dice.i64(-200_000..200_000),
            _ => 0,
        };
        self.counts.skewed += u64::from(skew != 0);
        let before = self.through;
        let began = self.world.hooks.now();
        let ended = self.run(period, mishap, skew).await?;
        self.note_beginning(period, began, skew)?;
        self.count_mishap(mishap, &ended);
        if period == Period::Scheduled {
            self.count_catch_up(before);
        }
        self.take_printed(period, before)
    }

    fn mishap(&mut self) -> Mishap {
        let dice = &mut self.dice;
        let moments = [Moment::BeforeWrite, Moment::BeforeSave, Moment::AfterSave];
        match dice.u32(0..10) {
            0..3 => Mishap::Dies(pick(dice, &moments), dice.u32(0..4)),
            3 => Mishap::DiesAtRequest(dice.i64(1..8)),
            4 => Mishap::StopsAtRequest(dice.i64(1..8)),
            _ => Mishap::None,
        }
    }

    pub(super) async fn run(
        &mut self,
        period: Period,
        mishap: Mishap,
        skew: i64,
    ) -> Result<Ended, String> {
        self.counts.runs += 1;
        let printer = self.printer(mishap)?;
        let pull = Pull {
            now: self.world.hooks.now() + skew,
            period,
            sources: self.scenario.sources.clone(),
            filter: EventFilter::All,
            interval_seconds: self.scenario.interval,
            overlap_seconds: self.overlap(),
            accept_gap_to: None,
            measures_times: false,
        };
        self.world.renew_client();
        match self.carry_out(&pull, printer, mishap).await {
            None => Ok(Ended::Killed),
            Some(Ok(report)) => Ok(Ended::Reported(report)),
            // The organisation of the key could not be asked for.
            Some(Err(pull::Error::Api(_))) => Ok(Ended::NotBegun),
            Some(Err(error)) => Err(format!("a run was refused: {error}")),
        }
    }

    fn printer(&self, mishap: Mishap) -> Result<Printer, String> {
        let checkpoint = open(
            &self.world.path("checkpoint"),
            &self.world.server.base_url(),
        )?;
        let output = Output::append(&self.world.path("out")).map_err(|error| error.to_string())?;
        let faults = Faults {
            collapse_twins: self.variant == Variant::CollapsedTwins,
            save_first: self.variant == Variant::SavesFirst,
            dies: match mishap {
                Mishap::Dies(moment, slice) => Some((moment, slice)),
                _ => None,
            },
        };
        // Another format after every fourth run: the promise is about records. A torn line is completed only in its own.
        let format = Format::ALL[self.counts.runs as usize / 4 % Format::ALL.len()];
        Ok(Printer::new(output, Some(checkpoint))
            .with_format(format, "simulation".to_owned())
            .with_faults(faults))
    }

    /// Runs `pull` until its end, or until the mishap; `None` if it was killed.
    async fn carry_out(
        &self,
        pull: &Pull,
        printer: Printer,
        mishap: Mishap,
    ) -> Option<Result<Report, pull::Error>> {
        let (dies_at, stops_at) = match mishap {
            Mishap::DiesAtRequest(request) => (Some(request), None),
            Mishap::StopsAtRequest(request) => (None, Some(request)),
            _ => (None, None),
        };
        let hooks = &self.world.hooks;
        hooks.ring_at(dies_at.or(stops_at).unwrap_or(0));
        let (stop, stopping) = watch::channel(false);
        let (progress, _) = watch::channel(Progress::default());
        let run = pull.run(&self.world.api, printer, &progress, stopping);
        tokio::pin!(run);
        tokio::select! {
            report = &mut run => Some(report),
            () = hooks.bell.notified() => {
                stops_at?;
                stop.send_replace(true);
                Some(run.await)
            }
        }
    }

    /// Checks that a first run has begun where the server's clock says, or this machine's if that is right to the minute. What
    /// no answer has confirmed counts only if a later run takes it over.
    pub(super) fn note_beginning(
        &mut self,
        period: Period,
        began: i64,
        skew: i64,
    ) -> Result<(), String> {
        let interval = self.scenario.interval;
        let start = |now: i64| match period {
            Period::Range { start, .. } => start,
            Period::Scheduled => now - now.rem_euclid(interval) - interval,
        };
        let mut at = start(began);
        while at <= start(self.world.hooks.now()) {
            self.beginnings.push(at);
            at += interval;
        }
        // The server's clock goes on from answer to answer, and this machine's does not.
        let elapsed = self.world.hooks.now() - began;
        if (-61..=61 + elapsed).contains(&skew) {
            self.beginnings.push(start(began + skew));
        }
        let Ok(state) = self.state() else {
            return Ok(());
        };
        for (number, source) in Source::ALL.into_iter().enumerate() {
            let Some(since) = number_at(&state, source, "since") else {
                continue;
            };
            if state[key(source)]["provisional"] == true {
                self.counts.provisional += 1;
                self.beginnings.push(since);
            } else if self.since[number].is_none() {
                if !self.beginnings.contains(&since) {
                    return Err(format!("begins at {since}, not {:?}", self.beginnings));
                }
                self.counts.moved += u64::from(skew.abs() > 61);
                self.since[number] = Some(since);
            }
        }
        Ok(())
    }

    /// The overlap of a run: the scenario's or a longer one. The promise is by the shortest.
    fn overlap(&mut self) -> i64 {
        if self.variant == Variant::NoOverlap {
            return 0;
        }
        let factor = pick(&mut self.dice, &[1, 1, 1, 1, 2, 3]);
        self.counts.longer_overlaps += u64::from(factor > 1);
        self.scenario.overlap * factor
    }

    fn through_of_all(&self) -> Option<i64> {
        let numbered = Source::ALL.iter().zip(self.through);
        let read = numbered.filter(|(source, _)| self.scenario.sources.contains(source));
        read.map(|(_, through)| through).min().flatten()
    }

    /// The checkpoint file.
    pub(super) fn state(&self) -> Result<Value, String> {
        let text =
            fs::read_to_string(self.world.path("checkpoint")).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

/// Opens the checkpoint once the run before has let go of it.
pub(super) fn open(path: &std::path::Path, origin: &str) -> Result<Checkpoint, String> {
    loop {
        match Checkpoint::open(path, origin) {
            Err(CheckpointError::Busy { .. }) => std::thread::sleep(Duration::from_micros(100)),
            opened => return opened.map_err(|error| error.to_string()),
        }
    }
}

pub(super) fn number_at(state: &Value, source: Source, name: &str) -> Option<i64> {
    state[key(source)]["watermark"][name].as_i64()
}

fn key(source: Source) -> &'static str {
    match source {
        Source::AuditLogs => "audit_logs",
        Source::Notifications => "notifications",
    }
}
