//! Reading a list, page by page or whole.

use std::collections::HashSet;

use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::client::VerkadaApi;
use super::error::{Endpoint, Error, ErrorKind};
use super::http::Urgency;
use super::page::Page;
use super::record::{Record, sort_oldest_first};
use super::source::Source;
use super::window::Window;

/// After this many empty pages in a row the read ends with an error, whatever their tokens say. Verkada documents no
/// bound, and nothing is known of such pages.
const MOST_EMPTY_PAGES: u32 = 1_000;

/// The pages of one source in one window, newest first, each requested when it is wanted.
///
/// The read ends on a null, empty or absent page token, never on a short or empty page. After an error,
/// [`Pages::next_page`] asks for the same page again.
///
/// ```no_run
/// # use verkada_audit_logs::{Source, VerkadaApi, Window};
/// # async fn read(client: VerkadaApi, window: Window) -> Result<(), verkada_audit_logs::Error> {
/// let mut pages = client.pages(Source::AuditLogs, window);
/// while let Some(page) = pages.next_page().await? {
///     for record in &page.records {
///         println!("{}", record.to_line());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pages {
    api: VerkadaApi,
    source: Source,
    window: Window,
    cursor: Cursor,
    seen: HashSet<String>,
    empty_in_a_row: u32,
    urgency: Urgency,
}

/// The next page to request.
#[derive(Clone, Debug)]
enum Cursor {
    First,
    After(String),
    Finished,
}

impl VerkadaApi {
    /// Reads every record of `source` in `window`, oldest first.
    ///
    /// # Errors
    ///
    /// Whatever [`Error`] says. Nothing is returned of a read that did not reach its end.
    ///
    /// ```no_run
    /// # use verkada_audit_logs::{Source, VerkadaApi, Window};
    /// # async fn read(client: VerkadaApi, window: Window) -> Result<(), verkada_audit_logs::Error> {
    /// let records = client.records(Source::Notifications, window).await?;
    /// println!("{} notifications", records.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn records(&self, source: Source, window: Window) -> Result<Vec<Record>, Error> {
        let mut pages = self.pages(source, window);
        let mut records = Vec::new();
        while let Some(page) = pages.next_page().await? {
            records.extend(page.records);
        }
        let timed = records
            .into_iter()
            .map(|record| (record.time(window.time_base()), record));
        Ok(sort_oldest_first(timed)
            .into_iter()
            .map(|(_, record)| record)
            .collect())
    }

    /// Reads every audit log of `window`, oldest first.
    ///
    /// # Errors
    ///
    /// As for [`VerkadaApi::records`].
    pub async fn audit_logs(&self, window: Window) -> Result<Vec<Record>, Error> {
        self.records(Source::AuditLogs, window).await
    }

    /// Reads every notification of `window`, oldest first.
    ///
    /// # Errors
    ///
    /// As for [`VerkadaApi::records`].
    pub async fn notifications(&self, window: Window) -> Result<Vec<Record>, Error> {
        self.records(Source::Notifications, window).await
    }

    /// The records of `source` in `window` page by page, newest first.
    pub fn pages(&self, source: Source, window: Window) -> Pages {
        Pages {
            api: self.clone(),
            source,
            window,
            cursor: Cursor::First,
            seen: HashSet::new(),
            empty_in_a_row: 0,
            urgency: Urgency::default(),
        }
    }
}

impl Pages {
    /// The same pages, requested with `urgency`.
    pub(crate) fn with_urgency(self, urgency: Urgency) -> Self {
        Self { urgency, ..self }
    }

    /// Requests the next page. Returns `None` when the list has been read whole.
    ///
    /// # Errors
    ///
    /// Whatever [`Error`] says; [`ErrorKind::CircularPages`] when a page token comes back a second time,
    /// [`ErrorKind::EndlessPages`] after a thousand empty pages in a row.
    pub async fn next_page(&mut self) -> Result<Option<Page>, Error> {
        let token = match &self.cursor {
            Cursor::First => None,
            Cursor::After(token) => Some(token.as_str()),
            Cursor::Finished => return Ok(None),
        };
        let answer = self
            .api
            .page(self.source, self.window, token, &self.urgency);
        let page = answer.await?;
        self.empty_in_a_row = if page.records.is_empty() {
            self.empty_in_a_row + 1
        } else {
            0
        };
        self.cursor = match &page.next {
            None => Cursor::Finished,
            Some(token) => self.cursor_after(token)?,
        };
        Ok(Some(page))
    }

    /// The cursor after a page that names `token` for the next one.
    fn cursor_after(&mut self, token: &str) -> Result<Cursor, Error> {
        let endpoint = Endpoint::Source(self.source);
        let page = self.seen.len() as u64 + 1;
        if self.empty_in_a_row >= MOST_EMPTY_PAGES {
            let empty = self.empty_in_a_row;
            return Err(Error::new(
                endpoint,
                ErrorKind::EndlessPages { page, empty },
            ));
        }
        if !self.seen.insert(token.to_owned()) {
            return Err(Error::new(endpoint, ErrorKind::CircularPages { page }));
        }
        Ok(Cursor::After(token.to_owned()))
    }

    /// Reports whether the last page has been read.
    pub fn is_finished(&self) -> bool {
        matches!(self.cursor, Cursor::Finished)
    }

    /// The same pages as a [`Stream`], which ends after the first error.
    ///
    /// ```no_run
    /// # use futures_util::TryStreamExt;
    /// # use verkada_audit_logs::{Page, Source, VerkadaApi, Window};
    /// # async fn read(client: VerkadaApi, window: Window) -> Result<(), verkada_audit_logs::Error> {
    /// let pages: Vec<Page> = client.pages(Source::AuditLogs, window).into_stream().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Result<Page, Error>> {
        try_unfold(self, |mut pages| async move {
            Ok(pages.next_page().await?.map(|page| (page, pages)))
        })
    }
}
