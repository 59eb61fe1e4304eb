//! The memory that all bodies under way share.
//!
//! It cannot deadlock, because no request waits for a part of it while holding another:
//!
//! - Before a request is sent it waits for a share, which is enough for an ordinary page.
//! - A body that outgrows its share takes more only if more is free at once. If not, it is thrown away with all that it
//!   holds, and its request is sent again when the whole budget is free, which is enough for the longest body.
//!
//! Every share is given back in bounded time, since a request has a time limit and the work after it waits for no other
//! request. The semaphore serves in order of arrival, so a request that waits for the whole budget is not passed over
//! for ever by those that want a share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit of the budget.
const BLOCK: usize = 64 << 10;

/// The longest answer that is read, packed and unpacked.
pub(in crate::api::http) const MAX_BODY_BYTES: usize = 64 << 20;

/// The whole budget: as much as the longest body takes.
const ALL_BLOCKS: u32 = (MAX_BODY_BYTES / BLOCK) as u32;

/// The share of every request, 1 MiB: several times a page of 200 records.
const SHARE_BLOCKS: u32 = 16;

/// The budget of one client, [`MAX_BODY_BYTES`] in all.
#[derive(Debug)]
pub(in crate::api::http) struct BodyBudget(Arc<Semaphore>);

/// The part of the budget that one body may fill; given back when dropped.
pub(in crate::api::http) struct Room {
    permit: OwnedSemaphorePermit,
}

/// Other bodies have taken what this one needs.
#[derive(Debug)]
pub(in crate::api::http) struct OutOfRoom;

impl Default for BodyBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BLOCKS as usize)))
    }
}

impl BodyBudget {
    /// Returns a share if one is free.
    pub(in crate::api::http) fn try_share(&self) -> Option<Room> {
        let permit = Arc::clone(&self.0).try_acquire_many_owned(SHARE_BLOCKS);
        Some(Room {
            permit: permit.ok()?,
        })
    }

    /// Waits for a share.
    pub(in crate::api::http) async fn share(&self) -> Option<Room> {
        self.wait_for(SHARE_BLOCKS).await
    }

    /// Waits until no other body is under way, and returns the whole budget.
    pub(in crate::api::http) async fn whole(&self) -> Option<Room> {
        self.wait_for(ALL_BLOCKS).await
    }

    /// Returns `None` only if the semaphore is closed, which nothing does.
    async fn wait_for(&self, blocks: u32) -> Option<Room> {
        let permit = Arc::clone(&self.0).acquire_many_owned(blocks).await;
        Some(Room {
            permit: permit.ok()?,
        })
    }
}

impl Room {
    /// Makes sure that `bytes` fit.
    pub(super) fn grow_to(&mut self, bytes: usize) -> Result<(), OutOfRoom> {
        let missing = bytes
            .div_ceil(BLOCK)
            .saturating_sub(self.permit.num_permits());
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| OutOfRoom)?;
        let semaphore = Arc::clone(self.permit.semaphore());
        let more = semaphore.try_acquire_many_owned(missing);
        self.permit.merge(more.map_err(|_| OutOfRoom)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SHARE: usize = SHARE_BLOCKS as usize * BLOCK;

    fn run(future: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let in_time = async { tokio::time::timeout(Duration::from_secs(20), future).await };
        runtime.unwrap().block_on(in_time).unwrap();
    }

    #[test]
    fn one_body_alone_may_grow_to_the_longest() {
        let budget = BodyBudget::default();
        let mut room = budget.try_share().unwrap();
        assert!(room.grow_to(SHARE).is_ok());
        assert!(room.grow_to(MAX_BODY_BYTES).is_ok());
        assert!(room.grow_to(MAX_BODY_BYTES + 1).is_err());
        assert!(budget.try_share().is_none());
        drop(room);
        assert!(budget.try_share().is_some());
    }

    #[test]
    fn a_body_that_does_not_fit_beside_others_keeps_what_it_has_and_gets_no_more() {
        let budget = BodyBudget::default();
        let mut first = budget.try_share().unwrap();
        let mut second = budget.try_share().unwrap();
        assert!(first.grow_to(MAX_BODY_BYTES - SHARE).is_ok());
        assert!(second.grow_to(SHARE).is_ok());
        assert!(second.grow_to(SHARE + 1).is_err());
        drop(first);
        assert!(second.grow_to(SHARE + 1).is_ok());
    }

    /// Twenty bodies of the longest length, begun together.
    #[test]
    fn long_bodies_are_all_read_one_after_the_other() {
        run(async {
            let budget = BodyBudget::default();
            let read = async || {
                let mut room = budget.share().await.unwrap();
                for bytes in (0..=MAX_BODY_BYTES).step_by(SHARE) {
                    if room.grow_to(bytes).is_err() {
                        drop(room);
                        let mut room = budget.whole().await.unwrap();
                        assert!(room.grow_to(MAX_BODY_BYTES).is_ok());
                        tokio::task::yield_now().await;
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            };
            futures_util::future::join_all((0..20).map(|_| read())).await;
            assert!(budget.try_share().is_some());
        });
    }

    #[test]
    fn a_wait_for_the_whole_budget_is_not_passed_over() {
        run(async {
            let budget = BodyBudget::default();
            let held = budget.try_share().unwrap();
            let whole = std::pin::pin!(budget.whole());
            let futures_util::future::Either::Right(((), whole)) =
                futures_util::future::select(whole, std::pin::pin!(tokio::task::yield_now())).await
            else {
                panic!("the whole budget was given away twice");
            };
            assert!(budget.try_share().is_none());
            drop(held);
            assert!(whole.await.is_some());
        });
    }
}
