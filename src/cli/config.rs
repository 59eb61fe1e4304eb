//! Flags, variables and defaults become one validated configuration.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use verkada_audit_logs::{
    BaseUrl, CRON_INTERVAL_MINUTES, DEFAULT_MAX_REQUESTS_PER_MINUTE, DEFAULT_OVERLAP_MINUTES,
    DEFAULT_PAGE_SIZE, DEFAULT_TOKEN_FILE, EventFilter, MAX_PAGE_SIZE, Pull, Region, Secret,
    Source, Span, VerkadaApi, VerkadaApiBuilder,
};

use super::args::Args;
use super::environment::Environment;
use super::time::parse_time;

/// So much of a key file is read; a key has about a hundred characters.
const LONGEST_KEY_FILE: u64 = 16 << 10;

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

/// Something that the person at the keyboard can mend; names the flag or variable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(String);

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
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
        let checkpoint = settings.path(
            args.checkpoint.as_deref(),
            "--checkpoint",
            "VERKADA_CHECKPOINT",
        )?;
        let output = args.output.as_deref().filter(|path| *path != "-");
        let output = output
            .map(|path| named_path(path, "--output"))
            .transpose()?;
        check_distinct(args, &target, checkpoint.as_deref(), output.as_deref())?;
        let client = client_options(
            args,
            &settings,
            span,
            interval_seconds,
            checkpoint.as_deref(),
        )?;
        Ok(Self {
            pull: Pull {
                now,
                origin: target.origin(),
                span,
                sources: sources(args)?,
                filter: filter(args, &settings)?,
                interval_seconds,
                overlap_seconds: i64::from(overlap_minutes(args)?) * 60,
                max_requests_per_minute: client.max_requests_per_minute,
            },
            target,
            client,
            checkpoint,
            output,
        })
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
    args: &Args,
    target: &Target,
    checkpoint: Option<&Path>,
    output: Option<&Path>,
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
    files.push(("--api-key-file", args.api_key_file.as_deref().map(resolved)));
    for (index, (name, path)) in files.iter().enumerate() {
        let same = |(other, earlier): &&(&str, Option<PathBuf>)| other != name && earlier == path;
        if let Some((other, _)) = files[..index].iter().filter(|_| path.is_some()).find(same) {
            return Err(UsageError::new(format!(
                "{other} and {name} name the same file, or one that the other needs; give each its own"
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

/// Looks settings up: flag, then variable.
struct Settings<'a> {
    environment: &'a Environment,
}

/// A value and the name of where it was given, for the message if it cannot be used.
struct Setting {
    name: &'static str,
    value: String,
}

impl Settings<'_> {
    fn pick(
        &self,
        flag: &Option<String>,
        flag_name: &'static str,
        variable: &'static str,
    ) -> Result<Option<Setting>, UsageError> {
        if let Some(value) = flag {
            return Ok(Some(Setting {
                name: flag_name,
                value: value.clone(),
            }));
        }
        let value = self.environment.get(variable)?;
        Ok(value.map(|value| Setting {
            name: variable,
            value,
        }))
    }

    fn path(
        &self,
        flag: Option<&Path>,
        flag_name: &'static str,
        variable: &'static str,
    ) -> Result<Option<PathBuf>, UsageError> {
        match flag {
            Some(path) => named_path(path, flag_name).map(Some),
            None => Ok(self.environment.get(variable)?.map(PathBuf::from)),
        }
    }
}

impl Setting {
    fn refuse(&self, reason: impl fmt::Display) -> UsageError {
        UsageError::new(format!("{}: {reason}", self.name))
    }

    fn parse<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, UsageError> {
        self.value.parse().map_err(|reason| self.refuse(reason))
    }

    fn number(&self, least: u32, most: u32) -> Result<u32, UsageError> {
        let number = self.value.trim().parse().ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                self.refuse(format!(
                    "“{}” is no whole number from {least} to {most}",
                    self.value
                ))
            })
    }
}

fn named_path(path: &Path, name: &str) -> Result<PathBuf, UsageError> {
    match path.as_os_str().is_empty() {
        true => Err(UsageError::new(format!("{name}: the path is empty"))),
        false => Ok(path.to_owned()),
    }
}

fn target(args: &Args, settings: &Settings<'_>) -> Result<Target, UsageError> {
    if args.demo {
        return Ok(Target::Demo);
    }
    let token_file = settings.path(
        args.token_file.as_deref(),
        "--token-file",
        "VERKADA_TOKEN_FILE",
    )?;
    Ok(Target::Verkada {
        base_url: base_url(args, settings)?,
        key: key(args, settings)?,
        token_file: token_file.unwrap_or_else(|| DEFAULT_TOKEN_FILE.into()),
    })
}

/// A flag for the region wins over a variable for the address, as flags do.
fn base_url(args: &Args, settings: &Settings<'_>) -> Result<BaseUrl, UsageError> {
    let address = match args.region {
        Some(_) => None,
        None => settings.pick(&args.base_url, "--base-url", "VERKADA_BASE_URL")?,
    };
    if let Some(address) = address {
        return address.parse();
    }
    let region = settings.pick(&args.region, "--region", "VERKADA_REGION")?;
    let region = region.map(|region| region.parse::<Region>()).transpose()?;
    Ok(region.unwrap_or_default().into())
}

/// The key: a file named by flag, then the environment, then `.env`; in each of the latter the key itself
/// before a file that holds it.
fn key(args: &Args, settings: &Settings<'_>) -> Result<Secret, UsageError> {
    const KEY: &str = "VERKADA_API_KEY";
    const FILE: &str = "VERKADA_API_KEY_FILE";
    if let Some(path) = &args.api_key_file {
        return key_in_file(&named_path(path, "--api-key-file")?, "--api-key-file");
    }
    let environment = settings.environment;
    let layers = [
        (environment.in_process(KEY)?, environment.in_process(FILE)?),
        (environment.in_file(KEY), environment.in_file(FILE)),
    ];
    for (key, file) in layers {
        if let Some(value) = key {
            return Setting { name: KEY, value }.parse();
        }
        if let Some(path) = file {
            return key_in_file(Path::new(&path), FILE);
        }
    }
    Err(UsageError::new(
        "no API key: set VERKADA_API_KEY in the environment or in .env, or name a file with --api-key-file; --demo runs without one",
    ))
}

fn key_in_file(path: &Path, name: &'static str) -> Result<Secret, UsageError> {
    let mut value = String::new();
    let read =
        File::open(path).and_then(|file| file.take(LONGEST_KEY_FILE).read_to_string(&mut value));
    read.map_err(|error| {
        UsageError::new(format!(
            "{name}: {} cannot be read: {error}",
            path.display()
        ))
    })?;
    let parsed = value.parse::<Secret>();
    parsed.map_err(|reason| UsageError::new(format!("{name}: {}: {reason}", path.display())))
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
            "--start ({start_text}) must lie before --end ({end_text})"
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
            "--only: “{only}” is neither audit-logs nor notifications"
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

/// The comma-separated words of `values`; each value must hold one, or something was meant and lost.
fn words(values: &[String], name: &str) -> Result<Vec<String>, UsageError> {
    let mut all = Vec::new();
    for value in values {
        let words = value
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let before = all.len();
        all.extend(words.map(str::to_owned));
        if all.len() == before {
            return Err(UsageError::new(format!("{name}: “{value}” names nothing")));
        }
    }
    Ok(all)
}
