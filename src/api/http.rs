//! The HTTP client below everything.

use std::time::Duration;

use reqwest::Client;

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
