//! The regions and their hosts.

use std::str::FromStr;

use crate::api::error::ConfigurationError;
use crate::api::secret::quoted;

/// The region in which an organisation was created. A key works only against its own region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
    /// An additional region in the United States, `api.oh.verkada.com`.
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
                let given = quoted(text);
                ConfigurationError::new(format!("{given} is not a region; use one of {known}"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_known_by_its_short_name_in_any_case() {
        assert_eq!("EU".parse::<Region>().unwrap(), Region::Eu);
        assert!("mars".parse::<Region>().is_err());
    }
}
