//! Single pages of the lists, asked for within the limit of requests.

use crate::api::{Error, Page, Source, VerkadaApi, Window};
use crate::doctor::check::CheckOutcome;
use crate::doctor::setup::MOST_REQUESTS;

/// Limit for the requests of a page: itself, a new token if the first is refused, and itself once more.
const REQUESTS_OF_PAGE: u64 = 3;

/// The lists, of which pages are asked for within the limit of requests.
pub(super) struct Lists<'a> {
    pub(super) api: &'a VerkadaApi,
}

/// A page of audit logs, and the window that was asked for.
pub(super) struct Sample {
    pub(super) page: Page,
    pub(super) window: Window,
}

/// The reason why a page was not read.
pub(super) enum NoPage {
    /// The request failed.
    Failed(Error),
    /// The request was not sent, because it might have gone over the limit.
    OverLimit,
}

impl Lists<'_> {
    /// Asks for the first page of `source` in `window`.
    pub(super) async fn first_page(&self, source: Source, window: Window) -> Result<Page, NoPage> {
        if self.api.statistics().requests + REQUESTS_OF_PAGE > MOST_REQUESTS {
            return Err(NoPage::OverLimit);
        }
        let page = self.api.pages(source, window).next_page().await;
        let page = page.map_err(NoPage::Failed)?;
        Ok(page.expect("no list ends before its first page"))
    }
}

impl NoPage {
    /// The outcome of a check that needs the page.
    pub(super) fn outcome(self) -> CheckOutcome {
        match self {
            Self::Failed(error) => CheckOutcome::fail(error),
            Self::OverLimit => CheckOutcome::skipped(self.reason()),
        }
    }

    /// Says why, for a check that is not worth a failure.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Failed(error) => error.to_string(),
            Self::OverLimit => {
                format!("not checked: it could take more than {MOST_REQUESTS} requests in all")
            }
        }
    }
}
