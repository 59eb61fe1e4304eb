//! The names of this program's variables, and names that look like them.

/// The beginning of most names.
pub(super) const PREFIX: &str = "VERKADA_";

/// Every variable of this program.
pub(super) const OWN_VARIABLES: [&str; 14] = [
    "CRON_INTERVAL_MINUTES",
    "INTERESTED_EVENTS",
    "EXCLUDED_EVENTS",
    "RUST_LOG",
    "VERKADA_API_KEY",
    "VERKADA_API_KEY_FILE",
    "VERKADA_REGION",
    "VERKADA_BASE_URL",
    "VERKADA_TOKEN_FILE",
    "VERKADA_PAGE_SIZE",
    "VERKADA_MAX_REQUESTS_PER_MINUTE",
    "VERKADA_CHECKPOINT",
    "VERKADA_FORMAT",
    "VERKADA_METRICS_FILE",
];

/// Letters in which a misspelt name differs at most from the one that is meant.
const MOST_DIFFERENCES: usize = 2;

/// A name with fewer letters than this after the prefix may differ in one: with two it can be another word.
const FEW_LETTERS: usize = 8;

/// A longer name may hold a key whose “=” was forgotten, and is not repeated. The shortest keys have 40 letters.
const LONGEST_NAME: usize = 40;

/// Reports whether `name` begins like the variables of this program and is none of them.
pub(super) fn is_unknown(name: &str) -> bool {
    name.starts_with(PREFIX) && name.len() <= LONGEST_NAME && !OWN_VARIABLES.contains(&name)
}

/// The variable that is probably meant by an unknown `name`.
pub(super) fn meant_by(name: &str) -> Option<&'static str> {
    let rest = name.strip_prefix(PREFIX)?.to_ascii_uppercase();
    let known = OWN_VARIABLES.into_iter().filter_map(|known| {
        let differences = strsim::damerau_levenshtein(known.strip_prefix(PREFIX)?, &rest);
        Some((differences, known))
    });
    let (differences, known) = known.min()?;
    let letters = known.len() - PREFIX.len();
    let most = if letters < FEW_LETTERS {
        1
    } else {
        MOST_DIFFERENCES
    };
    (differences <= most && !is_another_one_of(known, &rest)).then_some(known)
}

/// Reports whether `rest`, a name without its prefix, is `known` with a number or a word after it, as in the settings of
/// several organisations: each run is given one of them under the known name.
fn is_another_one_of(known: &str, rest: &str) -> bool {
    let known = known.strip_prefix(PREFIX);
    let added = known.and_then(|known| rest.strip_prefix(known));
    added.is_some_and(|added| {
        let is_number = !added.is_empty() && added.bytes().all(|letter| letter.is_ascii_digit());
        let is_word = added.starts_with('_') && added.len() > 1;
        is_number || is_word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_told_from_one_of_another_program() {
        for (name, meant) in [
            ("VERKADA_APIKEY", Some("VERKADA_API_KEY")),
            ("VERKADA_API_KEYFILE", Some("VERKADA_API_KEY_FILE")),
            ("VERKADA_REGOIN", Some("VERKADA_REGION")),
            ("VERKADA_CHECKPOINTS", Some("VERKADA_CHECKPOINT")),
            ("VERKADA_region", Some("VERKADA_REGION")),
            ("VERKADA_API_KEY_", Some("VERKADA_API_KEY")),
            ("VERKADA_API_KEYS", Some("VERKADA_API_KEY")),
            // Of several organisations.
            ("VERKADA_API_KEY_2", None),
            ("VERKADA_API_KEY_A", None),
            ("VERKADA_API_KEY_EU", None),
            ("VERKADA_API_KEY2", None),
            ("VERKADA_REGION_B", None),
            // Words of their own.
            ("VERKADA_REASON", None),
            ("VERKADA_ORG_ID", None),
            ("VERKADA_AUDIT_LOGS_PORT", None),
            ("VERKADA_", None),
        ] {
            assert!(is_unknown(name), "{name}");
            assert_eq!(meant_by(name), meant, "{name}");
        }
        assert!(OWN_VARIABLES.into_iter().all(|name| !is_unknown(name)));
        assert!(!is_unknown("OTHER_REGION"));
        // A key whose “=” was forgotten.
        let key = format!("vkd_api_{}", "0123456789abcdef".repeat(2));
        for name in [format!("VERKADA_API_KEY{key}"), format!("VERKADA_{key}")] {
            assert!(!is_unknown(&name), "{name}");
        }
    }
}
