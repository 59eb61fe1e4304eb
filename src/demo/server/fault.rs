//! Simulated failures, and the rule that decides which requests fail.

use std::sync::Arc;

/// A failure in place of the usual answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and an error envelope, as the API would.
    Status(u16),
    /// Answers with exactly this. Headers with an invalid name or value are left out. Without a
    /// `content-type` header the answer is JSON.
    StatusWith {
        /// The status. An invalid one is sent as 500.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body, sent as it is.
        body: String,
    },
    /// Closes the connection without an answer.
    Drop,
}

/// Decides which requests fail, and how.
pub type FaultPlan = Arc<dyn Fn(&RequestInfo<'_>) -> Option<Fault> + Send + Sync>;

/// A request as a [`FaultPlan`] sees it.
#[derive(Debug, Clone, Copy)]
pub struct RequestInfo<'a> {
    /// Position in the order of arrival over requests of every kind, from 1.
    pub number: u64,
    /// Path without the query.
    pub path: &'a str,
    /// Names and values of the query, decoded, in the order sent.
    pub query: &'a [(String, String)],
}
