//! OCSF events: valid in every version, and of the class that the name of the record says.

use serde_json::{Value, json};
use verkada_audit_logs::Source;
use verkada_audit_logs::demo::{Organisation, Profile, TimeBase};
use verkada_audit_logs::pull::{Format, MAPPING_VERSION, Origin, RecordId, mapped_event_names};

use super::names::{NOTIFICATION_TYPES, UNKNOWN_NAMES, event_names};
use super::records::{HOST, audit_logs, event_of_audit_log, event_of_notification, notifications};
use super::schemas::valid;

/// 2026-09-14T08:00:00Z, a Monday.
const MORNING: i64 = 1_789_372_800;

/// The event name that a warning is about when this audit log is printed.
fn unknown_name_of(record: &str) -> Option<String> {
    let origin = Origin {
        source: Source::AuditLogs,
        host: HOST,
        organization_id: None,
    };
    let line = Format::Ocsf.line(record, RecordId::of(record, 1), origin);
    line.unknown_event_name
}

fn is_known(name: &str) -> bool {
    let record = json!({ "event_name": name }).to_string();
    let unknown = unknown_name_of(&record);
    assert!(unknown.is_none() || unknown.as_deref() == Some(name.trim()));
    unknown.is_none()
}

#[test]
fn every_known_event_name_in_every_shape_is_a_valid_event_of_a_class_of_its_own() {
    assert!(event_names().count() > 120);
    for name in event_names().chain(mapped_event_names()) {
        assert!(is_known(name), "{name}");
        for record in audit_logs(name) {
            let event = valid(&event_of_audit_log(&record));
            assert_ne!(event["class_uid"], 0, "{name}");
            assert_eq!(event["metadata"]["event_code"], name);
        }
    }
}

#[test]
fn an_unknown_name_is_a_valid_base_event() {
    for name in UNKNOWN_NAMES {
        assert!(!is_known(name), "{name}");
        for record in audit_logs(name) {
            let event = valid(&event_of_audit_log(&record));
            assert_eq!(
                (&event["class_uid"], &event["activity_id"]),
                (&json!(0), &json!(99))
            );
            assert_eq!(event["activity_name"], name);
        }
    }
}

#[test]
fn a_record_without_a_name_or_of_another_type_is_a_valid_base_event() {
    for record in [
        "{}",
        r#"{"event_name":null}"#,
        r#"{"event_name":7,"timestamp":"2026-09-14T16:18:02Z"}"#,
        r#"{"event_name":"  "}"#,
        "[1,[2]]",
        "null",
        "42",
        "\"text\"",
    ] {
        let event = valid(&event_of_audit_log(record));
        assert_eq!(event["class_uid"], 0, "{record}");
        assert_eq!(unknown_name_of(record), None);
        let event = valid(&event_of_notification(record));
        assert_eq!(event["class_uid"], 2004, "{record}");
    }
    let event = valid(&event_of_audit_log("[1,[2]]"));
    assert_eq!(event["unmapped"], json!({ "record": [1, [2]] }));
}

#[test]
fn every_notification_is_a_valid_finding_and_all_but_reports_of_state_are_alerts() {
    for kind in NOTIFICATION_TYPES {
        for record in notifications(kind) {
            let event = valid(&event_of_notification(&record));
            assert_eq!(
                (&event["class_uid"], &event["activity_id"]),
                (&json!(2004), &json!(1))
            );
            let is_state = matches!(kind, "camera_online" | "camera_offline");
            assert_eq!(event["is_alert"], !is_state, "{kind}");
            assert_eq!(event["finding_info"]["title"], kind);
            assert_eq!(event["finding_info"]["uid"], event["metadata"]["uid"]);
        }
    }
}

#[test]
fn every_record_of_the_demo_is_valid_and_none_of_its_names_is_unknown() {
    let organisation = Organisation::new(Profile::demo());
    let window = MORNING..=MORNING + 1_800;
    let mut classes = std::collections::BTreeSet::new();
    for record in organisation.audit_logs(window.clone(), TimeBase::Event) {
        assert!(is_known(record.name()), "{}", record.name());
        let event = valid(&event_of_audit_log(&record.text()));
        classes.insert(event["type_uid"].as_u64().unwrap());
    }
    for record in organisation.notifications(window) {
        let event = valid(&event_of_notification(&record.text()));
        classes.insert(event["type_uid"].as_u64().unwrap());
    }
    let expected = [
        200_401, 300_201, 300_202, 300_401, 300_403, 300_405, 300_499, 600_101, 600_102, 600_104,
        600_107, 600_301, 600_302,
    ];
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), expected);
}

/// The class and activity of an audit log with this name and these details.
fn type_of(name: &str, details: Value) -> u64 {
    let record = json!({ "event_name": name, "details": details, "user_id": "u" });
    let event = valid(&event_of_audit_log(&record.to_string()));
    event["type_uid"].as_u64().unwrap()
}

#[test]
fn the_class_and_activity_are_those_that_the_contract_names() {
    for (name, expected) in [
        ("Live Stream Started", 600_102),
        (" VIDEO history streamed\t", 600_102),
        ("Profile Searched", 600_105),
        ("Archive Action Taken", 600_199),
        ("Live Link Created", 600_199),
        ("Public API Request", 600_399),
        ("User Login", 300_201),
        ("User Logout", 300_202),
        ("User Invited", 300_101),
        ("Users Removed From Organization", 300_106),
        ("User Changed Password", 300_103),
        ("Two-Factor Reset", 300_111),
        ("User Email Modified", 300_199),
        ("Access Group User Added", 300_603),
        ("Access Group User Removed", 300_604),
        ("Door Created", 300_401),
        ("Camera Config Modified", 300_403),
        ("SAML Config Deleted", 300_404),
        ("Camera Site Changed ", 300_405),
        ("Support Access Granted", 300_499),
        ("Organization Audit Log Accessed", 100_803),
        // No privilege is named.
        ("User Roles Modified", 300_403),
        ("Access Roles Granted", 300_403),
        ("Drone Started", 99),
    ] {
        assert_eq!(type_of(name, Value::Null), expected, "{name}");
    }
    for (method, activity) in [
        ("GET", 2),
        ("POST", 1),
        ("PUT", 3),
        ("PATCH", 3),
        ("DELETE", 4),
        ("BREW", 99),
    ] {
        let details = json!({ "method": method, "url": "/a" });
        assert_eq!(type_of("Public API Request", details), 600_300 + activity);
    }
    for (action, activity) in [
        ("create", 1),
        ("Download", 7),
        ("share", 8),
        ("delete", 4),
        ("seal", 99),
    ] {
        let details = json!({ "action": action });
        assert_eq!(type_of("Archive Action Taken", details), 600_100 + activity);
    }
    let named = json!({ "roles": ["Viewer"], "user_id": "w" });
    assert_eq!(type_of("Access Roles Granted", named.clone()), 300_501);
    assert_eq!(type_of("Access Roles Revoked", named.clone()), 300_502);
    assert_eq!(type_of("User Roles Modified", named), 300_599);
    assert_eq!(
        type_of("Access Roles Granted", json!({ "roles": ["Viewer"] })),
        300_403
    );
}

#[test]
fn what_somebody_watched_says_who_what_and_when() {
    let record = r#"{"details":{"start_time":1789401600,"duration":600},"devices":[{"details":null,"deviceId":"4d2c","deviceType":"camera","device_name":"Süd","device_site_name":"Büro"}],"event_description":"Video history streamed","event_name":"Video History Streamed","ip_address":"192.0.2.77","organization_id":"5b0d","processed_timestamp":"2026-09-14T16:30:11Z","timestamp":"2026-09-14T16:02:55Z","user_email":"jurgen.weiss@example.com","user_id":"91d3","user_name":"Jürgen Weiß","verkada_support_id":null}"#;
    let event = valid(&event_of_audit_log(record));
    let expected = json!({
        "category_uid": 6, "class_uid": 6001, "class_name": "Web Resources Activity",
        "activity_id": 2, "activity_name": "Read", "type_uid": 600_102, "severity_id": 1,
        "time": 1_789_401_775_000_i64, "message": "Video history streamed",
        "actor": { "user": { "uid": "91d3", "name": "Jürgen Weiß", "email_addr": "jurgen.weiss@example.com" } },
        "src_endpoint": { "ip": "192.0.2.77" },
        "web_resources": [{
            "uid": "4d2c", "name": "Süd", "type": "camera",
            "data": { "details": null, "device_site_name": "Büro", "start_time": 1_789_401_600, "duration": 600 },
        }],
        "metadata": {
            "version": "1.5.0", "uid": event["metadata"]["uid"], "tenant_uid": "5b0d",
            "product": { "name": "Command", "vendor_name": "Verkada" },
            "log_name": "audit_log", "log_provider": HOST, "event_code": "Video History Streamed",
            "original_time": "2026-09-14T16:02:55Z", "logged_time": 1_789_403_411_000_i64,
            "profiles": ["host"],
            "transformation_info_list": [{ "name": "verkada-audit-logs", "uid": MAPPING_VERSION }],
        },
        "unmapped": { "verkada_support_id": null },
        "raw_data": record,
    });
    assert_eq!(event, expected);
}

#[test]
fn an_api_request_says_which_key_asked_for_what() {
    let record = r#"{"details":{"api_key":"***4f90c2","api_key_name":"siem","key_owner_id":"c1f4","method":"GET","url":"/core/v1/audit_log","response_status_code":403,"response_content_size":59},"event_name":"Public API Request","ip_address":"203.0.113.26","timestamp":"2026-09-14T16:02:55.5Z","processed_timestamp":"2026-09-14T16:02:55.25Z","user_id":"c1f4"}"#;
    let event = valid(&event_of_audit_log(record));
    assert_eq!(
        event["actor"],
        json!({ "user": { "uid": "c1f4", "credential_uid": "***4f90c2" }, "app_name": "siem" })
    );
    assert_eq!(
        event["api"],
        json!({ "operation": "GET /core/v1/audit_log", "response": { "code": 403 } })
    );
    assert_eq!(event["status_id"], 2);
    let left = json!({
        "processed_timestamp": "2026-09-14T16:02:55.25Z",
        "details": { "response_content_size": 59 },
    });
    assert_eq!(event["unmapped"], left);
    assert_eq!(event["metadata"]["logged_time"], 1_789_401_775_250_i64);
    let bare = valid(&event_of_audit_log(
        r#"{"event_name":"Public API Request"}"#,
    ));
    assert_eq!(bare["actor"], json!({ "app_name": "Unknown" }));
    assert_eq!(bare["src_endpoint"], json!({ "name": "Unknown" }));
    assert_eq!(bare["api"], json!({ "operation": "Unknown" }));
}

#[test]
fn a_status_that_http_does_not_know_says_neither_success_nor_failure() {
    for (code, status) in [
        (0, Value::Null),
        (204, json!(1)),
        (302, json!(1)),
        (599, json!(2)),
        (600, Value::Null),
    ] {
        let details = json!({ "response_status_code": code });
        let record = json!({ "event_name": "Public API Request", "details": details });
        let event = valid(&event_of_audit_log(&record.to_string()));
        assert_eq!(event["status_id"], status, "{code}");
        assert_eq!(event["api"]["response"]["code"], code);
    }
}

#[test]
fn a_device_with_times_of_its_own_keeps_them_apart_from_those_of_the_footage() {
    let record = r#"{"details":{"start_time":1,"duration":60},"devices":[{"device_id":"x","start_time":5}],"event_name":"Video History Streamed"}"#;
    let event = valid(&event_of_audit_log(record));
    let data = json!({ "start_time": 5, "duration": 60 });
    assert_eq!(
        event["web_resources"],
        json!([{ "uid": "x", "data": data }])
    );
    assert_eq!(event["unmapped"]["details"], json!({ "start_time": 1 }));
}

#[test]
fn only_a_user_is_unknown_by_the_placeholder_of_one() {
    let record = r#"{"devices":[{"device_id":"x","device_name":"unknown user entrance"}],"event_description":"Unknown user attempted login","event_name":"Camera Config Modified","user_name":"Unknown user name"}"#;
    let event = valid(&event_of_audit_log(record));
    assert_eq!(event["message"], "Unknown user attempted login");
    assert_eq!(event["entity"]["device"]["name"], "unknown user entrance");
    assert_eq!(event["actor"], Value::Null);
}

#[test]
fn an_organisation_is_an_entity_of_its_own_type() {
    let event = valid(&event_of_audit_log(
        r#"{"event_name":"Organization Modified"}"#,
    ));
    assert_eq!(
        event["entity"],
        json!({ "name": "Organization", "type": "Organization", "type_id": 4 })
    );
}

#[test]
fn a_login_says_whether_it_succeeded() {
    for (details, status, code, reason) in [
        (json!({ "success": true }), 1, "true", Value::Null),
        (json!({ "success": false }), 2, "false", Value::Null),
        (
            json!({ "result": "success", "reason": null }),
            1,
            "success",
            Value::Null,
        ),
        (
            json!({ "result": "fail", "reason": "invalid password" }),
            2,
            "fail",
            json!("invalid password"),
        ),
    ] {
        let record =
            json!({ "event_name": "User attempted login", "details": details, "user_name": "x" });
        let event = valid(&event_of_audit_log(&record.to_string()));
        assert_eq!(
            (&event["status_id"], &event["status_code"]),
            (&json!(status), &json!(code))
        );
        assert_eq!(event["status_detail"], reason);
        assert_eq!(event["user"], json!({ "name": "x" }));
    }
    let undecided = json!({ "event_name": "Login", "details": { "success": "perhaps" } });
    let event = valid(&event_of_audit_log(&undecided.to_string()));
    assert_eq!(event["status_id"], Value::Null);
    assert_eq!(event["user"], json!({ "name": "Unknown" }));
    assert_eq!(
        event["unmapped"]["details"],
        json!({ "success": "perhaps" })
    );
}

#[test]
fn support_acts_where_the_record_has_its_id() {
    let record = &audit_logs("Device Remotely Accessed")[4];
    let event = valid(&event_of_audit_log(record));
    let support = json!({ "uid": "support-00417", "type": "Verkada Support", "type_id": 99 });
    assert_eq!(event["actor"], json!({ "user": support }));
    let both = r#"{"event_name":"Device Remotely Accessed","user_name":"Mina Park","verkada_support_id":"support-00417"}"#;
    let event = valid(&event_of_audit_log(both));
    assert_eq!(event["actor"], json!({ "user": support }));
    assert_eq!(event["unmapped"], json!({ "user_name": "Mina Park" }));
    let nobody = &audit_logs("Devices Installed ")[3];
    let event = valid(&event_of_audit_log(nobody));
    assert_eq!(event["actor"], Value::Null);
    assert_eq!(event["activity_name"], "Create");
    assert_eq!(event["unmapped"]["event_name"], "Devices Installed ");
}

#[test]
fn an_entity_is_the_device_and_otherwise_what_the_name_is_about() {
    let event = valid(&event_of_audit_log(
        &audit_logs("Camera Config Modified")[0],
    ));
    let entity = json!({
        "type": "Device", "type_id": 1,
        "device": {
            "uid": "8e1b7a52", "name": "Dock, \"2\"\nlevel 1", "type": "IOT", "type_id": 7,
            "vendor_name": "Verkada", "zone": "Warehouse North",
        },
        "data": { "details": { "serial_number": "ZZZZ-0000-AAA1" }, "device_type": "camera", "x": 1 },
    });
    assert_eq!(event["entity"], entity);
    let second =
        json!([{ "deviceId": "f00c1d2e", "deviceType": "Access Control", "details": null }]);
    assert_eq!(event["unmapped"]["devices"], second);
    let event = valid(&event_of_audit_log(&audit_logs("API Key Modified")[2]));
    let entity = json!({ "name": "API key", "type": "API key", "type_id": 99 });
    assert_eq!(event["entity"], entity);
}

#[test]
fn half_of_a_surrogate_pair_does_not_harm_the_event() {
    let record =
        r#"{"event_name":"Live Stream Started","user_name":"a\ud800","x":"\udc00","\ud800k":1}"#;
    let event = valid(&event_of_audit_log(record));
    assert_eq!(event["raw_data"], record);
}
