//! The proxy that the environment names.

use std::ffi::OsString;

use reqwest::Url;

use crate::api::error::ConfigurationError;

/// Variables that name the proxy for requests over TLS; the first one that is not empty counts.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

pub(super) const NOT_A_PROXY: &str =
    "not the address of a proxy over HTTP, such as http://proxy.example.com:3128";

/// Returns the proxy that the variables name, if any. An error does not repeat the value, which may hold a password.
pub(super) fn proxy_address(
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
        None => Err(ConfigurationError::new(format!("{name}: {NOT_A_PROXY}"))),
    }
}

fn parse_proxy(address: &str) -> Option<Url> {
    let address = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
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
    fn a_proxy_that_cannot_be_used_is_an_error_that_names_the_variable() {
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
