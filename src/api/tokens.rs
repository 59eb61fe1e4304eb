//! The token that a client holds: from memory, from the file, or newly issued.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use tracing::warn;

use super::error::Error;
use super::secret::Secret;
use super::token_cache::{Token, TokenCache};
use super::unix_now;

/// Hands out tokens and sees to it that only one request at a time asks for a new one.
#[derive(Debug)]
pub(super) struct Tokens {
    held: Mutex<Held>,
    failures: AtomicU64,
    cache: Option<TokenCache>,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<Token>,
    failure: Option<Error>,
}

impl Tokens {
    pub(super) fn new(cache: Option<TokenCache>) -> Self {
        Self {
            held: Mutex::default(),
            failures: AtomicU64::new(0),
            cache,
        }
    }

    /// A token that is fresh and is not `rejected`; `exchange` is called if there is none. Callers that come
    /// meanwhile wait for it, and share its failure.
    ///
    /// # Errors
    ///
    /// Those of `exchange`.
    pub(super) async fn get<F>(
        &self,
        rejected: Option<&Secret>,
        exchange: impl FnOnce() -> F,
    ) -> Result<Token, Error>
    where
        F: Future<Output = Result<Secret, Error>>,
    {
        let failures_before = self.failures.load(Ordering::Relaxed);
        let mut held = self.held.lock().await;
        let now = unix_now();
        let usable = |token: &Token| token.is_fresh(now) && Some(&token.secret) != rejected;
        if !held.token.as_ref().is_some_and(usable) {
            let cached = self.cache.as_ref().and_then(TokenCache::load);
            // Another run may have asked for a new one since. An older one is no better than the rejected one.
            let earlier = held.token.as_ref().filter(|_| rejected.is_some());
            let earlier = earlier.map(|token| token.issued_at);
            held.token = cached
                .filter(usable)
                .filter(|cached| earlier.is_none_or(|earlier| cached.issued_at > earlier));
        }
        if let Some(token) = &held.token {
            return Ok(token.clone());
        }
        let failed_meanwhile = self.failures.load(Ordering::Relaxed) > failures_before;
        if let Some(failure) = held.failure.as_ref().filter(|_| failed_meanwhile) {
            return Err(failure.clone());
        }
        match exchange().await {
            Ok(secret) => {
                // The age counts from before the request, so that a slow answer does not make a token look younger.
                let token = Token {
                    secret,
                    issued_at: now,
                };
                self.store(&token);
                Ok(held.token.insert(token).clone())
            }
            Err(failure) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                held.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    fn store(&self, token: &Token) {
        let Some(cache) = &self.cache else { return };
        if let Err(error) = cache.store(token) {
            warn!(
                path = %cache.path().display(),
                %error,
                "the token file cannot be written, so the next run asks for a token of its own; see --token-file"
            );
        }
    }
}
