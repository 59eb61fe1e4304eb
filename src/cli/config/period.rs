//! The stretch of time that a run reads.

use verkada_audit_logs::pull::Period;

use super::time::{parse_span, parse_time};
use super::usage_error::UsageError;
use crate::cli::args::ReadArgs;

/// Reads `--since`, or `--start` and `--end`; without them the run is a scheduled one. `now` is the beginning of the run in
/// Unix seconds. With `accept_gap` a start alone is where a scheduled run goes on.
pub(super) fn period(args: &ReadArgs, accept_gap: bool, now: i64) -> Result<Period, UsageError> {
    if let Some(span) = &args.since {
        return since(span, now);
    }
    // Both are read before a missing one is reported: a time that cannot be read is the first mistake to mend.
    let [start, end] = [("--start", &args.start), ("--end", &args.end)].map(|(flag, text)| {
        let time = text.as_deref().map(parse_time).transpose();
        time.map_err(|reason| UsageError::new(format!("{flag}: {reason}")))
    });
    let (start, end) = match (start?, end?) {
        (None, None) => return Ok(Period::Scheduled),
        (Some(start), Some(end)) => (start, end),
        (Some(_), None) if accept_gap => return Ok(Period::Scheduled),
        (Some(_), None) => {
            return Err(UsageError::new(
                "--start needs --end, or --accept-gap with --checkpoint; --since 2h reads from two hours ago until now",
            ));
        }
        (None, Some(_)) => return Err(UsageError::new("--end needs --start")),
    };
    if start >= end {
        return Err(UsageError::new(format!(
            "--start ({}) must be before --end ({}); a day means its midnight, so a whole day ends with the next one",
            args.start.as_deref().unwrap_or_default(),
            args.end.as_deref().unwrap_or_default()
        )));
    }
    Ok(Period::Range { start, end })
}

/// The time to go on from although the time before cannot be read.
pub(super) fn accept_gap_to(args: &ReadArgs, accept_gap: bool) -> Result<Option<i64>, UsageError> {
    let start = args.start.as_deref().filter(|_| accept_gap);
    let time = start.map(parse_time).transpose();
    time.map_err(|reason| UsageError::new(format!("--start: {reason}")))
}

fn since(span: &str, now: i64) -> Result<Period, UsageError> {
    let refuse = |reason| UsageError::new(format!("--since: {reason}"));
    let start = now - parse_span(span).map_err(refuse)?;
    if start < 0 {
        return Err(refuse("that is before 1970".to_owned()));
    }
    Ok(Period::Range { start, end: now })
}
