//! An event of OCSF 1.5.0: the attributes that are used, under the names and in the shapes of its schema.

use std::borrow::Cow;

use serde::Serialize;

use super::super::record_id::RecordId;
use super::activity::Activity;
use super::members::{Members, Value};

/// The version that events are written for; they are valid in later ones up to 1.8.0 as well.
pub(super) const OCSF_VERSION: &str = "1.5.0";

/// The class of events that have no class of their own.
pub(super) const BASE_EVENT: u16 = 0;

/// Informational.
const SEVERITY_ID: u8 = 1;

pub(super) const SUCCESS: u8 = 1;
pub(super) const FAILURE: u8 = 2;

/// The profile that adds an actor to classes that have none.
pub(super) const HOST_PROFILE: &[&str] = &["host"];

pub(super) type Text<'a> = Cow<'a, str>;

/// An event. Which attributes are set depends on its class.
#[derive(Debug, Default, Serialize)]
pub(super) struct Event<'a> {
    pub(super) category_uid: u16,
    pub(super) class_uid: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) class_name: &'static str,
    pub(super) activity_id: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) activity_name: Option<Text<'a>>,
    pub(super) type_uid: u32,
    pub(super) severity_id: u8,
    /// Milliseconds since 1970.
    pub(super) time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_id: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_detail: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<Actor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_endpoint: Option<Endpoint<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api: Option<Api<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_request: Option<HttpRequest<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) web_resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entity: Option<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) privileges: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) log_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finding_info: Option<FindingInfo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_alert: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) resources: Vec<Resource<'a>>,
    pub(super) metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) unmapped: Members<'a>,
    pub(super) raw_data: &'a str,
}

impl<'a> Event<'a> {
    /// Makes it an event of this class. The category is the class's thousands.
    pub(super) fn classify(
        &mut self,
        class_uid: u16,
        class_name: &'static str,
        activity: Activity,
        event_name: Option<&Text<'a>>,
    ) {
        self.category_uid = class_uid / 1_000;
        self.class_uid = class_uid;
        self.class_name = class_name;
        self.activity_id = activity.id;
        let caption = activity.caption.map(Cow::Borrowed);
        self.activity_name = caption.or_else(|| event_name.cloned());
        self.type_uid = u32::from(class_uid) * 100 + u32::from(activity.id);
        self.severity_id = SEVERITY_ID;
    }
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) version: &'static str,
    pub(super) uid: Option<RecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant_uid: Option<Text<'a>>,
    pub(super) product: Product,
    pub(super) log_name: &'static str,
    pub(super) log_provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) original_time: Option<Text<'a>>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logged_time: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) profiles: &'static [&'static str],
    pub(super) transformation_info_list: [Transformation; 1],
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Product {
    pub(super) name: &'static str,
    pub(super) vendor_name: &'static str,
}

/// The program and version that made an event of the record.
#[derive(Debug, Default, Serialize)]
pub(super) struct Transformation {
    pub(super) name: &'static str,
    pub(super) uid: &'static str,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Actor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app_name: Option<Text<'a>>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email_addr: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credential_uid: Option<Text<'a>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) type_id: Option<u8>,
}

/// The place that a request came from: its address, or a name.
#[derive(Debug, Default, Serialize)]
pub(super) struct Endpoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'static str>,
}

/// A service or a group.
#[derive(Debug, Default, Serialize)]
pub(super) struct Named<'a> {
    pub(super) name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<Text<'a>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Api<'a> {
    pub(super) operation: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<Response>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Response {
    pub(super) code: i64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct HttpRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_method: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<Url<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Url<'a> {
    pub(super) path: Text<'a>,
}

/// A web resource, or a resource of a finding.
#[derive(Debug, Default, Serialize)]
pub(super) struct Resource<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) data: Members<'a>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Entity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) type_id: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<Device<'a>>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) data: Members<'a>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Device<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) type_id: u8,
    pub(super) vendor_name: &'static str,
    /// The site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) zone: Option<Text<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct FindingInfo<'a> {
    pub(super) uid: Option<RecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) types: Vec<Text<'a>>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_url: Option<Text<'a>>,
}

/// Members that were not taken, as an array beside those that were.
pub(super) fn array<'a>(elements: &[&'a str]) -> Value<'a> {
    Value::Array(elements.iter().copied().map(Value::Json).collect())
}
