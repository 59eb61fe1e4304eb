//! The HTTP client below everything.

use std::ffi::OsString;
use std::time::Duration;

use reqwest::{Client, NoProxy, Proxy, Url};

use super::error::ConfigurationError;
use super::region::BaseUrl;
use super::server_text::ServerText;

/// Builds the HTTP client: no redirects, no retries of its own, verified TLS, gzip offered.
pub(super) fn client(base_url: &BaseUrl, timeout: Duration) -> Result<Client, ConfigurationError> {
    // Fails only if a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!(
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION")
        ))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .timeout(timeout);
    // Its own reading of the environment passes over what it cannot use, and the requests go around the proxy.
    builder = builder.no_proxy();
    if !base_url.is_loopback()
        && let Some(proxy) = proxy_address(|name| std::env::var_os(name))?
    {
        let proxy = Proxy::https(proxy).map_err(|_| ConfigurationError::new(NO_PROXY))?;
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_env()));
    }
    if base_url.is_clear_text() {
        // Loading the system's certificates costs more than the rest of a small run.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| {
        ConfigurationError::new(format!(
            "the HTTP client cannot be built: {}",
            ServerText::innermost(&error).as_str()
        ))
    })
}

/// Variables that say where requests over TLS go; the first one that is not empty counts.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

const NO_PROXY: &str =
    "not the address of a proxy over HTTP, such as http://proxy.example.com:3128";

/// The proxy that the variables name, if any. A value is never repeated, since it may hold a password.
fn proxy_address(
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Url>, ConfigurationError> {
    let given = PROXY_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name, lookup(name)?)))
        .find(|(_, value)| !value.is_empty());
    let Some((name, value)) = given else {
        return Ok(None);
    };
    let address = value.to_str().map(str::trim).and_then(parse_proxy);
    match address {
        Some(address) => Ok(Some(address)),
        None => Err(ConfigurationError::new(format!("{name}: {NO_PROXY}"))),
    }
}

fn parse_proxy(address: &str) -> Option<Url> {
    let address = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    let url = Url::parse(&address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables = &'static [(&'static str, &'static str)];

    fn proxy(variables: Variables) -> Result<Option<String>, String> {
        let lookup = |asked: &str| {
            let found = variables.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| OsString::from(value))
        };
        proxy_address(lookup)
            .map(|url| url.map(|url| url.to_string()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_proxy_that_is_named_counts() {
        let cases: [(Variables, Option<&str>); 6] = [
            (&[], None),
            (&[("HTTPS_PROXY", " http://a:1 ")], Some("http://a:1/")),
            (
                &[("HTTPS_PROXY", ""), ("https_proxy", "b:2")],
                Some("http://b:2/"),
            ),
            (
                &[("https_proxy", "http://b"), ("all_proxy", "socks5://c")],
                Some("http://b/"),
            ),
            (
                &[("ALL_PROXY", "https://user:p^s@c")],
                Some("https://user:p%5Es@c/"),
            ),
            (&[("HTTP_PROXY", "http://for-clear-text")], None),
        ];
        for (variables, expected) in cases {
            assert_eq!(
                proxy(variables),
                Ok(expected.map(str::to_owned)),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_and_not_passed_over() {
        let cases: [Variables; 5] = [
            &[("HTTPS_PROXY", "ftp://proxy")],
            &[("HTTPS_PROXY", "://")],
            &[("HTTPS_PROXY", "http://user:word@[bad")],
            &[
                ("HTTPS_PROXY", "socks5://user:word@proxy:1080"),
                ("https_proxy", "http://b"),
            ],
            &[("HTTPS_PROXY", " ")],
        ];
        for variables in cases {
            let reason = proxy(variables).unwrap_err();
            assert!(reason.starts_with("HTTPS_PROXY: "), "{reason}");
            assert!(!reason.contains("word"), "{reason}");
        }
    }
}
