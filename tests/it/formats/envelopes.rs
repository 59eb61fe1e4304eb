//! Envelopes, held against their published schema.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{Format, Origin, RecordId};

use super::names::event_names;
use super::records::{audit_logs, line, notifications};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../deploy/envelope.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
});

/// Checks a line against the schema, and returns it.
#[track_caller]
pub(super) fn valid(line: &str) -> Value {
    let envelope: Value = serde_json::from_str(line).unwrap();
    if let Some(error) = SCHEMA.iter_errors(&envelope).next() {
        panic!("{error} in {line}");
    }
    envelope
}

#[test]
fn the_schema_refuses_what_is_not_an_envelope() {
    let good = line(Format::Envelope, Source::AuditLogs, r#"{"a":1}"#);
    valid(&good);
    for (part, instead) in [
        (r#"{"id":""#, r#"{"id":"x"#),
        ("-1\"", "-0\""),
        ("audit-logs", "audit_logs"),
        (r#""organization_id":null,"#, ""),
        (r#""organization_id":null"#, r#""organization_id":7"#),
        ("api.eu.verkada.com", ""),
        (r#"{"a":1}}"#, r#"{"a":1},"more":1}"#),
    ] {
        let bad = good.replace(part, instead);
        assert_ne!(bad, good);
        let bad: Value = serde_json::from_str(&bad).unwrap();
        assert!(!SCHEMA.is_valid(&bad), "{bad}");
    }
}

#[test]
fn an_envelope_of_any_record_satisfies_the_schema() {
    for name in event_names() {
        for record in audit_logs(name) {
            let envelope = valid(&line(Format::Envelope, Source::AuditLogs, &record));
            let record: Value = serde_json::from_str(&record).unwrap();
            assert_eq!(envelope["record"], record);
            let own = record["organization_id"].as_str();
            assert_eq!(envelope["organization_id"].as_str(), own);
        }
    }
    for record in notifications("motion") {
        let envelope = valid(&line(Format::Envelope, Source::Notifications, &record));
        assert!(envelope["organization_id"].is_string());
    }
    for record in ["[1]", "null", "\"x\"", "1e400"] {
        let line = line(Format::Envelope, Source::AuditLogs, record);
        assert!(line.ends_with(&format!(",\"record\":{record}}}")), "{line}");
    }
}

#[test]
fn the_id_is_the_same_in_both_formats_wherever_the_record_was_read() {
    let record = &notifications("crowd")[0];
    let id = RecordId::of(record, 3);
    for (host, organization_id) in [("a", None), ("b", Some("o"))] {
        let origin = Origin {
            source: Source::Notifications,
            host,
            organization_id,
        };
        let envelope: Value =
            serde_json::from_str(&Format::Envelope.line(record, id, origin).text).unwrap();
        let event: Value =
            serde_json::from_str(&Format::Ocsf.line(record, id, origin).text).unwrap();
        assert_eq!(envelope["id"], id.to_string());
        assert_eq!(event["metadata"]["uid"], id.to_string());
    }
}
