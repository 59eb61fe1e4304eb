//! The flags. Their doc comments are the text of `-h` (first paragraph) and `--help` (all of it).

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

const AFTER_SUMMARY: &str = "\
The API key is read from VERKADA_API_KEY or --api-key-file. See --help for variables, .env files and exit codes.";

const AFTER_HELP: &str = "\
Settings:
  Where a flag names a variable, the variable may be set in the environment or in a .env file: the nearest one from \
the working directory upwards. A flag wins over the environment, and the environment over .env. This holds for flags \
that exclude each other as well: --event wins over EXCLUDED_EVENTS. An empty variable counts as unset. Of a flag that is \
given twice the last one counts, unless it takes several values.
  VERKADA_API_KEY holds the API key, which is never a flag.
  Proxies are taken from HTTPS_PROXY and NO_PROXY, certificates from SSL_CERT_FILE and SSL_CERT_DIR.

Files:
  .env holds settings. A file of another user (except root) is ignored with a warning. A value that holds “$”, “\\”, “#” \
or a space belongs in single quotes.
  token.json, unless --token-file names another one, keeps the short-lived token for the next run.
  Beside each file of --checkpoint and --token-file there may be one that ends in .lock or .tmp.

Exit codes:
    0  done
    1  unexpected failure, or the output could not be written (with --checkpoint also a reader that closed the pipe)
    2  wrong usage or configuration
    3  credentials refused, or a permission missing
    4  Verkada could not be reached, or kept failing after the retries
    5  an answer that cannot be used
    6  verify: records are missing from the files
   75  another run holds the checkpoint
  129  stopped by SIGHUP
  130  stopped by SIGINT
  143  stopped by SIGTERM";

const AFTER_DOCTOR: &str = "\
Example:
  verkada-audit-logs doctor --region eu --checkpoint checkpoint.json --output audit.jsonl

Exit code: that of the first check that fails, as for the main job; 0 if there are only warnings.";

const AFTER_VERIFY: &str = "\
Examples:
  verkada-audit-logs verify --start 2026-09-07 --end 2026-09-14 audit.jsonl > missing.jsonl
  verkada-audit-logs verify --start 2026-08-15 --end 2026-09-14 audit.jsonl* >> audit.jsonl

Exit code: 0 if the files hold every record, 6 if any is missing; else as for the main job.";

const AFTER_COMPLETIONS: &str = "\
Example:
  verkada-audit-logs completions bash > /usr/share/bash-completion/completions/verkada-audit-logs";

const AFTER_MAN: &str = "\
Example:
  verkada-audit-logs man > /usr/local/share/man/man1/verkada-audit-logs.1";

const READ: &str = "What to read";
const FROM: &str = "Where to read it";
const TO: &str = "Where to write it";
const MESSAGES: &str = "Messages";

/// Pull audit logs and camera notifications from Verkada as JSON lines.
///
/// Without a range, prints the most recent whole interval: audit logs with the events of interest, then
/// notifications, each oldest first, one record a line, exactly as the API wrote it.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_SUMMARY, after_long_help = AFTER_HELP)]
#[command(
    max_term_width = 100,
    args_override_self = true,
    args_conflicts_with_subcommands = true
)]
#[command(disable_help_flag = true, disable_version_flag = true)]
#[group(skip)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) pull: PullArgs,

    /// Print the version
    #[arg(help_heading = MESSAGES, short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,

    /// The command; without one, the main job is done.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands beside the main job. Deferred: their flags are set up only if the command is given.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Check the set-up, and say what to fix
    ///
    /// Takes the flags of the main job, and prints a line for each check: ok, warn, fail or skip, what was looked at,
    /// what was found, and for a warning or a failure what to do. Makes at most ten requests, and changes nothing but
    /// the token file. No secret is printed, so the output can be sent with a bug report.
    #[command(after_help = AFTER_DOCTOR, after_long_help = AFTER_DOCTOR)]
    Doctor(Box<PullArgs>),

    /// Read a past range again and print the records that are missing from files
    ///
    /// Compares the records of the range, by the time of their event, with the lines of the files: one by one, identical
    /// records included. What is missing is printed, oldest first, so that appending it repairs the files. Standard
    /// error has a table by source and day. The files may be unsorted and hold other lines; each line counts, so no line
    /// may be in two of them. A file that gzip has compressed is unpacked. Takes the flags of the main job; the filter must
    /// be that of the files. Without --format, what is missing is printed in the format of most of their lines.
    ///
    /// With --output and --checkpoint the missing records are appended under the checkpoint's lock, and scheduled runs
    /// do not print them again.
    #[command(after_help = AFTER_VERIFY, after_long_help = AFTER_VERIFY)]
    Verify(Box<VerifyArgs>),

    /// Print a script that completes commands and flags in a shell
    #[command(after_help = AFTER_COMPLETIONS, after_long_help = AFTER_COMPLETIONS)]
    Completions(CompletionsArgs),

    /// Print the man page
    #[command(after_help = AFTER_MAN, after_long_help = AFTER_MAN)]
    Man(ManArgs),
}

// The structures below are flattened into commands, so their comments must not become a command's help. Each would be an
// argument group as well, which nothing refers to and which costs time at every start, so groups are skipped.

// The flags of the main job.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

// Flags that say what to read, and where from: for every command that reads.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ReadArgs {
    /// Start of a range to read instead of the last whole interval
    ///
    /// Goes with --end. A time is Unix seconds (1789401600), RFC 3339 (2026-09-14T16:00:00Z) or a day (2026-09-14, which
    /// means midnight UTC). Audit logs of a range are selected by the time of the event.
    #[arg(help_heading = READ, long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) start: Option<String>,

    /// End of the range, written like --start
    #[arg(help_heading = READ, long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) end: Option<String>,

    /// Read the range from this long ago until now: 2h, 90m, “1d 12h”
    ///
    /// The units are s, m, h, d and w. Cannot be combined with --start or --end.
    #[arg(help_heading = READ, long,
        value_name = "SPAN",
        conflicts_with_all = ["start", "end"],
        allow_hyphen_values = true
    )]
    pub(crate) since: Option<String>,

    /// Length of the scheduled interval in minutes
    ///
    /// 1 to 1440. [env: CRON_INTERVAL_MINUTES] [default: 15]
    #[arg(help_heading = READ, long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) interval_minutes: Option<String>,

    /// Keep only audit logs with this event name
    ///
    /// Repeat the flag, or separate names by commas. Case does not matter. [env: INTERESTED_EVENTS]
    /// [default: Archive Action Taken, Video History Streamed, Live Stream Started]
    #[arg(help_heading = READ, long, value_name = "NAME", conflicts_with = "all_events")]
    pub(crate) event: Vec<String>,

    /// Keep all audit logs except those with this event name
    ///
    /// Repeat the flag, or separate names by commas. Cannot be combined with --event or --all-events.
    /// INTERESTED_EVENTS and EXCLUDED_EVENTS set in the same place are an error. [env: EXCLUDED_EVENTS]
    #[arg(help_heading = READ, long, value_name = "NAME", conflicts_with_all = ["event", "all_events"])]
    pub(crate) exclude_event: Vec<String>,

    /// Keep every audit log
    #[arg(help_heading = READ, long)]
    pub(crate) all_events: bool,

    /// Read only audit-logs, or only notifications
    #[arg(help_heading = READ, long, value_name = "SOURCE")]
    pub(crate) only: Option<String>,

    /// Read only notifications of this type
    ///
    /// Repeat the flag, or separate types by commas. Verkada knows the types; any word is passed on.
    #[arg(help_heading = READ, long, value_name = "TYPE")]
    pub(crate) notification_type: Vec<String>,

    /// Ask for signed image links in notifications
    ///
    /// Anyone who has such a link can see the image until the link expires.
    #[arg(help_heading = READ, long)]
    pub(crate) include_image_url: bool,

    /// Region of the organisation: us, eu, au, gov or oh
    ///
    /// It was chosen when the organisation was created. [env: VERKADA_REGION, ignored where VERKADA_BASE_URL is set
    /// in the same place] [default: us]
    #[arg(help_heading = FROM, long, value_name = "REGION", conflicts_with = "base_url")]
    pub(crate) region: Option<String>,

    /// The API's address, in place of a region's
    ///
    /// https, except for this machine. [env: VERKADA_BASE_URL]
    #[arg(help_heading = FROM, long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Read the API key from this file
    ///
    /// [env: VERKADA_API_KEY_FILE]
    #[arg(help_heading = FROM, long, value_name = "PATH")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Cache for the short-lived token
    ///
    /// [env: VERKADA_TOKEN_FILE] [default: token.json]
    #[arg(help_heading = FROM, long, value_name = "PATH")]
    pub(crate) token_file: Option<PathBuf>,

    /// Records per page
    ///
    /// 1 to 200. [env: VERKADA_PAGE_SIZE] [default: 100; 200 for a range longer than one interval, or with
    /// --checkpoint]
    #[arg(help_heading = FROM, long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) page_size: Option<String>,

    /// Request at most this often
    ///
    /// All programs of an organisation share 300 requests a minute. [env: VERKADA_MAX_REQUESTS_PER_MINUTE] [default:
    /// 280]
    #[arg(help_heading = FROM, long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) max_requests_per_minute: Option<String>,

    /// Read a built-in simulated organisation
    ///
    /// Needs no key and no network, and waits between requests only if --max-requests-per-minute is given. Ignores
    /// .env and all variables, and writes no files but those of --output, --checkpoint and --metrics-file.
    #[arg(help_heading = FROM, long, conflicts_with_all = ["region", "base_url", "api_key_file", "token_file"])]
    pub(crate) demo: bool,
}

// Flags that say where to write, and what was written before.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct WriteArgs {
    /// Continue where the last run with this file stopped
    ///
    /// Nothing is printed twice. [env: VERKADA_CHECKPOINT]
    #[arg(help_heading = TO, long, value_name = "PATH")]
    pub(crate) checkpoint: Option<PathBuf>,

    /// With --checkpoint: how far back to look for late records
    ///
    /// 0 to 10080. [default: 30]
    #[arg(help_heading = TO, long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) overlap_minutes: Option<String>,

    /// With --checkpoint and --start: go on past what cannot be read
    ///
    /// The gap is reported and kept in the checkpoint. Without --end the run is a scheduled one.
    #[arg(help_heading = TO, long)]
    pub(crate) accept_gap: bool,

    /// Append to this file instead of standard output
    ///
    /// “-” is standard output.
    #[arg(help_heading = TO, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    /// Content of a line: raw, envelope or ocsf
    ///
    /// raw is the record as the API wrote it; envelope adds an id, the source, the host and the organisation; ocsf makes an
    /// event of OCSF 1.5.0 of it. A checkpoint goes by the record, so another format repeats nothing. [env: VERKADA_FORMAT]
    /// [default: raw]
    #[arg(help_heading = TO, long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// Write metrics of each run to this file, for Prometheus
    ///
    /// Replaced at the end of every run, failed ones included, for the textfile collector of the node exporter. The name
    /// of the file without its ending is the label “name”. verify writes it only if the flag is given, so that it does
    /// not replace those of the scheduled runs. [env: VERKADA_METRICS_FILE]
    #[arg(help_heading = TO, long, value_name = "PATH")]
    pub(crate) metrics_file: Option<PathBuf>,
}

// Flags about messages.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct MessageArgs {
    /// Show more on standard error; -vv shows each request
    ///
    /// -v shows what is read and what is retried. [env: RUST_LOG]
    #[arg(help_heading = MESSAGES, short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// Show errors only
    #[arg(help_heading = MESSAGES, short, long)]
    pub(crate) quiet: bool,

    /// Form of the messages: text or json
    ///
    /// Text has colour on a terminal, unless NO_COLOR is set. JSON has a progress line every 30 seconds of a long
    /// read, and the last line of every run, “run finished”, says what it did. [default: text]
    #[arg(help_heading = MESSAGES, long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,

    /// Print help; -h prints a summary
    #[arg(help_heading = MESSAGES, short, long, action = ArgAction::Help)]
    help: Option<bool>,
}

// A gap is accepted by scheduled runs alone.
#[derive(Debug, Args)]
#[command(mut_arg("accept_gap", |arg| arg.hide(true)))]
#[group(skip)]
pub(crate) struct VerifyArgs {
    /// Files with the lines that were printed; “-” is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) pull: PullArgs,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,

    /// Print help
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ManArgs {
    /// Print help
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
}

impl CommandLine {
    /// Reports whether the command says on standard output what it has to say, whatever --output names.
    pub(crate) fn prints_on_standard_output(&self) -> bool {
        matches!(
            self.command,
            Some(Command::Doctor(_) | Command::Completions(_) | Command::Man(_))
        )
    }

    /// Reads the command line of the process. Returns as well the names of the flags that were given to `doctor`.
    pub(crate) fn read() -> Result<(Self, Vec<String>), clap::Error> {
        let mut matches = Self::command().try_get_matches()?;
        let of_doctor = matches.subcommand_matches("doctor");
        let flags = of_doctor.map(PullArgs::given).unwrap_or_default();
        Ok((Self::from_arg_matches_mut(&mut matches)?, flags))
    }
}

impl PullArgs {
    /// The names of the flags that were given, in the order of the help.
    fn given(matches: &ArgMatches) -> Vec<String> {
        let flags = Self::augment_args(clap::Command::new("flags"));
        let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let given = flags
            .get_arguments()
            .filter(|flag| is_given(flag.get_id().as_str()));
        given
            .filter_map(|flag| Some(format!("--{}", flag.get_long()?)))
            .collect()
    }
}
