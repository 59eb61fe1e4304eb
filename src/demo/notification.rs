//! What a notification says: a pure function of its content key and its time.

use super::random::Dice;
use super::records::DemoRecord;
use super::text::{push_number, push_quoted};

/// The nine types that the API can filter by, and how many of a hundred notifications are of each.
const TYPES: [(&str, u64); 9] = [
    ("motion", 50),
    ("line_crossing", 12),
    ("loitering", 10),
    ("person_of_interest", 8),
    ("license_plate_of_interest", 6),
    ("crowd", 6),
    ("camera_offline", 3),
    ("camera_online", 3),
    ("tamper", 2),
];

/// Labels of persons of interest, as JSON text.
const PERSONS_OF_INTEREST: [&str; 4] = [
    r"Zo\u00eb \u00c5ngstr\u00f6m",
    "Visitor 12",
    r#"\"Tiny\" Tim"#,
    "山本 さくら",
];

/// Every form of `objects` that has been seen, the string `"[]"` among them.
const OBJECTS: [&str; 5] = [
    r#"["person"]"#,
    r#"["person","vehicle"]"#,
    r#"["vehicle"]"#,
    "[]",
    r#""[]""#,
];

/// The type of the notification with this content.
pub(super) fn notification_type(content: u64) -> &'static str {
    choose_type(content).1
}

fn choose_type(content: u64) -> (Dice, &'static str) {
    let mut dice = Dice::new(content);
    let (name, _) = dice.pick_weighted(&TYPES, |&(_, per_cent)| per_cent);
    (dice, name)
}

/// Appends a notification, its keys in the API's alphabetical order.
pub(super) fn write(record: &DemoRecord<'_>, image_link: Option<&str>, text: &mut String) {
    let (mut dice, name) = choose_type(record.content);
    let camera = record.organisation.catalogue().any_camera(&mut dice);
    text.push_str(r#"{"camera_id":"#);
    push_quoted(text, &camera.id);
    text.push_str(r#","created":"#);
    push_number(text, record.event_time);
    text.push_str(r#","crowd_threshold":"#);
    match name {
        "crowd" => push_number(text, 5 + dice.roll(20) as u32),
        _ => text.push_str("null"),
    }
    text.push_str(r#","image_url":"#);
    match image_link {
        Some(link) => push_quoted(text, link),
        None => text.push_str("null"),
    }
    text.push_str(r#","notification_type":"#);
    push_quoted(text, name);
    text.push_str(r#","objects":"#);
    write_objects(name, &mut dice, text);
    text.push_str(r#","person_label":"#);
    match name {
        "person_of_interest" => push_quoted(text, dice.pick_word(&PERSONS_OF_INTEREST)),
        _ => text.push_str("null"),
    }
    text.push_str(r#","video_url":"#);
    write_video_link(&camera.id, record.event_time, text);
    text.push('}');
}

fn write_objects(name: &str, dice: &mut Dice, text: &mut String) {
    match name {
        "camera_offline" | "camera_online" | "tamper" => text.push_str("null"),
        _ => text.push_str(dice.pick_word(&OBJECTS)),
    }
}

fn write_video_link(camera_id: &str, created: i64, text: &mut String) {
    text.push_str("\"https://example.command.verkada.com/cameras/");
    text.push_str(camera_id);
    text.push_str("/history/86400/");
    push_number(text, created);
    text.push_str("/?duration=86400&initialVideoTime=");
    push_number(text, created);
    text.push_str("000\"");
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::demo::{Organisation, Profile};

    fn records(number: usize) -> Vec<String> {
        let organisation = Organisation::new(Profile::demo());
        let window = organisation.notifications(0..=1_789_400_000);
        window.take(number).map(|record| record.text()).collect()
    }

    #[test]
    fn every_record_is_json_with_all_eight_keys() {
        for text in records(500) {
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value.as_object().unwrap().len(), 8);
            assert!(value["image_url"].is_null() && value["created"].is_i64());
        }
    }

    #[test]
    fn every_type_and_every_form_of_objects_occurs() {
        let all = records(3_000).concat();
        for (name, _) in TYPES {
            assert!(
                all.contains(&format!("\"notification_type\":\"{name}\"")),
                "{name}"
            );
        }
        for objects in OBJECTS.iter().chain(&["null"]) {
            assert!(
                all.contains(&format!("\"objects\":{objects},")),
                "{objects}"
            );
        }
    }
}
