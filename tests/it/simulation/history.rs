//! One history: its runs, its mishaps, and its output.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use tokio::sync::watch;
use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{
    self, Checkpoint, CheckpointError, EventFilter, Faults, Format, Moment, Output, Period,
    Printer, Progress, Pull, Report, record_text,
};

use super::living::LIVELY;
use super::oracle::Counts;
use super::scenario::{Scenario, pick};
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
    /// How much of the output file is among it.
    taken: usize,
    /// How many files the output had before, which are named by number.
    rotated: usize,
    /// How the checkpoint recognised the output at the last rotation.
    rotated_mark: Value,
    /// True if the last line of the output file is torn.
    is_torn: bool,
    /// Where a first run may have begun.
    beginnings: Vec<i64>,
    /// Where it did, once that is settled. Per source, as `Source::ALL` has it.
    pub(super) since: [Option<i64>; 2],
    /// Likewise.
    pub(super) through: [Option<i64>; 2],
    pub(super) switched: [Option<i64>; 2],
}

/// How a run is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    None,
    Dies(Moment, u32),
    DiesAtRequest(i64),
    StopsAtRequest(i64),
}

/// How a run ended.
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
            self.world.will.advance(gap);
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
            self.world.will.advance(seconds);
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
        self.world.will.fail_per_mille(faulty);
        let mishap = self.mishap();
        let skew = match self.dice.u32(0..12) {
            0..2 => self.dice.i64(-50..120),
            2 => self.dice.i64(-200_000..200_000),
            _ => 0,
        };
        self.counts.skewed += u64::from(skew != 0);
        let before = self.through;
        let began = self.world.will.now();
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
        let checkpoint = open(
            &self.world.path("checkpoint"),
            &self.world.server.base_url(),
        )?;
        let output = Output::append(&self.world.path("out")).map_err(|error| error.to_string())?;
        let overlap = self.overlap();
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
        let printer = Printer::new(output, Some(checkpoint))
            .with_format(format, "simulation".to_owned())
            .with_faults(faults);
        let pull = Pull {
            now: self.world.will.now() + skew,
            period,
            sources: self.scenario.sources.clone(),
            filter: EventFilter::All,
            interval_seconds: self.scenario.interval,
            overlap_seconds: overlap,
            accept_gap_to: None,
        };
        let (dies_at, stops_at) = match mishap {
            Mishap::DiesAtRequest(request) => (Some(request), None),
            Mishap::StopsAtRequest(request) => (None, Some(request)),
            _ => (None, None),
        };
        self.world.renew_client();
        let will = &self.world.will;
        will.ring_at(dies_at.or(stops_at).unwrap_or(0));
        let (stop, stopping) = watch::channel(false);
        let (progress, _) = watch::channel(Progress::default());
        let run = pull.run(&self.world.api, printer, &progress, stopping);
        tokio::pin!(run);
        let report = tokio::select! {
            report = &mut run => report,
            () = will.bell.notified() => match stops_at {
                None => return Ok(Ended::Killed),
                Some(_) => {
                    stop.send_replace(true);
                    run.await
                }
            },
        };
        match report {
            Ok(report) => Ok(Ended::Reported(report)),
            // Which organisation the key belongs to could not be asked.
            Err(pull::Error::Api(_)) => Ok(Ended::NotBegun),
            Err(error) => Err(format!("a run was refused: {error}")),
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
        while at <= start(self.world.will.now()) {
            self.beginnings.push(at);
            at += interval;
        }
        // The server's clock goes on from answer to answer, and this machine's does not.
        let elapsed = self.world.will.now() - began;
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

    /// The promise is by the shortest overlap of all runs.
    fn overlap(&mut self) -> i64 {
        if self.variant == Variant::NoOverlap {
            return 0;
        }
        let factor = pick(&mut self.dice, &[1, 1, 1, 1, 2, 3]);
        self.counts.longer_overlaps += u64::from(factor > 1);
        self.scenario.overlap * factor
    }

    /// Takes note of what the run printed, and leaves the file as a kill may leave it.
    pub(super) fn take_printed(
        &mut self,
        period: Period,
        before: [Option<i64>; 2],
    ) -> Result<(), String> {
        // A write that was under way when the run was dropped goes on until it is done.
        drop(open(
            &self.world.path("checkpoint"),
            &self.world.server.base_url(),
        )?);
        let Ok(state) = self.state() else {
            return Ok(());
        };
        let path = self.world.path("out");
        let length = fs::metadata(&path).unwrap().len() as usize;
        let acknowledged = self.acknowledged(&state);
        self.tear(acknowledged, length);
        let content = fs::read(&path).unwrap();
        let fresh = content
            .get(self.taken..)
            .ok_or("the file is shorter than before")?;
        let whole = fresh.iter().rposition(|byte| *byte == b'\n');
        let fresh = &fresh[..whole.map_or(0, |at| at + 1)];
        self.taken += fresh.len();
        // A line that was torn within a character and belongs to another format is ended as it is.
        let fresh = String::from_utf8_lossy(fresh).into_owned();
        let fresh = self.take_torn_line(&fresh);
        self.check_order(fresh, period, before)?;
        self.printed.extend(fresh.lines().filter_map(record));
        self.is_torn = content.len() > self.taken;
        self.through = Source::ALL.map(|source| number_at(&state, source, "through"));
        Ok(())
    }

    /// How much of the output file is acknowledged.
    fn acknowledged(&self, state: &Value) -> usize {
        let mark = &state["output"];
        if *mark == self.rotated_mark {
            // No run has looked at the new file yet.
            return 0;
        }
        mark["length"].as_u64().unwrap_or(0) as usize
    }

    /// Takes note of the first of the `fresh` lines if the run before it had left half of it, and returns the others: it is
    /// completed out of order, or ended.
    fn take_torn_line<'a>(&mut self, fresh: &'a str) -> &'a str {
        let Some((first, others)) = fresh.split_once('\n').filter(|_| self.is_torn) else {
            return fresh;
        };
        if let Some(record) = record(first) {
            self.counts.completed += 1;
            self.printed.push(record);
        } else {
            self.counts.ended += 1;
        }
        others
    }

    /// Bytes after the acknowledged end need not have reached the disk, and a checkpoint need not be whole
    /// that was not renamed yet.
    fn tear(&mut self, acknowledged: usize, length: usize) {
        if length > acknowledged && self.dice.bool() {
            let kept = self.dice.usize(acknowledged.max(self.taken)..=length);
            let file = fs::OpenOptions::new()
                .write(true)
                .open(self.world.path("out"))
                .unwrap();
            file.set_len(kept as u64).unwrap();
            self.counts.torn += u64::from(kept > acknowledged);
        }
        if self.dice.u32(0..8) == 0 {
            fs::write(self.world.path("checkpoint.tmp"), "{\"vers").unwrap();
        }
    }

    /// Audit logs first, each source oldest first.
    fn check_order(
        &mut self,
        fresh: &str,
        period: Period,
        before: [Option<i64>; 2],
    ) -> Result<(), String> {
        let mut previous = (0, i64::MIN);
        for line in fresh.lines() {
            let text = record(line).ok_or_else(|| format!("cut: {line}"))?;
            let record: Value = serde_json::from_str(&text).unwrap();
            let number = usize::from(record["created"].is_i64());
            let own_time = match number {
                0 => seconds(&record["processed_timestamp"]),
                _ => record["created"].as_i64().unwrap(),
            };
            let time = match (number, period) {
                (0, Period::Range { end, .. }) => {
                    self.counts.ahead += u64::from(own_time > end);
                    seconds(&record["timestamp"])
                }
                _ => own_time,
            };
            if (number, time) < previous {
                return Err(format!("out of order: {line}"));
            }
            previous = (number, time);
            self.counts.late += u64::from(before[number].is_some_and(|through| time < through));
            self.counts.twins_apart += u64::from(self.printed.contains(&text));
        }
        Ok(())
    }

    /// Renames the output, or copies and empties it, also right after a run was killed. A file of which nothing was
    /// acknowledged would not be recognised under its new name.
    fn maybe_rotate(&mut self) {
        let path = self.world.path("out");
        let Ok(state) = self.state() else { return };
        if self.dice.u32(0..8) != 0 || self.taken == 0 || self.acknowledged(&state) == 0 {
            return;
        }
        self.counts.rotations += 1;
        let length = fs::metadata(&path).unwrap().len() as usize;
        self.counts.rotated_unacknowledged += u64::from(length > self.acknowledged(&state));
        self.rotated_mark = state["output"].clone();
        self.is_torn = false;
        self.taken = 0;
        self.rotated += 1;
        let old = self.world.path(&format!("out.{}", self.rotated));
        if self.dice.bool() {
            fs::rename(path, old).unwrap();
        } else {
            fs::copy(&path, old).unwrap();
            fs::write(path, "").unwrap();
        }
    }

    /// Whole lines of all output files, without the halves of a record that had to be ended.
    pub(super) fn lines_of_files(&self) -> Vec<String> {
        let old = (1..=self.rotated).map(|number| format!("out.{number}"));
        let mut lines = Vec::new();
        for name in old.chain(["out".to_owned()]) {
            // A file that was left behind may end within a character.
            let content = fs::read(self.world.path(&name)).unwrap_or_default();
            let content = String::from_utf8_lossy(&content);
            let whole = content.split_inclusive('\n');
            let whole = whole.filter_map(|line| line.strip_suffix('\n'));
            let records = whole.filter(|line| serde_json::from_str::<Value>(line).is_ok());
            lines.extend(records.map(str::to_owned));
        }
        lines
    }

    /// Checks that no two records have the same id.
    pub(super) fn check_ids(&self) -> Result<(), String> {
        let mut ids = HashSet::new();
        for line in self.lines_of_files() {
            let line: Value = serde_json::from_str(&line).unwrap();
            let id = line["id"].as_str().or(line["metadata"]["uid"].as_str());
            if let Some(id) = id.filter(|id| !ids.insert((*id).to_owned())) {
                return Err(format!("two records have the id {id}"));
            }
        }
        Ok(())
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

/// The record in a line, whatever its format.
pub(super) fn record(line: &str) -> Option<String> {
    record_text(line).map(Cow::into_owned)
}

/// Opens the checkpoint once the run before has let go of it.
fn open(path: &std::path::Path, origin: &str) -> Result<Checkpoint, String> {
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

fn seconds(time: &Value) -> i64 {
    let time = chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap());
    time.unwrap().timestamp()
}
