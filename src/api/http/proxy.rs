//! The proxy that the environment names.

use std::ffi::OsString;
use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::base_url::BaseUrl;
use crate::api::error::ConfigurationError;

/// Variables that name the proxy for requests over TLS; the first one that is not empty counts.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Variables that list the hosts which are reached without a proxy; the first one that is not empty counts.
const EXEMPTION_VARIABLES: [&str; 2] = ["NO_PROXY", "no_proxy"];

pub(super) const NOT_A_PROXY: &str =
    "not the address of a proxy over HTTP, such as http://proxy.example.com:3128";

/// The proxy of all requests. Its `Display` leaves out a user name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyInUse {
    /// The variable that names it.
    variable: &'static str,
    pub(super) address: Url,
}

impl ProxyInUse {
    /// Finds the proxy for `base_url` in the environment of the process; `None` for this machine, which needs none.
    ///
    /// # Errors
    ///
    /// Names the variable whose value is not the address of a proxy.
    pub(in crate::api) fn find(base_url: &BaseUrl) -> Result<Option<Self>, ConfigurationError> {
        if base_url.is_loopback() {
            return Ok(None);
        }
        proxy_in_use(base_url.as_url(), |name| std::env::var_os(name))
    }
}

impl fmt::Display for ProxyInUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.address.origin().ascii_serialization();
        write!(formatter, "{origin} ({})", self.variable)
    }
}

/// Returns the proxy that the variables name for `target`, if any. An error does not repeat the value, which may hold a
/// password.
fn proxy_in_use(
    target: &Url,
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<ProxyInUse>, ConfigurationError> {
    // Asked first: a proxy that is not used need not be one that can be.
    if let Some((_, exempt)) = first_given(&EXEMPTION_VARIABLES, &lookup)
        && is_exempt(target, &exempt.to_string_lossy())
    {
        return Ok(None);
    }
    let Some((variable, value)) = first_given(&PROXY_VARIABLES, &lookup) else {
        return Ok(None);
    };
    let address = value.to_str().map(str::trim).and_then(parse_proxy);
    match address {
        Some(address) => Ok(Some(ProxyInUse { variable, address })),
        None => Err(ConfigurationError::new(format!(
            "{variable}: {NOT_A_PROXY}"
        ))),
    }
}

fn first_given(
    names: &[&'static str],
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Option<(&'static str, OsString)> {
    let given = names.iter().filter_map(|name| Some((*name, lookup(name)?)));
    given.into_iter().find(|(_, value)| !value.is_empty())
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

/// Reports whether `list` exempts `target`, by the rules of curl: names with all their subdomains, addresses, networks
/// such as `10.0.0.0/8`, `*` for everything, separated by commas or spaces; and with a port for that port alone.
fn is_exempt(target: &Url, list: &str) -> bool {
    let Some(host) = target.host_str() else {
        return false;
    };
    let host = host.trim_end_matches('.');
    let port = target.port_or_known_default();
    let entries = list.split(|character: char| character == ',' || character.is_whitespace());
    let names: Vec<_> = entries.filter_map(|entry| name_of(entry, port)).collect();
    // Any proxy will do: the matcher names it for every host that is not exempt.
    let matcher = Matcher::builder()
        .https("http://proxy.invalid")
        .no(names.join(","))
        .build();
    format!("https://{host}/")
        .parse()
        .is_ok_and(|target| matcher.intercept(&target).is_none())
}

/// The name or address of an entry in the form that the matcher knows; `None` if the entry is for another port.
fn name_of(entry: &str, port: Option<u16>) -> Option<&str> {
    let (name, entry_port) = split_port(entry);
    if entry_port.is_some_and(|entry_port| Some(entry_port) != port) {
        return None;
    }
    let name = name.strip_prefix("*.").unwrap_or(name);
    Some(name.trim_end_matches('.'))
}

/// Splits `host:443` and `[::1]:443`; an address of IPv6 without brackets has no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((address, rest)) = entry
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return (
            address,
            rest.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    let split = entry
        .split_once(':')
        .and_then(|(name, port)| Some((name, port.parse().ok()?)));
    match split {
        Some((name, port)) => (name, Some(port)),
        None => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(address: &str) -> Url {
        Url::parse(address).unwrap()
    }

    type Variables = &'static [(&'static str, &'static str)];

    fn proxy(variables: Variables) -> Result<Option<String>, String> {
        let lookup = |asked: &str| {
            let found = variables.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| OsString::from(value))
        };
        proxy_in_use(&target("https://api.verkada.com"), lookup)
            .map(|proxy| proxy.map(|proxy| proxy.address.to_string()))
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
    fn a_proxy_is_shown_with_its_variable_and_without_its_password() {
        let lookup = |asked: &str| {
            (asked == "HTTPS_PROXY")
                .then(|| OsString::from("http://user:word@proxy.example.com:3128/x"))
        };
        let proxy = proxy_in_use(&target("https://api.verkada.com"), lookup);
        let shown = proxy.unwrap().unwrap().to_string();
        assert_eq!(shown, "http://proxy.example.com:3128 (HTTPS_PROXY)");
    }

    #[test]
    fn a_host_is_exempt_in_the_forms_of_curl() {
        for (address, exempt) in [
            ("https://api.verkada.com", "*"),
            ("https://api.verkada.com", "api.verkada.com"),
            ("https://api.verkada.com", "API.Verkada.COM"),
            ("https://api.verkada.com", "verkada.com"),
            ("https://api.verkada.com", ".verkada.com"),
            ("https://api.verkada.com", "*.verkada.com"),
            ("https://api.verkada.com", "verkada.com."),
            ("https://api.verkada.com", "com"),
            ("https://api.verkada.com.", "verkada.com"),
            (
                "https://api.verkada.com",
                "localhost, example.com ,verkada.com",
            ),
            (
                "https://api.verkada.com",
                "localhost example.com\tverkada.com",
            ),
            ("https://api.verkada.com", "api.verkada.com:443"),
            ("https://api.verkada.com", "*.verkada.com:443"),
            ("https://api.verkada.com", "*:443"),
            ("https://api.verkada.com:8443", "api.verkada.com"),
            ("https://api.verkada.com:8443", "api.verkada.com:8443"),
            ("https://10.1.2.3", "10.1.2.3"),
            ("https://10.1.2.3:8443", "10.1.2.3:8443"),
            ("https://10.1.2.3", "10.0.0.0/8"),
            ("https://[fd00::1]", "fd00::1"),
            ("https://[fd00::1]", "[fd00::1]"),
            ("https://[fd00::1]", "[FD00::1]:443"),
            ("https://[fd00::1]", "fd00::/8"),
        ] {
            assert!(is_exempt(&target(address), exempt), "{address} {exempt}");
        }
        for (address, exempt) in [
            ("https://api.verkada.com", ""),
            ("https://api.verkada.com", " , "),
            ("https://api.verkada.com", "kada.com"),
            ("https://api.verkada.com", "eu.verkada.com"),
            ("https://api.verkada.com", "api.verkada.com:80"),
            ("https://api.verkada.com", "*:8443"),
            ("https://api.verkada.com:8443", "api.verkada.com:443"),
            ("https://api.verkada.com", "example.com verkada"),
            ("https://10.1.2.3", "10.1.2.4"),
            ("https://10.1.2.3", "11.0.0.0/8"),
            ("https://10.1.2.3", "2.3"),
            ("https://[fd00::1]", "[fd00::2]"),
            ("https://[fd00::1]", "[fd00::1]:80"),
        ] {
            assert!(!is_exempt(&target(address), exempt), "{address} {exempt}");
        }
    }
}
