//! Numbers with their words.

use std::fmt;

/// Shows a number with its word, `1 request` or `1,340 requests`. The plural is given; the singular lacks its “s”.
pub(super) fn counted(number: u64, plural: impl fmt::Display) -> String {
    format!("{} {}", grouped(number), word(number, &plural.to_string()))
}

fn word(number: u64, plural: &str) -> &str {
    match number {
        1 => plural.strip_suffix('s').unwrap_or(plural),
        _ => plural,
    }
}

/// Shows a number with separators of thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
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

    #[test]
    fn thousands_are_separated_for_people() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1_340, "1,340"),
            (99_999, "99,999"),
            (100_000, "100,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), shown);
        }
        assert_eq!(counted(54_750, "requests"), "54,750 requests");
    }
}
