//! Counts of what occurred in a run.

use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{Moment, Outcome};

use super::history::{Ended, History, Mishap, number_at};

impl History {
    pub(super) fn count_mishap(&mut self, mishap: Mishap, ended: &Ended) {
        let report = match ended {
            Ended::Reported(report) => report,
            Ended::Killed => {
                self.counts.died_reading += 1;
                return;
            }
            Ended::NotBegun => return,
        };
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(..));
        let died = report.sources.iter().any(|source| match &source.outcome {
            Outcome::Failed(error) => error.to_string().contains("on purpose"),
            _ => false,
        });
        let outcomes = report.sources.iter().map(|source| &source.outcome);
        let failures = outcomes.clone().filter(|outcome| failed(outcome)).count();
        match mishap {
            Mishap::Dies(Moment::BeforeWrite, _) if died => self.counts.died_before_write += 1,
            Mishap::Dies(Moment::BeforeSave, _) if died => self.counts.died_before_save += 1,
            Mishap::Dies(_, _) if died => self.counts.died_after_save += 1,
            _ => {
                self.counts.failed_sources += failures as u64;
                let alone = failures == 1
                    && outcomes
                        .clone()
                        .any(|outcome| matches!(outcome, Outcome::Done));
                self.counts.failed_alone += u64::from(alone);
            }
        }
        let stopped = outcomes
            .clone()
            .any(|outcome| matches!(outcome, Outcome::Stopped));
        self.counts.stopped += u64::from(stopped);
    }

    pub(super) fn count_catch_up(&mut self, before: [Option<i64>; 2]) {
        let Ok(state) = self.state() else { return };
        for (number, source) in Source::ALL.iter().enumerate() {
            let moved = before[number]
                .zip(number_at(&state, *source, "through"))
                .map_or(0, |(before, after)| after - before);
            self.counts.catch_ups += u64::from(moved >= 2 * self.scenario.interval);
            self.counts.long_catch_ups += u64::from(moved > 10 * self.scenario.interval);
        }
    }
}
