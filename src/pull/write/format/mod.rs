//! The content of a line: the record alone, the record in an envelope, or an OCSF event made of it.
//!
//! A line is a pure function of the record, of which of its twins it is, and of where it came from; nothing in it depends
//! on the time of reading. [`record_text`] leads back from a line of any format to the text of its record, by which the
//! checkpoint and `verify` go; `verify` tells identical records apart by their ids as well.
//!
//! ```text
//! formatter                        the lines of a run, each put together when it is written
//!   `--> line                      a record in a format
//!          |--> envelope           the record with an id and its origin
//!          `--> ocsf/              an event made of the record
//! record_text                      a line of any format -> its record and its id
//! below all of them: origin, record_id
//! ```

mod envelope;
mod formatter;
mod line;
mod ocsf;
mod origin;
mod record_id;
mod record_text;

pub use line::{Format, FormattedLine};
pub use ocsf::{MAPPING_VERSION, mapped_event_names};
pub use origin::Origin;
pub use record_id::RecordId;
pub(crate) use record_text::LineContent;
pub use record_text::record_text;

pub(super) use formatter::{Formatter, Ordinals, Printable};
