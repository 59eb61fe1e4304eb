//! What a line holds: the record alone, the record in an envelope, or an OCSF event made of it.
//!
//! A line is a pure function of the record, of which of its twins it is, and of where it came from; nothing in it depends
//! on the time of reading. [`record_text`] leads back from a line of any format to the text of its record, by which the
//! checkpoint and `verify` go.
//!
//! ```text
//! Format ---> envelope ---> record_id      the id that Verkada does not give
//!   `-------> ocsf/ ------> record_id      one event of OCSF a record
//! record_text                              a line of any format -> the record
//! ```

mod envelope;
mod ocsf;
mod record_id;
mod record_text;

use std::borrow::Cow;
use std::str::FromStr;

use crate::api::{ConfigurationError, Source};

pub use ocsf::{MAPPING_VERSION, mapped_event_names};
pub use record_id::RecordId;
pub use record_text::record_text;

/// The content of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The record alone, byte for byte.
    #[default]
    Raw,
    /// The record with an id and where it came from.
    Envelope,
    /// One event of the Open Cybersecurity Schema Framework.
    Ocsf,
}

/// The place that a record came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The list that it is from.
    pub source: Source,
    /// The host that was asked, such as `api.eu.verkada.com`.
    pub host: &'a str,
    /// The organisation that is read, if it is known: for notifications, which do not name theirs.
    pub organization_id: Option<&'a str>,
}

impl Format {
    /// Every format, the default first.
    pub const ALL: [Self; 3] = [Self::Raw, Self::Envelope, Self::Ocsf];

    /// The name that `--format` takes.
    pub fn flag_value(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Envelope => "envelope",
            Self::Ocsf => "ocsf",
        }
    }

    /// The line of `record`, which is compact JSON, without a line feed.
    pub fn line<'a>(self, record: &'a str, id: RecordId, origin: Origin<'_>) -> Cow<'a, str> {
        match self {
            Self::Raw => Cow::Borrowed(record),
            Self::Envelope => Cow::Owned(envelope::line(record, id, origin)),
            Self::Ocsf => Cow::Owned(ocsf::line(record, id, origin)),
        }
    }

    /// The event name of `record` if this format has no place of its own for such events.
    pub fn unknown_event_name(self, record: &str, source: Source) -> Option<String> {
        match self {
            Self::Raw | Self::Envelope => None,
            Self::Ocsf => ocsf::unknown_event_name(record, source),
        }
    }
}

impl FromStr for Format {
    type Err = ConfigurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let format = Self::ALL
            .into_iter()
            .find(|format| format.flag_value() == text.trim());
        format.ok_or_else(|| {
            ConfigurationError::new("not a format of lines; write raw, envelope or ocsf")
        })
    }
}

impl Origin<'_> {
    /// The organisation of a record that names `own`. An audit log says itself where it belongs: what is known from others
    /// may change from run to run.
    fn organization_of<'a>(&'a self, own: Option<&'a str>) -> Option<&'a str> {
        match self.source {
            Source::AuditLogs => own,
            Source::Notifications => own.or(self.organization_id),
        }
    }
}
