//! How a client is put together.

use std::env::VarError;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::client::{Inner, RequestOptions, VerkadaApi};
use super::error::ConfigurationError;
use super::http;
use super::pacing::Pacer;
use super::region::{BaseUrl, Region};
use super::retry::RetryPolicy;
use super::secret::Secret;
use super::token_cache::TokenCache;
use super::tokens::Tokens;
use super::transport::Transport;
use super::{
    DEFAULT_MAX_REQUESTS_PER_MINUTE, DEFAULT_PAGE_SIZE, DEFAULT_SESSION_TIMEOUT,
    DEFAULT_TOKEN_FILE, MAX_PAGE_SIZE,
};

/// Settings of a [`VerkadaApi`]; everything but the key has a default.
#[derive(Clone, Debug)]
pub struct VerkadaApiBuilder {
    key: Secret,
    base_url: BaseUrl,
    token_file: Option<PathBuf>,
    options: RequestOptions,
    max_requests_per_minute: u32,
    timeout: Duration,
    policy: RetryPolicy,
}

impl VerkadaApiBuilder {
    pub(super) fn new(key: Secret) -> Self {
        Self {
            key,
            base_url: Region::default().into(),
            token_file: None,
            options: RequestOptions {
                page_size: DEFAULT_PAGE_SIZE,
                notification_types: Vec::new(),
                include_image_url: false,
            },
            max_requests_per_minute: DEFAULT_MAX_REQUESTS_PER_MINUTE,
            timeout: DEFAULT_SESSION_TIMEOUT,
            policy: RetryPolicy::default(),
        }
    }

    pub(super) fn from_env() -> Result<Self, ConfigurationError> {
        Self::from_variables(&|name| std::env::var(name))
    }

    fn from_variables(lookup: &Lookup<'_>) -> Result<Self, ConfigurationError> {
        let key: Option<Secret> = variable(lookup, "VERKADA_API_KEY")?;
        let key = key.ok_or_else(|| ConfigurationError::new("VERKADA_API_KEY is not set"))?;
        let mut builder = Self::new(key);
        if let Some(region) = variable::<Region>(lookup, "VERKADA_REGION")? {
            builder = builder.region(region);
        }
        if let Some(base_url) = variable(lookup, "VERKADA_BASE_URL")? {
            builder = builder.base_url(base_url);
        }
        if let Some(page_size) = number(lookup, "VERKADA_PAGE_SIZE", MAX_PAGE_SIZE)? {
            builder = builder.page_size(page_size);
        }
        if let Some(requests) = number(lookup, "VERKADA_MAX_REQUESTS_PER_MINUTE", u32::MAX)? {
            builder = builder.max_requests_per_minute(requests);
        }
        let token_file: Option<PathBuf> = variable(lookup, "VERKADA_TOKEN_FILE")?;
        Ok(builder.token_file(token_file.unwrap_or_else(|| DEFAULT_TOKEN_FILE.into())))
    }

    /// The host that holds the organisation; the United States unless told.
    #[must_use]
    pub fn region(self, region: Region) -> Self {
        self.base_url(region.into())
    }

    /// Another address than a region's.
    #[must_use]
    pub fn base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = base_url;
        self
    }

    /// Keeps the token in this file from one client to the next. Without it, each client asks for its own.
    #[must_use]
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_file = Some(path.into());
        self
    }

    /// Records a page, 1 to 200; 100 unless told.
    #[must_use]
    pub fn page_size(mut self, records: u32) -> Self {
        self.options.page_size = records;
        self
    }

    /// Only notifications of these types; all unless told. Any word is passed on.
    #[must_use]
    pub fn notification_types(mut self, types: impl IntoIterator<Item = String>) -> Self {
        self.options.notification_types = types.into_iter().collect();
        self
    }

    /// Whether notifications come with signed image links, which are secrets that expire soon.
    #[must_use]
    pub fn include_image_url(mut self, include: bool) -> Self {
        self.options.include_image_url = include;
        self
    }

    /// The client's share of the organisation's 300 requests a minute; 280 unless told.
    #[must_use]
    pub fn max_requests_per_minute(mut self, requests: u32) -> Self {
        self.max_requests_per_minute = requests;
        self
    }

    /// How long one attempt of a request may take from beginning to end; 30 seconds unless told.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The first wait of the exponential back-off; one second unless told. Verkada's documented cool-down
    /// after 429 is five times as long, and shrinks and grows with it.
    #[must_use]
    pub fn first_retry_wait(mut self, wait: Duration) -> Self {
        self.policy.first_wait = wait;
        self.policy.cool_down = wait * 5;
        self
    }

    /// How long a client that rides out rate limits bears 429 without one success; five minutes unless told.
    #[must_use]
    pub fn rate_limit_patience(mut self, patience: Duration) -> Self {
        self.policy.rate_limit_patience = patience;
        self
    }

    /// Builds the client. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// Fails when the key is empty or holds characters that no header can carry, when a number is out of
    /// range, or when the system's certificates cannot be loaded.
    pub fn build(self) -> Result<VerkadaApi, ConfigurationError> {
        let key: Secret = self.key.expose().parse()?;
        if !(1..=MAX_PAGE_SIZE).contains(&self.options.page_size) {
            return Err(ConfigurationError::new(format!(
                "the page size must be 1 to {MAX_PAGE_SIZE}"
            )));
        }
        if self.max_requests_per_minute == 0 {
            return Err(ConfigurationError::new(
                "at least one request a minute is needed",
            ));
        }
        let cache = self
            .token_file
            .map(|path| TokenCache::new(path, &key, &self.base_url));
        let http = http::client(&self.base_url, self.timeout)?;
        let pacer = Pacer::new(self.max_requests_per_minute);
        Ok(VerkadaApi::new(Inner {
            tokens: Tokens::new(cache),
            transport: Transport::new(http, self.base_url, pacer, self.policy, self.timeout),
            key,
            options: self.options,
        }))
    }
}

/// Looks up variables of the environment.
type Lookup<'a> = dyn Fn(&str) -> Result<String, VarError> + 'a;

/// A variable's value, `None` if unset or empty.
fn variable<T: FromStr>(lookup: &Lookup<'_>, name: &str) -> Result<Option<T>, ConfigurationError>
where
    T::Err: std::fmt::Display,
{
    let refuse =
        |reason: &dyn std::fmt::Display| ConfigurationError::new(format!("{name}: {reason}"));
    let value = match lookup(name) {
        Err(VarError::NotUnicode(_)) => return Err(refuse(&"the value is no UTF-8")),
        Err(VarError::NotPresent) => return Ok(None),
        Ok(value) if value.is_empty() => return Ok(None),
        Ok(value) => value,
    };
    let parsed = value.parse::<T>();
    parsed.map(Some).map_err(|error| refuse(&error))
}

/// A variable's value as a number from 1 to `most`, `None` if unset or empty.
fn number(lookup: &Lookup<'_>, name: &str, most: u32) -> Result<Option<u32>, ConfigurationError> {
    let Some(text) = variable::<String>(lookup, name)? else {
        return Ok(None);
    };
    match text
        .trim()
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number))
    {
        Some(number) => Ok(Some(number)),
        None => Err(ConfigurationError::new(format!(
            "{name}: “{text}” is no whole number from 1 to {most}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    /// Builds from one variable, and a key unless that is the variable.
    fn built_from(name: &str, value: &str) -> Result<VerkadaApi, ConfigurationError> {
        let builder = VerkadaApiBuilder::from_variables(&|asked| match asked {
            _ if asked == name && value == "no UTF-8" => {
                Err(VarError::NotUnicode(OsString::from("?")))
            }
            _ if asked == name => Ok(value.to_owned()),
            "VERKADA_API_KEY" => Ok("key".to_owned()),
            _ => Err(VarError::NotPresent),
        });
        builder.and_then(VerkadaApiBuilder::build)
    }

    #[test]
    fn every_variable_that_cannot_be_used_is_named() {
        for (name, value) in [
            ("VERKADA_API_KEY", ""),
            ("VERKADA_API_KEY", " "),
            ("VERKADA_API_KEY", "two words"),
            ("VERKADA_API_KEY", "no UTF-8"),
            ("VERKADA_REGION", "mars"),
            ("VERKADA_BASE_URL", "http://example.com"),
            ("VERKADA_PAGE_SIZE", "201"),
            ("VERKADA_PAGE_SIZE", "abc"),
            ("VERKADA_PAGE_SIZE", "no UTF-8"),
            ("VERKADA_MAX_REQUESTS_PER_MINUTE", "0"),
            ("VERKADA_TOKEN_FILE", "no UTF-8"),
        ] {
            let reason = built_from(name, value).unwrap_err().to_string();
            assert!(reason.starts_with(name), "{name}={value}: {reason}");
            assert!(!reason.contains("two words"), "{reason}");
        }
    }

    #[test]
    fn what_the_variables_say_is_what_is_built() {
        assert_eq!(
            built_from("VERKADA_REGION", "eu").unwrap().base_url(),
            "https://api.eu.verkada.com"
        );
        assert_eq!(
            built_from("VERKADA_PAGE_SIZE", " 7 ").unwrap().page_size(),
            7
        );
        assert_eq!(
            built_from("VERKADA_PAGE_SIZE", "").unwrap().page_size(),
            100
        );
    }
}
