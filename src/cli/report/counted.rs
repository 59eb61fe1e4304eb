//! Numbers with their words.

use std::fmt;

/// Shows a number with its word, `1 request` or `2 requests`. The plural is given; the singular lacks its “s”.
pub(super) fn counted(number: u64, plural: impl fmt::Display) -> String {
    let plural = plural.to_string();
    let word = match number {
        1 => plural.strip_suffix('s').unwrap_or(&plural),
        _ => &plural,
    };
    format!("{number} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_agrees_with_the_number() {
        assert_eq!(counted(0, "requests"), "0 requests");
        assert_eq!(counted(1, "requests"), "1 request");
        assert_eq!(counted(2, "audit logs"), "2 audit logs");
        assert_eq!(counted(1, "audit logs"), "1 audit log");
    }
}
