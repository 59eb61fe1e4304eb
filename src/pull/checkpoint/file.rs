//! The form of a checkpoint on disk: versioned JSON.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fingerprint::Fingerprint;
use super::ledger::Ledger;
use super::output_mark::OutputMark;
use super::recovered::Recovered;
use super::state::{Beginning, Gap, SourceState, State, Watermark};

/// The format that this program writes. It reads the earlier ones too.
const VERSION: u64 = 2;

/// A file in one of the formats that were ever written. Serde's own tagged enums do not fit: their tags are strings, and
/// they would keep a whole ledger in memory a second time.
enum VersionedFile {
    V1(FileV1),
    V2(CheckpointFile<Ledger, Recovered>),
}

/// The file. `Printed` is [`Ledger`] and `Written` is [`Recovered`] when reading, and references to them when writing.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckpointFile<Printed, Written> {
    version: u64,
    base_url: String,
    organization_id: Option<String>,
    key_fingerprint: String,
    used_by_schedule: bool,
    audit_logs: SourceFile<Printed>,
    notifications: SourceFile<Printed>,
    output: Option<OutputMark>,
    #[serde(default)]
    moved_outputs: Vec<OutputMark>,
    #[serde(default)]
    recovered: Written,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SourceFile<Printed> {
    watermark: Option<Watermark>,
    provisional: bool,
    filter: Option<String>,
    gaps: Vec<Gap>,
    printed: Printed,
}

/// Format 1, which had no filters and no gaps, and did not say whether scheduled runs use the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileV1 {
    #[serde(rename = "version")]
    _version: u64,
    base_url: String,
    organization_id: Option<String>,
    key_fingerprint: String,
    audit_logs: SourceFileV1,
    notifications: SourceFileV1,
    output: Option<OutputMark>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceFileV1 {
    watermark: Option<Watermark>,
    printed: Ledger,
}

/// A file that is not a checkpoint.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// The file is empty.
    Empty,
    /// The file is corrupt, and this is the place.
    Corrupt(String),
    /// The file is in this format of a later version.
    Newer(u64),
}

/// Reads `text` if it is exactly what this program writes, or an earlier version of it wrote.
pub(super) fn parse(text: &str) -> Result<State, Unreadable> {
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let state = State::from(VersionedFile::parse(text)?);
    check_times(&state)?;
    Ok(state)
}

impl VersionedFile {
    fn parse(text: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        // The position only: a message of the JSON reader may quote what it found.
        let corrupt = |error: serde_json::Error| {
            Unreadable::Corrupt(format!(
                "at line {}, column {}",
                error.line(),
                error.column()
            ))
        };
        let Versioned { version } = serde_json::from_str(text).map_err(corrupt)?;
        match version {
            1 => serde_json::from_str(text).map(Self::V1).map_err(corrupt),
            VERSION => serde_json::from_str(text).map(Self::V2).map_err(corrupt),
            newer if newer > VERSION => Err(Unreadable::Newer(newer)),
            other => Err(Unreadable::Corrupt(format!("there is no format {other}"))),
        }
    }
}

/// Refuses times that no run can have written: going on from them would leave a gap.
fn check_times(state: &State) -> Result<(), Unreadable> {
    let is_possible = |source: &SourceState| {
        let Some(watermark) = source.watermark else {
            return source.beginning == Beginning::Settled && source.gaps.is_empty();
        };
        let within = |gap: &Gap| {
            [watermark.since, gap.from, gap.to, watermark.through].is_sorted() && gap.from < gap.to
        };
        watermark.is_possible()
            && (source.beginning == Beginning::Settled || !watermark.has_moved())
            && source.gaps.iter().all(within)
    };
    if [&state.audit_logs, &state.notifications]
        .into_iter()
        .all(is_possible)
    {
        return Ok(());
    }
    Err(Unreadable::Corrupt(
        "its times contradict each other".into(),
    ))
}

impl<'a> From<&'a State> for CheckpointFile<&'a Ledger, &'a Recovered> {
    fn from(state: &'a State) -> Self {
        let source = |source: &'a SourceState| SourceFile {
            watermark: source.watermark,
            provisional: source.beginning != Beginning::Settled,
            filter: source.filter.clone(),
            gaps: source.gaps.clone(),
            printed: &source.ledger,
        };
        Self {
            version: VERSION,
            base_url: state.base_url.clone(),
            organization_id: state.organization_id.clone(),
            key_fingerprint: state.key_fingerprint.clone(),
            used_by_schedule: state.is_scheduled,
            audit_logs: source(&state.audit_logs),
            notifications: source(&state.notifications),
            output: state.output.clone(),
            moved_outputs: state.moved_outputs.clone(),
            recovered: &state.recovered,
        }
    }
}

impl From<VersionedFile> for State {
    fn from(file: VersionedFile) -> Self {
        match file {
            VersionedFile::V1(file) => file.into(),
            VersionedFile::V2(file) => file.into(),
        }
    }
}

impl From<FileV1> for State {
    /// It is not known whether scheduled runs have used the file, so ranges may go on with it until one does.
    fn from(file: FileV1) -> Self {
        let source = |source: SourceFileV1| SourceState {
            watermark: source.watermark,
            ledger: source.printed,
            ..SourceState::default()
        };
        Self {
            base_url: file.base_url,
            organization_id: file.organization_id,
            key_fingerprint: file.key_fingerprint,
            is_scheduled: false,
            audit_logs: source(file.audit_logs),
            notifications: source(file.notifications),
            output: file.output,
            ..Self::default()
        }
    }
}

impl From<CheckpointFile<Ledger, Recovered>> for State {
    fn from(file: CheckpointFile<Ledger, Recovered>) -> Self {
        let source = |source: SourceFile<Ledger>| SourceState {
            watermark: source.watermark,
            beginning: if source.provisional {
                Beginning::Provisional
            } else {
                Beginning::Settled
            },
            filter: source.filter,
            has_new_filter: false,
            gaps: source.gaps,
            ledger: source.printed,
        };
        Self {
            base_url: file.base_url,
            organization_id: file.organization_id,
            key_fingerprint: file.key_fingerprint,
            is_scheduled: file.used_by_schedule,
            audit_logs: source(file.audit_logs),
            notifications: source(file.notifications),
            output: file.output,
            moved_outputs: file.moved_outputs,
            recovered: file.recovered,
        }
    }
}

impl Serialize for Ledger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_entries(self.iter(), serializer)
    }
}

impl Serialize for Recovered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_entries(self.iter(), serializer)
    }
}

/// Writes a list of `[fingerprint in hexadecimal, Unix second until which it is remembered, count]`.
fn serialize_entries<S: Serializer>(
    entries: impl Iterator<Item = (Fingerprint, i64, u32)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    for (Fingerprint(fingerprint), until, count) in entries {
        let digits = hexadecimal_digits(fingerprint);
        let digits = str::from_utf8(&digits).map_err(S::Error::custom)?;
        list.serialize_element(&(digits, until, count))?;
    }
    list.end()
}

/// Formats without an allocation: there may be hundreds of thousands.
fn hexadecimal_digits(number: u128) -> [u8; 32] {
    std::array::from_fn(|digit| b"0123456789abcdef"[(number >> (124 - 4 * digit)) as usize & 15])
}

/// Parses in halves, because 64-bit numbers are parsed several times faster.
fn parse_digits(digits: &str) -> Option<u128> {
    let (high, low) = digits.split_at_checked(16).filter(|_| digits.len() == 32)?;
    let half = |digits| u64::from_str_radix(digits, 16).ok().map(u128::from);
    Some(half(high)? << 64 | half(low)?)
}

impl<'de> Deserialize<'de> for Ledger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_entries(deserializer)
    }
}

impl<'de> Deserialize<'de> for Recovered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_entries(deserializer)
    }
}

/// Reads a list that [`serialize_entries`] has written.
fn deserialize_entries<'de, D: Deserializer<'de>, Entries>(
    deserializer: D,
) -> Result<Entries, D::Error>
where
    Entries: FromIterator<(Fingerprint, i64, u32)>,
{
    struct EntryVisitor;

    impl<'de> Visitor<'de> for EntryVisitor {
        type Value = Vec<(Fingerprint, i64, u32)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of fingerprints")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((fingerprint, until, count)) = list.next_element::<(&str, i64, u32)>()? {
                let fingerprint = parse_digits(fingerprint)
                    .ok_or_else(|| A::Error::custom("not a fingerprint"))?;
                entries.push((Fingerprint(fingerprint), until, count));
            }
            Ok(entries)
        }
    }

    Ok(deserializer
        .deserialize_seq(EntryVisitor)?
        .into_iter()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let mut state = State {
            base_url: "https://api.verkada.com".into(),
            organization_id: Some("5b0d6c3e".into()),
            ..State::default()
        };
        state.audit_logs.watermark = Some(Watermark {
            since: 900,
            through: 1_800,
            remembered: 1_000,
        });
        let printed = [
            (Fingerprint(7), 1_750, 1),
            (Fingerprint(7), 1_760, 2),
            (Fingerprint(u128::MAX), 1_700, 1),
        ];
        state.audit_logs.ledger = printed.into_iter().collect();
        state.audit_logs.filter = Some("every event".into());
        state.audit_logs.gaps = vec![Gap {
            from: 1_200,
            to: 1_500,
        }];
        state.is_scheduled = true;
        state.recovered = [(Fingerprint(9), 1_900, 2)].into_iter().collect();
        state.notifications.watermark = Some(Watermark::starting_at(900));
        state.notifications.beginning = Beginning::Provisional;
        state
    }

    fn entries(state: &State) -> Vec<(Fingerprint, i64, u32)> {
        state.audit_logs.ledger.iter().collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = serde_json::to_string(&CheckpointFile::from(&state())).unwrap();
        let read = parse(&text).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", state()));
        assert_eq!(entries(&read).len(), 3);
    }

    #[test]
    fn format_1_is_read_and_saved_as_the_present_one() {
        let text = r#"{"version":1,"base_url":"https://api.verkada.com","organization_id":"5b0d6c3e","key_fingerprint":"k",
            "audit_logs":{"watermark":{"since":900,"through":1800,"remembered":1000},
            "printed":[["00000000000000000000000000000007",1750,1],["00000000000000000000000000000007",1760,2],["ffffffffffffffffffffffffffffffff",1700,1]]},
            "notifications":{"watermark":null,"printed":[]},"output":null}"#;
        let read = parse(text).unwrap();
        assert_eq!(read.audit_logs.watermark, state().audit_logs.watermark);
        assert_eq!(entries(&read), entries(&state()));
        assert_eq!((read.is_scheduled, &read.audit_logs.filter), (false, &None));
        let saved = serde_json::to_string(&CheckpointFile::from(&read)).unwrap();
        assert!(saved.starts_with(r#"{"version":2,"#), "{saved}");
        assert_eq!(format!("{:?}", parse(&saved).unwrap()), format!("{read:?}"));
    }

    #[test]
    fn times_that_no_run_leaves_are_refused() {
        let refused = |change: fn(&mut State)| {
            let mut state = state();
            change(&mut state);
            let text = serde_json::to_string(&CheckpointFile::from(&state)).unwrap();
            matches!(parse(&text), Err(Unreadable::Corrupt(_)))
        };
        assert!(!refused(|_| ()));
        assert!(refused(
            |state| state.audit_logs.beginning = Beginning::Provisional
        ));
        assert!(refused(|state| state.notifications.watermark = None));
        assert!(refused(|state| state.audit_logs.gaps[0].to = 1_801));
        assert!(refused(|state| state.audit_logs.gaps[0].from = 899));
        assert!(refused(|state| state.audit_logs.gaps[0].to = 1_200));
        assert!(refused(|state| {
            state.notifications.beginning = Beginning::Settled;
            state.notifications.watermark = None;
            state.notifications.gaps = vec![Gap { from: 0, to: 1 }];
        }));
    }

    #[test]
    fn a_fingerprint_has_thirty_two_digits() {
        for number in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210] {
            let digits = hexadecimal_digits(number);
            assert_eq!(parse_digits(str::from_utf8(&digits).unwrap()), Some(number));
        }
        for other in [
            "",
            "0",
            &"0".repeat(31),
            &"0".repeat(33),
            &"g".repeat(32),
            &"é".repeat(16),
        ] {
            assert_eq!(parse_digits(other), None, "{other}");
        }
    }

    #[test]
    fn every_way_of_being_cut_short_is_noticed() {
        let text = serde_json::to_string(&CheckpointFile::from(&state())).unwrap();
        for length in 1..text.len() {
            let problem = parse(&text[..length]).err();
            assert!(matches!(problem, Some(Unreadable::Corrupt(_))), "{length}");
        }
        assert!(matches!(parse("").err(), Some(Unreadable::Empty)));
    }

    #[test]
    fn a_newer_format_is_told_apart_from_garbage() {
        let newer = r#"{"version":3,"anything":[]}"#;
        assert!(matches!(parse(newer).err(), Some(Unreadable::Newer(3))));
        for garbage in [
            r#"{"version":0}"#,
            r#"{"version":1}"#,
            r#"{"version":2}"#,
            "[]",
            "\u{0}\u{0}",
            "garbage",
        ] {
            let problem = parse(garbage).err();
            assert!(matches!(problem, Some(Unreadable::Corrupt(_))), "{garbage}");
        }
    }
}
