//! Nothing of a record is lost in its event, whatever the record holds.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{Format, record_text};

use super::names::{NOTIFICATION_TYPES, UNKNOWN_NAMES, event_names};
use super::records::line;
use super::schemas::problems;

/// The places of a member in an event, as JSON pointers. A member is in one of them, or in `unmapped` as it came.
fn places(key: &str) -> &'static [&'static str] {
    match key {
        "user_id" => &["/actor/user/uid", "/user/uid"],
        "user_name" => &["/actor/user/name", "/user/name"],
        "user_email" => &["/actor/user/email_addr", "/user/email_addr"],
        "verkada_support_id" => &["/actor/user/uid", "/user/uid"],
        "ip_address" => &["/src_endpoint/ip"],
        "organization_id" => &["/metadata/tenant_uid"],
        "timestamp" | "created" => &["/metadata/original_time"],
        "event_name" => &["/metadata/event_code"],
        "event_description" => &["/message"],
        "notification_type" => &["/finding_info/title"],
        "video_url" => &["/finding_info/src_url"],
        "camera_id" => &["/resources/0/uid"],
        _ => &[],
    }
}

/// The same for a member of `details`.
fn places_of_detail(key: &str) -> &'static [&'static str] {
    match key {
        "method" => &["/http_request/http_method"],
        "url" => &["/http_request/url/path"],
        "response_status_code" => &["/api/response/code"],
        "api_key" => &["/actor/user/credential_uid"],
        "api_key_name" => &["/actor/app_name"],
        "key_owner_id" => &["/actor/user/uid"],
        "success" | "result" => &["/status_code"],
        "reason" => &["/status_detail"],
        "user_id" => &["/user/uid"],
        "user_name" => &["/user/name"],
        "user_email" => &["/user/email_addr"],
        "group_id" => &["/group/uid"],
        "group_name" => &["/group/name"],
        "start_time" => &["/web_resources/0/data/start_time"],
        "duration" => &["/web_resources/0/data/duration"],
        "role" | "roles" | "permissions" => &["/privileges", "/privileges/0"],
        _ => &[],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_at(event: &Value, places: &[&str], value: &Value) -> bool {
    let mut found = places.iter().filter_map(|place| event.pointer(place));
    found.any(|found| text(found) == text(value))
}

/// Reports whether a time in milliseconds says all of `value`.
fn is_logged_time(event: &Value, value: &Value) -> bool {
    let time = value
        .as_str()
        .filter(|text| text.len() == 20 && text.ends_with('Z'));
    let time = time.and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
    let logged = event
        .pointer("/metadata/logged_time")
        .and_then(Value::as_i64);
    time.is_some() && logged == time.map(|time| time.timestamp_millis())
}

/// Reports whether a device is one of the resources or entities of the event, with all of its members.
fn is_device_of(event: &Value, device: &Value) -> bool {
    let Some(device) = device.as_object() else {
        return false;
    };
    let resources = event["web_resources"].as_array().into_iter().flatten();
    let entity = event.pointer("/entity/device").into_iter();
    let data = &event["entity"]["data"];
    let resources = resources.map(|resource| (resource, &resource["data"]));
    let mut places = resources.chain(entity.map(|entity| (entity, data)));
    places.any(|(place, data)| {
        device.iter().all(|(key, value)| {
            let own = match key.as_str() {
                "device_id" | "deviceId" => "uid",
                "device_name" => "name",
                "device_type" | "deviceType" => "type",
                "device_site_name" => "zone",
                _ => "",
            };
            place.get(own) == Some(value) || data.get(key) == Some(value)
        })
    })
}

/// The members of `record` that are not in `event`, the raw data aside.
fn lost(record: &Map<String, Value>, event: &Value) -> Vec<String> {
    let unmapped = &event["unmapped"];
    let is_found = |key: &str, value: &Value| match (key, value) {
        _ if unmapped.get(key) == Some(value) => true,
        ("details", Value::Object(details)) => details.iter().all(|(key, value)| {
            is_at(event, places_of_detail(key), value)
                || unmapped["details"].get(key) == Some(value)
        }),
        ("devices", Value::Array(devices)) => devices.iter().all(|device| {
            let others = unmapped["devices"].as_array();
            is_device_of(event, device) || others.is_some_and(|others| others.contains(device))
        }),
        ("processed_timestamp", value) => is_logged_time(event, value),
        (key, value) => is_at(event, places(key), value),
    };
    let missing = record.iter().filter(|(key, value)| !is_found(key, value));
    missing
        .map(|(key, value)| format!("{key}: {value}"))
        .collect()
}

/// Anything, shallow.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~é\n]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,8}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Mostly what a field usually holds; otherwise a placeholder, or anything.
fn usually(values: &'static [&'static str]) -> impl Strategy<Value = Value> {
    const PLACEHOLDERS: &[&str] = &[
        "-",
        "",
        "00000000-0000-0000-0000-000000000000",
        "unknown user name",
    ];
    prop_oneof![
        5 => select(values).prop_map(Value::from),
        1 => select(PLACEHOLDERS).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => anything(),
    ]
}

/// An object of some of these members, and some of which nobody knows.
fn object(
    members: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Map<String, Value>> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(key, value)| {
            let member = value.prop_map(move |value| (key.to_owned(), value));
            prop::option::weighted(0.7, member)
        })
        .collect();
    let others = prop::collection::hash_map("new_[a-z]{1,5}", anything(), 0..3);
    (members, others)
        .prop_map(|(members, others)| members.into_iter().flatten().chain(others).collect())
}

fn details() -> impl Strategy<Value = Value> {
    let words = |key, values| (key, usually(values).boxed());
    let numbers = |key| {
        (
            key,
            prop_oneof![any::<u16>().prop_map(Value::from), anything()].boxed(),
        )
    };
    let known = vec![
        words("method", &["GET", "POST", "PATCH", "BREW"]),
        words("url", &["/core/v1/audit_log"]),
        words("api_key", &["****4f90c2"]),
        words("api_key_name", &["siem"]),
        words("key_owner_id", &["2a7f", "91d3"]),
        words("success", &["true", "perhaps"]),
        words("result", &["success", "FAIL"]),
        words("reason", &["invalid password"]),
        words("action", &["create", "download", "seal"]),
        words("user_id", &["91d3"]),
        words("user_name", &["Jürgen"]),
        words("user_email", &["j@example.com", "j"]),
        words("group_id", &["g7"]),
        words("group_name", &["Night shift"]),
        words("role", &["Viewer"]),
        numbers("response_status_code"),
        numbers("start_time"),
        numbers("duration"),
        (
            "permissions",
            prop_oneof![Just(json!(["a", "b"])), anything()].boxed(),
        ),
    ];
    prop_oneof![6 => object(known).prop_map(Value::from), 1 => anything()]
}

fn devices() -> impl Strategy<Value = Value> {
    let words = |key, values| (key, usually(values).boxed());
    let known = vec![
        words("device_id", &["8e1b", "f00c"]),
        words("deviceId", &["4d2c"]),
        words("device_name", &["Dock \"2\""]),
        words("device_type", &["camera"]),
        words("deviceType", &["Camera"]),
        words("device_site_name", &["HQ"]),
        ("details", anything().boxed()),
    ];
    let device = prop_oneof![6 => object(known).prop_map(Value::from), 1 => anything()];
    prop_oneof![
        6 => prop::collection::vec(device, 0..4).prop_map(Value::from),
        1 => anything(),
    ]
}

fn audit_log() -> impl Strategy<Value = Map<String, Value>> {
    let words = |key, values| (key, usually(values).boxed());
    let names: Vec<_> = event_names().chain(UNKNOWN_NAMES).collect();
    let name = select(names).prop_map(Value::from);
    object(vec![
        (
            "event_name",
            prop_oneof![8 => name, 1 => Just(json!("Door Moved ")), 1 => anything()].boxed(),
        ),
        ("details", details().boxed()),
        ("devices", devices().boxed()),
        words("event_description", &["Archive created"]),
        words(
            "ip_address",
            &["192.0.2.7", "2001:db8::14", "::ffff:192.0.2.7", "here"],
        ),
        words("organization_id", &["5b0d6c3e-2f41-4c8a-9b77-1d2e90aa4410"]),
        words(
            "processed_timestamp",
            &[
                "2026-09-14T16:18:29Z",
                "2026-09-14T16:18:29.5Z",
                "2026-09-14 16:18:29",
            ],
        ),
        words(
            "timestamp",
            &["2026-09-14T16:18:02Z", "2026-09-14T18:18:02+02:00"],
        ),
        words("user_email", &["sam.o'neil@example.com", "nobody"]),
        words("user_id", &["2a7f"]),
        words("user_name", &["Sam \"Sunny\" O'Neil"]),
        words("verkada_support_id", &["support-00417"]),
    ])
}

fn notification() -> impl Strategy<Value = Map<String, Value>> {
    let words = |key, values| (key, usually(values).boxed());
    object(vec![
        words("notification_type", &NOTIFICATION_TYPES),
        words("camera_id", &["8e1b"]),
        (
            "created",
            prop_oneof![Just(json!(1_789_402_801)), anything()].boxed(),
        ),
        (
            "objects",
            prop_oneof![Just(json!(["person"])), Just(json!("[]")), anything()].boxed(),
        ),
        ("crowd_threshold", anything().boxed()),
        words("image_url", &["https://example.com/i?token=INVENTED"]),
        words("person_label", &["Zoë"]),
        words(
            "video_url",
            &["https://example.command.verkada.com/cameras/x"],
        ),
    ])
}

fn check(source: Source, record: &Map<String, Value>) -> Result<(), TestCaseError> {
    let text = Value::Object(record.clone()).to_string();
    let line = line(Format::Ocsf, source, &text);
    let found = problems(&line);
    prop_assert!(found.is_empty(), "{:#?} in {}", found, line);
    let original = record_text(&line);
    prop_assert_eq!(original.as_deref(), Some(text.as_str()));
    let event: Value = serde_json::from_str(&line).unwrap();
    prop_assert_eq!(event["raw_data"].as_str(), Some(text.as_str()));
    let lost = lost(record, &event);
    prop_assert!(lost.is_empty(), "{:?} of {} in {}", lost, text, line);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_member_of_an_audit_log_is_in_its_valid_event(record in audit_log()) {
        check(Source::AuditLogs, &record)?;
    }

    #[test]
    fn every_member_of_a_notification_is_in_its_valid_event(record in notification()) {
        check(Source::Notifications, &record)?;
    }
}
