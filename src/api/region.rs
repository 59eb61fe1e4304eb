//! Which host holds an organisation.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use super::error::ConfigurationError;

/// Where an organisation was created. A key works only against its own region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// United States, `api.verkada.com`.
    #[default]
    Us,
    /// European Union, `api.eu.verkada.com`.
    Eu,
    /// Australia, `api.au.verkada.com`.
    Au,
    /// GovCloud, `api.verkadagov.com`.
    Gov,
    /// `api.oh.verkada.com`: listed by two independent clients; what it denotes is not published.
    Oh,
}

impl Region {
    /// Every region, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Us, Self::Eu, Self::Au, Self::Gov, Self::Oh];

    /// The short name, as `--region` and `VERKADA_REGION` take it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Au => "au",
            Self::Gov => "gov",
            Self::Oh => "oh",
        }
    }

    /// The host that serves this region.
    pub fn host(self) -> &'static str {
        match self {
            Self::Us => "api.verkada.com",
            Self::Eu => "api.eu.verkada.com",
            Self::Au => "api.au.verkada.com",
            Self::Gov => "api.verkadagov.com",
            Self::Oh => "api.oh.verkada.com",
        }
    }
}

impl FromStr for Region {
    type Err = ConfigurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|region| region.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                // A longer word may be a key in the wrong place.
                let given = match text.chars().count() {
                    0..=12 => format!("“{text}”"),
                    _ => "this".to_owned(),
                };
                ConfigurationError::new(format!("{given} is no region; use one of {known}"))
            })
    }
}

/// The address in front of every path: `https://`, or `http://` to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The address of `path`, which begins with a slash.
    pub(super) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let prefix = self.0.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}{path}"));
        url
    }

    /// Whether the address is of this machine, so that no proxy is wanted.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether there is no TLS: only on the way to this machine.
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
            return refuse("an address ends before “?” and “#”");
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
        assert_eq!("EU".parse::<Region>().unwrap(), Region::Eu);
        assert!("mars".parse::<Region>().is_err());
    }

    #[test]
    fn clear_text_is_for_this_machine_only() {
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
    fn a_path_in_front_is_kept() {
        let base: BaseUrl = "https://proxy.example.com/verkada/".parse().unwrap();
        assert_eq!(
            base.join("/token").as_str(),
            "https://proxy.example.com/verkada/token"
        );
        assert_eq!(base.to_string(), "https://proxy.example.com/verkada");
    }
}
