//! The way back from a line of any format to its record, and to its id if it has one.

use std::borrow::Cow;

use super::line::Format;
use super::record_id::RecordId;
use crate::api::Record;
use crate::json::{Malformed, Scan, decode_string, visit_members};

/// The text of the record that `line` holds, exactly as `raw` prints it, whatever the format of the line. White space
/// around the line is ignored. `None` if the line is not JSON, such as one that was torn.
///
/// An envelope is recognised by its five keys, and an event by its class, the form of its id and its raw data, in any order: a
/// shipper may have sorted them.
pub fn record_text(line: &str) -> Option<Cow<'_, str>> {
    FormatKeys::of(line)?.content().map(|(text, ..)| text)
}

/// The content of a line that was read back from a file.
pub(crate) struct LineContent {
    pub(crate) record: Record,
    /// The id that the line gives the record; a raw line gives none.
    pub(crate) id: Option<RecordId>,
    pub(crate) format: Format,
}

impl LineContent {
    /// Reads `line`, whatever its format. `None` if it is not JSON, so that no run can have printed it.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let (text, id, format) = FormatKeys::of(str::from_utf8(line).ok()?)?.content()?;
        Some(Self {
            record: Record::from_line(&text)?,
            id,
            format,
        })
    }
}

/// The text of a line, and the values of the keys by which its format is recognised.
#[derive(Default)]
struct FormatKeys<'a> {
    text: &'a str,
    count: usize,
    id: Option<&'a str>,
    source: Option<&'a str>,
    host: Option<&'a str>,
    organization_id: Option<&'a str>,
    record: Option<&'a str>,
    class_uid: Option<&'a str>,
    metadata: Option<&'a str>,
    raw_data: Option<&'a str>,
}

impl<'a> FormatKeys<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let scan = Scan::new(line);
        let start = scan.white_space(0);
        let mut keys = Self::default();
        let end = match scan.peek(start) {
            b'{' => scan.object(start, |key, value| {
                let end = scan.value(value)?;
                keys.note(&line[key], &line[value..end]);
                Ok::<_, Malformed>(end)
            }),
            _ => scan.value(start),
        };
        let end = end.ok()?;
        scan.end(end).ok()?;
        keys.text = &line[start..end];
        Some(keys)
    }

    fn note(&mut self, key: &str, value: &'a str) {
        self.count += 1;
        let place = match key {
            r#""id""# => &mut self.id,
            r#""source""# => &mut self.source,
            r#""host""# => &mut self.host,
            r#""organization_id""# => &mut self.organization_id,
            r#""record""# => &mut self.record,
            r#""class_uid""# => &mut self.class_uid,
            r#""metadata""# => &mut self.metadata,
            r#""raw_data""# => &mut self.raw_data,
            _ => return,
        };
        *place = Some(value);
    }

    /// The text of the record, its id, and the format of the line.
    fn content(&self) -> Option<(Cow<'a, str>, Option<RecordId>, Format)> {
        if let Some((record, id)) = self.enveloped() {
            return Some((Cow::Borrowed(record), Some(id), Format::Envelope));
        }
        if let Some((raw_data, id)) = self.raw_data_of_event() {
            return Some((decode_string(raw_data)?, Some(id), Format::Ocsf));
        }
        Some((Cow::Borrowed(self.text), None, Format::Raw))
    }

    fn enveloped(&self) -> Option<(&'a str, RecordId)> {
        let others = [self.source, self.host, self.organization_id];
        let is_envelope = self.count == 5 && others.iter().all(|other| other.is_some());
        let record = self.record.filter(|_| is_envelope)?;
        Some((record, parse_id(self.id?)?))
    }

    fn raw_data_of_event(&self) -> Option<(&'a str, RecordId)> {
        self.class_uid?;
        let mut uid = None;
        visit_members(self.metadata?, |key, value| {
            if key == "uid" {
                uid = Some(value);
            }
        });
        Some((self.raw_data?, parse_id(uid?)?))
    }
}

/// The id that `value`, a string of JSON, holds.
fn parse_id(value: &str) -> Option<RecordId> {
    RecordId::parse(&decode_string(value)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::origin::Origin;
    use super::*;
    use crate::api::Source;
    use crate::json::tests::any_value;

    fn line(format: Format, record: &str, source: Source) -> Cow<'_, str> {
        let origin = Origin {
            source,
            host: "api.verkada.com",
            organization_id: Some("o"),
        };
        format.line(record, RecordId::of(record, 1), origin).text
    }

    #[test]
    fn a_record_comes_back_byte_for_byte_from_every_format() {
        for record in [
            r#"{"n":12345678901234567890123,"m":-0.0,"z":1e400}"#,
            r#"{"key":1,"key":2,"":3}"#,
            r#"{"s":"\u0041\/\\\"\n\ud83d\ude00\ud800","t":"\udc00"}"#,
            "{\"raw\":\"\u{2028}\u{7f}\u{feff}\",\"escaped\":\"\\u2028\"}",
            r#"{"record":{"a":1},"id":"x","source":1,"host":2,"organization_id":3}"#,
            r#"{"class_uid":1,"metadata":{"uid":"x"},"raw_data":"{}"}"#,
            r#"{"raw_data":"x","record":2}"#,
            "[1,2]",
            "null",
            "\"text\"",
            "42",
            "{}",
        ] {
            for format in Format::ALL {
                for source in Source::ALL {
                    let line = line(format, record, source);
                    assert_eq!(record_text(&line).as_deref(), Some(record), "{line}");
                    let padded = format!(" {line}\r\n");
                    assert_eq!(record_text(&padded).as_deref(), Some(record));
                }
            }
        }
    }

    #[test]
    fn an_envelope_and_an_event_are_known_in_any_order_of_keys() {
        let id = RecordId::of("{}", 1);
        let envelope = format!(
            r#"{{"host":"h","id":"{id}","organization_id":null,"record":{{"a":[ 1 ]}},"source":"notifications"}}"#
        );
        assert_eq!(record_text(&envelope).unwrap(), r#"{"a":[ 1 ]}"#);
        let event = format!(
            r#"{{"raw_data":"{{\"a\":\"\\n\"}}","metadata":{{"version":"1.5.0","uid":"{id}"}},"class_uid":0}}"#
        );
        assert_eq!(record_text(&event).unwrap(), r#"{"a":"\n"}"#);
    }

    #[test]
    fn the_format_of_a_line_is_known_and_its_id_comes_back_unless_it_is_raw() {
        let record = r#"{"event_name":"User Login"}"#;
        let id = RecordId::of(record, 1);
        for format in Format::ALL {
            let line = line(format, record, Source::AuditLogs);
            let found = LineContent::of(line.as_bytes()).unwrap();
            assert_eq!(found.record.text(), record);
            assert_eq!(found.format, format, "{line}");
            assert_eq!(found.id, (format != Format::Raw).then_some(id), "{line}");
        }
    }

    #[test]
    fn a_torn_line_holds_no_record() {
        let record = r#"{"event_name":"User Login","details":{"success":true}}"#;
        for format in Format::ALL {
            let line = line(format, record, Source::AuditLogs);
            for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
                assert_eq!(record_text(&line[..end]), None, "{}", &line[..end]);
            }
        }
        assert_eq!(record_text("{} {}"), None);
        assert_eq!(record_text("NaN"), None);
    }

    proptest! {
        #[test]
        fn any_record_comes_back(value in any_value()) {
            let record = value.to_string();
            for format in Format::ALL {
                for source in Source::ALL {
                    let line = line(format, &record, source);
                    prop_assert!(!line.contains('\n'));
                    let text = record_text(&line);
                    prop_assert_eq!(text.as_deref(), Some(record.as_str()));
                }
            }
        }
    }
}
