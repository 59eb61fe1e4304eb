//! The names by which audit logs are kept or left out: a misspelt one matches nothing, and no run says so.

use std::collections::BTreeSet;

use crate::api::{Record, Source};
use crate::doctor::check::CheckOutcome;
use crate::pull::{EventFilter, Verdict, mapped_event_names};

/// Likeness that two names need for one to be suggested in place of the other, from 0 to 1.
const LEAST_LIKENESS: f64 = 0.5;

/// Limit for the names that match nothing and are listed.
const MOST_LISTED: usize = 3;

/// The longest single word that is repeated: a longer one may be a key in the wrong place.
const LONGEST_WORD: usize = 32;

/// Compares the names that `filter` gives with those on the page.
pub(super) fn check(filter: &EventFilter, records: &[Record]) -> CheckOutcome {
    let kept = records.iter().filter(|record| {
        let verdict = filter.verdict(Source::AuditLogs, record);
        !matches!(verdict, Verdict::Drop)
    });
    let kept = format!(
        "a run keeps {} of the {} on the page",
        kept.count(),
        records.len()
    );
    let seen: BTreeSet<_> = records.iter().filter_map(Record::event_name).collect();
    let seen: Vec<_> = seen.iter().map(|name| name.trim()).collect();
    let names = match filter {
        EventFilter::All => return CheckOutcome::ok(kept),
        EventFilter::Names(names) | EventFilter::Except(names) => names,
    };
    if *filter == EventFilter::default() {
        return CheckOutcome::ok(format!("the three of the default; {kept}"));
    }
    let is_seen = |name: &&String| seen.iter().any(|seen| seen.eq_ignore_ascii_case(name));
    let unseen: Vec<_> = names.iter().filter(|name| !is_seen(name)).collect();
    if unseen.is_empty() {
        return CheckOutcome::ok(format!("each is on the page; {kept}"));
    }
    warn_of(&unseen, &seen, &kept)
}

/// Warns of names that no record on the page has.
fn warn_of(unseen: &[&String], seen: &[&str], kept: &str) -> CheckOutcome {
    let found = format!(
        "no audit log on the page is called {}; {kept}",
        listed(unseen)
    );
    CheckOutcome::warn(found, hints(unseen, seen))
}

/// Describes `names`, of which there is at least one, that no audit log of a run had: one line that says what may be
/// meant by each.
pub fn describe_unmatched(names: &[String]) -> String {
    let names: Vec<_> = names.iter().collect();
    format!(
        "no audit log that was read is called {}; {}",
        listed(&names),
        hints(&names, &[])
    )
}

fn listed(names: &[&String]) -> String {
    let shown: Vec<_> = names
        .iter()
        .take(MOST_LISTED)
        .map(|name| shown(name))
        .collect();
    let more = match names.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    shown.join(" or ") + &more
}

fn hints(names: &[&String], seen: &[&str]) -> String {
    let is_only = names.len() == 1;
    let listed = names.iter().take(MOST_LISTED);
    let hints: Vec<_> = listed.map(|name| hint(name, seen, is_only)).collect();
    hints.join("; ")
}

/// Suggests what a name that matches nothing may mean. It is named again unless it `is_only` one.
fn hint(name: &str, seen: &[&str], is_only: bool) -> String {
    match nearest(name, seen) {
        Some(known) if known.eq_ignore_ascii_case(name) => {
            format!("{} is a known name, and may be rare", shown(known))
        }
        Some(known) if is_only => format!("the nearest known name is {}", shown(known)),
        Some(known) => format!(
            "the known name nearest to {} is {}",
            shown(name),
            shown(known)
        ),
        None => format!(
            "no known name is like {}; --all-events shows which ones there are",
            shown(name)
        ),
    }
}

/// The name that is most like `name`, of those that were seen and those that Verkada is known to use, which the OCSF
/// mapping names.
fn nearest<'a>(name: &str, seen: &[&'a str]) -> Option<&'a str> {
    let likeness = |known: &str| {
        strsim::normalized_damerau_levenshtein(
            &known.to_ascii_lowercase(),
            &name.to_ascii_lowercase(),
        )
    };
    // What the server calls a name is not repeated if it has odd characters.
    let is_plain = |name: &&&str| {
        name.bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    let mapped: Vec<&str> = mapped_event_names().collect();
    let candidates = mapped.iter().chain(seen.iter().filter(is_plain)).copied();
    let alike = candidates.map(|known| (likeness(known), known));
    let (likeness, known) = alike.max_by(|first, second| first.0.total_cmp(&second.0))?;
    (likeness >= LEAST_LIKENESS).then_some(known)
}

fn shown(name: &str) -> String {
    if name
        .split_whitespace()
        .any(|word| word.chars().count() > LONGEST_WORD)
    {
        return "what was given".to_owned();
    }
    format!("“{name}”")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_is_known_or_was_seen() {
        for (name, expected) in [
            ("Live Steam Started", Some("Live Stream Started")),
            ("live stream", Some("Live Stream Started")),
            ("Archive Taken", Some("Archive Action Taken")),
            ("user logn", Some("User Login")),
            ("DOOR CREATED", Some("Door Created")),
            ("Robot Dance Begun", Some("Robot Dance Began")),
            ("zzzzzzzzzzzzzzz", None),
        ] {
            assert_eq!(nearest(name, &["Robot Dance Began"]), expected, "{name}");
        }
    }

    #[test]
    fn a_known_name_is_not_called_misspelt() {
        assert!(hint("door created", &[], true).contains("may be rare"));
        let nearest = "the nearest known name is “Door Created”";
        assert_eq!(hint("Dor Created", &[], true), nearest);
        let names = ["Dor Created", "Live Steam Started"].map(str::to_owned);
        assert_eq!(
            describe_unmatched(&names),
            "no audit log that was read is called “Dor Created” or “Live Steam Started”; the known name nearest to “Dor Created” is “Door Created”; the known name nearest to “Live Steam Started” is “Live Stream Started”"
        );
    }

    #[test]
    fn a_long_word_is_not_repeated() {
        let key = "vkd_api_0123456789abcdef0123456789abcdef";
        let name = key.to_owned();
        let CheckOutcome::Warn { found, remedy } = warn_of(&[&name], &[], "") else {
            panic!("it is a warning");
        };
        assert!(
            !found.contains(key) && !remedy.contains(key),
            "{found} {remedy}"
        );
    }
}
