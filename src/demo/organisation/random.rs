//! Repeatable pseudo-random numbers, each a pure function of a key.

/// The increment of `splitmix64`: 2^64 divided by the golden ratio.
const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes a value into a key: equal arguments give equal results, all others look unrelated.
///
/// This is the finaliser of `splitmix64`. It is fast and spreads well, but is not cryptographic.
pub(crate) fn mix(key: u64, value: u64) -> u64 {
    let mut mixed = key.wrapping_add(value.wrapping_add(1).wrapping_mul(GOLDEN_RATIO));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Mixes a string into a key. The length is mixed in too, so "ab" then "c" differs from "a" then
/// "bc".
pub(crate) fn mix_text(key: u64, text: &str) -> u64 {
    let length = mix(key, text.len() as u64);
    text.bytes()
        .fold(length, |mixed, byte| mix(mixed, u64::from(byte)))
}

/// Reports whether a draw falls into the first `per_mille` of a thousand.
pub(super) fn happens(draw: u64, per_mille: u32) -> bool {
    scale(draw, 1000) < u64::from(per_mille)
}

/// Maps a draw evenly onto `0..sides`; returns 0 if `sides` is 0.
pub(super) fn scale(draw: u64, sides: u64) -> u64 {
    // The high half of the product is below `sides`, so the cast loses nothing.
    ((u128::from(draw) * u128::from(sides)) >> 64) as u64
}

/// Returns the version 4 UUID of a key.
pub(super) fn uuid(key: u64) -> String {
    let (high, low) = (mix(key, 0), mix(key, 1));
    let (first, second, third) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
    let (fourth, fifth) = (0x8000 | ((low >> 48) & 0x3fff), low & 0xffff_ffff_ffff);
    format!("{first:08x}-{second:04x}-4{third:03x}-{fourth:04x}-{fifth:012x}")
}

/// A repeatable sequence of draws.
pub(super) struct Dice {
    key: u64,
    rolled: u64,
}

impl Dice {
    /// Creates the dice of a key. The same key always rolls the same sequence.
    pub(super) fn new(key: u64) -> Self {
        Self { key, rolled: 0 }
    }

    /// Draws a number in `0..sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.rolled += 1;
        scale(mix(self.key, self.rolled), sides)
    }

    /// Draws an entry of a list, each with the same probability.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.roll(choices.len() as u64) as usize]
    }

    /// Draws a word of a list, each with the same probability.
    pub(super) fn pick_word(&mut self, words: &[&'static str]) -> &'static str {
        self.pick::<&'static str>(words)
    }

    /// Draws an entry of a list, with probabilities in proportion to the weights.
    pub(super) fn pick_weighted<'a, T>(
        &mut self,
        choices: &'a [T],
        weight: fn(&T) -> u64,
    ) -> &'a T {
        let mut left = self.roll(choices.iter().map(weight).sum());
        let mut chosen = &choices[0];
        for choice in choices {
            chosen = choice;
            if left < weight(choice) {
                break;
            }
            left -= weight(choice);
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_is_repeatable_and_spreads() {
        assert_eq!(mix(1, 2), mix(1, 2));
        let differing_bits = (mix(1, 2) ^ mix(1, 3)).count_ones();
        assert!((16..48).contains(&differing_bits), "{differing_bits}");
    }

    #[test]
    fn the_boundary_between_strings_counts() {
        let joined = |first, second| mix_text(mix_text(7, first), second);
        assert_ne!(joined("ab", "c"), joined("a", "bc"));
    }

    #[test]
    fn dice_roll_every_side_and_no_other() {
        let mut dice = Dice::new(3);
        let mut seen = [false; 6];
        for _ in 0..200 {
            seen[dice.roll(6) as usize] = true;
        }
        assert_eq!(seen, [true; 6]);
    }

    #[test]
    fn uuids_have_the_usual_form() {
        let id = uuid(99);
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
    }
}
