//! The text of an audit log.

use super::catalogue::{ApiKey, Catalogue, Person};
use super::event::{Actor, Details, Devices, EVENT_KINDS, EventKind};
use super::json_text::{push_number, push_quoted, push_time};
use crate::demo::organisation::random::Dice;

/// Methods and paths of the API requests that the organisation's integrations make.
const API_REQUESTS: [(&str, &str); 5] = [
    ("GET", "/cameras/v1/devices"),
    ("GET", "/cameras/v1/alerts"),
    ("GET", "/core/v1/audit_log"),
    ("GET", "/access/v1/access_users"),
    ("POST", "/cameras/v1/people/person_of_interest"),
];

/// Statuses of those requests; most succeed.
const API_STATUSES: [u16; 10] = [200, 200, 200, 200, 200, 200, 200, 200, 429, 403];

/// IP addresses of people away from their usual place, from blocks reserved for documentation.
const ROAMING_ADDRESSES: [&str; 4] = [
    "192.0.2.201",
    "192.0.2.202",
    "203.0.113.203",
    "198.51.100.204",
];

const ARCHIVE_ACTIONS: [&str; 4] = ["create", "create", "download", "delete"];

/// The user fields when Verkada Support acted, up to the digits of the support id.
const SUPPORT_FIELDS: &str = concat!(
    r#""user_email":"unknown user email","user_id":"00000000-0000-0000-0000-000000000000","#,
    r#""user_name":"unknown user name","verkada_support_id":"support-00"#
);

/// The user fields when no user acted, up to the end of the record.
const SYSTEM_FIELDS: &str = concat!(
    r#""user_email":"","user_id":"00000000-0000-0000-0000-000000000000","user_name":"-","#,
    r#""verkada_support_id":null}"#
);

/// Share of audit logs with the person's usual IP address.
const USUAL_ADDRESS_PER_CENT: u64 = 90;

/// Share of devices that are cameras of the person's own site.
const OWN_SITE_PER_CENT: u64 = 75;

/// Share of sign-ins that succeed.
const SIGN_IN_SUCCESS_PER_CENT: u64 = 85;

/// Share of archive and configuration events that name two devices.
const TWO_DEVICES_PER_CENT: u64 = 40;

/// An audit log, before it is written as JSON. Times are in Unix seconds.
pub(crate) struct AuditLog<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// Key of everything but the times.
    pub(crate) content: u64,
    pub(crate) event_time: i64,
    pub(crate) processed_time: i64,
}

/// The draws that every audit log makes first, in this order.
struct Choices<'a> {
    dice: Dice,
    event: &'static EventKind,
    api_key: &'a ApiKey,
    person: &'a Person,
}

impl<'a> Choices<'a> {
    fn new(content: u64, catalogue: &'a Catalogue) -> Self {
        let (mut dice, event) = choose_event(content);
        let api_key = dice.pick(&catalogue.api_keys);
        let person = match event.actor {
            Actor::KeyOwner => &catalogue.people[api_key.owner],
            Actor::Person | Actor::Support | Actor::System => dice.pick(&catalogue.people),
        };
        Self {
            dice,
            event,
            api_key,
            person,
        }
    }

    /// Draws whether something happens that has this probability.
    fn chance(&mut self, per_cent: u64) -> bool {
        self.dice.roll(100) < per_cent
    }
}

/// Returns the event name of the audit log with this content.
pub(crate) fn event_name(content: u64) -> &'static str {
    choose_event(content).1.name
}

fn choose_event(content: u64) -> (Dice, &'static EventKind) {
    let mut dice = Dice::new(content);
    let event = dice.pick_weighted(&EVENT_KINDS, |event| event.per_cent);
    (dice, event)
}

impl AuditLog<'_> {
    /// Appends the audit log, its keys in the API's alphabetical order.
    pub(crate) fn write(&self, text: &mut String) {
        let mut choices = Choices::new(self.content, self.catalogue);
        text.push_str(r#"{"details":"#);
        write_details(&mut choices, self.event_time, text);
        text.push_str(r#","devices":"#);
        write_devices(&mut choices, self.catalogue, text);
        text.push_str(r#","event_description":"#);
        push_quoted(text, choices.event.description);
        text.push_str(r#","event_name":"#);
        push_quoted(text, choices.event.name);
        text.push_str(r#","ip_address":"#);
        write_ip_address(&mut choices, text);
        text.push_str(r#","organization_id":"#);
        push_quoted(text, &self.catalogue.organisation_id);
        text.push_str(r#","processed_timestamp":"#);
        push_time(text, self.processed_time);
        text.push_str(r#","timestamp":"#);
        push_time(text, self.event_time);
        text.push(',');
        write_user(&mut choices, text);
    }
}

fn write_details(choices: &mut Choices<'_>, event_time: i64, text: &mut String) {
    match choices.event.details {
        Details::Null => text.push_str("null"),
        Details::Empty => text.push_str("{}"),
        Details::ApiRequest => write_api_request(choices, text),
        Details::Playback => write_playback(choices, event_time, text),
        Details::Archive => {
            text.push_str(r#"{"action":"#);
            push_quoted(text, choices.dice.pick_word(&ARCHIVE_ACTIONS));
            text.push('}');
        }
        Details::SignIn => {
            text.push_str(if choices.chance(SIGN_IN_SUCCESS_PER_CENT) {
                r#"{"result":"success","reason":null}"#
            } else {
                r#"{"result":"fail","reason":"invalid password"}"#
            });
        }
        Details::SupportWindow => text.push_str(r#"{"window_hours":24}"#),
    }
}

fn write_api_request(choices: &mut Choices<'_>, text: &mut String) {
    let (method, path) = choices.dice.pick(&API_REQUESTS);
    text.push('{');
    text.push_str(&choices.api_key.fields);
    text.push_str(r#""method":"#);
    push_quoted(text, method);
    text.push_str(r#","url":"#);
    push_quoted(text, path);
    text.push_str(r#","response_status_code":"#);
    push_number(text, *choices.dice.pick(&API_STATUSES));
    text.push_str(r#","response_content_size":"#);
    push_number(text, choices.dice.roll(60_000) as u32);
    text.push('}');
}

fn write_playback(choices: &mut Choices<'_>, event_time: i64, text: &mut String) {
    let days_back = choices.dice.roll(14) as i64;
    text.push_str(r#"{"start_time":"#);
    push_number(text, event_time - 600 - days_back * 86_400);
    text.push_str(r#","duration":"#);
    push_number(text, *choices.dice.pick(&[30_u16, 60, 300, 600]));
    text.push('}');
}

fn write_devices(choices: &mut Choices<'_>, catalogue: &Catalogue, text: &mut String) {
    let two = match choices.event.devices {
        Devices::Null => return text.push_str("null"),
        Devices::Empty => return text.push_str("[]"),
        Devices::One => false,
        Devices::OneOrTwo => choices.chance(TWO_DEVICES_PER_CENT),
    };
    text.push('[');
    write_device(choices, catalogue, text);
    if two {
        text.push(',');
        write_device(choices, catalogue, text);
    }
    text.push(']');
}

fn write_device(choices: &mut Choices<'_>, catalogue: &Catalogue, text: &mut String) {
    let camera = if choices.chance(OWN_SITE_PER_CENT) {
        catalogue.camera_at(choices.person.site, &mut choices.dice)
    } else {
        catalogue.any_camera(&mut choices.dice)
    };
    text.push_str(&camera.device);
}

fn write_ip_address(choices: &mut Choices<'_>, text: &mut String) {
    if matches!(choices.event.actor, Actor::Support | Actor::System) {
        return text.push_str("null");
    }
    let address = if choices.chance(USUAL_ADDRESS_PER_CENT) {
        choices.person.ip_address
    } else {
        choices.dice.pick_word(&ROAMING_ADDRESSES)
    };
    push_quoted(text, address);
}

/// Appends the user fields and the support id, which end the record.
fn write_user(choices: &mut Choices<'_>, text: &mut String) {
    match choices.event.actor {
        Actor::KeyOwner | Actor::Person => {
            text.push_str(&choices.person.fields);
            text.push_str(r#""verkada_support_id":null}"#);
        }
        Actor::Support => {
            text.push_str(SUPPORT_FIELDS);
            push_number(text, 100 + choices.dice.roll(900) as u32);
            text.push_str("\"}");
        }
        Actor::System => text.push_str(SYSTEM_FIELDS),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn audit_logs(count: u64) -> Vec<String> {
        let catalogue = Catalogue::new(2026);
        let text = |number| {
            let audit_log = AuditLog {
                catalogue: &catalogue,
                content: number,
                event_time: 1_789_400_000,
                processed_time: 1_789_400_004,
            };
            let mut text = String::new();
            audit_log.write(&mut text);
            text
        };
        (0..count).map(text).collect()
    }

    #[test]
    fn every_audit_log_is_compact_json_with_its_keys_in_order() {
        for text in audit_logs(2_000) {
            let value: Value = serde_json::from_str(&text).unwrap();
            let keys: Vec<_> = value.as_object().unwrap().keys().skip(1).collect();
            let offset = |key: &&String| text.rfind(&format!(",\"{key}\":"));
            assert_eq!(keys.len(), 11);
            assert!(text.starts_with(r#"{"details":"#));
            assert!(keys.iter().map(offset).is_sorted(), "{text}");
            assert!(!text.contains("\": ") && !text.contains(", \""), "{text}");
        }
    }

    #[test]
    fn audit_logs_are_about_as_long_as_real_ones() {
        let total: usize = audit_logs(2_000).iter().map(String::len).sum();
        let average = total / 2_000;
        assert!((550..800).contains(&average), "{average}");
    }

    #[test]
    fn every_awkward_form_occurs() {
        let all = audit_logs(5_000).concat();
        let forms = [
            r#""devices":null"#,
            r#""devices":[]"#,
            r#"Sam \"Sunny\""#,
            "Jürgen",
            r"Zo\u00eb",
            r#""event_name":"Devices Installed ""#,
            r#""user_email":"""#,
            "unknown user name",
            "\"support-00",
            r#""details":null"#,
            r#""details":{}"#,
            "\"ip_address\":null",
            r"\nlevel 1",
            "東京",
        ];
        for form in forms {
            assert!(all.contains(form), "{form}");
        }
    }

    #[test]
    fn shares_add_up_and_one_fifth_is_kept_by_default() {
        assert_eq!(
            EVENT_KINDS.iter().map(|event| event.per_cent).sum::<u64>(),
            100
        );
        let interesting = [
            "Archive Action Taken",
            "Video History Streamed",
            "Live Stream Started",
        ];
        let shares = EVENT_KINDS
            .iter()
            .filter(|event| interesting.contains(&event.name));
        assert_eq!(shares.map(|event| event.per_cent).sum::<u64>(), 20);
    }
}
