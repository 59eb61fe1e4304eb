//! Records as Verkada writes them, and as it might.

use verkada_audit_logs::Source;
use verkada_audit_logs::pull::{Format, Origin, RecordId};

/// The host that the records here come from.
pub(super) const HOST: &str = "api.eu.verkada.com";

/// The line of the only record with this text.
pub(super) fn line(format: Format, source: Source, record: &str) -> String {
    let origin = Origin {
        source,
        host: HOST,
        organization_id: Some("5b0d6c3e-2f41-4c8a-9b77-1d2e90aa4410"),
    };
    let id = RecordId::of(record, 1);
    format.line(record, id, origin).text.into_owned()
}

/// The OCSF event of an audit log.
pub(super) fn event_of_audit_log(record: &str) -> String {
    line(Format::Ocsf, Source::AuditLogs, record)
}

/// The OCSF event of a notification.
pub(super) fn event_of_notification(record: &str) -> String {
    line(Format::Ocsf, Source::Notifications, record)
}

/// Audit logs with this event name in every shape: full, empty, of nobody, of support, and with values of wrong types.
pub(super) fn audit_logs(name: &str) -> Vec<String> {
    let name = serde_json::Value::from(name);
    let shapes = [
        r#"{"details":{"action":"download","method":"GET","url":"/core/v1/audit_log","response_status_code":200,"response_content_size":17,"api_key":"******4f90c2","api_key_name":"siem","key_owner_id":"2a7f0c64-91be-4c2d-8d0a-3b5c6e7f8091","success":true,"result":"fail","reason":"invalid password","start_time":1789401600,"duration":600,"roles":["Org Admin","Viewer"],"user_id":"91d3b5f7","user_name":"Jürgen","user_email":"j@example.com","group_id":"g7","group_name":"Night shift"},"devices":[{"details":{"serial_number":"ZZZZ-0000-AAA1"},"device_id":"8e1b7a52","device_name":"Dock, \"2\"\nlevel 1","device_site_name":"Warehouse North","device_type":"camera","x":1},{"deviceId":"f00c1d2e","deviceType":"Access Control","details":null}],"event_description":"Archive created","event_name":NAME,"ip_address":"2001:db8:4c1:7::14","organization_id":"5b0d6c3e-2f41-4c8a-9b77-1d2e90aa4410","processed_timestamp":"2026-09-14T16:18:29Z","timestamp":"2026-09-14T16:18:02Z","user_email":"sam.o'neil@example.com","user_id":"2a7f0c64-91be-4c2d-8d0a-3b5c6e7f8091","user_name":"Sam \"Sunny\" O'Neil","verkada_support_id":null,"unknown_tomorrow":{"x":[1.5,{}]}}"#,
        r#"{"details":{"method":"POST","response_status_code":"429","success":false},"devices":null,"event_name":NAME,"ip_address":"192.0.2.7","timestamp":"2026-09-14T16:18:02Z","user_email":"a@example.com"}"#,
        r#"{"details":null,"devices":null,"event_description":null,"event_name":NAME,"ip_address":null,"organization_id":null,"processed_timestamp":null,"timestamp":null,"user_email":null,"user_id":null,"user_name":null,"verkada_support_id":null}"#,
        r#"{"details":{},"devices":[],"event_description":"-","event_name":NAME,"ip_address":"","timestamp":"2026-09-14T12:00:00Z","user_email":"","user_id":"00000000-0000-0000-0000-000000000000","user_name":"-","verkada_support_id":null}"#,
        r#"{"details":{"window_hours":24},"devices":null,"event_name":NAME,"ip_address":null,"timestamp":"2026-09-14T14:05:09Z","user_email":"unknown user email","user_id":"00000000-0000-0000-0000-000000000000","user_name":"unknown user name","verkada_support_id":"support-00417"}"#,
        r#"{"details":[1],"devices":{"device_id":"x"},"event_description":7,"event_name":NAME,"ip_address":"somewhere","organization_id":{},"processed_timestamp":"soon","timestamp":[],"user_email":"not an address","user_id":5,"user_name":["x"],"verkada_support_id":1}"#,
        r#"{"details":{"action":1,"method":{},"url":[],"response_status_code":"many","success":"perhaps","roles":[1],"role":[],"user_id":null,"group_name":4},"devices":["x",{"device_id":7},{"device_name":"only a name"},null],"event_name":NAME,"ip_address":"fe80::1%eth0","timestamp":1789401600.5,"processed_timestamp":1789401600123}"#,
        r#"{"event_name":NAME}"#,
    ];
    let shapes = shapes.iter();
    shapes
        .map(|shape| shape.replace("NAME", &name.to_string()))
        .collect()
}

/// Notifications of this type in every shape.
pub(super) fn notifications(kind: &str) -> Vec<String> {
    let kind = serde_json::Value::from(kind);
    let shapes = [
        r#"{"camera_id":"8e1b7a52-3c1d-4a90-bb0f-5f6a2b7c9e11","created":1789402801,"crowd_threshold":12,"image_url":"https://example.com/i?token=INVENTED","notification_type":KIND,"objects":["person","vehicle"],"person_label":"Zoë Ångström","video_url":"https://example.command.verkada.com/cameras/x"}"#,
        r#"{"camera_id":"","created":0,"crowd_threshold":null,"image_url":null,"notification_type":KIND,"objects":"[]","person_label":null,"video_url":null}"#,
        r#"{"camera_id":7,"created":"soon","notification_type":KIND,"objects":null,"video_url":["x"]}"#,
        r#"{"notification_type":KIND}"#,
    ];
    let shapes = shapes.iter();
    shapes
        .map(|shape| shape.replace("KIND", &kind.to_string()))
        .collect()
}
