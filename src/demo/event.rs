//! Which events a simulated organisation logs, and how often.

/// Who an audit log names as its user.
pub(super) enum Actor {
    /// The owner of the API key that was used.
    KeyOwner,
    /// A member of the organisation.
    Person,
    /// Verkada Support, with placeholders for the user and a support id.
    Support,
    /// Nobody: an all-zero id, and a dash for a name.
    System,
}

/// What an audit log's `details` hold.
pub(super) enum Details {
    Null,
    Empty,
    ApiRequest,
    Playback,
    Archive,
    SignIn,
    SupportWindow,
}

/// What an audit log's `devices` hold.
pub(super) enum Devices {
    Null,
    Empty,
    One,
    OneOrTwo,
}

/// A kind of event.
pub(super) struct Event {
    /// How many of a hundred audit logs are of this kind.
    pub(super) per_cent: u64,
    /// `event_name`. Some of Verkada's own names end with a space.
    pub(super) name: &'static str,
    /// `event_description`.
    pub(super) description: &'static str,
    pub(super) actor: Actor,
    pub(super) details: Details,
    pub(super) devices: Devices,
}

/// Every kind of event. API requests are most of what an organisation with integrations logs.
pub(super) const EVENTS: [Event; 13] = [
    Event {
        per_cent: 57,
        name: "Public API Request",
        description: "Public API Request",
        actor: Actor::KeyOwner,
        details: Details::ApiRequest,
        devices: Devices::Null,
    },
    Event {
        per_cent: 8,
        name: "Live Stream Started",
        description: "Live stream started",
        actor: Actor::Person,
        details: Details::Empty,
        devices: Devices::One,
    },
    Event {
        per_cent: 7,
        name: "Video History Streamed",
        description: "Video history streamed",
        actor: Actor::Person,
        details: Details::Playback,
        devices: Devices::One,
    },
    Event {
        per_cent: 5,
        name: "Archive Action Taken",
        description: "Archive created",
        actor: Actor::Person,
        details: Details::Archive,
        devices: Devices::OneOrTwo,
    },
    Event {
        per_cent: 6,
        name: "User attempted login",
        description: "User attempted login",
        actor: Actor::Person,
        details: Details::SignIn,
        devices: Devices::Empty,
    },
    Event {
        per_cent: 4,
        name: "User Logout",
        description: "User logged out",
        actor: Actor::Person,
        details: Details::Null,
        devices: Devices::Empty,
    },
    Event {
        per_cent: 3,
        name: "History Viewed",
        description: "History viewed",
        actor: Actor::Person,
        details: Details::Playback,
        devices: Devices::One,
    },
    Event {
        per_cent: 3,
        name: "Camera Config Modified",
        description: "Camera config modified",
        actor: Actor::Person,
        details: Details::Null,
        devices: Devices::OneOrTwo,
    },
    Event {
        per_cent: 2,
        name: "User Preference Set",
        description: "User preference set",
        actor: Actor::Person,
        details: Details::Null,
        devices: Devices::Null,
    },
    Event {
        per_cent: 2,
        name: "Devices Installed ",
        description: "Devices installed",
        actor: Actor::System,
        details: Details::Null,
        devices: Devices::One,
    },
    Event {
        per_cent: 1,
        name: "Support Access Granted",
        description: "Support access window created",
        actor: Actor::Support,
        details: Details::SupportWindow,
        devices: Devices::Null,
    },
    Event {
        per_cent: 1,
        name: "Device Remotely Accessed",
        description: "Device remotely accessed",
        actor: Actor::Support,
        details: Details::Null,
        devices: Devices::One,
    },
    Event {
        per_cent: 1,
        name: "Camera Site Changed ",
        description: "Camera site changed",
        actor: Actor::Person,
        details: Details::Empty,
        devices: Devices::One,
    },
];
