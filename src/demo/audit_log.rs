//! What an audit log says: a pure function of its content key and its times.

use super::catalogue::{ApiKey, Catalogue, Person};
use super::event::{Actor, Details, Devices, EVENTS, Event};
use super::random::Dice;
use super::records::DemoRecord;
use super::text::{push_number, push_quoted, push_time};

/// Method and path of the API requests that the organisation's integrations make.
const API_REQUESTS: [(&str, &str); 5] = [
    ("GET", "/cameras/v1/devices"),
    ("GET", "/cameras/v1/alerts"),
    ("GET", "/core/v1/audit_log"),
    ("GET", "/access/v1/access_users"),
    ("POST", "/cameras/v1/people/person_of_interest"),
];

/// Statuses of those requests; most succeed.
const API_STATUSES: [u16; 10] = [200, 200, 200, 200, 200, 200, 200, 200, 429, 403];

/// Addresses of people who work from elsewhere, from a block reserved for documentation.
const ROAMING_ADDRESSES: [&str; 4] = [
    "192.0.2.201",
    "192.0.2.202",
    "203.0.113.203",
    "198.51.100.204",
];

const ARCHIVE_ACTIONS: [&str; 4] = ["create", "create", "download", "delete"];

/// What stands for the user when Verkada Support acted, up to the digits of the support id.
const SUPPORT_FIELDS: &str = concat!(
    r#""user_email":"unknown user email","user_id":"00000000-0000-0000-0000-000000000000","#,
    r#""user_name":"unknown user name","verkada_support_id":"support-00"#
);

/// What stands for the user when nobody acted, up to the end of the record.
const SYSTEM_FIELDS: &str = concat!(
    r#""user_email":"","user_id":"00000000-0000-0000-0000-000000000000","user_name":"-","#,
    r#""verkada_support_id":null}"#
);

/// How many of a hundred times a person works from their usual address.
const USUAL_ADDRESS_PER_CENT: u64 = 90;

/// How many of a hundred times a person looks at a camera of their own site.
const OWN_SITE_PER_CENT: u64 = 75;

/// The choices that every audit log makes first, and in this order.
struct Choices<'a> {
    dice: Dice,
    event: &'static Event,
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

    /// Whether something happens that does so this many times in a hundred.
    fn chance(&mut self, per_cent: u64) -> bool {
        self.dice.roll(100) < per_cent
    }
}

/// The event name of the audit log with this content.
pub(super) fn event_name(content: u64) -> &'static str {
    choose_event(content).1.name
}

fn choose_event(content: u64) -> (Dice, &'static Event) {
    let mut dice = Dice::new(content);
    let event = dice.pick_weighted(&EVENTS, |event| event.per_cent);
    (dice, event)
}

/// Appends an audit log, its keys in the API's alphabetical order.
pub(super) fn write(record: &DemoRecord<'_>, processed_time: i64, text: &mut String) {
    let catalogue = record.organisation.catalogue();
    let mut choices = Choices::new(record.content, catalogue);
    text.push_str(r#"{"details":"#);
    write_details(&mut choices, record.event_time, text);
    text.push_str(r#","devices":"#);
    write_devices(&mut choices, catalogue, text);
    text.push_str(r#","event_description":"#);
    push_quoted(text, choices.event.description);
    text.push_str(r#","event_name":"#);
    push_quoted(text, choices.event.name);
    text.push_str(r#","ip_address":"#);
    write_ip_address(&mut choices, text);
    text.push_str(r#","organization_id":"#);
    push_quoted(text, &catalogue.organisation_id);
    text.push_str(r#","processed_timestamp":"#);
    push_time(text, processed_time);
    text.push_str(r#","timestamp":"#);
    push_time(text, record.event_time);
    text.push(',');
    write_user(&mut choices, text);
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
        Details::SignIn => match choices.chance(85) {
            true => text.push_str(r#"{"result":"success","reason":null}"#),
            false => text.push_str(r#"{"result":"fail","reason":"invalid password"}"#),
        },
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
        Devices::OneOrTwo => choices.chance(40),
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
    let camera = match choices.chance(OWN_SITE_PER_CENT) {
        true => catalogue.camera_at(choices.person.site, &mut choices.dice),
        false => catalogue.any_camera(&mut choices.dice),
    };
    text.push_str(&camera.device);
}

fn write_ip_address(choices: &mut Choices<'_>, text: &mut String) {
    if matches!(choices.event.actor, Actor::Support | Actor::System) {
        return text.push_str("null");
    }
    let address = match choices.chance(USUAL_ADDRESS_PER_CENT) {
        true => choices.person.ip_address,
        false => choices.dice.pick_word(&ROAMING_ADDRESSES),
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
    use crate::demo::{Organisation, Profile, TimeBase};

    fn records(number: usize) -> Vec<String> {
        let organisation = Organisation::new(Profile::demo());
        let window = organisation.audit_logs(0..=1_789_400_000, TimeBase::Event);
        window.take(number).map(|record| record.text()).collect()
    }

    #[test]
    fn every_record_is_compact_json_with_its_keys_in_order() {
        for text in records(2_000) {
            let value: Value = serde_json::from_str(&text).unwrap();
            let keys: Vec<_> = value.as_object().unwrap().keys().skip(1).collect();
            let place = |key: &&String| text.rfind(&format!(",\"{key}\":"));
            assert_eq!(keys.len(), 11);
            assert!(text.starts_with(r#"{"details":"#));
            assert!(keys.iter().map(place).is_sorted(), "{text}");
            assert!(!text.contains("\": ") && !text.contains(", \""), "{text}");
        }
    }

    #[test]
    fn records_are_about_as_long_as_real_ones() {
        let total: usize = records(2_000).iter().map(String::len).sum();
        let average = total / 2_000;
        assert!((550..800).contains(&average), "{average}");
    }

    #[test]
    fn the_mix_holds_every_awkward_form() {
        let all = records(5_000).concat();
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
    fn shares_add_up_and_the_default_events_are_a_fifth() {
        assert_eq!(EVENTS.iter().map(|event| event.per_cent).sum::<u64>(), 100);
        let interesting = [
            "Archive Action Taken",
            "Video History Streamed",
            "Live Stream Started",
        ];
        let shares = EVENTS
            .iter()
            .filter(|event| interesting.contains(&event.name));
        assert_eq!(shares.map(|event| event.per_cent).sum::<u64>(), 20);
    }
}
