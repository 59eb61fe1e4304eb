//! Things that were looked at or changed: devices and, where none is named, what the event name is about.

use std::borrow::Cow;

use super::event::{Device, Entity, Resource, Text, array};
use super::members::{Members, Value};

/// Keys of `details` that say which footage was looked at.
const FOOTAGE: [&str; 2] = ["start_time", "duration"];

/// A device that an audit log names.
struct NamedDevice<'a> {
    uid: Option<Text<'a>>,
    name: Option<Text<'a>>,
    rest: Members<'a>,
}

impl<'a> NamedDevice<'a> {
    /// `None` if `json` names none: then it has no place but `unmapped`.
    fn of(json: &'a str) -> Option<Self> {
        let mut rest = Members::of(json);
        let uid = take_spelled(&mut rest, ["device_id", "deviceId"]);
        let name = rest.take_text("device_name");
        (uid.is_some() || name.is_some()).then_some(Self { uid, name, rest })
    }

    fn into_resource(mut self, footage: &Members<'a>) -> Resource<'a> {
        let kind = take_spelled(&mut self.rest, ["device_type", "deviceType"]);
        let mut data = self.rest;
        data.extend(footage);
        Resource {
            uid: self.uid,
            name: self.name,
            kind,
            data,
        }
    }

    fn into_entity(mut self) -> Entity<'a> {
        let zone = self.rest.take_text("device_site_name");
        Entity {
            name: None,
            kind: "Device",
            type_id: 1,
            device: Some(Device {
                uid: self.uid,
                name: self.name,
                kind: "IOT",
                type_id: 7,
                vendor_name: "Verkada",
                zone,
            }),
            data: self.rest,
        }
    }
}

/// Takes a key that is spelled in two ways.
fn take_spelled<'a>(members: &mut Members<'a>, spellings: [&str; 2]) -> Option<Text<'a>> {
    spellings
        .into_iter()
        .find_map(|spelling| members.take_text(spelling))
}

/// The web resources of an audit log: its devices or, if it names none, `otherwise`.
pub(super) fn take_resources<'a>(
    rest: &mut Members<'a>,
    details: &mut Members<'a>,
    otherwise: &'static str,
) -> Vec<Resource<'a>> {
    let (devices, others) = take_devices(rest);
    // A device that has such a key of its own must not get a second one.
    let is_own = |key: &str| devices.iter().any(|device| device.rest.has(key));
    let mut footage = Members::default();
    for key in FOOTAGE.into_iter().filter(|key| !is_own(key)) {
        if let Some(json) = details.take(key) {
            footage.push(key, Value::Json(json));
        }
    }
    if !others.is_empty() {
        rest.push("devices", array(&others));
    }
    let mut resources: Vec<_> = devices
        .into_iter()
        .map(|device| device.into_resource(&footage))
        .collect();
    if resources.is_empty() {
        let word = Cow::Borrowed(otherwise);
        resources.push(Resource {
            uid: None,
            name: Some(word.clone()),
            kind: Some(word),
            data: footage,
        });
    }
    resources
}

/// The entity of an audit log: its first device or, if it names none, `otherwise`. There is room for one only.
pub(super) fn take_entity<'a>(rest: &mut Members<'a>, otherwise: &'static str) -> Entity<'a> {
    let mut elements = rest.take_array("devices");
    let first = elements
        .iter()
        .position(|element| NamedDevice::of(element).is_some());
    let first = first.map(|index| elements.remove(index));
    if !elements.is_empty() {
        rest.push("devices", array(&elements));
    }
    match first.and_then(NamedDevice::of) {
        Some(device) => device.into_entity(),
        None => Entity {
            name: Some(Cow::Borrowed(otherwise)),
            kind: otherwise,
            type_id: match otherwise {
                "Organization" => 4,
                _ => 99,
            },
            ..Entity::default()
        },
    }
}

/// The devices, and what else is in the list.
fn take_devices<'a>(rest: &mut Members<'a>) -> (Vec<NamedDevice<'a>>, Vec<&'a str>) {
    let mut others = Vec::new();
    let mut devices = Vec::new();
    for element in rest.take_array("devices") {
        match NamedDevice::of(element) {
            Some(device) => devices.push(device),
            None => others.push(element),
        }
    }
    (devices, others)
}
