//! The configuration, put together and checked.

use std::path::PathBuf;

use verkada_audit_logs::demo::DemoServer;
use verkada_audit_logs::pull::{
    DEFAULT_OVERLAP_MINUTES, Format, LONGEST_OVERLAP_MINUTES, Period, Pull,
};
use verkada_audit_logs::{
    CRON_INTERVAL_MINUTES, DEFAULT_MAX_REQUESTS_PER_MINUTE, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE,
    MOST_REQUESTS_PER_MINUTE, Secret, Source, VerkadaApiBuilder,
};

use super::api_key;
use super::environment::Environment;
use super::events::filter;
use super::files::Files;
use super::period::{accept_gap_to, period};
use super::setting::{Setting, Settings, words};
use super::target::Target;
use super::usage_error::{UsageError, quoted};
use crate::cli::args::{PullArgs, ReadArgs, WriteArgs};

/// The configuration of a run, checked.
pub(crate) struct Config {
    /// The client, ready to be built.
    pub(crate) client: VerkadaApiBuilder,
    /// The task: what to read and keep.
    pub(crate) pull: Pull,
    /// The types of notifications to ask for; all if there are none.
    pub(crate) notification_types: Vec<String>,
    pub(crate) checkpoint: Option<PathBuf>,
    /// The name that a checkpoint is bound to: the host that is read.
    pub(crate) origin: String,
    pub(crate) output: Option<PathBuf>,
    /// Set if a metrics file is named.
    pub(crate) has_metrics: bool,
    /// `None` if none was asked for.
    pub(crate) format: Option<Format>,
    /// The host that is read, as envelopes and events name it.
    pub(crate) host: String,
    /// Set if the range was given by `--since`, which cannot stand beside `--start`.
    pub(crate) is_since: bool,
    /// Kept alive for the whole run.
    pub(crate) demo: Option<DemoServer>,
}

impl Config {
    /// Checks everything that can be checked without the network. `now` is the beginning of the run in Unix seconds.
    ///
    /// # Errors
    ///
    /// Names the flag or variable that cannot be used.
    pub(crate) fn new(
        args: &PullArgs,
        environment: &Environment,
        now: i64,
    ) -> Result<Self, UsageError> {
        Self::with_key(args, environment, now, api_key::find)
    }

    /// The same with a stand-in for the key, for a look at everything else where the key is missing.
    ///
    /// # Errors
    ///
    /// Names the flag or variable that cannot be used, other than those of the key.
    pub(crate) fn without_key(
        args: &PullArgs,
        environment: &Environment,
        now: i64,
    ) -> Result<Self, UsageError> {
        Self::with_key(args, environment, now, |_, _| api_key::stand_in())
    }

    fn with_key(
        args: &PullArgs,
        environment: &Environment,
        now: i64,
        find_key: impl FnOnce(&ReadArgs, &Settings<'_>) -> Result<Secret, UsageError>,
    ) -> Result<Self, UsageError> {
        let PullArgs { read, write, .. } = args;
        let settings = Settings { environment };
        // A time that cannot be read is the first mistake to mend, so it is named before a missing key.
        let period = period(read, write.accept_gap, now)?;
        let target = Target::find(read, &settings, find_key)?;
        let interval_seconds = i64::from(interval_minutes(read, &settings)?) * 60;
        let pull = Pull {
            now,
            period,
            sources: sources(read)?,
            filter: filter(read, &settings)?,
            interval_seconds,
            overlap_seconds: i64::from(overlap_minutes(write)?) * 60,
            accept_gap_to: accept_gap_to(read, write.accept_gap)?,
            measures_times: false,
        };
        let checkpoint = settings.path(write.checkpoint.as_deref(), "VERKADA_CHECKPOINT")?;
        if write.accept_gap && (checkpoint.is_none() || read.start.is_none()) {
            return Err(UsageError::new(
                "--accept-gap needs --checkpoint, which is where the gap is kept, and --start, the time to go on from",
            ));
        }
        let output = write.output.clone().filter(|path| path != "-");
        let files = Files::of(args, &settings)?;
        files.check_distinct()?;
        environment.warn_of_variables();
        warn_of_flags_without_effect(args, &pull.sources, checkpoint.is_some());
        let notification_types = notification_types(read)?;
        let client = target.client.notification_types(notification_types.clone());
        let is_long = checkpoint.is_some() || is_long_range(&pull);
        Ok(Self {
            client: with_options(client, read, &settings, is_long)?,
            pull,
            notification_types,
            checkpoint,
            host: host_of(&target.origin).to_owned(),
            origin: target.origin,
            output,
            has_metrics: files.has_metrics(),
            format: format(write, &settings)?,
            is_since: read.since.is_some(),
            demo: target.demo,
        })
    }
}

/// The format that was asked for.
fn format(args: &WriteArgs, settings: &Settings<'_>) -> Result<Option<Format>, UsageError> {
    let setting = settings.pick(&args.format, "--format", "VERKADA_FORMAT")?;
    let Some(setting) = setting else {
        return Ok(None);
    };
    let is_meant = |format: &Format| {
        format
            .flag_value()
            .eq_ignore_ascii_case(setting.value.trim())
    };
    let format = Format::ALL.into_iter().find(is_meant).ok_or_else(|| {
        let given = quoted(&setting.value);
        setting.refuse(format!(
            "{given} is not a format; write raw, envelope or ocsf"
        ))
    })?;
    Ok(Some(format))
}

/// The host in an address, with its port if it has one. The simulated organisation has a name instead.
fn host_of(origin: &str) -> &str {
    let after_scheme = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let end = after_scheme.find('/').unwrap_or(after_scheme.len());
    &after_scheme[..end]
}

/// Warns of flags that are allowed and yet do nothing.
fn warn_of_flags_without_effect(args: &PullArgs, sources: &[Source], has_checkpoint: bool) {
    let PullArgs { read, write, .. } = args;
    if write.overlap_minutes.is_some() && !has_checkpoint {
        tracing::warn!("--overlap-minutes does nothing without --checkpoint");
    }
    let of_audit_logs = [
        ("--event", !read.event.is_empty()),
        ("--exclude-event", !read.exclude_event.is_empty()),
    ];
    let of_notifications = [("--notification-type", !read.notification_type.is_empty())];
    for (source, flags) in [
        (Source::AuditLogs, &of_audit_logs[..]),
        (Source::Notifications, &of_notifications[..]),
    ] {
        let is_read = sources.contains(&source);
        for (flag, _) in flags.iter().filter(|(_, is_given)| *is_given && !is_read) {
            tracing::warn!("{flag} does nothing where {source} are not read");
        }
    }
}

fn interval_minutes(args: &ReadArgs, settings: &Settings<'_>) -> Result<u32, UsageError> {
    let setting = settings.pick(
        &args.interval_minutes,
        "--interval-minutes",
        "CRON_INTERVAL_MINUTES",
    )?;
    setting.map_or(Ok(CRON_INTERVAL_MINUTES), |setting| {
        setting.number(1, 1_440)
    })
}

fn is_long_range(pull: &Pull) -> bool {
    matches!(pull.period, Period::Range { start, end } if end - start > pull.interval_seconds)
}

/// Sets the options of requests. `is_long` is set for a read of more than one interval, and with a checkpoint: such a run
/// reads the overlap as well, and after an outage much more.
fn with_options(
    client: VerkadaApiBuilder,
    args: &ReadArgs,
    settings: &Settings<'_>,
    is_long: bool,
) -> Result<VerkadaApiBuilder, UsageError> {
    let page_size = settings.pick(&args.page_size, "--page-size", "VERKADA_PAGE_SIZE")?;
    let pace = settings.pick(
        &args.max_requests_per_minute,
        "--max-requests-per-minute",
        "VERKADA_MAX_REQUESTS_PER_MINUTE",
    )?;
    let default_page_size = if is_long {
        MAX_PAGE_SIZE
    } else {
        DEFAULT_PAGE_SIZE
    };
    // The simulated organisation has no limit that others share.
    let default_pace = if args.demo {
        MOST_REQUESTS_PER_MINUTE
    } else {
        DEFAULT_MAX_REQUESTS_PER_MINUTE
    };
    Ok(client
        .page_size(page_size.map_or(Ok(default_page_size), |setting| {
            setting.number(1, MAX_PAGE_SIZE)
        })?)
        .max_requests_per_minute(pace.map_or(Ok(default_pace), |setting| {
            setting.number(1, MOST_REQUESTS_PER_MINUTE)
        })?)
        .include_image_url(args.include_image_url))
}

/// Any word is accepted, because Verkada's types change.
fn notification_types(args: &ReadArgs) -> Result<Vec<String>, UsageError> {
    const FORM: &str = "write words separated by commas: person_of_interest,motion";
    words(
        &args.notification_type,
        "--notification-type",
        FORM,
        |letter| !(letter.is_alphanumeric() || "_-.".contains(letter)),
    )
}

fn overlap_minutes(args: &WriteArgs) -> Result<u32, UsageError> {
    let Some(value) = args.overlap_minutes.clone() else {
        return Ok(DEFAULT_OVERLAP_MINUTES);
    };
    Setting {
        name: "--overlap-minutes",
        value,
    }
    .number(0, LONGEST_OVERLAP_MINUTES)
}

fn sources(args: &ReadArgs) -> Result<Vec<Source>, UsageError> {
    let Some(only) = &args.only else {
        return Ok(Source::ALL.to_vec());
    };
    let source = Source::ALL
        .into_iter()
        .find(|source| source.flag_value() == only);
    source.map(|source| vec![source]).ok_or_else(|| {
        UsageError::new(format!(
            "--only: {} is neither audit-logs nor notifications",
            quoted(only)
        ))
    })
}
