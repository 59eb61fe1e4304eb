//! The form of a page token. Verkada calls it opaque; if it is a page number, records that appear while a list is read
//! move the pages.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};

use crate::api::{Page, Source};
use crate::doctor::check::CheckOutcome;

/// Describes the tokens of the pages, without showing one that is not a number.
pub(super) fn check(audit_logs: &Page, notifications: Option<&Page>) -> CheckOutcome {
    let pages = [
        (Source::AuditLogs, Some(audit_logs)),
        (Source::Notifications, notifications),
    ];
    let forms = pages.into_iter().filter_map(|(source, page)| {
        let token = page?.next_page_token()?;
        Some(format!("{source} {}", form(token)))
    });
    let forms: Vec<_> = forms.collect();
    if forms.is_empty() {
        return CheckOutcome::skipped("none seen: each list fits on one page");
    }
    CheckOutcome::ok(forms.join(", "))
}

fn form(token: &str) -> String {
    if let Some(number) = as_number(token) {
        return format!("the number {number}, so very likely a page number");
    }
    if let Some(number) = decode_base64(token).and_then(|text| as_number(&text)) {
        return format!("the number {number} in Base64, so very likely a page number");
    }
    let length = token.chars().count();
    if token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return format!("{length} hexadecimal digits");
    }
    format!("{length} characters")
}

/// A number of at most nine digits, which no secret is.
fn as_number(text: &str) -> Option<u32> {
    let is_number = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Decodes text in Base64, with or without padding. The two alphabets write digits alike.
fn decode_base64(encoded: &str) -> Option<String> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    String::from_utf8(ENGINE.decode(encoded).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_number_is_recognised_plain_and_in_base64() {
        for (token, number) in [("2", 2), ("100", 100)] {
            let expected = format!("the number {number}, so very likely a page number");
            assert_eq!(form(token), expected);
        }
        for (token, number) in [("Mg", 2), ("Mg==", 2), ("MTAw", 100)] {
            let expected = format!("the number {number} in Base64, so very likely a page number");
            assert_eq!(form(token), expected);
        }
    }

    #[test]
    fn any_other_token_is_described_and_not_shown() {
        for (token, expected) in [
            ("0123456789abcdef", "16 hexadecimal digits"),
            ("12345678901234567890", "20 hexadecimal digits"),
            ("eyJwYWdlIjoyfQ", "14 characters"),
            ("opaque token!", "13 characters"),
            ("seite-zwölf", "11 characters"),
        ] {
            assert_eq!(form(token), expected);
        }
    }
}
