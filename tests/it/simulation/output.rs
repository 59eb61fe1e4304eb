//! The output files of a history: what runs have printed into them, how a kill leaves them, and their rotation.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;

use serde_json::Value;
use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{Period, record_text};

use super::history::{History, number_at, open};

impl History {
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

    /// Bytes of the output file that are acknowledged.
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

    /// Cuts off bytes after the acknowledged end, which need not have reached the disk, and leaves half of a checkpoint that
    /// was not renamed yet.
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

    /// Checks that audit logs come first, and each source oldest first.
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
    pub(super) fn maybe_rotate(&mut self) {
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
}

/// The record in a line, whatever its format.
pub(super) fn record(line: &str) -> Option<String> {
    record_text(line).map(Cow::into_owned)
}

fn seconds(time: &Value) -> i64 {
    let time = chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap());
    time.unwrap().timestamp()
}
