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

/// A longer name may hold a key, and is not repeated.
const LONGEST_NAME: usize = 64;

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
    (differences <= MOST_DIFFERENCES).then_some(known)
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
            ("VERKADA_ORG_ID", None),
            ("VERKADA_AUDIT_LOGS_PORT", None),
            ("VERKADA_", None),
        ] {
            assert!(is_unknown(name), "{name}");
            assert_eq!(meant_by(name), meant, "{name}");
        }
        assert!(OWN_VARIABLES.into_iter().all(|name| !is_unknown(name)));
        assert!(!is_unknown("OTHER_REGION"));
        assert!(!is_unknown(&format!("VERKADA_{}", "A".repeat(64))));
    }
}
