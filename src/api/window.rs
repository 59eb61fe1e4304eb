//! The stretch of time that is read.

use super::error::ConfigurationError;

/// The time of a record that a window selects by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBase {
    /// The time at which it happened: `timestamp` of an audit log, `created` of a notification.
    Event,
    /// The time at which Verkada made it available (`use_processed_timestamp=true`), so that a late record is not missed.
    /// Exists for audit logs since 2025-08-12. Notifications have no such time: for them this means the same as
    /// [`TimeBase::Event`].
    Processed,
}

/// A stretch of time in Unix seconds. Both ends are sent as given; whether Verkada counts records exactly on an end
/// as inside is not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    start: i64,
    end: i64,
    time_base: TimeBase,
}

impl Window {
    /// A window from `start` to `end`, in Unix seconds.
    ///
    /// # Errors
    ///
    /// Fails unless `start` is before `end`.
    ///
    /// ```
    /// use verkada_audit_logs::{TimeBase, Window};
    ///
    /// let quarter_of_an_hour = Window::new(1_789_401_600, 1_789_402_500, TimeBase::Processed)?;
    /// assert_eq!(quarter_of_an_hour.end() - quarter_of_an_hour.start(), 900);
    /// assert!(Window::new(2, 1, TimeBase::Event).is_err());
    /// # Ok::<(), verkada_audit_logs::ConfigurationError>(())
    /// ```
    pub fn new(start: i64, end: i64, time_base: TimeBase) -> Result<Self, ConfigurationError> {
        if start >= end {
            return Err(ConfigurationError::new(format!(
                "the start ({start}) must be before the end ({end})"
            )));
        }
        Ok(Self {
            start,
            end,
            time_base,
        })
    }

    /// The start, in Unix seconds.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The end, in Unix seconds.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// The time that the window selects by.
    pub fn time_base(&self) -> TimeBase {
        self.time_base
    }
}
