//! The settings of a client.

use std::env::VarError;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::client::{Inner, RequestOptions, VerkadaApi};
use super::error::{ConfigurationError, Error};
use super::http::{BaseUrl, Pacer, ProxyInUse, Region, RetryPolicy, Transport};
use super::secret::{Secret, quoted};
use super::token::{TokenFile, TokenStore};
use crate::files;

/// The default number of records on a page; Verkada's own default too.
pub const DEFAULT_PAGE_SIZE: u32 = 100;

/// The largest number of records that Verkada puts on a page.
pub const MAX_PAGE_SIZE: u32 = 200;

/// The default limit for one attempt of a request, from connecting to the last byte of the answer.
pub const DEFAULT_SESSION_TIMEOUT: Duration = Duration::from_secs(30);

/// The default share of the 300 requests a minute that an organisation has for everything.
pub const DEFAULT_MAX_REQUESTS_PER_MINUTE: u32 = 280;

/// The highest pace that can be set, in requests a minute: as good as no limit.
pub const MOST_REQUESTS_PER_MINUTE: u32 = 1_000_000;

/// The default name of the file that keeps the token from one run to the next.
pub const DEFAULT_TOKEN_FILE: &str = "token.json";

/// Settings of a [`VerkadaApi`]; everything but the key has a default.
///
/// ```
/// use verkada_audit_logs::{Region, Secret, VerkadaApi};
///
/// let client = VerkadaApi::builder(Secret::new("vkd_api_0123456789")?)
///     .region(Region::Eu)
///     .token_file("/var/lib/verkada/token.json")
///     .page_size(200)
///     .build()?;
/// assert_eq!(client.base_url().to_string(), "https://api.eu.verkada.com");
/// # Ok::<(), verkada_audit_logs::ConfigurationError>(())
/// ```
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

impl VerkadaApi {
    /// Starts a client for `key`.
    pub fn builder(key: Secret) -> VerkadaApiBuilder {
        VerkadaApiBuilder::new(key)
    }

    /// Builds a client from the variables of the program: `VERKADA_API_KEY`, `VERKADA_REGION`, `VERKADA_BASE_URL`,
    /// `VERKADA_TOKEN_FILE` (`token.json` if unset), `VERKADA_PAGE_SIZE` and `VERKADA_MAX_REQUESTS_PER_MINUTE`. Empty
    /// variables count as unset; `.env` is not read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](super::error::ErrorKind::Configuration) names the variable that is missing or cannot
    /// be used.
    ///
    /// ```no_run
    /// # use verkada_audit_logs::VerkadaApi;
    /// // VERKADA_API_KEY and VERKADA_REGION are set.
    /// let client = VerkadaApi::from_env()?;
    /// # Ok::<(), verkada_audit_logs::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        Ok(VerkadaApiBuilder::from_env()?.build()?)
    }
}

impl VerkadaApiBuilder {
    fn new(key: Secret) -> Self {
        Self {
            key,
            base_url: Region::default().into(),
            token_file: None,
            options: RequestOptions {
                page_size: DEFAULT_PAGE_SIZE,
                notification_types: Vec::new(),
                include_image_url: false,
                ignores_repeats: false,
            },
            max_requests_per_minute: DEFAULT_MAX_REQUESTS_PER_MINUTE,
            timeout: DEFAULT_SESSION_TIMEOUT,
            policy: RetryPolicy::default(),
        }
    }

    fn from_env() -> Result<Self, ConfigurationError> {
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
        if let Some(requests) = number(
            lookup,
            "VERKADA_MAX_REQUESTS_PER_MINUTE",
            MOST_REQUESTS_PER_MINUTE,
        )? {
            builder = builder.max_requests_per_minute(requests);
        }
        let token_file: Option<PathBuf> = variable(lookup, "VERKADA_TOKEN_FILE")?;
        Ok(builder.token_file(token_file.unwrap_or_else(|| DEFAULT_TOKEN_FILE.into())))
    }

    /// The region that holds the organisation. Default: the United States.
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

    /// The file that keeps the token from one client to the next. Without one, each client asks for a token of its own.
    #[must_use]
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_file = Some(path.into());
        self
    }

    /// Records a page, 1 to 200. Default: 100.
    #[must_use]
    pub fn page_size(mut self, records: u32) -> Self {
        self.options.page_size = records;
        self
    }

    /// The types of notification to ask for; any word is passed on. Default: all.
    #[must_use]
    pub fn notification_types(mut self, types: impl IntoIterator<Item = String>) -> Self {
        self.options.notification_types = types.into_iter().collect();
        self
    }

    /// Asks for signed image links in notifications. They are secrets that expire soon. Default: no.
    #[must_use]
    pub fn include_image_url(mut self, include: bool) -> Self {
        self.options.include_image_url = include;
        self
    }

    /// The client's share of the organisation's 300 requests a minute. Default: 280.
    #[must_use]
    pub fn max_requests_per_minute(mut self, requests: u32) -> Self {
        self.max_requests_per_minute = requests;
        self
    }

    /// The limit for one attempt of a request from beginning to end. Default: 30 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The first wait of the exponential back-off. Default: one second. Verkada's documented cool-down after 429 is five
    /// times as long, and shrinks and grows with it.
    #[must_use]
    pub fn first_retry_wait(mut self, wait: Duration) -> Self {
        self.policy.first_wait = wait;
        self.policy.cool_down = wait * 5;
        self
    }

    /// Limit for the time that a client that rides out rate limits goes on without one success. Default: five minutes.
    #[must_use]
    pub fn rate_limit_patience(mut self, patience: Duration) -> Self {
        self.policy.rate_limit_patience = patience;
        self
    }

    /// Sends each request once, without retries.
    pub(crate) fn without_retries(mut self) -> Self {
        self.policy.most_retries = 0;
        self
    }

    /// Keeps the token in memory alone.
    pub(crate) fn without_token_file(mut self) -> Self {
        self.token_file = None;
        self
    }

    /// The file that keeps the token, if there is one.
    pub(crate) fn token_file_path(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }

    /// The proxy that the environment names for the requests, if any.
    pub(crate) fn proxy(&self) -> Result<Option<ProxyInUse>, ConfigurationError> {
        ProxyInUse::find(&self.base_url)
    }

    /// Checks that the token file can be replaced as far as mounts decide.
    pub(crate) fn check_token_file(&self) -> Result<(), ConfigurationError> {
        match &self.token_file {
            Some(path) if files::is_mount_point(path) => Err(ConfigurationError::new(format!(
                "the token file {} is a mount point, so it cannot be replaced; mount its folder instead",
                path.display()
            ))),
            _ => Ok(()),
        }
    }

    /// Takes records that come twice as they come. The tests show with it that they would notice.
    #[doc(hidden)]
    #[must_use]
    pub fn ignore_repeats(mut self, ignore: bool) -> Self {
        self.options.ignores_repeats = ignore;
        self
    }

    /// Builds the client. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// Fails if a number is out of range, if the token file is mounted by itself, if the environment names a proxy that
    /// cannot be used, or if the system's certificates cannot be loaded.
    pub fn build(self) -> Result<VerkadaApi, ConfigurationError> {
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
        self.check_token_file()?;
        let file = self
            .token_file
            .map(|path| TokenFile::new(path, &self.key, &self.base_url));
        let pacer = Pacer::new(self.max_requests_per_minute);
        Ok(VerkadaApi::new(Inner {
            tokens: TokenStore::new(file),
            transport: Transport::new(self.base_url, pacer, self.policy, self.timeout)?,
            key: self.key,
            options: self.options,
        }))
    }
}

/// A look-up of environment variables.
type Lookup<'a> = dyn Fn(&str) -> Result<String, VarError> + 'a;

/// The value of a variable; `None` if it is unset or empty.
fn variable<T: FromStr>(lookup: &Lookup<'_>, name: &str) -> Result<Option<T>, ConfigurationError>
where
    T::Err: std::fmt::Display,
{
    let refuse =
        |reason: &dyn std::fmt::Display| ConfigurationError::new(format!("{name}: {reason}"));
    let value = match lookup(name) {
        Err(VarError::NotUnicode(_)) => return Err(refuse(&"the value is not UTF-8")),
        Err(VarError::NotPresent) => return Ok(None),
        Ok(value) if value.is_empty() => return Ok(None),
        Ok(value) => value,
    };
    let parsed = value.parse::<T>();
    parsed.map(Some).map_err(|error| refuse(&error))
}

/// The value of a variable as a number between 1 and `most`; `None` if it is unset or empty.
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
            "{name}: {} is not a whole number between 1 and {most}",
            quoted(&text)
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
            _ if asked == name && value == "not UTF-8" => {
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
            ("VERKADA_API_KEY", "not UTF-8"),
            ("VERKADA_REGION", "mars"),
            ("VERKADA_BASE_URL", "http://example.com"),
            ("VERKADA_PAGE_SIZE", "201"),
            ("VERKADA_PAGE_SIZE", "abc"),
            ("VERKADA_PAGE_SIZE", "not UTF-8"),
            ("VERKADA_MAX_REQUESTS_PER_MINUTE", "0"),
            ("VERKADA_TOKEN_FILE", "not UTF-8"),
        ] {
            let reason = built_from(name, value).unwrap_err().to_string();
            assert!(reason.starts_with(name), "{name}={value}: {reason}");
            assert!(!reason.contains("two words"), "{reason}");
        }
    }

    #[test]
    fn a_key_in_the_place_of_a_number_is_not_repeated() {
        let key = "vkd_api_0123456789abcdef0123456789abcdef";
        for name in ["VERKADA_PAGE_SIZE", "VERKADA_MAX_REQUESTS_PER_MINUTE"] {
            let reason = built_from(name, key).unwrap_err().to_string();
            assert!(!reason.contains(&key[..12]), "{reason}");
            let reason = built_from(name, "12x").unwrap_err().to_string();
            assert!(reason.contains("“12x”"), "{reason}");
        }
    }

    #[test]
    fn the_variables_set_up_the_client() {
        assert_eq!(
            built_from("VERKADA_REGION", "eu")
                .unwrap()
                .base_url()
                .to_string(),
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
