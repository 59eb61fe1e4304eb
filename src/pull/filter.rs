//! The filter: which records are kept.

use crate::api::{Record, Source};

/// The events whose audit logs are printed by default: who watched or exported video.
pub const INTERESTED_EVENTS: [&str; 3] = [
    "Archive Action Taken",
    "Video History Streamed",
    "Live Stream Started",
];

/// Keeps audit logs by the name of their event. Notifications are all kept: the API filters those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFilter {
    /// Every audit log.
    All,
    /// Audit logs with one of these names, which are compared after trimming and without ASCII case.
    Names(Vec<String>),
    /// Audit logs with any other name than these, compared in the same way.
    Except(Vec<String>),
}

impl EventFilter {
    /// A filter for `names`. Any name is accepted, because Verkada's names drift.
    pub fn names<Name: AsRef<str>>(names: impl IntoIterator<Item = Name>) -> Self {
        Self::Names(trimmed(names))
    }

    /// A filter for everything but `names`.
    pub fn except<Name: AsRef<str>>(names: impl IntoIterator<Item = Name>) -> Self {
        Self::Except(trimmed(names))
    }

    /// Decides whether `record` is kept.
    pub(crate) fn verdict(&self, source: Source, record: &Record) -> Verdict {
        self.judge(source, record, &mut MatchedNames::default())
    }

    /// Decides whether `record` is kept, and notes in `matched` which of the names it has.
    pub(super) fn judge(
        &self,
        source: Source,
        record: &Record,
        matched: &mut MatchedNames,
    ) -> Verdict {
        let (names, wants_named) = match self {
            Self::All => return Verdict::Keep,
            Self::Names(names) => (names, true),
            Self::Except(names) => (names, false),
        };
        if source == Source::Notifications {
            return Verdict::Keep;
        }
        let Some(event_name) = record.event_name() else {
            return Verdict::KeepUnclassified;
        };
        let event_name = event_name.trim();
        let place = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(event_name));
        if let Some(place) = place {
            matched.note(place);
        }
        if place.is_some() == wants_named {
            Verdict::Keep
        } else {
            Verdict::Drop
        }
    }

    /// The names that no record had, each once.
    pub(super) fn unmatched(&self, matched: &MatchedNames) -> Vec<String> {
        let (Self::Names(names) | Self::Except(names)) = self else {
            return Vec::new();
        };
        let is_first = |place: usize, name: &String| {
            !names[..place]
                .iter()
                .any(|other| other.eq_ignore_ascii_case(name))
        };
        let unmatched = names
            .iter()
            .enumerate()
            // A name that is given twice only ever matches in its first place.
            .filter(|(place, name)| !matched.contains(*place) && is_first(*place, name));
        unmatched.map(|(_, name)| name.clone()).collect()
    }

    /// Describes what is kept of `source`, the same for every order and case of the names. The API keeps only notifications
    /// of `notification_types`, or all if there are none.
    pub(super) fn description(&self, source: Source, notification_types: &[String]) -> String {
        match (source, self) {
            (Source::AuditLogs, Self::All) => "every event".to_owned(),
            (Source::AuditLogs, Self::Names(names)) => listed("events", names),
            (Source::AuditLogs, Self::Except(names)) => listed("all events but", names),
            (Source::Notifications, _) if notification_types.is_empty() => "every type".to_owned(),
            (Source::Notifications, _) => listed("types", notification_types),
        }
    }
}

fn listed(what: &str, names: &[String]) -> String {
    let mut names: Vec<_> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    format!("{what} {}", names.join(", "))
}

fn trimmed<Name: AsRef<str>>(names: impl IntoIterator<Item = Name>) -> Vec<String> {
    let names = names.into_iter();
    names.map(|name| name.as_ref().trim().to_owned()).collect()
}

impl Default for EventFilter {
    fn default() -> Self {
        Self::names(INTERESTED_EVENTS)
    }
}

/// The names of a filter that records have had, by their place in it.
#[derive(Clone, Debug, Default)]
pub(super) struct MatchedNames(Vec<bool>);

impl MatchedNames {
    fn note(&mut self, place: usize) {
        if self.0.len() <= place {
            self.0.resize(place + 1, false);
        }
        self.0[place] = true;
    }

    fn contains(&self, place: usize) -> bool {
        self.0.get(place).is_some_and(|is_matched| *is_matched)
    }

    /// Adds those of another part of the read.
    pub(super) fn add(&mut self, other: &Self) {
        let places = 0..other.0.len();
        places
            .filter(|place| other.contains(*place))
            .for_each(|place| self.note(place));
    }
}

/// The decision on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is wanted.
    Keep,
    /// It names no event, so it may be wanted.
    KeepUnclassified,
    /// It is not wanted.
    Drop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_record_has_is_known_afterwards() {
        let filter = EventFilter::names(["Door Opened", "Login", "door opened", "Logout"]);
        let mut matched = MatchedNames::default();
        let mut judge = |line: &str| {
            let record = Record::from_line(line).unwrap();
            filter.judge(Source::AuditLogs, &record, &mut matched)
        };
        assert_eq!(judge(r#"{"event_name":" LOGOUT "}"#), Verdict::Keep);
        assert_eq!(judge(r#"{"event_name":"Log"}"#), Verdict::Drop);
        assert_eq!(judge("{}"), Verdict::KeepUnclassified);
        let mut all = MatchedNames::default();
        all.add(&matched);
        assert_eq!(filter.unmatched(&all), ["Door Opened", "Login"]);
        all.note(0);
        assert_eq!(filter.unmatched(&all), ["Login"]);
        assert!(EventFilter::All.unmatched(&all).is_empty());
    }

    #[test]
    fn an_excluded_name_that_no_record_has_is_known_too() {
        let filter = EventFilter::except(["Login", "Logout"]);
        let mut matched = MatchedNames::default();
        let record = Record::from_line(r#"{"event_name":"Login"}"#).unwrap();
        let verdict = filter.judge(Source::AuditLogs, &record, &mut matched);
        assert_eq!(verdict, Verdict::Drop);
        assert_eq!(filter.unmatched(&matched), ["Logout"]);
    }

    #[test]
    fn filters_that_keep_the_same_have_the_same_description() {
        let events = |names: &[&str]| {
            EventFilter::names(names).description(Source::AuditLogs, &["motion".to_owned()])
        };
        let both = events(&["Live Stream Started", " archive action taken"]);
        assert_eq!(both, "events archive action taken, live stream started");
        assert_eq!(
            events(&[
                "ARCHIVE Action Taken",
                "Live Stream Started",
                "live stream started"
            ]),
            both
        );
        assert_ne!(events(&["Live Stream Started"]), both);
        assert_ne!(
            EventFilter::All.description(Source::AuditLogs, &[]),
            events(&["every event"])
        );
        let types = |types: &[&str]| {
            let types: Vec<_> = types.iter().map(|one| (*one).to_owned()).collect();
            EventFilter::All.description(Source::Notifications, &types)
        };
        assert_eq!(types(&["tamper", "motion"]), types(&["motion", "tamper"]));
        assert_ne!(types(&[]), types(&["motion"]));
    }
}
