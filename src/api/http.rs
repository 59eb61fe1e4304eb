//! The HTTP client below everything.

use std::ffi::OsString;
use std::time::Duration;

use reqwest::{Client, Url};

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
    if base_url.is_loopback() {
        builder = builder.no_proxy();
    } else {
        check_proxies(|name| std::env::var_os(name))?;
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

/// Refuses what the HTTP client would silently pass over: the requests would go around the proxy that was asked for.
/// A value is never repeated, since it may hold a password.
fn check_proxies(lookup: impl Fn(&str) -> Option<OsString>) -> Result<(), ConfigurationError> {
    for name in PROXY_VARIABLES {
        let value = lookup(name).unwrap_or_default();
        if !value.is_empty() && !value.to_str().is_some_and(is_proxy) {
            return Err(ConfigurationError::new(format!(
                "{name}: not the address of a proxy; write it like http://proxy.example.com:3128"
            )));
        }
    }
    Ok(())
}

/// Variables that say where requests over TLS go.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

fn is_proxy(address: &str) -> bool {
    let address = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    Url::parse(&address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_and_not_passed_over() {
        let check = |value: &'static str| {
            check_proxies(|name| (name == "HTTPS_PROXY").then(|| OsString::from(value)))
        };
        for usable in [
            "",
            "http://proxy:3128",
            "https://user:word@proxy",
            "proxy.example.com:3128",
            "10.0.0.1",
        ] {
            assert_eq!(check(usable), Ok(()), "{usable}");
        }
        for unusable in [
            "ftp://proxy",
            "://",
            "http://user:word@[bad",
            "socks5://proxy:1080",
            " ",
        ] {
            let reason = check(unusable).unwrap_err().to_string();
            assert!(
                reason.starts_with("HTTPS_PROXY: ") && !reason.contains("word"),
                "{reason}"
            );
        }
    }
}
