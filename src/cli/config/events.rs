//! The audit logs to keep, by the names of their events.

use verkada_audit_logs::pull::EventFilter;

use super::setting::{Settings, words};
use super::usage_error::UsageError;
use crate::cli::args::ReadArgs;

const WANTED: &str = "INTERESTED_EVENTS";
const EXCLUDED: &str = "EXCLUDED_EVENTS";

/// The form in which event names are given.
const FORM: &str = "write the names without quotes or brackets, separated by commas: Live Stream Started,Archive Action Taken";

/// Finds the filter: in the flags, then in the environment, then in `.env`. The first of these that says anything counts
/// alone.
pub(super) fn filter(args: &ReadArgs, settings: &Settings<'_>) -> Result<EventFilter, UsageError> {
    if args.all_events {
        return Ok(EventFilter::All);
    }
    if !args.event.is_empty() {
        return Ok(EventFilter::names(event_names(&args.event, "--event")?));
    }
    if !args.exclude_event.is_empty() {
        return Ok(EventFilter::except(event_names(
            &args.exclude_event,
            "--exclude-event",
        )?));
    }
    let Some(found) = settings.environment.first_of([WANTED, EXCLUDED])? else {
        return Ok(EventFilter::default());
    };
    if !found.is_alone {
        return Err(UsageError::new(format!(
            "{WANTED} and {EXCLUDED} are both set; unset one, since the first keeps only the events that it names and the second all others"
        )));
    }
    let names = event_names(&[found.value], found.name)?;
    Ok(if found.name == WANTED {
        EventFilter::names(names)
    } else {
        EventFilter::except(names)
    })
}

/// Splits `values` into names. A quote or bracket is never part of a name: it comes from a container's environment file or
/// from a list in another notation, and a name with it would match nothing.
fn event_names(values: &[String], setting: &str) -> Result<Vec<String>, UsageError> {
    words(values, setting, FORM, |letter| {
        letter.is_control() || "\"“”„[]{};|\\".contains(letter)
    })
}
