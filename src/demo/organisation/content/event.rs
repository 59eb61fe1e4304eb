//! The kinds of event that a simulated organisation logs, and their shares.

/// The user that an audit log names.
pub(super) enum Actor {
    /// The owner of the API key that was used.
    KeyOwner,
    /// A member of the organisation.
    Person,
    /// Verkada Support: placeholders for the user, and a support id.
    Support,
    /// No user: an all-zero id, and a dash for a name.
    System,
}

/// Content of an audit log's `details`.
pub(super) enum Details {
    Null,
    Empty,
    ApiRequest,
    Playback,
    Archive,
    SignIn,
    SupportWindow,
}

/// Content of an audit log's `devices`.
pub(super) enum Devices {
    Null,
    Empty,
    One,
    OneOrTwo,
}

/// A kind of event.
pub(super) struct EventKind {
    /// Share of all audit logs, in per cent.
    pub(super) per_cent: u64,
    /// The `event_name`. Some of Verkada's own names end with a space.
    pub(super) name: &'static str,
    /// The `event_description`.
    pub(super) description: &'static str,
    pub(super) actor: Actor,
    pub(super) details: Details,
    pub(super) devices: Devices,
}

/// Every kind of event. Most audit logs of an organisation with integrations are API requests.
pub(super) const EVENT_KINDS: [EventKind; 13] = [
    EventKind {
        per_cent: 57,
        name: "Public API Request",
        description: "Public API Request",
        actor: Actor::KeyOwner,
        details: Details::ApiRequest,
        devices: Devices::Null,
    },
    EventKind {
        per_cent: 8,
        name: "Live Stream Started",
        description: "Live stream started",
        actor: Actor::Person,
        details: Details::Empty,
        devices: Devices::One,
    },
    EventKind {
        per_cent: 7,
        name: "Video History Streamed",
        description: "Video history streamed",
        actor: Actor::Person,
        details: Details::Playback,
        devices: Devices::One,
    },
    EventKind {
        per_cent: 5,
        name: "Archive Action Taken",
        description: "Archive created",
        actor: Actor::Person,
        details: Details::Archive,
        devices: Devices::OneOrTwo,
    },
    EventKind {
        per_cent: 6,
        name: "User attempted login",
        description: "User attempted login",
        actor: Actor::Person,
        details: Details::SignIn,
        devices: Devices::Empty,
    },
    EventKind {
        per_cent: 4,
        name: "User Logout",
        description: "User logged out",
        actor: Actor::Person,
        details: Details::Null,
        devices: Devices::Empty,
    },
    EventKind {
        per_cent: 3,
        name: "History Viewed",
        description: "History viewed",
        actor: Actor::Person,
        details: Details::Playback,
        devices: Devices::One,
    },
    EventKind {
        per_cent: 3,
        name: "Camera Config Modified",
        description: "Camera config modified",
        actor: Actor::Person,
        details: Details::Null,
        devices: Devices::OneOrTwo,
    },
    EventKind {
        per_cent: 2,
        name: "User Preference Set",
        description: "User preference set",
        actor: Actor::Person,
        details: Details::Null,
        devices: Devices::Null,
    },
    EventKind {
        per_cent: 2,
        name: "Devices Installed ",
        description: "Devices installed",
        actor: Actor::System,
        details: Details::Null,
        devices: Devices::One,
    },
    EventKind {
        per_cent: 1,
        name: "Support Access Granted",
        description: "Support access window created",
        actor: Actor::Support,
        details: Details::SupportWindow,
        devices: Devices::Null,
    },
    EventKind {
        per_cent: 1,
        name: "Device Remotely Accessed",
        description: "Device remotely accessed",
        actor: Actor::Support,
        details: Details::Null,
        devices: Devices::One,
    },
    EventKind {
        per_cent: 1,
        name: "Camera Site Changed ",
        description: "Camera site changed",
        actor: Actor::Person,
        details: Details::Empty,
        devices: Devices::One,
    },
];
