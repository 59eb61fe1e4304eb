//! The envelope: a record with an id and where it came from.

use super::origin::Origin;
use super::record_id::RecordId;
use crate::json::{decode_string, visit_members};

/// The line of `record`, which stands in it byte for byte. `deploy/envelope.schema.json` describes it.
pub(super) fn line(record: &str, id: RecordId, origin: Origin<'_>) -> String {
    let mut own = None;
    visit_members(record, |key, value| {
        if key == "organization_id" {
            own = decode_string(value);
        }
    });
    let organization_id = origin.organization_of(own.as_deref());
    let (source, host) = (origin.source.flag_value(), json_string(origin.host));
    let organization_id = organization_id.map_or("null".to_owned(), json_string);
    format!(
        r#"{{"id":"{id}","source":"{source}","host":{host},"organization_id":{organization_id},"record":{record}}}"#
    )
}

/// `text` as a string of JSON.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Source;

    fn enveloped(record: &str, source: Source, organization_id: Option<&str>) -> String {
        let origin = Origin {
            source,
            host: "api.eu.verkada.com",
            organization_id,
        };
        line(record, RecordId::of(record, 2), origin)
    }

    #[test]
    fn the_record_stands_in_it_byte_for_byte() {
        let record = r#"{"organization_id":"o\u0031","n":1e400,"s":"\ud800"}"#;
        let id = RecordId::of(record, 2);
        let expected = format!(
            r#"{{"id":"{id}","source":"audit-logs","host":"api.eu.verkada.com","organization_id":"o1","record":{record}}}"#
        );
        assert_eq!(
            enveloped(record, Source::AuditLogs, Some("other")),
            expected
        );
    }

    #[test]
    fn the_organisation_is_what_an_audit_log_says_and_what_is_known_for_a_notification() {
        use Source::{AuditLogs, Notifications};
        for (source, record, known, expected) in [
            (AuditLogs, r#"{"organization_id":"a"}"#, Some("b"), r#""a""#),
            (AuditLogs, "{}", Some("b"), "null"),
            (AuditLogs, r#"{"organization_id":7}"#, Some("b"), "null"),
            (AuditLogs, "[1]", Some("b"), "null"),
            (Notifications, "{}", Some("b\"\n"), r#""b\"\n""#),
            (Notifications, "{}", None, "null"),
        ] {
            let line = enveloped(record, source, known);
            let found = format!(r#","organization_id":{expected},"record""#);
            assert!(line.contains(&found), "{line}");
        }
    }
}
