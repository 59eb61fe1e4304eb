//! The address that every request starts from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use super::region::Region;
use crate::api::error::ConfigurationError;

/// The scheme and host of every request, and a path prefix if there is one: `https://`, or `http://` to this machine.
///
/// ```
/// use verkada_audit_logs::{BaseUrl, Region};
///
/// assert_eq!(BaseUrl::from(Region::Eu).to_string(), "https://api.eu.verkada.com");
/// assert!("http://api.verkada.com".parse::<BaseUrl>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The address of `path`, which begins with a slash.
    pub(in crate::api) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let prefix = self.0.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}{path}"));
        url
    }

    /// The address itself.
    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }

    /// Reports whether the address is on this machine, so that no proxy is wanted.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Reports whether requests go without TLS, which is allowed to this machine only.
    pub(super) fn is_clear_text(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl From<Region> for BaseUrl {
    fn from(region: Region) -> Self {
        let text = format!("https://{}", region.host());
        Self(Url::parse(&text).expect("every region's host makes a valid address"))
    }
}

impl FromStr for BaseUrl {
    type Err = ConfigurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason: &str| Err(ConfigurationError::new(reason));
        let Ok(url) = Url::parse(text.trim()) else {
            return refuse("not an address; write it like https://api.eu.verkada.com");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("an address with a user name or password in it is not accepted");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("an address must not have a query (“?”) or a fragment (“#”)");
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => refuse("http would send the key in clear text; use https"),
            _ => refuse("only https addresses are accepted"),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_names_its_host() {
        let hosts = Region::ALL.map(|region| BaseUrl::from(region).to_string());
        assert_eq!(
            hosts,
            [
                "https://api.verkada.com",
                "https://api.eu.verkada.com",
                "https://api.au.verkada.com",
                "https://api.verkadagov.com",
                "https://api.oh.verkada.com",
            ]
        );
    }

    #[test]
    fn http_is_accepted_for_this_machine_only() {
        for accepted in [
            "https://proxy.example.com/verkada/",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:99",
        ] {
            assert!(accepted.parse::<BaseUrl>().is_ok(), "{accepted}");
        }
        for refused in [
            "http://api.verkada.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "ftp://api.verkada.com",
            "https://user:password@api.verkada.com",
            "https://api.verkada.com/?key=1",
            "api.verkada.com",
            "",
        ] {
            assert!(refused.parse::<BaseUrl>().is_err(), "{refused}");
        }
    }

    #[test]
    fn a_path_prefix_is_kept() {
        let base: BaseUrl = "https://proxy.example.com/verkada/".parse().unwrap();
        assert_eq!(
            base.join("/token").as_str(),
            "https://proxy.example.com/verkada/token"
        );
        assert_eq!(base.to_string(), "https://proxy.example.com/verkada");
    }
}
