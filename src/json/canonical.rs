//! JSON in canonical form, for comparing two texts that may differ in the order of their keys.

use super::scan::{Malformed, Scan};

/// Objects nested deeper than this are compared by their text, whatever the order of their keys.
const DEEPEST: usize = 32;

/// Appends `json` in canonical form to `out`: keys sorted at every level, white space outside strings left out, everything
/// else byte for byte. The member of the outermost object whose key is `left_out`, quotes included, is left out. Text that
/// is not JSON is taken as it is.
pub(crate) fn push_canonical(json: &str, left_out: &str, out: &mut Vec<u8>) {
    push_value(json, 0, left_out, out);
}

fn push_value(json: &str, depth: usize, left_out: &str, out: &mut Vec<u8>) {
    let pushed = match json.as_bytes().first() {
        Some(b'{') if depth < DEEPEST => push_object(json, depth, left_out, out),
        Some(b'[') if depth < DEEPEST => push_array(json, depth, left_out, out),
        _ => Err(Malformed { at: 0 }),
    };
    if pushed.is_err() {
        out.extend_from_slice(json.as_bytes());
    }
}

/// Pushes nothing if `json` is not an object.
fn push_object(
    json: &str,
    depth: usize,
    left_out: &str,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let scan = Scan::new(json);
    let mut members = Vec::with_capacity(16);
    let end = scan.object(0, |key, value| {
        let end = scan.value(value)?;
        members.push((&json[key], &json[value..end]));
        Ok::<_, Malformed>(end)
    })?;
    scan.end(end)?;
    // A stable sort keeps the order of repeated keys, which have a meaning for some readers.
    members.sort_by_key(|(key, _)| *key);
    out.push(b'{');
    for (key, value) in members {
        if depth == 0 && key == left_out {
            continue;
        }
        out.extend_from_slice(key.as_bytes());
        out.push(b':');
        push_value(value, depth + 1, left_out, out);
        out.push(b',');
    }
    out.push(b'}');
    Ok(())
}

/// Pushes nothing if `json` is not an array.
fn push_array(
    json: &str,
    depth: usize,
    left_out: &str,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let scan = Scan::new(json);
    let mut elements = Vec::new();
    let end = scan.array(0, |element| {
        let end = scan.value(element)?;
        elements.push(&json[element..end]);
        Ok::<_, Malformed>(end)
    })?;
    scan.end(end)?;
    out.push(b'[');
    for element in elements {
        push_value(element, depth + 1, left_out, out);
        out.push(b',');
    }
    out.push(b']');
    Ok(())
}
