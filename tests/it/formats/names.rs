//! Event names and notification types that Verkada is known to use.

/// Names of audit logs: of the help centre, present and past, of the API description, and of published logs.
pub(super) const EVENT_NAMES: &str = "
public api request · live stream started · video history streamed · archive action taken

export users csv · force logout requested · organization user provisioned
resent invitation for user to join organization · saml idp initiated · two-factor reset
user added to organization · user attempted login · user attempted logout · user changed password · user created
user email modified · user employment modified · user group action taken · user invited · user login · user logout
user name modified · user permissions modified · user preference set · user removed from organization
user roles modified · users removed from organization

license claim event · license grant event · organization modified · organization property modified
override trial event · saml config created · saml config updated · saml config deleted · scim provider created
scim provider modified · scim provider deleted · scim token regenerated · site action taken

device remotely accessed · support access · support access granted
devices installed · devices uninstalled · viewing station grid updated

camera config modified · camera retention settings updated · camera site changed · embed link created
history viewed · live link created · profile created · profile deleted · profile merged · profile unmerged
profile updated · profile viewed · profile searched · profile searched with details · profile details viewed
profile searched by uploading image · profile suggestions viewed · profile suggestions updated
profile image downloaded · profile image uploaded · profile photo added · profile results searched by identity
shared resource created · timelapse action taken · user modified rtsp credentials · vehicle searched
video sharing agreement updated

access alert modified · access device moved · access device nearby camera modified · access group created
access group user added · access group user removed · access level modified · access lockdown modified
access method added · access method modified · access method removed · access muster report modified
access muster template modified · access org badge template modified · access org config modified
access roles granted · access roles revoked · access schedule created · access schedule modified
access schedule deleted · access site config modified · access users exported · aux input modified
door created · door deleted · door modified · door moved · elevator modified

sensor alert config modified · sensor calibration · sensor config modified · sensor dashboard modified
sensor device details modified · sensor site changed · alarm settings modified
api key modified · helix event modified · webhook toggled

camera audio changed · user permissions set · key contact updated · login · logout

user added · user removed · user invitation resent · grant user permission · revoke user permission
user permissions change · organization audit log accessed · organization created · organization deleted
";

/// Codes of Command's own export, which the API does not send, and a name that Verkada might think of tomorrow.
pub(super) const UNKNOWN_NAMES: [&str; 15] = [
    "LIVE_STREAM_STARTED",
    "VIDEO_HISTORY_STREAMED",
    "ARCHIVE_START",
    "CAMERA_SET_NAME",
    "CAMERA_CONFIG_SET",
    "CAMERA_SET_FOCUS_TARGET",
    "ALERT_RULE_CREATED",
    "ALERT_RULE_UPDATED",
    "ANALYTICS_DASHBOARD_CREATED",
    "ANALYTICS_DASHBOARD_MODIFIED",
    "IDENTITY_LIST",
    "IDENTITY_PEOPLE_LIST_BULK_GET",
    "LPOI_LIST",
    "Drone Started",
    "-",
];

/// Types of notifications: those that the API filters by, that of its next version, and those of webhooks.
pub(super) const NOTIFICATION_TYPES: [&str; 24] = [
    "person_of_interest",
    "license_plate_of_interest",
    "tamper",
    "crowd",
    "motion",
    "camera_offline",
    "camera_online",
    "line_crossing",
    "loitering",
    "inactivity",
    "alert_rule_motion",
    "alert_rule_line_crossing",
    "alert_rule_activity_recognition",
    "alert_rule_crowd",
    "alert_rule_dwell",
    "alert_rule_inactivity",
    "contextual_trigger_people_motion",
    "natural_language_event",
    "smart_list",
    "occlusion",
    "custom_event",
    "camera_status",
    "ALERT_RULE_LINE_CROSSING",
    "type_of_tomorrow",
];

/// [`EVENT_NAMES`], one by one.
pub(super) fn event_names() -> impl Iterator<Item = &'static str> {
    let names = EVENT_NAMES.split(['·', '\n']).map(str::trim);
    names.filter(|name| !name.is_empty())
}
