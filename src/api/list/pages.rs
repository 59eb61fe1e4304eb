//! Reading a list, page by page or whole.

use std::collections::HashSet;

use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::repeats::{RecentPage, RecentPages};
use crate::api::client::VerkadaApi;
use crate::api::error::{Endpoint, Error, ErrorKind};
use crate::api::http::Urgency;
use crate::api::page::Page;
use crate::api::record::{Record, sort_oldest_first};
use crate::api::source::Source;
use crate::api::window::Window;

/// After this many sparse pages in a row the read ends with an error, whatever their tokens say. Verkada documents no
/// bound, and nothing is known of such pages. The pages of a burst are full.
const MOST_SPARSE_PAGES: u32 = 1_000;

/// A page is sparse if it holds fewer records than this part of the page size.
const SPARSE_PART: usize = 10;

/// After this many pages the read ends with an error. At the pace that Verkada allows, that is six hours for one piece.
const MOST_PAGES: u64 = 100_000;

/// A list that changes while it is read whole is read at most this many times.
const MOST_READS: u32 = 5;

/// The pages of one source in one window, newest first, each requested when it is wanted.
///
/// The read ends on a null, empty or absent page token, never on a short or empty page. After an error,
/// [`Pages::next_page`] asks for the same page again, but after [`ErrorKind::ShiftedPages`] and
/// [`ErrorKind::PageRefused`] only new pages help.
///
/// Page tokens may be page numbers of a list that changes while it is read. If a page begins with records of an earlier
/// one, that one is asked for once more, and if it has changed, the read fails.
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
    extent: Extent,
    recent: RecentPages,
    urgency: Urgency,
}

/// The extent of what has been read.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    pages: u64,
    sparse_in_a_row: u32,
}

impl Extent {
    /// The extent with `page` added.
    fn and(self, page: &Page, page_size: u32) -> Self {
        let is_sparse = page.records.is_empty()
            || page.records.len().saturating_mul(SPARSE_PART) < page_size as usize;
        Self {
            pages: self.pages + 1,
            sparse_in_a_row: if is_sparse {
                self.sparse_in_a_row + 1
            } else {
                0
            },
        }
    }

    fn is_endless(self) -> bool {
        self.sparse_in_a_row >= MOST_SPARSE_PAGES || self.pages >= MOST_PAGES
    }
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
    /// Those of [`Error`]. Nothing is returned of a read that did not reach its end. A list that changes while it
    /// is read is read again, up to five times in all.
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
        let mut reads = 1;
        let mut records = loop {
            match self.all_pages(source, window).await {
                Err(error) if error.may_pass_with_new_pages() && reads < MOST_READS => reads += 1,
                read => break read?,
            }
        };
        sort_oldest_first(&mut records, |record| record.time(window.time_base()));
        Ok(records)
    }

    async fn all_pages(&self, source: Source, window: Window) -> Result<Vec<Record>, Error> {
        let mut pages = self.pages(source, window);
        let mut records = Vec::new();
        while let Some(page) = pages.next_page().await? {
            records.extend(page.records);
        }
        Ok(records)
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
            extent: Extent::default(),
            recent: RecentPages::default(),
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
    /// Those of [`Error`]; among them
    ///
    /// - [`ErrorKind::ShiftedPages`] if the list has changed such that a record came twice,
    /// - [`ErrorKind::PageRefused`] if Verkada does not accept a page token that it had named,
    /// - [`ErrorKind::CircularPages`] if a page token comes back, [`ErrorKind::RepeatedPages`] if a page does,
    /// - [`ErrorKind::EndlessPages`] after a thousand pages in a row that are empty or nearly so, or 100,000 in all.
    pub async fn next_page(&mut self) -> Result<Option<Page>, Error> {
        let token = match &self.cursor {
            Cursor::First => None,
            Cursor::After(token) => Some(token.clone()),
            Cursor::Finished => return Ok(None),
        };
        let number = self.extent.pages + 1;
        let page = self.request(number, token.as_deref()).await?;
        let extent = self.extent.and(&page, self.api.page_size());
        self.check_token(&page, extent)?;
        self.check_repeats(&page, number).await?;
        self.extent = extent;
        let Some(next) = &page.next else {
            self.cursor = Cursor::Finished;
            return Ok(Some(page));
        };
        self.recent.add(RecentPage {
            number,
            token,
            digests: page.digests.clone(),
        });
        self.seen.insert(next.clone());
        self.cursor = Cursor::After(next.clone());
        Ok(Some(page))
    }

    /// Requests the page with `number`, counted from 1, to which `token` leads.
    async fn request(&self, number: u64, token: Option<&str>) -> Result<Page, Error> {
        let (source, window) = (self.source, self.window);
        let answer = self.api.page(source, window, token, &self.urgency).await;
        answer.map_err(|error| match token {
            Some(_) => error.of_page_token(number),
            None => error,
        })
    }

    /// Checks that the token that `page` names for the next one leads to an end.
    fn check_token(&self, page: &Page, extent: Extent) -> Result<(), Error> {
        let Some(token) = &page.next else {
            return Ok(());
        };
        let Extent {
            pages: page,
            sparse_in_a_row: sparse,
        } = extent;
        if extent.is_endless() {
            return Err(self.error(ErrorKind::EndlessPages { page, sparse }));
        }
        if self.seen.contains(token) {
            return Err(self.error(ErrorKind::CircularPages { page }));
        }
        Ok(())
    }

    /// Checks that records of `page` which earlier pages have as well are twins, by asking for the earlier pages again.
    async fn check_repeats(&self, page: &Page, number: u64) -> Result<(), Error> {
        if self.api.ignores_repeats() {
            return Ok(());
        }
        let earlier = self.recent.to_compare(&page.digests);
        for known in &earlier {
            let again = self.request(known.number, known.token.as_deref()).await?;
            self.api.count(|statistics| statistics.extra_requests += 1);
            if again.digests != known.digests {
                self.api.count(|statistics| {
                    statistics.shifted_reads += 1;
                    // All pages of this read are dropped, and read again.
                    statistics.extra_requests += number;
                });
                return Err(self.error(ErrorKind::ShiftedPages { page: number }));
            }
        }
        if earlier
            .iter()
            .any(|known| known.comes_again_as(&page.digests))
        {
            return Err(self.error(ErrorKind::RepeatedPages { page: number }));
        }
        if !earlier.is_empty() {
            self.api.count(|statistics| statistics.twin_borders += 1);
        }
        Ok(())
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(Endpoint::Source(self.source), kind)
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
