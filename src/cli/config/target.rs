//! The organisation that is read: a real one, or the simulated one.

use std::path::PathBuf;

use verkada_audit_logs::demo::{DemoServer, Profile};
use verkada_audit_logs::{
    BaseUrl, DEFAULT_TOKEN_FILE, Region, Secret, VerkadaApi, VerkadaApiBuilder,
};

use super::api_key;
use super::setting::{Setting, Settings};
use super::usage_error::UsageError;
use crate::cli::args::Args;

/// The organisation, and a client for it that is ready to be built.
pub(crate) struct Target {
    pub(super) client: VerkadaApiBuilder,
    /// The name that a checkpoint is bound to.
    pub(super) origin: String,
    pub(super) token_file: Option<PathBuf>,
    /// The simulated organisation; it ends when this is dropped.
    pub(super) demo: Option<DemoServer>,
}

impl Target {
    /// Finds the key and the address, or starts the simulated organisation.
    pub(super) fn find(args: &Args, settings: &Settings<'_>) -> Result<Self, UsageError> {
        if args.demo {
            return Self::start_demo();
        }
        let token_file = settings.path(args.token_file.as_deref(), "VERKADA_TOKEN_FILE")?;
        let token_file = token_file.unwrap_or_else(|| DEFAULT_TOKEN_FILE.into());
        let base_url = base_url(args, settings)?;
        let origin = base_url.to_string();
        let client = VerkadaApi::builder(api_key::find(args, settings)?)
            .base_url(base_url)
            .token_file(&token_file);
        Ok(Self {
            client,
            origin,
            token_file: Some(token_file),
            demo: None,
        })
    }

    fn start_demo() -> Result<Self, UsageError> {
        let refuse = |reason: &dyn std::fmt::Display| UsageError::new(format!("--demo: {reason}"));
        let demo = DemoServer::builder(Profile::demo())
            .start()
            .map_err(|error| UsageError::of_the_system(format!("--demo: {error}")))?;
        let key = Secret::new(demo.api_key()).map_err(|error| refuse(&error))?;
        let base_url: BaseUrl = demo.base_url().parse().map_err(|error| refuse(&error))?;
        Ok(Self {
            client: VerkadaApi::builder(key).base_url(base_url),
            origin: "demo".to_owned(),
            token_file: None,
            demo: Some(demo),
        })
    }
}

/// A flag wins over the environment, and that over `.env`. In each of the latter an address wins over a region.
fn base_url(args: &Args, settings: &Settings<'_>) -> Result<BaseUrl, UsageError> {
    const ADDRESS: &str = "VERKADA_BASE_URL";
    const REGION: &str = "VERKADA_REGION";
    let flags = [args.base_url.clone(), args.region.clone()];
    let [in_process, in_file] = settings.environment.layers([ADDRESS, REGION])?;
    for (names, [address, region]) in [
        (["--base-url", "--region"], flags),
        ([ADDRESS, REGION], in_process),
        ([ADDRESS, REGION], in_file),
    ] {
        let [address_name, region_name] = names;
        if let Some(value) = address {
            let name = address_name;
            return Setting { name, value }.parse();
        }
        if let Some(value) = region {
            let name = region_name;
            return Ok(Setting { name, value }.parse::<Region>()?.into());
        }
    }
    Ok(Region::default().into())
}
