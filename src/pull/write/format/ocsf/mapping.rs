//! The mapping from kinds of records to events of OCSF 1.5.0. This file is data, with a line for each event name.
//!
//! Names are compared after trimming and ignoring ASCII case. A name that is not here becomes a Base Event and is named in
//! a warning. Notifications need no line: whatever their type, they are Detection Findings.
//!
//! The names are those of Verkada's help centre, of its API description and of logs that were published. For most events
//! Verkada does not document what `details` holds, so a line says only what its name says.

use super::activity::{
    Activity, account, authentication, entity, event_log, group, privilege, web,
};
use super::class::AccountOf::{Actor, Another};
use super::class::Class::{
    self, AccountChange, ApiRequest, Authentication, Entity, EventLog, Group, UserAccess,
    WebAction, WebResource,
};

const OTHER: Activity = Activity::OTHER;

/// The version of this mapping, in `metadata.transformation_info_list` of every event. A new name raises the second
/// number, and an event name that becomes another event the first.
pub const MAPPING_VERSION: &str = "1.0.0";

/// Audit logs, by event name.
#[rustfmt::skip]
pub(super) const AUDIT_LOGS: &[(&str, Class)] = &[
    // Web Resources Activity (6001): who looked at video or a profile, and who passed it on. The last word is the resource
    // where the record names no device.
    ("Live Stream Started", WebResource(web::READ, "Live stream")),
    ("Video History Streamed", WebResource(web::READ, "Video history")),
    ("History Viewed", WebResource(web::READ, "Video history")),
    ("Archive Action Taken", WebAction("Archive")),
    ("Timelapse Action Taken", WebAction("Timelapse")),
    ("Live Link Created", WebAction("Live link")),
    ("Embed Link Created", WebAction("Embed link")),
    ("Shared Resource Created", WebAction("Shared resource")),
    ("Video Sharing Agreement Updated", WebAction("Video sharing agreement")),
    ("Profile Viewed", WebResource(web::READ, "Profile")),
    ("Profile Details Viewed", WebResource(web::READ, "Profile")),
    ("Profile Suggestions Viewed", WebResource(web::READ, "Profile suggestions")),
    ("Profile Searched", WebResource(web::SEARCH, "Profile")),
    ("Profile Searched With Details", WebResource(web::SEARCH, "Profile")),
    ("Profile Searched By Uploading Image", WebResource(web::SEARCH, "Profile")),
    ("Profile Results Searched By Identity", WebResource(web::SEARCH, "Profile")),
    ("Profile Created", WebResource(web::CREATE, "Profile")),
    ("Profile Updated", WebResource(web::UPDATE, "Profile")),
    ("Profile Merged", WebResource(web::UPDATE, "Profile")),
    ("Profile Unmerged", WebResource(web::UPDATE, "Profile")),
    ("Profile Suggestions Updated", WebResource(web::UPDATE, "Profile suggestions")),
    ("Profile Photo Added", WebResource(web::UPDATE, "Profile")),
    ("Profile Image Uploaded", WebResource(web::IMPORT, "Profile image")),
    ("Profile Image Downloaded", WebResource(web::EXPORT, "Profile image")),
    ("Profile Deleted", WebResource(web::DELETE, "Profile")),
    ("Vehicle Searched", WebResource(web::SEARCH, "Vehicle")),
    ("Export Users CSV", WebResource(web::EXPORT, "Users")),
    ("Access Users Exported", WebResource(web::EXPORT, "Access users")),

    // API Activity (6003), by the method of the request.
    ("Public API Request", ApiRequest),

    // Authentication (3002).
    ("Login", Authentication(authentication::LOGON, Actor)),
    ("User Login", Authentication(authentication::LOGON, Actor)),
    ("User Attempted Login", Authentication(authentication::LOGON, Actor)),
    ("SAML IdP Initiated", Authentication(authentication::LOGON, Actor)),
    ("Logout", Authentication(authentication::LOGOFF, Actor)),
    ("User Logout", Authentication(authentication::LOGOFF, Actor)),
    ("User Attempted Logout", Authentication(authentication::LOGOFF, Actor)),
    ("Force Logout Requested", Authentication(authentication::LOGOFF, Another)),

    // Account Change (3001). The record names who did it; whose account it is, only where `details` says so.
    ("User Created", AccountChange(account::CREATE, Another)),
    ("User Added", AccountChange(account::CREATE, Another)),
    ("User Added To Organization", AccountChange(account::CREATE, Another)),
    ("Organization User Provisioned", AccountChange(account::CREATE, Another)),
    ("User Invited", AccountChange(account::CREATE, Another)),
    ("User Invitation Resent", AccountChange(OTHER, Another)),
    ("Resent Invitation For User To Join Organization", AccountChange(OTHER, Another)),
    ("User Removed", AccountChange(account::DELETE, Another)),
    ("User Removed From Organization", AccountChange(account::DELETE, Another)),
    ("Users Removed From Organization", AccountChange(account::DELETE, Another)),
    ("User Changed Password", AccountChange(account::PASSWORD_CHANGE, Actor)),
    ("Two-Factor Reset", AccountChange(account::MFA_FACTOR_DISABLE, Another)),
    ("User Email Modified", AccountChange(OTHER, Another)),
    ("User Name Modified", AccountChange(OTHER, Another)),
    ("User Employment Modified", AccountChange(OTHER, Another)),

    // User Access Management (3005) where `details` names a privilege and a user; otherwise Entity Management, Update.
    ("User Roles Modified", UserAccess(OTHER, "User roles")),
    ("User Permissions Modified", UserAccess(OTHER, "User permissions")),
    ("User Permissions Change", UserAccess(OTHER, "User permissions")),
    ("User Permissions Set", UserAccess(privilege::ASSIGN, "User permissions")),
    ("Grant User Permission", UserAccess(privilege::ASSIGN, "User permissions")),
    ("Revoke User Permission", UserAccess(privilege::REVOKE, "User permissions")),
    ("Access Roles Granted", UserAccess(privilege::ASSIGN, "Access roles")),
    ("Access Roles Revoked", UserAccess(privilege::REVOKE, "Access roles")),

    // Group Management (3006).
    ("User Group Action Taken", Group(OTHER, "User group")),
    ("Access Group Created", Group(group::CREATE, "Access group")),
    ("Access Group User Added", Group(group::ADD_USER, "Access group")),
    ("Access Group User Removed", Group(group::REMOVE_USER, "Access group")),

    // Event Log Activity (1008).
    ("Organization Audit Log Accessed", EventLog(event_log::EXPORT)),

    // Entity Management (3004): the organisation's devices and settings. The last word is the entity where the record names
    // no device.
    ("Devices Installed", Entity(entity::CREATE, "Device")),
    ("Devices Uninstalled", Entity(entity::DELETE, "Device")),
    ("Device Remotely Accessed", Entity(OTHER, "Device")),
    ("Viewing Station Grid Updated", Entity(entity::UPDATE, "Viewing station grid")),
    ("Camera Config Modified", Entity(entity::UPDATE, "Camera configuration")),
    ("Camera Audio Changed", Entity(entity::UPDATE, "Camera audio")),
    ("Camera Retention Settings Updated", Entity(entity::UPDATE, "Camera retention settings")),
    ("Camera Site Changed", Entity(entity::MOVE, "Camera")),
    ("User Modified RTSP Credentials", Entity(entity::UPDATE, "RTSP credentials")),
    ("Sensor Alert Config Modified", Entity(entity::UPDATE, "Sensor alert configuration")),
    ("Sensor Calibration", Entity(OTHER, "Sensor")),
    ("Sensor Config Modified", Entity(entity::UPDATE, "Sensor configuration")),
    ("Sensor Dashboard Modified", Entity(entity::UPDATE, "Sensor dashboard")),
    ("Sensor Device Details Modified", Entity(entity::UPDATE, "Sensor")),
    ("Sensor Site Changed", Entity(entity::MOVE, "Sensor")),
    ("Alarm Settings Modified", Entity(entity::UPDATE, "Alarm settings")),
    ("Access Alert Modified", Entity(entity::UPDATE, "Access alert")),
    ("Access Device Moved", Entity(entity::MOVE, "Access device")),
    ("Access Device Nearby Camera Modified", Entity(entity::UPDATE, "Access device")),
    ("Access Level Modified", Entity(entity::UPDATE, "Access level")),
    ("Access Lockdown Modified", Entity(entity::UPDATE, "Access lockdown")),
    ("Access Method Added", Entity(entity::CREATE, "Access method")),
    ("Access Method Modified", Entity(entity::UPDATE, "Access method")),
    ("Access Method Removed", Entity(entity::DELETE, "Access method")),
    ("Access Muster Report Modified", Entity(entity::UPDATE, "Access muster report")),
    ("Access Muster Template Modified", Entity(entity::UPDATE, "Access muster template")),
    ("Access Org Badge Template Modified", Entity(entity::UPDATE, "Access badge template")),
    ("Access Org Config Modified", Entity(entity::UPDATE, "Access configuration")),
    ("Access Schedule Created", Entity(entity::CREATE, "Access schedule")),
    ("Access Schedule Modified", Entity(entity::UPDATE, "Access schedule")),
    ("Access Schedule Deleted", Entity(entity::DELETE, "Access schedule")),
    ("Access Site Config Modified", Entity(entity::UPDATE, "Access site configuration")),
    ("Aux Input Modified", Entity(entity::UPDATE, "Auxiliary input")),
    ("Door Created", Entity(entity::CREATE, "Door")),
    ("Door Modified", Entity(entity::UPDATE, "Door")),
    ("Door Moved", Entity(entity::MOVE, "Door")),
    ("Door Deleted", Entity(entity::DELETE, "Door")),
    ("Elevator Modified", Entity(entity::UPDATE, "Elevator")),
    ("Site Action Taken", Entity(OTHER, "Site")),
    ("Organization Created", Entity(entity::CREATE, "Organization")),
    ("Organization Modified", Entity(entity::UPDATE, "Organization")),
    ("Organization Property Modified", Entity(entity::UPDATE, "Organization")),
    ("Organization Deleted", Entity(entity::DELETE, "Organization")),
    ("License Claim Event", Entity(OTHER, "License")),
    ("License Grant Event", Entity(OTHER, "License")),
    ("Override Trial Event", Entity(OTHER, "Trial")),
    ("SAML Config Created", Entity(entity::CREATE, "SAML configuration")),
    ("SAML Config Updated", Entity(entity::UPDATE, "SAML configuration")),
    ("SAML Config Deleted", Entity(entity::DELETE, "SAML configuration")),
    ("SCIM Provider Created", Entity(entity::CREATE, "SCIM provider")),
    ("SCIM Provider Modified", Entity(entity::UPDATE, "SCIM provider")),
    ("SCIM Provider Deleted", Entity(entity::DELETE, "SCIM provider")),
    ("SCIM Token Regenerated", Entity(entity::UPDATE, "SCIM token")),
    ("Support Access", Entity(OTHER, "Support access")),
    ("Support Access Granted", Entity(OTHER, "Support access")),
    ("API Key Modified", Entity(entity::UPDATE, "API key")),
    ("Webhook Toggled", Entity(entity::UPDATE, "Webhook")),
    ("Helix Event Modified", Entity(entity::UPDATE, "Helix event")),
    ("Key Contact Updated", Entity(entity::UPDATE, "Key contact")),
    ("User Preference Set", Entity(entity::UPDATE, "User preference")),
];

/// Activities of API requests, by method; any other method is Other.
pub(super) const METHODS: &[(&str, Activity)] = &[
    ("GET", web::READ),
    ("HEAD", web::READ),
    ("POST", web::CREATE),
    ("PUT", web::UPDATE),
    ("PATCH", web::UPDATE),
    ("DELETE", web::DELETE),
];

/// Activities on web resources, by `details.action`; any other word is Other.
pub(super) const ACTIONS: &[(&str, Activity)] = &[
    ("create", web::CREATE),
    ("delete", web::DELETE),
    ("download", web::EXPORT),
    ("export", web::EXPORT),
    ("share", web::SHARE),
];

/// Results of sign-ins, by `details.success` or `details.result`: true for success.
pub(super) const RESULTS: &[(&str, bool)] = &[
    ("true", true),
    ("success", true),
    ("false", false),
    ("fail", false),
    ("failure", false),
];

/// Keys of `details` that may name privileges, as a string or a list of them. Verkada does not document any.
pub(super) const PRIVILEGE_KEYS: &[&str] =
    &["permission", "permissions", "privileges", "role", "roles"];

/// Types of notification that report a state and alert nobody.
pub(super) const STATE_REPORTS: &[&str] = &["camera_online", "camera_offline"];

/// Texts that Verkada writes where there is no value, in lower case.
pub(super) const PLACEHOLDERS: &[&str] = &["", "-", "00000000-0000-0000-0000-000000000000"];

/// The beginning of further placeholders, such as `unknown user email`, in the keys that describe a user.
pub(super) const USER_PLACEHOLDER_BEGINNING: &str = "unknown user";
