//! The event of an audit log: its name decides on the class.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use super::super::origin::Origin;
use super::super::record_id::RecordId;
use super::activity::{Activity, entity};
use super::class::{AccountOf, Class};
use super::common::{self, UNKNOWN};
use super::devices;
use super::event::{
    Actor, Api, BASE_EVENT, Endpoint, Event, FAILURE, HOST_PROFILE, HttpRequest, Named, Response,
    SUCCESS, Text, Url, User,
};
use super::mapping::{ACTIONS, AUDIT_LOGS, METHODS, PRIVILEGE_KEYS, RESULTS};
use super::members::Members;
use super::people;
use crate::json::{decode_string, visit_elements};

/// Methods that `http_request.http_method` takes in OCSF 1.5.0.
const HTTP_METHODS: [&str; 8] = [
    "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT",
];

/// Classes by event name in lower case.
static CLASSES: LazyLock<HashMap<String, Class>> = LazyLock::new(|| {
    let classes = AUDIT_LOGS.iter();
    classes
        .map(|(name, class)| (name.to_ascii_lowercase(), *class))
        .collect()
});

/// The class that the mapping has for an event name.
fn class_of(name: &str) -> Option<Class> {
    CLASSES.get(&name.trim().to_ascii_lowercase()).copied()
}

/// The event name as it came.
fn event_name<'a>(members: &Members<'a>) -> Option<Text<'a>> {
    let name = members.get("event_name").and_then(decode_string);
    name.filter(|name| !name.trim().is_empty())
}

/// The parts of an audit log while they find their places.
struct Parts<'a> {
    event: Event<'a>,
    /// The event name, trimmed.
    name: Option<Text<'a>>,
    rest: Members<'a>,
    details: Members<'a>,
    actor: Option<User<'a>>,
}

/// The event of `record`.
pub(super) fn event<'a>(record: &'a str, id: RecordId, origin: &Origin<'a>) -> Event<'a> {
    let mut event = common::event(record, id, origin);
    let mut rest = Members::of(record);
    let name = place_name(&mut event, &mut rest);
    common::place_organisation(&mut event, &mut rest, origin);
    common::place_times(&mut event, &mut rest, "timestamp");
    event.message = rest.take_text("event_description");
    let details = rest.take_object("details");
    // Verkada sets the id where its support has acted, whomever else the record names.
    let actor = people::take_support(&mut rest).or_else(|| people::take_user(&mut rest));
    let class = name.as_deref().and_then(class_of);
    let mut parts = Parts {
        event,
        name,
        rest,
        details,
        actor,
    };
    parts.fill(class.unwrap_or(Class::Unknown));
    let Parts {
        mut event,
        mut rest,
        details,
        ..
    } = parts;
    rest.push_object("details", details);
    common::place_rest(&mut event, rest, record);
    event
}

/// Moves the event name to its place. With white space around it, it stays as it came as well.
fn place_name<'a>(event: &mut Event<'a>, rest: &mut Members<'a>) -> Option<Text<'a>> {
    let name = event_name(rest)?;
    let trimmed = trimmed(name.clone());
    if trimmed == name {
        rest.take("event_name");
    }
    event.metadata.event_code = Some(trimmed.clone());
    Some(trimmed)
}

fn trimmed(text: Text<'_>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

impl<'a> Parts<'a> {
    fn fill(&mut self, class: Class) {
        match class {
            Class::WebResource(activity, resource) => self.web_resource(activity, resource),
            Class::WebAction(resource) => {
                let action = self.details.text("action");
                let activity = activity_of(ACTIONS, action.as_deref());
                self.web_resource(activity, resource);
            }
            Class::ApiRequest => self.api_request(),
            Class::Authentication(activity, account) => self.authentication(activity, account),
            Class::AccountChange(activity, account) => self.account_change(activity, account),
            Class::UserAccess(activity, entity) => self.user_access(activity, entity),
            Class::Group(activity, kind) => self.group(activity, kind),
            Class::EventLog(activity) => {
                self.classify(1008, "Event Log Activity", activity);
                self.event.log_name = Some("Organization audit log");
                self.place_actor();
                self.place_address();
            }
            Class::Entity(activity, entity) => self.entity(activity, entity),
            Class::Unknown => {
                self.classify(BASE_EVENT, "Base Event", Activity::OTHER);
                self.event.metadata.profiles = HOST_PROFILE;
                self.place_actor();
            }
        }
    }

    fn classify(&mut self, class_uid: u16, class_name: &'static str, activity: Activity) {
        let name = self.name.as_ref();
        self.event.classify(class_uid, class_name, activity, name);
    }

    fn place_actor(&mut self) {
        self.event.actor = self.actor.take().map(|user| Actor {
            user: Some(user),
            ..Actor::default()
        });
    }

    fn place_address(&mut self) {
        let address = self.rest.text("ip_address");
        if address.is_some_and(|address| is_ip_address(&address)) {
            let ip = self.rest.take_text("ip_address");
            self.event.src_endpoint = Some(Endpoint { ip, name: None });
        }
    }

    fn web_resource(&mut self, activity: Activity, resource: &'static str) {
        self.classify(6001, "Web Resources Activity", activity);
        self.event.metadata.profiles = HOST_PROFILE;
        self.place_actor();
        self.place_address();
        self.event.web_resources =
            devices::take_resources(&mut self.rest, &mut self.details, resource);
    }

    fn entity(&mut self, activity: Activity, entity: &'static str) {
        self.classify(3004, "Entity Management", activity);
        self.place_actor();
        self.place_address();
        self.event.entity = Some(devices::take_entity(&mut self.rest, entity));
    }

    fn api_request(&mut self) {
        let method = self.details.text("method");
        let path = self.details.text("url");
        self.classify(
            6003,
            "API Activity",
            activity_of(METHODS, method.as_deref()),
        );
        let words: Vec<_> = method.iter().chain(&path).map(AsRef::as_ref).collect();
        let operation = if words.is_empty() {
            Cow::Borrowed(UNKNOWN)
        } else {
            Cow::Owned(words.join(" "))
        };
        let code = self.details.take_if("response_status_code", whole_number);
        self.event.status_id = code.and_then(|code| match code {
            100..=399 => Some(SUCCESS),
            400..=599 => Some(FAILURE),
            _ => None,
        });
        let response = code.map(|code| Response { code });
        self.event.api = Some(Api {
            operation,
            response,
        });
        self.place_http_request(method, path);
        self.place_key();
        self.place_address();
        self.event.src_endpoint.get_or_insert(Endpoint {
            ip: None,
            name: Some(UNKNOWN),
        });
    }

    fn place_http_request(&mut self, method: Option<Text<'a>>, path: Option<Text<'a>>) {
        let http_method = method.filter(|method| HTTP_METHODS.contains(&method.as_ref()));
        if http_method.is_none() && path.is_none() {
            return;
        }
        if http_method.is_some() {
            self.details.take("method");
        }
        if path.is_some() {
            self.details.take("url");
        }
        self.event.http_request = Some(HttpRequest {
            http_method,
            url: path.map(|path| Url { path }),
        });
    }

    /// The key acts, for its owner: the user fields of such a record are the owner's.
    fn place_key(&mut self) {
        let owner = self.details.text("key_owner_id");
        let mut user = self.actor.take().unwrap_or_default();
        if user.uid.is_none() || user.uid == owner {
            user.uid = self.details.take_text("key_owner_id").or(user.uid);
        }
        user.credential_uid = match (&user.uid, &user.name) {
            (None, None) => None,
            _ => self.details.take_text("api_key"),
        };
        let user = (user.uid.is_some() || user.name.is_some()).then_some(user);
        let app_name = self.details.take_text("api_key_name");
        let nobody = user.is_none() && app_name.is_none();
        self.event.actor = Some(Actor {
            user,
            app_name: app_name.or_else(|| nobody.then_some(Cow::Borrowed(UNKNOWN))),
        });
    }

    fn authentication(&mut self, activity: Activity, account: AccountOf) {
        self.classify(3002, "Authentication", activity);
        self.event.service = Some(Named {
            name: Cow::Borrowed("Command"),
            ..Named::default()
        });
        self.place_result();
        self.place_account(account);
        self.place_address();
    }

    fn place_result(&mut self) {
        for key in ["success", "result"] {
            let result = self.details.take_if(key, |json| {
                let word = match json {
                    "true" | "false" => Cow::Borrowed(json),
                    _ => decode_string(json)?,
                };
                let known = RESULTS.iter();
                let mut known = known.filter(|(known, _)| known.eq_ignore_ascii_case(&word));
                let is_success = known.next()?.1;
                Some((if is_success { SUCCESS } else { FAILURE }, word))
            });
            if let Some((status_id, word)) = result {
                self.event.status_id = Some(status_id);
                self.event.status_code = Some(word);
                self.event.status_detail = self.details.take_text("reason");
                return;
            }
        }
    }

    fn account_change(&mut self, activity: Activity, account: AccountOf) {
        self.classify(3001, "Account Change", activity);
        self.place_account(account);
        self.place_address();
    }

    /// Places whose account it is, and who acted if that may be somebody else.
    fn place_account(&mut self, account: AccountOf) {
        let user = match account {
            AccountOf::Actor => self.actor.take(),
            AccountOf::Another => people::take_user(&mut self.details),
        };
        self.event.user = Some(user.unwrap_or_else(people::unknown_user));
        self.place_actor();
    }

    fn user_access(&mut self, activity: Activity, entity: &'static str) {
        let mut left = self.details.clone();
        let user = people::take_user(&mut left);
        let privileges = PRIVILEGE_KEYS
            .iter()
            .find_map(|key| left.take_if(key, texts));
        let (Some(user), Some(privileges)) = (user, privileges) else {
            return self.entity(entity::UPDATE, entity);
        };
        self.details = left;
        self.classify(3005, "User Access Management", activity);
        self.event.user = Some(user);
        self.event.privileges = privileges;
        self.place_actor();
        self.place_address();
    }

    fn group(&mut self, activity: Activity, kind: &'static str) {
        self.classify(3006, "Group Management", activity);
        let name = self.details.take_text("group_name");
        self.event.group = Some(Named {
            name: name.unwrap_or(Cow::Borrowed(UNKNOWN)),
            uid: self.details.take_text("group_id"),
            kind: Some(kind),
        });
        self.event.user = people::take_user(&mut self.details);
        self.place_actor();
        self.place_address();
    }
}

fn activity_of(known: &[(&str, Activity)], word: Option<&str>) -> Activity {
    let found = word.and_then(|word| {
        let mut known = known.iter();
        known.find(|(known, _)| known.eq_ignore_ascii_case(word.trim()))
    });
    found.map_or(Activity::OTHER, |(_, activity)| *activity)
}

/// A whole number, also as a string, if its digits are the only way to write it.
fn whole_number(json: &str) -> Option<i64> {
    let text = decode_string(json).unwrap_or(Cow::Borrowed(json));
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A string, or a list of strings and nothing else.
fn texts(json: &str) -> Option<Vec<Text<'_>>> {
    if json.starts_with('"') {
        return Some(vec![decode_string(json)?]);
    }
    let mut elements = Vec::new();
    visit_elements(json, |element| elements.push(decode_string(element)));
    let texts: Option<Vec<_>> = elements.into_iter().collect();
    texts.filter(|texts| !texts.is_empty())
}

/// Reports whether OCSF takes `text` for an IP address.
fn is_ip_address(text: &str) -> bool {
    const LONGEST: usize = 40;
    text.len() <= LONGEST && text.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_of_the_mapping_stands_there_once_and_trimmed() {
        let mut names = HashSet::new();
        for (name, _) in AUDIT_LOGS {
            assert_eq!(name.trim(), *name);
            assert!(names.insert(name.to_ascii_lowercase()), "{name}");
        }
    }

    #[test]
    fn a_number_is_one_only_if_nothing_of_its_text_is_lost() {
        for (json, expected) in [
            ("200", Some(200)),
            ("\"200\"", Some(200)),
            ("-1", Some(-1)),
            ("200.0", None),
            ("2e2", None),
            ("\" 200\"", None),
            ("\"0200\"", None),
            ("null", None),
            ("12345678901234567890123", None),
        ] {
            assert_eq!(whole_number(json), expected, "{json}");
        }
    }
}
