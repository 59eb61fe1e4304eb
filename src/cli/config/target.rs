//! The organisation that is read: a real one, or the simulated one.

use verkada_audit_logs::demo::{DemoServer, Profile};
use verkada_audit_logs::{
    BaseUrl, DEFAULT_TOKEN_FILE, Region, Secret, VerkadaApi, VerkadaApiBuilder,
};

use super::setting::{Setting, Settings};
use super::usage_error::UsageError;
use crate::cli::args::ReadArgs;

/// The organisation, and a client for it that is ready to be built.
pub(crate) struct Target {
    pub(super) client: VerkadaApiBuilder,
    /// The name that a checkpoint is bound to.
    pub(super) origin: String,
    /// The simulated organisation; it ends when this is dropped.
    pub(super) demo: Option<DemoServer>,
}

impl Target {
    /// Finds the key and the address, or starts the simulated organisation.
    pub(super) fn find(
        args: &ReadArgs,
        settings: &Settings<'_>,
        find_key: impl FnOnce(&ReadArgs, &Settings<'_>) -> Result<Secret, UsageError>,
    ) -> Result<Self, UsageError> {
        if args.demo {
            return Self::start_demo();
        }
        let token_file = settings.path(args.token_file.as_deref(), "VERKADA_TOKEN_FILE")?;
        let token_file = token_file.unwrap_or_else(|| DEFAULT_TOKEN_FILE.into());
        let base_url = base_url(args, settings)?;
        let origin = base_url.to_string();
        let client = VerkadaApi::builder(find_key(args, settings)?)
            .base_url(base_url)
            .token_file(&token_file);
        Ok(Self {
            client,
            origin,
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
            demo: Some(demo),
        })
    }
}

/// A flag wins over the environment, and that over `.env`. In each of the latter an address wins over a region.
fn base_url(args: &ReadArgs, settings: &Settings<'_>) -> Result<BaseUrl, UsageError> {
    const ADDRESS: &str = "VERKADA_BASE_URL";
    const REGION: &str = "VERKADA_REGION";
    let of_region = |setting: Setting| Ok(setting.parse::<Region>()?.into());
    if let Some(value) = args.base_url.clone() {
        let name = "--base-url";
        return Setting { name, value }.parse();
    }
    if let Some(value) = args.region.clone() {
        let name = "--region";
        return of_region(Setting { name, value });
    }
    match settings.environment.first_of([ADDRESS, REGION])? {
        Some(found) if found.name == REGION => of_region(found.into()),
        Some(found) => Setting::from(found).parse(),
        None => Ok(Region::default().into()),
    }
}
