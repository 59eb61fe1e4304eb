//! The text of a notification.

use super::catalogue::Catalogue;
use super::json_text::{push_number, push_quoted};
use crate::demo::organisation::random::Dice;

/// The nine types that the API can filter by, and the share of each in per cent.
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

/// Labels of persons of interest, escaped for JSON.
const PERSONS_OF_INTEREST: [&str; 4] = [
    r"Zo\u00eb \u00c5ngstr\u00f6m",
    "Visitor 12",
    r#"\"Tiny\" Tim"#,
    "山本 さくら",
];

/// Every form of `objects` that has been observed, the string `"[]"` among them.
const OBJECTS: [&str; 5] = [
    r#"["person"]"#,
    r#"["person","vehicle"]"#,
    r#"["vehicle"]"#,
    "[]",
    r#""[]""#,
];

/// A notification, before it is written as JSON. Times are in Unix seconds.
pub(crate) struct Notification<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// Key of everything but the time and the link.
    pub(crate) content: u64,
    pub(crate) created: i64,
    /// The `image_url`; `None` is written as null.
    pub(crate) image_link: Option<&'a str>,
}

/// Returns the type of the notification with this content.
pub(crate) fn notification_type(content: u64) -> &'static str {
    choose_type(content).1
}

fn choose_type(content: u64) -> (Dice, &'static str) {
    let mut dice = Dice::new(content);
    let (name, _) = dice.pick_weighted(&TYPES, |&(_, per_cent)| per_cent);
    (dice, name)
}

impl Notification<'_> {
    /// Appends the notification, its keys in the API's alphabetical order.
    pub(crate) fn write(&self, text: &mut String) {
        let (mut dice, name) = choose_type(self.content);
        let camera = self.catalogue.any_camera(&mut dice);
        text.push_str(r#"{"camera_id":"#);
        push_quoted(text, &camera.id);
        text.push_str(r#","created":"#);
        push_number(text, self.created);
        text.push_str(r#","crowd_threshold":"#);
        match name {
            "crowd" => push_number(text, 5 + dice.roll(20) as u32),
            _ => text.push_str("null"),
        }
        text.push_str(r#","image_url":"#);
        match self.image_link {
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
        write_video_link(&camera.id, self.created, text);
        text.push('}');
    }
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

    fn notifications(count: u64) -> Vec<String> {
        let catalogue = Catalogue::new(2026);
        let text = |number| {
            let notification = Notification {
                catalogue: &catalogue,
                content: number,
                created: 1_789_400_000,
                image_link: None,
            };
            let mut text = String::new();
            notification.write(&mut text);
            text
        };
        (0..count).map(text).collect()
    }

    #[test]
    fn every_notification_is_json_with_all_eight_keys() {
        for text in notifications(500) {
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value.as_object().unwrap().len(), 8);
            assert!(value["image_url"].is_null() && value["created"].is_i64());
        }
    }

    #[test]
    fn every_type_and_every_form_of_objects_occurs() {
        let all = notifications(3_000).concat();
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
