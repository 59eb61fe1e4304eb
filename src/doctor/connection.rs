//! From this machine to Verkada: proxy, connection, clock, token.

use std::io;

use super::check::{Check, CheckOutcome, Subject};
use super::setup::{Now, Reporter, Setup, skip_after};
use crate::api::{BaseUrl, Probe, VerkadaApi};
use crate::time::{CLOCK_TOLERANCE_SECONDS, unix_now};

/// Variables that name the certificates to trust.
const CERTIFICATE_VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The outcome of all these checks.
pub(super) struct Connected {
    /// The client with a fresh token, or the reason for checks that need one to be skipped.
    pub(super) api: Result<VerkadaApi, &'static str>,
    pub(super) now: Now,
    /// The result of storing the token, if one was issued.
    pub(super) stored: Option<io::Result<()>>,
}

impl Connected {
    fn failed(now: Now, reason: &'static str) -> Self {
        Self {
            api: Err(reason),
            now,
            stored: None,
        }
    }
}

/// Checks each step of the way, and ends at the first that fails.
pub(super) async fn check(setup: &Setup, report: Reporter<'_>) -> Connected {
    let mut now = Now {
        seconds: setup.pull.now,
        is_verkadas: false,
    };
    let (api, probe) = match reach(setup, report).await {
        Ok(reached) => reached,
        Err(failed) => {
            let reason = "not checked: Verkada was not reached";
            let subject = failed.subject;
            report(failed);
            skip_after(subject, Subject::Token, reason, report);
            return Connected::failed(now, reason);
        }
    };
    let difference = probe
        .server_time
        .map(|server_time| server_time.timestamp() - unix_now());
    if let Some(difference) = difference {
        now.seconds += difference;
        now.is_verkadas = true;
    }
    report(Subject::Clock.found(clock(difference)));
    exchange_key(setup, api, now, report).await
}

/// Exchanges the key for a token, if there is a key.
async fn exchange_key(setup: &Setup, api: VerkadaApi, now: Now, report: Reporter<'_>) -> Connected {
    if !setup.has_key {
        let reason = "not checked: no usable API key";
        report(Subject::Token.found(CheckOutcome::skipped(reason)));
        return Connected::failed(now, reason);
    }
    match api.renew_token().await {
        Ok(stored) => {
            let found = "the key was exchanged for a new token";
            report(Subject::Token.found(CheckOutcome::ok(found)));
            Connected {
                api: Ok(api),
                now,
                stored: Some(stored),
            }
        }
        Err(error) => {
            report(Subject::Token.found(CheckOutcome::fail(error)));
            Connected::failed(now, "not checked: no token was issued")
        }
    }
}

/// Sends the first request, which carries no secret. Returns the check that failed, if one did.
async fn reach(setup: &Setup, report: Reporter<'_>) -> Result<(VerkadaApi, Probe), Check> {
    let mut client = setup.client.clone().without_retries();
    // A token file that cannot be replaced is a later check's subject.
    if client.check_token_file().is_err() {
        client = client.without_token_file();
    }
    let proxy = client.proxy();
    let proxy = proxy.map_err(|error| Subject::Proxy.found(CheckOutcome::fail(error)))?;
    let found = proxy.map_or_else(|| "none".to_owned(), |proxy| proxy.to_string());
    report(Subject::Proxy.found(CheckOutcome::ok(found)));
    let api = client.build();
    let api = api.map_err(|error| Subject::Connection.found(CheckOutcome::fail(error)))?;
    let probe = api.probe().await;
    let probe = probe.map_err(|error| Subject::Connection.found(CheckOutcome::fail(error)))?;
    let found = format!(
        "{} answers {} (HTTP {}, {} ms)",
        api.base_url(),
        trusted_certificates(api.base_url()),
        probe.status,
        probe.elapsed.as_millis()
    );
    report(Subject::Connection.found(CheckOutcome::ok(found)));
    Ok((api, probe))
}

/// Says whose certificates are trusted.
fn trusted_certificates(base_url: &BaseUrl) -> String {
    if base_url.to_string().starts_with("http:") {
        return "without TLS, on this machine".to_owned();
    }
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match CERTIFICATE_VARIABLES.into_iter().find(is_set) {
        Some(name) => format!("over TLS, as {name} vouches"),
        None => "over TLS".to_owned(),
    }
}

/// Judges the server's clock minus this machine's, in seconds.
fn clock(difference: Option<i64>) -> CheckOutcome {
    let Some(difference) = difference else {
        return CheckOutcome::warn(
            "the answer has no Date, so nothing confirms this machine's clock",
            "keep this machine's clock set, or find what removes the header",
        );
    };
    let found = match difference {
        0 => "agrees with Verkada's".to_owned(),
        1.. => format!("{difference} s slow"),
        _ => format!("{} s fast", difference.abs()),
    };
    if difference.abs() > CLOCK_TOLERANCE_SECONDS {
        return CheckOutcome::warn(
            found,
            "set this machine's clock; until then runs go by Verkada's",
        );
    }
    CheckOutcome::ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_a_minute_off() {
        for (difference, words) in [(0, "agrees"), (60, "60 s slow"), (-60, "60 s fast")] {
            let outcome = clock(Some(difference));
            assert!(
                matches!(&outcome, CheckOutcome::Ok(found) if found.contains(words)),
                "{outcome:?}"
            );
        }
        for difference in [Some(61), Some(-61), None] {
            assert!(matches!(clock(difference), CheckOutcome::Warn { .. }));
        }
    }
}
