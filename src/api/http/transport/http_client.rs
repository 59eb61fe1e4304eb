//! The HTTP client: its proxy, its certificates, and what it never does by itself.

use std::time::Duration;

use reqwest::{Client, Proxy};

use crate::api::error::ConfigurationError;
use crate::api::http::base_url::BaseUrl;
use crate::api::http::proxy::{NOT_A_PROXY, ProxyInUse};
use crate::api::http::server_text;

/// Builds the HTTP client: no redirects, no retries of its own, verified TLS.
pub(super) fn build(base_url: &BaseUrl, timeout: Duration) -> Result<Client, ConfigurationError> {
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
    // reqwest ignores a proxy variable that it cannot use, and the requests would go around the proxy.
    builder = builder.no_proxy();
    if let Some(proxy) = ProxyInUse::find(base_url)? {
        let proxy =
            Proxy::https(proxy.address).map_err(|_| ConfigurationError::new(NOT_A_PROXY))?;
        builder = builder.proxy(proxy);
    }
    if base_url.is_clear_text() {
        // Loading the system's certificates costs more than the rest of a small run.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| {
        ConfigurationError::new(format!(
            "the HTTP client cannot be built: {}; see SSL_CERT_FILE and SSL_CERT_DIR if they are set",
            server_text::innermost(&error)
        ))
    })
}
