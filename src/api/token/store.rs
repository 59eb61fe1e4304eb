//! The token of a client: from memory, from the file, or newly issued.

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use tracing::warn;

use super::file::{Token, TokenFile};
use crate::api::error::Error;
use crate::api::secret::Secret;
use crate::time::unix_now;

/// Hands out tokens. Only one request at a time asks for a new one.
#[derive(Debug)]
pub(in crate::api) struct TokenStore {
    shared: Mutex<Shared>,
    failures: AtomicU64,
    file: Option<TokenFile>,
}

#[derive(Debug, Default)]
struct Shared {
    token: Option<Token>,
    failure: Option<Error>,
}

impl TokenStore {
    pub(in crate::api) fn new(file: Option<TokenFile>) -> Self {
        Self {
            shared: Mutex::default(),
            failures: AtomicU64::new(0),
            file,
        }
    }

    /// Returns a token that is fresh and is not `rejected`; calls `exchange` if there is none. Other callers wait for
    /// that exchange and share its failure.
    ///
    /// # Errors
    ///
    /// Those of `exchange`.
    pub(in crate::api) async fn get<F>(
        &self,
        rejected: Option<&Secret>,
        exchange: impl FnOnce() -> F,
    ) -> Result<Token, Error>
    where
        F: Future<Output = Result<Secret, Error>>,
    {
        let failures_before = self.failures.load(Ordering::Relaxed);
        let mut shared = self.shared.lock().await;
        let now = unix_now();
        let usable = |token: &Token| token.is_fresh(now) && Some(&token.secret) != rejected;
        if !shared.token.as_ref().is_some_and(usable) {
            let cached = self.file.as_ref().and_then(TokenFile::load);
            // Another run may have stored a newer one since. An older one would be refused like the rejected one.
            let earlier = shared.token.as_ref().filter(|_| rejected.is_some());
            let earlier = earlier.map(|token| token.issued_at);
            shared.token = cached
                .filter(usable)
                .filter(|cached| earlier.is_none_or(|earlier| cached.issued_at > earlier));
        }
        if let Some(token) = &shared.token {
            return Ok(token.clone());
        }
        let failed_meanwhile = self.failures.load(Ordering::Relaxed) > failures_before;
        if let Some(failure) = shared.failure.as_ref().filter(|_| failed_meanwhile) {
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
                Ok(shared.token.insert(token).clone())
            }
            Err(failure) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                shared.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    /// Calls `exchange` although there may be a fresh token, and stores the new one. The inner result says whether it
    /// could be stored; without a file it always could.
    ///
    /// # Errors
    ///
    /// Those of `exchange`.
    pub(in crate::api) async fn renew(
        &self,
        exchange: impl Future<Output = Result<Secret, Error>>,
    ) -> Result<io::Result<()>, Error> {
        let mut shared = self.shared.lock().await;
        let issued_at = unix_now();
        let secret = exchange.await?;
        let token = shared.token.insert(Token { secret, issued_at });
        Ok(self.file.as_ref().map_or(Ok(()), |file| file.store(token)))
    }

    fn store(&self, token: &Token) {
        let Some(file) = &self.file else { return };
        if let Err(error) = file.store(token) {
            warn!(
                path = %file.path().display(),
                %error,
                "the token file cannot be written, so the next run asks for a token of its own; see --token-file"
            );
        }
    }
}
