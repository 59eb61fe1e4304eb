//! The records of a window.

use std::ops::RangeInclusive;

use super::{Burst, DemoRecord, DemoRecords, Organisation, Profile, Source, TimeBase};

const NOON: i64 = 1_789_387_200;
const BASES: [TimeBase; 2] = [TimeBase::Event, TimeBase::Processed];

fn texts(records: DemoRecords<'_>) -> Vec<String> {
    records.map(|record| record.text()).collect()
}

fn burst(at: i64, seconds: u32, records_per_second: u32) -> Burst {
    Burst {
        source: Source::AuditLogs,
        at,
        seconds,
        records_per_second,
    }
}

/// Organisations from silent to 200 records a second, each with a window that tests it well.
fn densities() -> Vec<(Organisation, RangeInclusive<i64>)> {
    let crowded = Profile {
        audit_logs_per_day: 17_280_000.0,
        ..Profile::demo()
    };
    let bursting = Profile {
        bursts: vec![burst(NOON, 1, 5_000)],
        ..Profile::empty()
    };
    vec![
        (Organisation::new(Profile::empty()), NOON..=NOON + 999_999),
        (Organisation::new(Profile::quiet()), NOON..=NOON + 99_999),
        (Organisation::new(Profile::demo()), NOON..=NOON + 3_599),
        (Organisation::new(crowded), NOON..=NOON + 19),
        (Organisation::new(bursting), NOON - 9..=NOON + 999),
    ]
}

#[test]
fn the_same_window_always_has_the_same_records() {
    for (organisation, window) in densities() {
        for base in BASES {
            let first = texts(organisation.audit_logs(window.clone(), base));
            let again = Organisation::new(organisation.profile().clone());
            assert_eq!(first, texts(again.audit_logs(window.clone(), base)));
        }
    }
}

#[test]
fn the_parts_of_a_window_add_up_to_the_whole() {
    for (organisation, window) in densities() {
        for base in BASES {
            let whole = texts(organisation.audit_logs(window.clone(), base));
            let (start, end) = (*window.start(), *window.end());
            let (third, half) = (start + (end - start) / 3, start + (end - start) / 2);
            let parts = [half + 1..=end, third + 1..=half, start..=third];
            let joined = parts.map(|part| texts(organisation.audit_logs(part, base)));
            assert_eq!(joined.concat(), whole);
        }
    }
}

#[test]
fn both_time_bases_list_the_same_records() {
    for (organisation, window) in densities() {
        let (start, end) = (*window.start(), *window.end());
        let mut by_event = texts(organisation.audit_logs(start..=end, TimeBase::Event));
        let by_processed = organisation.audit_logs(start..=end + 840, TimeBase::Processed);
        let mut by_processed = texts_of_events(by_processed, start..=end);
        by_event.sort_unstable();
        by_processed.sort_unstable();
        assert_eq!(by_event, by_processed);
    }
}

fn texts_of_events(records: DemoRecords<'_>, events: RangeInclusive<i64>) -> Vec<String> {
    let records = records.filter(|record| events.contains(&record.event_time));
    records.map(|record| record.text()).collect()
}

#[test]
fn records_are_newest_first_and_within_the_window() {
    for (organisation, window) in densities() {
        let records = organisation.audit_logs(window.clone(), TimeBase::Processed);
        let times: Vec<_> = records.filter_map(|record| record.processed_time).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older));
        assert!(times.iter().all(|time| window.contains(time)));
    }
}

#[test]
fn counts_are_close_to_the_rates_and_exact_in_bursts() {
    let counts: Vec<_> = densities()
        .iter()
        .map(|(organisation, window)| {
            organisation
                .audit_logs(window.clone(), TimeBase::Event)
                .count()
        })
        .collect();
    assert_eq!((counts[0], counts[4]), (0, 5_000));
    assert!((250..500).contains(&counts[1]), "{counts:?}");
    // Noon is a working hour, at about 1.6 times the average of 1,250.
    assert!((1_800..2_300).contains(&counts[2]), "{counts:?}");
    assert!((6_000..7_000).contains(&counts[3]), "{counts:?}");
}

#[test]
fn the_newest_records_of_a_year_come_first() {
    let organisation = Organisation::new(Profile::demo());
    for base in BASES {
        let year = organisation.audit_logs(NOON - 365 * 86_400..=NOON, base);
        let page: Vec<_> = year.take(200).collect();
        assert_eq!(page.len(), 200);
        assert!(page.iter().all(|record| record.event_time > NOON - 1_800));
    }
}

#[test]
fn twins_are_identical_and_may_become_visible_at_different_times() {
    let profile = Profile {
        twins_per_mille: 300,
        late_per_mille: 500,
        ..Profile::demo()
    };
    let organisation = Organisation::new(profile);
    let window = organisation.audit_logs(NOON..=NOON + 3_599, TimeBase::Processed);
    let records: Vec<_> = window.collect();
    let twins: Vec<_> = records
        .windows(2)
        .filter(|pair| pair[0].text() == pair[1].text())
        .collect();
    assert!(twins.len() > 50, "{}", twins.len());
    assert!(
        twins
            .iter()
            .any(|pair| pair[0].visible_time != pair[1].visible_time)
    );
}

#[test]
fn about_two_per_cent_of_records_become_visible_late() {
    let organisation = Organisation::new(Profile::demo());
    let late = |record: &DemoRecord<'_>| {
        record.visible_time > record.processed_time.unwrap_or(record.event_time)
    };
    for records in [
        organisation.audit_logs(NOON..=NOON + 7_199, TimeBase::Event),
        organisation.notifications(NOON..=NOON + 86_399),
    ] {
        let records: Vec<_> = records.collect();
        let share = records.iter().filter(|record| late(record)).count() * 1_000 / records.len();
        assert!((10..32).contains(&share), "{share}");
    }
}

#[test]
fn a_listing_resumes_after_any_record() {
    for (organisation, window) in densities() {
        for base in BASES {
            let whole = texts(organisation.audit_logs(window.clone(), base));
            let stops = [0, whole.len() / 2, whole.len().saturating_sub(1)];
            for stop in stops.into_iter().filter(|_| !whole.is_empty()) {
                let last = organisation
                    .audit_logs(window.clone(), base)
                    .nth(stop)
                    .unwrap();
                let rest = organisation
                    .audit_logs(window.clone(), base)
                    .after(last.position);
                assert_eq!(texts(rest), whole[stop + 1..]);
            }
        }
    }
}

#[test]
fn every_quarter_of_an_hour_of_the_demo_holds_the_default_events() {
    let organisation = Organisation::new(Profile::demo());
    for start in (NOON..NOON + 7 * 86_400).step_by(900) {
        let audit_logs = organisation.audit_logs(start..=start + 899, TimeBase::Processed);
        let names: Vec<_> = audit_logs.map(|record| record.name()).collect();
        for name in [
            "Live Stream Started",
            "Video History Streamed",
            "Archive Action Taken",
        ] {
            assert!(
                names.iter().filter(|found| **found == name).count() >= 1,
                "{name} at {start}"
            );
        }
        assert!(organisation.notifications(start..=start + 899).count() >= 3);
    }
}

#[test]
fn extreme_windows_are_empty() {
    let organisation = Organisation::new(Profile::empty());
    for window in [
        i64::MIN..=i64::MAX,
        i64::MIN..=-1,
        RangeInclusive::new(i64::MAX, i64::MIN),
    ] {
        assert_eq!(
            organisation.audit_logs(window, TimeBase::Processed).count(),
            0
        );
    }
}
