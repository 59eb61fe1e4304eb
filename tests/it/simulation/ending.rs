//! The end of a history: one run that nothing disturbs, and the reckoning.

use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{Outcome, Period};

use super::history::{Ended, History, Mishap, Variant, number_at};
use super::oracle::{self, Counts, Coverage};
use super::output::record;

impl History {
    /// Nothing disturbs the last run, and the files hold what was acknowledged on the way.
    pub(super) async fn play_last_run(mut self) -> Result<Counts, String> {
        let ahead = self
            .scenario
            .backfill
            .map_or(0, |(_, end)| end - self.world.hooks.now());
        let later = ahead.max(0) + self.scenario.interval * self.dice.i64(1..4);
        self.world.hooks.advance(later);
        self.world.hooks.fail_per_mille(0);
        let began = self.world.hooks.now();
        let before = self.through;
        let ended = self.run(Period::Scheduled, Mishap::None, 0).await?;
        self.note_beginning(Period::Scheduled, began, 0)?;
        match ended {
            Ended::Reported(report) => {
                for source in &report.sources {
                    if !matches!(source.outcome, Outcome::Done) {
                        return Err(format!("the last run fails: {:?}", source.outcome));
                    }
                }
            }
            _ => return Err("the last run fails".to_owned()),
        }
        self.take_printed(Period::Scheduled, before)?;
        let lines = self.lines_of_files();
        if !lines
            .iter()
            .filter_map(|line| record(line))
            .eq(self.printed.iter().cloned())
        {
            return Err("the files differ from what was printed".to_owned());
        }
        if self.variant == Variant::AsItIs {
            self.check_ids()?;
        }
        self.compare(began)
    }

    fn compare(mut self, began: i64) -> Result<Counts, String> {
        let state = self.state()?;
        let boundary = began - began.rem_euclid(self.scenario.interval);
        for (number, source) in Source::ALL.into_iter().enumerate() {
            if !self.scenario.sources.contains(&source) {
                continue;
            }
            let read = |name| number_at(&state, source, name).ok_or("no watermark");
            let (since, through) = (read("since")?, read("through")?);
            if self.since[number].is_some_and(|first| first != since) {
                return Err(format!(
                    "the first interval is lost: {since}, not {:?}",
                    self.since[number]
                ));
            }
            if through < boundary {
                return Err(format!(
                    "the watermark stays at {through} before {boundary}"
                ));
            }
            let switched = match source {
                Source::AuditLogs => self.switched[number].unwrap_or(since),
                Source::Notifications => since,
            };
            self.counts.switches += u64::from(switched > since && through > switched);
            let covered = Coverage {
                since,
                switched,
                through,
                overlap: self.scenario.overlap,
                ends: self.scenario.ends,
                last_run: (began, self.world.hooks.now()),
            };
            let is_own = |line: &&str| line.contains("\"created\":") == (number == 1);
            let printed = self.printed.iter().map(String::as_str).filter(is_own);
            let organisation = self.world.server.organisation();
            let expectations = oracle::expectations(organisation, source, &covered);
            let (promised, twins) = oracle::compare(expectations, printed)
                .map_err(|problem| format!("{source}: {problem}, {covered:?}"))?;
            self.counts.promised += promised;
            self.counts.twins += twins;
        }
        self.counts.faults = self.world.hooks.faults();
        self.count_spent();
        Ok(self.counts)
    }
}
