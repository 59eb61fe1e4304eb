//! Flags, variables and defaults become one validated configuration.

use std::path::{Path, PathBuf};

use verkada_audit_logs::{
    BaseUrl, CRON_INTERVAL_MINUTES, DEFAULT_MAX_REQUESTS_PER_MINUTE, DEFAULT_OVERLAP_MINUTES,
    DEFAULT_PAGE_SIZE, DEFAULT_TOKEN_FILE, EventFilter, MAX_PAGE_SIZE, Pull, Region, Secret,
    Source, Span, VerkadaApi, VerkadaApiBuilder, time_text,
};

use super::api_key;
use super::args::Args;
use super::environment::Environment;
use super::settings::{Setting, Settings, UsageError, quoted, words};
use super::time::parse_time;

/// More than any organisation is allowed: no pace at all.
const DEMO_REQUESTS_PER_MINUTE: u32 = 1_000_000;

/// What the program is to do, checked.
pub(crate) struct Config {
    /// Where the requests go; the demo sets its own.
    pub(crate) target: Target,
    /// What to read and keep.
    pub(crate) pull: Pull,
    pub(crate) client: ClientOptions,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) output: Option<PathBuf>,
}

/// Which organisation is read.
pub(crate) enum Target {
    /// The simulated one.
    Demo,
    /// A real one.
    Verkada {
        key: Secret,
        base_url: BaseUrl,
        token_file: PathBuf,
    },
}

/// What both targets have in common.
pub(crate) struct ClientOptions {
    page_size: u32,
    max_requests_per_minute: u32,
    notification_types: Vec<String>,
    include_image_url: bool,
}

impl ClientOptions {
    /// A client of this kind for `key`.
    pub(crate) fn builder(&self, key: Secret, base_url: BaseUrl) -> VerkadaApiBuilder {
        VerkadaApi::builder(key)
            .base_url(base_url)
            .page_size(self.page_size)
            .max_requests_per_minute(self.max_requests_per_minute)
            .notification_types(self.notification_types.clone())
            .include_image_url(self.include_image_url)
    }
}

impl Config {
    /// Checks everything that can be checked without the network. `now` is when the run began, in Unix seconds.
    pub(crate) fn new(
        args: &Args,
        environment: &Environment,
        now: i64,
    ) -> Result<Self, UsageError> {
        let settings = Settings { environment };
        let target = target(args, &settings)?;
        let interval_minutes = settings
            .pick(
                &args.interval_minutes,
                "--interval-minutes",
                "CRON_INTERVAL_MINUTES",
            )?
            .map_or(Ok(CRON_INTERVAL_MINUTES), |setting| {
                setting.number(1, 1_440)
            })?;
        let interval_seconds = i64::from(interval_minutes) * 60;
        let span = span(args)?;
        let checkpoint = settings.path(args.checkpoint.as_deref(), "VERKADA_CHECKPOINT")?;
        let output = args.output.clone().filter(|path| path != "-");
        let key_file = settings.path(args.api_key_file.as_deref(), api_key::FILE)?;
        let read = [
            ("the file with the API key", key_file.as_deref()),
            (".env", environment.path()),
        ];
        check_distinct(&target, checkpoint.as_deref(), output.as_deref(), &read)?;
        let client = client_options(
            args,
            &settings,
            span,
            interval_seconds,
            checkpoint.as_deref(),
        )?;
        let pull = Pull {
            now,
            origin: target.origin(),
            span,
            sources: sources(args)?,
            filter: filter(args, &settings)?,
            interval_seconds,
            overlap_seconds: i64::from(overlap_minutes(args)?) * 60,
            max_requests_per_minute: client.max_requests_per_minute,
        };
        if checkpoint.is_none() {
            warn_without_checkpoint(args, &pull);
        }
        Ok(Self {
            pull,
            target,
            client,
            checkpoint,
            output,
        })
    }
}

/// Says what is allowed and yet may not do what is expected. A checkpoint makes up for a range that ends in the
/// future: the next run goes on from there.
fn warn_without_checkpoint(args: &Args, pull: &Pull) {
    if args.overlap_minutes.is_some() {
        tracing::warn!("--overlap-minutes does nothing without --checkpoint");
    }
    if let Span::Range { end, .. } = pull.span
        && end > pull.now
    {
        tracing::warn!(
            end = time_text(end),
            "the range ends in the future; what happens after this run is not in its output"
        );
    }
}

impl Target {
    fn origin(&self) -> String {
        match self {
            Self::Demo => "demo".to_owned(),
            Self::Verkada { base_url, .. } => base_url.to_string(),
        }
    }
}

/// Refuses to use one file for two things, of which one would overwrite the other.
fn check_distinct(
    target: &Target,
    checkpoint: Option<&Path>,
    output: Option<&Path>,
    read: &[(&'static str, Option<&Path>)],
) -> Result<(), UsageError> {
    let token_file = match target {
        Target::Verkada { token_file, .. } => Some(token_file.as_path()),
        Target::Demo => None,
    };
    let mut files = vec![("--output", output.map(resolved))];
    for ending in ["", ".lock", ".tmp"] {
        let beside = |path: &Path| {
            let mut path = resolved(path).into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        files.push(("--checkpoint", checkpoint.map(beside)));
        files.push(("--token-file", token_file.map(beside)));
    }
    files.extend(read.iter().map(|(name, path)| (*name, path.map(resolved))));
    for (index, (name, path)) in files.iter().enumerate() {
        let same = |(other, earlier): &&(&str, Option<PathBuf>)| other != name && earlier == path;
        if let Some((other, _)) = files[..index].iter().filter(|_| path.is_some()).find(same) {
            return Err(UsageError::new(format!(
                "{other} and {name} are the same file, or one that the other needs; give each its own"
            )));
        }
    }
    Ok(())
}

/// Where a path leads, even if its last part does not exist yet.
fn resolved(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")));
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}

fn target(args: &Args, settings: &Settings<'_>) -> Result<Target, UsageError> {
    if args.demo {
        return Ok(Target::Demo);
    }
    let token_file = settings.path(args.token_file.as_deref(), "VERKADA_TOKEN_FILE")?;
    Ok(Target::Verkada {
        base_url: base_url(args, settings)?,
        key: api_key::find(args, settings)?,
        token_file: token_file.unwrap_or_else(|| DEFAULT_TOKEN_FILE.into()),
    })
}

/// A flag wins over the environment, and that over `.env`; in each of the latter an address wins over a region.
fn base_url(args: &Args, settings: &Settings<'_>) -> Result<BaseUrl, UsageError> {
    const ADDRESS: &str = "VERKADA_BASE_URL";
    const REGION: &str = "VERKADA_REGION";
    let flags = [args.base_url.clone(), args.region.clone()];
    let [in_process, in_file] = settings.environment.layers([ADDRESS, REGION])?;
    for (names, [address, region]) in [
        (["--base-url", "--region"], flags),
        ([ADDRESS, REGION], in_process),
        ([ADDRESS, REGION], in_file),
    ] {
        let [address_name, region_name] = names;
        if let Some(value) = address {
            let name = address_name;
            return Setting { name, value }.parse();
        }
        if let Some(value) = region {
            let name = region_name;
            return Ok(Setting { name, value }.parse::<Region>()?.into());
        }
    }
    Ok(Region::default().into())
}

fn span(args: &Args) -> Result<Span, UsageError> {
    let (Some(start_text), Some(end_text)) = (&args.start, &args.end) else {
        return Ok(Span::Scheduled);
    };
    let named = |name: &str, text: &str| {
        parse_time(text).map_err(|reason| UsageError::new(format!("{name}: {reason}")))
    };
    let (start, end) = (named("--start", start_text)?, named("--end", end_text)?);
    if start >= end {
        return Err(UsageError::new(format!(
            "--start ({start_text}) must lie before --end ({end_text}); a day means its midnight, so a whole day ends with the next one"
        )));
    }
    Ok(Span::Range { start, end })
}

fn client_options(
    args: &Args,
    settings: &Settings<'_>,
    span: Span,
    interval_seconds: i64,
    checkpoint: Option<&Path>,
) -> Result<ClientOptions, UsageError> {
    let page_size = settings.pick(&args.page_size, "--page-size", "VERKADA_PAGE_SIZE")?;
    let pace = settings.pick(
        &args.max_requests_per_minute,
        "--max-requests-per-minute",
        "VERKADA_MAX_REQUESTS_PER_MINUTE",
    )?;
    let is_long_range =
        matches!(span, Span::Range { start, end } if end - start > interval_seconds);
    // A run with a checkpoint reads the overlap as well, and after an outage much more.
    let is_long = is_long_range || checkpoint.is_some();
    let usual_page_size = if is_long {
        MAX_PAGE_SIZE
    } else {
        DEFAULT_PAGE_SIZE
    };
    // The simulated organisation has no limit that others share.
    let usual_pace = match args.demo {
        true => DEMO_REQUESTS_PER_MINUTE,
        false => DEFAULT_MAX_REQUESTS_PER_MINUTE,
    };
    Ok(ClientOptions {
        page_size: page_size.map_or(Ok(usual_page_size), |setting| {
            setting.number(1, MAX_PAGE_SIZE)
        })?,
        max_requests_per_minute: pace.map_or(Ok(usual_pace), |setting| {
            setting.number(1, DEMO_REQUESTS_PER_MINUTE)
        })?,
        notification_types: words(&args.notification_type, "--notification-type")?,
        include_image_url: args.include_image_url,
    })
}

fn overlap_minutes(args: &Args) -> Result<u32, UsageError> {
    let Some(value) = args.overlap_minutes.clone() else {
        return Ok(DEFAULT_OVERLAP_MINUTES);
    };
    Setting {
        name: "--overlap-minutes",
        value,
    }
    .number(0, 10_080)
}

fn sources(args: &Args) -> Result<Vec<Source>, UsageError> {
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

fn filter(args: &Args, settings: &Settings<'_>) -> Result<EventFilter, UsageError> {
    if args.all_events {
        return Ok(EventFilter::All);
    }
    if !args.event.is_empty() {
        return Ok(EventFilter::names(words(&args.event, "--event")?));
    }
    match settings.environment.get("INTERESTED_EVENTS")? {
        Some(value) => Ok(EventFilter::names(words(&[value], "INTERESTED_EVENTS")?)),
        None => Ok(EventFilter::default()),
    }
}
