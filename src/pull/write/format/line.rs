//! A line in the format that was asked for.

use std::borrow::Cow;

use super::envelope;
use super::ocsf;
use super::origin::Origin;
use super::record_id::RecordId;

/// The content of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The record alone, byte for byte.
    #[default]
    Raw,
    /// The record with an id and where it came from.
    Envelope,
    /// One event of the Open Cybersecurity Schema Framework.
    Ocsf,
}

/// A line in a format.
#[derive(Debug)]
pub struct FormattedLine<'a> {
    /// The text of the line, without a line feed.
    pub text: Cow<'a, str>,
    /// The event name of the record, if the format's mapping does not know it.
    pub unknown_event_name: Option<String>,
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

    /// The line of `record`, which is compact JSON.
    pub fn line<'a>(self, record: &'a str, id: RecordId, origin: Origin<'_>) -> FormattedLine<'a> {
        match self {
            Self::Raw => FormattedLine::known(Cow::Borrowed(record)),
            Self::Envelope => FormattedLine::known(Cow::Owned(envelope::line(record, id, origin))),
            Self::Ocsf => {
                let (text, unknown_event_name) = ocsf::line(record, id, origin);
                FormattedLine {
                    text: Cow::Owned(text),
                    unknown_event_name,
                }
            }
        }
    }
}

impl<'a> FormattedLine<'a> {
    fn known(text: Cow<'a, str>) -> Self {
        Self {
            text,
            unknown_event_name: None,
        }
    }
}
