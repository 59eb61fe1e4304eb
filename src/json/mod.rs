//! JSON text, stepped through once, byte for byte. This room knows nothing of Verkada.
//!
//! The program prints records exactly as they came, so it needs to know where each record and a few of its fields
//! are, and must not parse and render them again. A general JSON reader would check the text in one pass, and finding
//! the fields would take a second pass that costs as much. The scanner does both at once. The tests hold it against
//! `serde_json`, which must accept and refuse the same texts.
//!
//! ```text
//! members ---> text ---> scan
//!    |           |         `----> grammar: object, array, key, value, string -> positions
//!    |           `--------------> one value: decode a string, remove white space, mend surrogates
//!    `--------------------------> the members of an object, the elements of an array, the types of values
//! canonical ---> scan             a form in which equal values have equal text
//! repair                          strings with bytes that JSON does not allow, made readable
//! ```

mod canonical;
mod members;
mod repair;
mod scan;
mod text;

pub(crate) use canonical::push_canonical;
pub(crate) use members::{holds_array_of_objects, type_name, visit_elements, visit_members};
pub(crate) use repair::repair;
pub(crate) use scan::{Malformed, Scan};
pub(crate) use text::{decode_string, push_compact, without_half_pairs};

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    /// Keys that a test may look for among others.
    pub(crate) const KEYS: [&str; 6] = [
        "event_name",
        "notification_type",
        "organization_id",
        "timestamp",
        "processed_timestamp",
        "created",
    ];

    /// JSON of any type, with [`KEYS`] among its keys.
    pub(crate) fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(serde_json::Value::from),
            "[ -~\n\t\"\\\\:,{}é]{0,19}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let keys = prop_oneof![select(KEYS.map(str::to_owned).to_vec()), "[ -~\"\\\\]{0,6}",];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::hash_map(keys, inner, 0..6)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }
}
