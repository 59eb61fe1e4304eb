//! The flags. Their doc comments are the text of `--help`.

use std::path::PathBuf;

use clap::{ArgAction, Parser};

const AFTER_HELP: &str = "\
A flag may also be given by the variable named with it, in the environment or in the nearest .env file; a flag \
wins over the environment, the environment over .env. VERKADA_API_KEY holds the API key, which is never a flag. \
Proxies are taken from HTTPS_PROXY and NO_PROXY.

Exit codes: 0 done; 1 unexpected failure, or output could not be written (with --checkpoint also when the reader of the pipe has gone away); 2 wrong usage or configuration; \
3 credentials refused or permission missing; 4 Verkada could not be reached, or kept failing after the retries; 5 an answer that cannot be used; \
75 another run holds the checkpoint; 130 and 143 stopped by SIGINT or SIGTERM.";

const WHAT: &str = "What to read";
const FROM: &str = "Where to read it";
const TO: &str = "Where to write it";
const MESSAGES: &str = "Messages";

/// Pull audit logs and camera notifications from Verkada as JSON lines.
///
/// Without a range, prints the most recent whole interval: audit logs with the events of interest, then
/// notifications, each oldest first, one record a line, exactly as the API wrote it.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, max_term_width = 100, args_override_self = true)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Args {
    /// Start of a range to read instead of the last whole interval, with --end: Unix seconds, RFC 3339, or YYYY-MM-DD
    /// (midnight UTC)
    #[arg(help_heading = WHAT, long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) start: Option<String>,

    /// End of the range, with --start and written like it
    #[arg(help_heading = WHAT, long,
        value_name = "T",
        requires = "start",
        allow_negative_numbers = true
    )]
    pub(crate) end: Option<String>,

    /// Length of the scheduled interval in minutes, 1 to 1440 [env: CRON_INTERVAL_MINUTES] [default: 15]
    #[arg(help_heading = WHAT, long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) interval_minutes: Option<String>,

    /// Keep audit logs with this event name, whatever its case; repeat it, or separate names by commas [env:
    /// INTERESTED_EVENTS]
    /// [default: Archive Action Taken, Video History Streamed, Live Stream Started]
    #[arg(help_heading = WHAT, long, value_name = "NAME", conflicts_with = "all_events")]
    pub(crate) event: Vec<String>,

    /// Keep every audit log
    #[arg(help_heading = WHAT, long)]
    pub(crate) all_events: bool,

    /// Read one source only: audit-logs or notifications
    #[arg(help_heading = WHAT, long, value_name = "SOURCE")]
    pub(crate) only: Option<String>,

    /// Ask for notifications of this type only; repeat it, or separate types by commas
    #[arg(help_heading = WHAT, long, value_name = "TYPE")]
    pub(crate) notification_type: Vec<String>,

    /// Ask for signed image links in notifications; they are secrets that expire soon
    #[arg(help_heading = WHAT, long)]
    pub(crate) include_image_url: bool,

    /// Where the organisation was created: us, eu, au, gov or oh [env: VERKADA_REGION, unless VERKADA_BASE_URL is set
    /// beside it] [default: us]
    #[arg(help_heading = FROM, long, value_name = "REGION", conflicts_with = "base_url")]
    pub(crate) region: Option<String>,

    /// Another address than a region's; https, except to this machine [env: VERKADA_BASE_URL]
    #[arg(help_heading = FROM, long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Read the API key from this file [env: VERKADA_API_KEY_FILE]
    #[arg(help_heading = FROM, long, value_name = "PATH")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Where the short-lived token is cached [env: VERKADA_TOKEN_FILE] [default: token.json]
    #[arg(help_heading = FROM, long, value_name = "PATH")]
    pub(crate) token_file: Option<PathBuf>,

    /// Records a page, 1 to 200 [env: VERKADA_PAGE_SIZE] [default: 100; 200 for a range longer than one
    /// interval, or with --checkpoint]
    #[arg(help_heading = FROM, long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) page_size: Option<String>,

    /// Our share of the organisation's 300 requests a minute [env: VERKADA_MAX_REQUESTS_PER_MINUTE] [default:
    /// 280]
    #[arg(help_heading = FROM, long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) max_requests_per_minute: Option<String>,

    /// Run against the built-in simulated organisation: no key, no network, no pace unless one is given. Ignores
    /// .env and all variables, and writes no files but those of --output and --checkpoint
    #[arg(help_heading = FROM, long, conflicts_with_all = ["region", "base_url", "api_key_file", "token_file"])]
    pub(crate) demo: bool,

    /// Carry on where the last run with this file stopped, and print nothing twice [env: VERKADA_CHECKPOINT]
    #[arg(help_heading = TO, long, value_name = "PATH")]
    pub(crate) checkpoint: Option<PathBuf>,

    /// With --checkpoint: how far back to look again for late records, 0 to 10080 [default: 30]
    #[arg(help_heading = TO, long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) overlap_minutes: Option<String>,

    /// With --checkpoint and --start: go on from there although what lies between cannot be read. The gap is said, and
    /// kept in the checkpoint. Without --end it is a scheduled run that does so
    #[arg(help_heading = TO, long, requires = "start")]
    pub(crate) accept_gap: bool,

    /// Append to this file instead of standard output; “-” is standard output
    #[arg(help_heading = TO, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    /// Say more on standard error: -v what is read and what is tried again, -vv each request [env: RUST_LOG]
    #[arg(help_heading = MESSAGES, short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// Say nothing but errors
    #[arg(help_heading = MESSAGES, short, long)]
    pub(crate) quiet: bool,

    /// How messages look on standard error: text, with colour on a terminal unless NO_COLOR is set, or json, with a
    /// progress line every 30 seconds of a long read
    #[arg(help_heading = MESSAGES, long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,

    /// Print help; -h prints a summary
    #[arg(help_heading = MESSAGES, short, long, action = ArgAction::Help)]
    help: Option<bool>,

    /// Print the version
    #[arg(help_heading = MESSAGES, short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}
