//! The checked parameters of a data request.

use crate::demo::organisation::random::{mix, mix_text};
use crate::demo::organisation::{Source, TimeBase};
use crate::demo::server::reply::Rejection;
use crate::demo::server::settings::WindowEnds;

const DEFAULT_PAGE_SIZE: usize = 100;
const MAX_PAGE_SIZE: usize = 200;

/// Length of the window without a `start_time`, in seconds.
const DEFAULT_WINDOW: i64 = 3600;

/// Names and values of a query, decoded, in the order sent.
pub(in crate::demo::server) type Query = Vec<(String, String)>;

/// The parameters of a data request, checked.
pub(super) struct Parameters {
    pub(super) source: Source,
    pub(super) base: TimeBase,
    /// First second of the window, included.
    pub(super) first: i64,
    /// Last second of the window, included.
    pub(super) last: i64,
    pub(super) page_size: usize,
    pub(super) page_token: Option<String>,
    pub(super) include_image_url: bool,
    /// The types of notification to send; empty means all.
    pub(super) notification_types: Vec<String>,
    /// Key of the parameters that a page token is bound to: those that select records, but not the
    /// page size.
    pub(super) query_key: u64,
}

impl Parameters {
    /// Checks the parameters of a request for a source's records, made at the time `now`.
    pub(super) fn new(
        source: Source,
        query: &Query,
        now: i64,
        ends: WindowEnds,
    ) -> Result<Self, Rejection> {
        let end = unix_time(query, "end_time")?.unwrap_or(now);
        let start = unix_time(query, "start_time")?.unwrap_or(end.saturating_sub(DEFAULT_WINDOW));
        let types = value(query, "notification_type").unwrap_or("");
        Ok(Self {
            source,
            base: time_base(source, query),
            first: start.saturating_add(i64::from(!ends.start_inclusive)),
            last: end.saturating_sub(i64::from(!ends.end_inclusive)),
            page_size: page_size(query)?,
            page_token: value(query, "page_token").map(str::to_owned),
            include_image_url: is_true(query, "include_image_url"),
            notification_types: types
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            query_key: query_key(source, query),
        })
    }
}

/// Decodes the part of a URL after the question mark.
pub(in crate::demo::server) fn decode_query(query: &str) -> Query {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Decodes percent-encoding, and `+` as a space. Malformed escapes stay as they are.
fn decode(encoded: &str) -> String {
    let bytes = encoded.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| encoded.get(at + 1..at + 3))
            .flatten();
        let value = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(value.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Returns the first non-empty value of a name.
fn value<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    let found = query
        .iter()
        .find(|(candidate, value)| candidate == name && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

/// Returns a time in Unix seconds.
fn unix_time(query: &Query, name: &str) -> Result<Option<i64>, Rejection> {
    let time = value(query, name).map(str::parse).transpose();
    time.map_err(|_| Rejection::Invalid("start_time and end_time must be integers"))
}

fn page_size(query: &Query) -> Result<usize, Rejection> {
    let size = value(query, "page_size").map_or(Ok(DEFAULT_PAGE_SIZE), str::parse);
    size.ok()
        .filter(|size| (1..=MAX_PAGE_SIZE).contains(size))
        .ok_or(Rejection::Invalid("page_size must be between 1 and 200"))
}

/// Reports whether a flag is set. Clients written in Python send `True`.
fn is_true(query: &Query, name: &str) -> bool {
    matches!(value(query, name), Some("true" | "True"))
}

fn time_base(source: Source, query: &Query) -> TimeBase {
    match source {
        Source::AuditLogs if is_true(query, "use_processed_timestamp") => TimeBase::Processed,
        Source::AuditLogs | Source::Notifications => TimeBase::Event,
    }
}

fn query_key(source: Source, query: &Query) -> u64 {
    let names = [
        "start_time",
        "end_time",
        "use_processed_timestamp",
        "notification_type",
    ];
    names.iter().fold(mix(0, source as u64), |key, name| {
        let value = value(query, name).unwrap_or("");
        mix_text(key, &value.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_789_400_000;

    fn parsed(query: &str) -> Result<Parameters, Rejection> {
        Parameters::new(
            Source::AuditLogs,
            &decode_query(query),
            NOW,
            WindowEnds::default(),
        )
    }

    #[test]
    fn the_defaults_are_the_last_hour_and_100_records() {
        let parameters = parsed("").ok().unwrap();
        assert_eq!((parameters.first, parameters.last), (NOW - 3600, NOW));
        assert_eq!(parameters.page_size, 100);
        assert_eq!(parameters.base, TimeBase::Event);
    }

    #[test]
    fn malformed_and_out_of_range_numbers_are_rejected() {
        for query in [
            "start_time=x",
            "end_time=1.5",
            "page_size=0",
            "page_size=201",
            "page_size=-1",
        ] {
            assert!(parsed(query).is_err(), "{query}");
        }
    }

    #[test]
    fn each_end_of_the_window_can_be_excluded() {
        let query = decode_query("start_time=10&end_time=20");
        let mut windows = Vec::new();
        for (start_inclusive, end_inclusive) in
            [(true, true), (true, false), (false, true), (false, false)]
        {
            let ends = WindowEnds {
                start_inclusive,
                end_inclusive,
            };
            let parameters = Parameters::new(Source::AuditLogs, &query, NOW, ends)
                .ok()
                .unwrap();
            windows.push((parameters.first, parameters.last));
        }
        assert_eq!(windows, [(10, 20), (10, 19), (11, 20), (11, 19)]);
    }

    #[test]
    fn queries_are_decoded() {
        let query = decode_query("notification_type=motion%2Ccrowd&name=a+b%zz%C3%A9&flag");
        let values: Vec<_> = query.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["motion,crowd", "a b%zzé", ""]);
    }

    #[test]
    fn a_page_token_is_bound_to_everything_but_the_page_size() {
        let key = |query| parsed(query).ok().unwrap().query_key;
        assert_eq!(
            key("start_time=1&page_size=5"),
            key("start_time=1&page_size=7")
        );
        assert_ne!(key("start_time=1"), key("start_time=2"));
        assert_ne!(key("start_time=1"), key("end_time=1"));
        assert_ne!(key("use_processed_timestamp=true"), key(""));
    }
}
