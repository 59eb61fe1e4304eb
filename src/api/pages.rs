//! Reading a list page by page.

use std::collections::HashSet;

use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::client::VerkadaApi;
use super::error::{Endpoint, Error};
use super::pacing::Urgency;
use super::page::Page;
use super::window::{Source, Window};

/// The pages of one source in one window, newest first, each asked for when it is wanted.
///
/// The read ends on a null, empty or absent page token, never on a short or empty page. After an error,
/// [`Pages::next`] asks for the same page again.
#[derive(Debug)]
pub struct Pages {
    api: VerkadaApi,
    source: Source,
    window: Window,
    state: State,
    seen: HashSet<String>,
    empty_in_a_row: u32,
    urgency: Urgency,
}

/// So many empty pages in a row are no list any more, whatever their tokens say.
const MOST_EMPTY_PAGES: u32 = 1_000;

#[derive(Clone, Debug)]
enum State {
    First,
    Continue(String),
    Finished,
}

impl Pages {
    pub(super) fn new(api: VerkadaApi, source: Source, window: Window) -> Self {
        Self {
            api,
            source,
            window,
            state: State::First,
            seen: HashSet::new(),
            empty_in_a_row: 0,
            urgency: Urgency::default(),
        }
    }

    /// The same pages, asked for with `urgency`.
    pub(crate) fn with_urgency(self, urgency: Urgency) -> Self {
        Self { urgency, ..self }
    }

    /// The next page, or `None` when the list has been read whole.
    ///
    /// # Errors
    ///
    /// Whatever [`Error`] says; [`Error::CircularPages`] when a page token comes back a second time,
    /// [`Error::EndlessPages`] after a thousand empty pages in a row.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let token = match &self.state {
            State::First => None,
            State::Continue(token) => Some(token.as_str()),
            State::Finished => return Ok(None),
        };
        let asked = self
            .api
            .page(self.source, self.window, token, &self.urgency);
        let page = asked.await?;
        self.empty_in_a_row = match page.records.is_empty() {
            true => self.empty_in_a_row + 1,
            false => 0,
        };
        self.state = match &page.next {
            None => State::Finished,
            Some(token) => self.continued(token)?,
        };
        Ok(Some(page))
    }

    /// The state behind a page that names a next one.
    fn continued(&mut self, token: &str) -> Result<State, Error> {
        let endpoint = Endpoint::Source(self.source);
        let page = self.seen.len() as u64 + 1;
        if self.empty_in_a_row >= MOST_EMPTY_PAGES {
            return Err(Error::EndlessPages {
                endpoint,
                page,
                empty: self.empty_in_a_row,
            });
        }
        match self.seen.insert(token.to_owned()) {
            true => Ok(State::Continue(token.to_owned())),
            false => Err(Error::CircularPages { endpoint, page }),
        }
    }

    /// Whether the last page has been read.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// The same pages as a [`Stream`], which ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Page, Error>> {
        try_unfold(self, |mut pages| async move {
            Ok(pages.next().await?.map(|page| (page, pages)))
        })
    }
}
