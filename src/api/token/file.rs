//! The file that carries a token from one run to the next.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::http::BaseUrl;
use crate::api::secret::Secret;
use crate::files;

/// Limit for the age of a token that is used. Verkada documents a lifetime of 30 minutes; the rest is a margin.
pub const DEFAULT_TOKEN_EXPIRATION_TIME: Duration = Duration::from_secs(25 * 60);

/// At most this much of the file is read. A token has a few hundred bytes.
const MOST_BYTES: u64 = 64 << 10;

/// A token and when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct Token {
    pub(in crate::api) secret: Secret,
    /// Unix seconds by this machine's clock.
    pub(super) issued_at: i64,
}

impl Token {
    /// Reports whether the token is young enough to be used: the only place that knows the margin. A token from the future is
    /// not trusted.
    pub(in crate::api) fn is_fresh(&self, now: i64) -> bool {
        let lifetime = DEFAULT_TOKEN_EXPIRATION_TIME.as_secs().cast_signed();
        (0..lifetime).contains(&(now - self.issued_at))
    }
}

/// Reads and writes the token file, for one key and one host.
#[derive(Clone, Debug)]
pub(in crate::api) struct TokenFile {
    path: PathBuf,
    key_fingerprint: String,
    base_url: String,
}

/// Contents of the file: the two keys of the program that this one follows, and two that bind the token.
#[derive(Deserialize, Serialize)]
struct Contents {
    token: String,
    timestamp: Value,
    base_url: Option<String>,
    key_fingerprint: Option<String>,
}

impl TokenFile {
    pub(in crate::api) fn new(path: PathBuf, key: &Secret, base_url: &BaseUrl) -> Self {
        Self {
            path,
            key_fingerprint: key.fingerprint(),
            base_url: base_url.to_string(),
        }
    }

    /// Returns the token in the file, if it was issued for this key and host. A file that is missing, unreadable,
    /// corrupt, bound to something else or perhaps planted by another user is not a failure: a new token is asked for,
    /// and storing it says what is wrong with the file.
    pub(super) fn load(&self) -> Option<Token> {
        let file = files::open(&self.path, OpenOptions::new().read(true)).ok()?;
        let mut text = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut text).ok()?;
        let contents: Contents = serde_json::from_slice(&text).ok()?;
        let bound = contents.base_url.as_ref() == Some(&self.base_url)
            && contents.key_fingerprint.as_ref() == Some(&self.key_fingerprint);
        bound.then_some(Token {
            secret: contents.token.parse().ok()?,
            issued_at: unix_seconds(&contents.timestamp)?,
        })
    }

    /// Replaces the file; readable by the owner only. Several runs may do so at the same time.
    pub(super) fn store(&self, token: &Token) -> io::Result<()> {
        let contents = Contents {
            token: token.secret.expose().to_owned(),
            timestamp: Value::from(token.issued_at),
            base_url: Some(self.base_url.clone()),
            key_fingerprint: Some(self.key_fingerprint.clone()),
        };
        files::replace_shared(&self.path, |file| {
            Ok(serde_json::to_writer(file, &contents)?)
        })
    }

    pub(in crate::api) fn path(&self) -> &Path {
        &self.path
    }
}

/// Unix seconds, whole or not, or RFC 3339.
fn unix_seconds(timestamp: &Value) -> Option<i64> {
    match timestamp {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|seconds| seconds as i64)),
        Value::String(text) => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.timestamp()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_fresh_for_25_minutes() {
        let token = Token {
            secret: Secret::new("v2_token").unwrap(),
            issued_at: 1_800_000_000,
        };
        let age = |seconds: i64| token.is_fresh(1_800_000_000 + seconds);
        assert!(age(0) && age(1_499));
        assert!(!age(1_500) && !age(-1));
    }
}
