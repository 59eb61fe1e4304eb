//! The activities of the classes that are used, by their numbers and captions in OCSF 1.5.0.

/// An activity of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity {
    pub(super) id: u8,
    /// `None` if the name of the event says it best.
    pub(super) caption: Option<&'static str>,
}

impl Activity {
    /// Other: none of those that the class names.
    pub(super) const OTHER: Self = Self {
        id: 99,
        caption: None,
    };

    const fn new(id: u8, caption: &'static str) -> Self {
        let caption = Some(caption);
        Self { id, caption }
    }
}

/// Event Log Activity (1008).
pub(super) mod event_log {
    use super::Activity;

    pub(in super::super) const EXPORT: Activity = Activity::new(3, "Export");
}

/// Detection Finding (2004).
pub(super) mod finding {
    use super::Activity;

    pub(in super::super) const CREATE: Activity = Activity::new(1, "Create");
}

/// Account Change (3001).
pub(super) mod account {
    use super::Activity;

    pub(in super::super) const CREATE: Activity = Activity::new(1, "Create");
    pub(in super::super) const PASSWORD_CHANGE: Activity = Activity::new(3, "Password Change");
    pub(in super::super) const DELETE: Activity = Activity::new(6, "Delete");
    pub(in super::super) const MFA_FACTOR_DISABLE: Activity =
        Activity::new(11, "MFA Factor Disable");
}

/// Authentication (3002).
pub(super) mod authentication {
    use super::Activity;

    pub(in super::super) const LOGON: Activity = Activity::new(1, "Logon");
    pub(in super::super) const LOGOFF: Activity = Activity::new(2, "Logoff");
}

/// Entity Management (3004).
pub(super) mod entity {
    use super::Activity;

    pub(in super::super) const CREATE: Activity = Activity::new(1, "Create");
    pub(in super::super) const UPDATE: Activity = Activity::new(3, "Update");
    pub(in super::super) const DELETE: Activity = Activity::new(4, "Delete");
    pub(in super::super) const MOVE: Activity = Activity::new(5, "Move");
}

/// User Access Management (3005).
pub(super) mod privilege {
    use super::Activity;

    pub(in super::super) const ASSIGN: Activity = Activity::new(1, "Assign Privileges");
    pub(in super::super) const REVOKE: Activity = Activity::new(2, "Revoke Privileges");
}

/// Group Management (3006).
pub(super) mod group {
    use super::Activity;

    pub(in super::super) const ADD_USER: Activity = Activity::new(3, "Add User");
    pub(in super::super) const REMOVE_USER: Activity = Activity::new(4, "Remove User");
    pub(in super::super) const CREATE: Activity = Activity::new(6, "Create");
}

/// Web Resources Activity (6001); the first four are those of API Activity (6003) as well.
pub(super) mod web {
    use super::Activity;

    pub(in super::super) const CREATE: Activity = Activity::new(1, "Create");
    pub(in super::super) const READ: Activity = Activity::new(2, "Read");
    pub(in super::super) const UPDATE: Activity = Activity::new(3, "Update");
    pub(in super::super) const DELETE: Activity = Activity::new(4, "Delete");
    pub(in super::super) const SEARCH: Activity = Activity::new(5, "Search");
    pub(in super::super) const IMPORT: Activity = Activity::new(6, "Import");
    pub(in super::super) const EXPORT: Activity = Activity::new(7, "Export");
    pub(in super::super) const SHARE: Activity = Activity::new(8, "Share");
}
