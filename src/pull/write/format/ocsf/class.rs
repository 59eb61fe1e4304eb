//! The classes of OCSF that audit logs become, and what a line of the mapping says of each.

use super::activity::Activity;

/// The class of the event that an audit log becomes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    /// Web Resources Activity, on this resource where the record names no device.
    WebResource(Activity, &'static str),
    /// The same where several things are logged under one event name: `details.action` decides.
    WebAction(&'static str),
    /// API Activity, by the method of the request.
    ApiRequest,
    /// Authentication.
    Authentication(Activity, AccountOf),
    /// Account Change.
    AccountChange(Activity, AccountOf),
    /// User Access Management; Entity Management, Update, of this entity where no privilege is named.
    UserAccess(Activity, &'static str),
    /// Group Management, of this kind of group.
    Group(Activity, &'static str),
    /// Event Log Activity.
    EventLog(Activity),
    /// Entity Management, of this entity where the record names no device.
    Entity(Activity, &'static str),
    /// Base Event: nothing is known of the event name.
    Unknown,
}

/// The account that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountOf {
    /// The account of the user whom the record names.
    Actor,
    /// The account of a user whom `details` may name.
    Another,
}
