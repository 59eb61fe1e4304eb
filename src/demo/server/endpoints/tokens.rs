//! API tokens and page tokens. Neither is stored: each contains its own data, with a checksum that
//! shows that it was issued here.

use crate::demo::organisation::RecordPosition;
use crate::demo::organisation::random::{mix, mix_text};

/// Prefix of every API token.
const API_TOKEN_PREFIX: &str = "v2_";

/// Issues API tokens and recognises its own.
pub(super) struct ApiTokens {
    key: u64,
    lifetime: i64,
    generation: u64,
    issued: u64,
}

impl ApiTokens {
    /// Creates an issuer of tokens for an API key, each with a lifetime in seconds.
    pub(super) fn new(seed: u64, api_key: &str, lifetime: i64) -> Self {
        Self {
            key: mix_text(mix(seed, 0), api_key),
            lifetime,
            generation: 0,
            issued: 0,
        }
    }

    /// Issues a new token, different from all earlier ones.
    pub(super) fn issue(&mut self, now: i64) -> String {
        self.issued += 1;
        let fields = [now as u64, self.generation, self.issued];
        format!("{API_TOKEN_PREFIX}{}", seal(self.key, &fields))
    }

    /// Reports whether a token was issued here and has not expired.
    pub(super) fn is_valid(&self, token: &str, now: i64) -> bool {
        let sealed = token.strip_prefix(API_TOKEN_PREFIX);
        let Some([issued_at, generation, _]) = sealed.and_then(|sealed| unseal(self.key, sealed))
        else {
            return false;
        };
        generation == self.generation && now < (issued_at as i64).saturating_add(self.lifetime)
    }

    /// Makes every token issued so far expire.
    pub(super) fn expire_all(&mut self) {
        self.generation += 1;
    }
}

/// The position from which a read continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageCursor {
    /// The start of the window as computed for the first page, in Unix seconds.
    pub(super) start: i64,
    /// The records that were sent before.
    pub(super) reached: Reached,
}

/// The place that a read has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// The last record that was sent.
    Record(RecordPosition),
    /// The number of pages that were sent.
    Pages(u64),
}

/// Stands for a number of pages where the position of a record would have its slot and index.
const PAGES: u64 = u64::MAX;

impl PageCursor {
    /// Returns the token of this cursor, valid only for the query with this key.
    pub(super) fn token(&self, query_key: u64) -> String {
        let [second, third] = match self.reached {
            Reached::Record(position) => {
                let slot_and_index = u64::from(position.slot) << 32 | u64::from(position.index);
                [position.second as u64, slot_and_index]
            }
            Reached::Pages(pages) => [pages, PAGES],
        };
        seal(query_key, &[self.start as u64, second, third])
    }

    /// Returns the cursor in a token; `None` if the token was not issued for the query with this
    /// key.
    pub(super) fn from_token(token: &str, query_key: u64) -> Option<Self> {
        let [start, second, slot_and_index] = unseal(query_key, token)?;
        let reached = match slot_and_index {
            PAGES => Reached::Pages(second),
            _ => Reached::Record(RecordPosition {
                second: second as i64,
                slot: (slot_and_index >> 32) as u32,
                index: slot_and_index as u32,
            }),
        };
        Some(Self {
            start: start as i64,
            reached,
        })
    }
}

/// Encodes three numbers and their checksum as 64 hexadecimal digits.
fn seal(key: u64, fields: &[u64; 3]) -> String {
    let [first, second, third] = fields;
    format!(
        "{first:016x}{second:016x}{third:016x}{:016x}",
        checksum(key, fields)
    )
}

/// Decodes the numbers of a sealed token, if the checksum matches.
fn unseal(key: u64, sealed: &str) -> Option<[u64; 3]> {
    if sealed.len() != 64 {
        return None;
    }
    let field = |number: usize| {
        let digits = sealed.get(number * 16..(number + 1) * 16)?;
        u64::from_str_radix(digits, 16).ok()
    };
    let fields = [field(0)?, field(1)?, field(2)?];
    (field(3)? == checksum(key, &fields)).then_some(fields)
}

fn checksum(key: u64, fields: &[u64; 3]) -> u64 {
    fields.iter().fold(key, |mixed, &field| mix(mixed, field))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: PageCursor = PageCursor {
        start: 5,
        reached: Reached::Record(RecordPosition {
            second: 1_789_000_000,
            slot: 7,
            index: 4_999,
        }),
    };

    #[test]
    fn api_tokens_expire_by_the_clock() {
        let mut tokens = ApiTokens::new(1, "key", 1800);
        let token = tokens.issue(1000);
        assert!(tokens.is_valid(&token, 2799));
        assert!(!tokens.is_valid(&token, 2800));
    }

    #[test]
    fn api_tokens_expire_together() {
        let mut tokens = ApiTokens::new(1, "key", 1800);
        let old = tokens.issue(1000);
        tokens.expire_all();
        let new = tokens.issue(1000);
        assert!(!tokens.is_valid(&old, 1000) && tokens.is_valid(&new, 1000));
        assert_ne!(new, tokens.issue(1000));
    }

    #[test]
    fn api_tokens_that_were_not_issued_for_the_key_are_rejected() {
        let token = ApiTokens::new(1, "other key", 1800).issue(1000);
        let tokens = ApiTokens::new(1, "key", 1800);
        for token in [token.as_str(), "", "v2_", "v2_zz", &"é".repeat(32)] {
            assert!(!tokens.is_valid(token, 1000), "{token}");
        }
    }

    #[test]
    fn page_tokens_keep_the_cursor_and_are_bound_to_their_query() {
        let token = CURSOR.token(11);
        assert_eq!(PageCursor::from_token(&token, 11), Some(CURSOR));
        assert_eq!(PageCursor::from_token(&token, 12), None);
        assert_eq!(PageCursor::from_token("garbage", 11), None);
        let numbered = PageCursor {
            reached: Reached::Pages(3),
            ..CURSOR
        };
        assert_eq!(
            PageCursor::from_token(&numbered.token(11), 11),
            Some(numbered)
        );
    }
}
