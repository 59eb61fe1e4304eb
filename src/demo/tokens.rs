//! API tokens and page tokens. Neither is stored: each says what it is for, with a check that it
//! was not made up.

use super::random::{mix, mix_text};
use super::records::Position;

/// What every API token begins with.
const API_TOKEN_PREFIX: &str = "v2_";

/// Issues API tokens and recognises its own.
pub(super) struct ApiTokens {
    key: u64,
    lifetime: i64,
    generation: u64,
    issued: u64,
}

impl ApiTokens {
    /// Tokens that belong to an API key and live for a number of seconds.
    pub(super) fn new(seed: u64, api_key: &str, lifetime: i64) -> Self {
        Self {
            key: mix_text(mix(seed, 0), api_key),
            lifetime,
            generation: 0,
            issued: 0,
        }
    }

    /// A new token, different from all before.
    pub(super) fn issue(&mut self, now: i64) -> String {
        self.issued += 1;
        let fields = [now as u64, self.generation, self.issued];
        format!("{API_TOKEN_PREFIX}{}", seal(self.key, &fields))
    }

    /// Whether a token was issued here and is still good.
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

/// Where a read goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageCursor {
    /// The start of the window as it was worked out for the first page, in Unix seconds.
    pub(super) start: i64,
    /// The last record that was sent.
    pub(super) last: Position,
}

impl PageCursor {
    /// The token for this cursor, good only together with the query that the key stands for.
    pub(super) fn token(&self, query_key: u64) -> String {
        let Position {
            second,
            slot,
            index,
        } = self.last;
        let place = u64::from(slot) << 32 | u64::from(index);
        seal(query_key, &[self.start as u64, second as u64, place])
    }

    /// The cursor in a token; `None` if the token was issued for another query, or never.
    pub(super) fn from_token(token: &str, query_key: u64) -> Option<Self> {
        let [start, second, place] = unseal(query_key, token)?;
        let last = Position {
            second: second as i64,
            slot: (place >> 32) as u32,
            index: place as u32,
        };
        Some(Self {
            start: start as i64,
            last,
        })
    }
}

/// Three numbers and their check as 64 hexadecimal digits.
fn seal(key: u64, fields: &[u64; 3]) -> String {
    let [first, second, third] = fields;
    format!(
        "{first:016x}{second:016x}{third:016x}{:016x}",
        check(key, fields)
    )
}

/// The numbers in a sealed text, if the check agrees.
fn unseal(key: u64, sealed: &str) -> Option<[u64; 3]> {
    if sealed.len() != 64 {
        return None;
    }
    let field = |number: usize| {
        let digits = sealed.get(number * 16..(number + 1) * 16)?;
        u64::from_str_radix(digits, 16).ok()
    };
    let fields = [field(0)?, field(1)?, field(2)?];
    (field(3)? == check(key, &fields)).then_some(fields)
}

fn check(key: u64, fields: &[u64; 3]) -> u64 {
    fields.iter().fold(key, |mixed, &field| mix(mixed, field))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: PageCursor = PageCursor {
        start: 5,
        last: Position {
            second: 1_789_000_000,
            slot: 7,
            index: 4_999,
        },
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
    fn api_tokens_of_another_key_or_made_up_are_refused() {
        let token = ApiTokens::new(1, "other key", 1800).issue(1000);
        let tokens = ApiTokens::new(1, "key", 1800);
        for token in [token.as_str(), "", "v2_", "v2_zz", &"é".repeat(32)] {
            assert!(!tokens.is_valid(token, 1000), "{token}");
        }
    }

    #[test]
    fn page_tokens_come_back_and_are_bound_to_their_query() {
        let token = CURSOR.token(11);
        assert_eq!(PageCursor::from_token(&token, 11), Some(CURSOR));
        assert_eq!(PageCursor::from_token(&token, 12), None);
        assert_eq!(PageCursor::from_token("garbage", 11), None);
    }
}
