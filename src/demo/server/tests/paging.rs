//! The pages that the server sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::{NOW, TestClock, get, read_all, server_at, started};
use crate::demo::{Burst, DemoServer, Paging, Profile, Source, TimeBase, WindowEnds};

#[test]
fn pages_hold_the_expected_records_byte_for_byte() {
    let server = server_at(&TestClock::at(NOW + 86_400));
    let window = NOW - 600..=NOW;
    for (base, flag) in [(TimeBase::Event, "false"), (TimeBase::Processed, "True")] {
        let target = format!(
            "/core/v1/audit_log?start_time={}&end_time={NOW}&page_size=37&use_processed_timestamp={flag}",
            NOW - 600
        );
        let pages = read_all(&server, &target, "audit_logs", || {});
        let expected: Vec<_> = server
            .organisation()
            .audit_logs(window.clone(), base)
            .map(|r| r.text())
            .collect();
        assert_eq!(pages.join(","), expected.join(","));
    }
    let target = format!(
        "/cameras/v1/alerts?start_time={}&end_time={NOW}&page_size=9",
        NOW - 600
    );
    let pages = read_all(&server, &target, "notifications", || {});
    let expected: Vec<_> = server
        .organisation()
        .notifications(window)
        .map(|r| r.text())
        .collect();
    assert_eq!(pages.join(","), expected.join(","));
}

#[test]
fn records_that_appear_between_pages_shift_no_others() {
    let clock = TestClock::at(NOW);
    let server = server_at(&clock);
    let visible_at_first: Vec<_> = server
        .organisation()
        .audit_logs(NOW - 900..=NOW, TimeBase::Event)
        .filter(|record| record.visible_time <= NOW)
        .map(|record| record.text())
        .collect();
    let target = format!(
        "/core/v1/audit_log?start_time={}&end_time={NOW}&page_size=20",
        NOW - 900
    );
    let mut now = NOW;
    let all = read_all(&server, &target, "audit_logs", || {
        now += 30;
        clock.set(now);
    });
    let all = all.join(",");
    for text in &visible_at_first {
        assert!(all.contains(text));
    }
    let sent: Value = serde_json::from_str(&format!("[{all}]")).unwrap();
    assert!(sent.as_array().unwrap().len() >= visible_at_first.len());
    assert!(
        sent.as_array()
            .unwrap()
            .iter()
            .map(|row| row["timestamp"].as_str())
            .rev()
            .is_sorted()
    );
}

#[test]
fn pages_by_number_are_of_the_list_as_it_is_when_they_are_asked_for() {
    let clock = TestClock::at(NOW);
    let burst = |at, records_per_second| Burst {
        source: Source::AuditLogs,
        at,
        seconds: 1,
        records_per_second,
    };
    let profile = Profile {
        bursts: vec![burst(NOW - 100, 6), burst(NOW + 50, 1)],
        processing_delays: Vec::new(),
        late_per_mille: 0,
        twins_per_mille: 0,
        ..Profile::empty()
    };
    let vanishes = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&vanishes);
    let server = DemoServer::builder(profile)
        .clock(clock.clock())
        .paging(Paging::ByNumber)
        .gone(Arc::new(move |record, now| {
            gone.load(Ordering::SeqCst) && record.event_time == now
        }));
    let server = started(server);
    let target = format!(
        "/core/v1/audit_log?start_time={}&end_time={}&page_size=2",
        NOW - 900,
        NOW + 900
    );
    let records = server
        .organisation()
        .audit_logs(NOW - 900..=NOW + 900, TimeBase::Event);
    let texts: Vec<_> = records.map(|record| record.text()).collect();
    let pages = |numbers: &[&[usize]]| -> Vec<String> {
        let page = |numbers: &&[usize]| {
            let texts: Vec<_> = numbers.iter().map(|number| &*texts[*number]).collect();
            texts.join(",")
        };
        numbers.iter().map(page).collect()
    };
    let still = read_all(&server, &target, "audit_logs", || {});
    assert_eq!(still, pages(&[&[1, 2], &[3, 4], &[5, 6]]));
    // The newest record appears: each page begins with the last record of the page before.
    let shifted = read_all(&server, &target, "audit_logs", || clock.set(NOW + 50));
    assert_eq!(shifted, pages(&[&[1, 2], &[2, 3], &[4, 5], &[6]]));
    // It vanishes: the first record of the second page is on no page.
    let vanished = read_all(&server, &target, "audit_logs", || {
        vanishes.store(true, Ordering::SeqCst);
    });
    assert_eq!(vanished, pages(&[&[0, 1], &[3, 4], &[5, 6]]));
}

#[test]
fn a_default_window_stays_the_same_for_all_its_pages() {
    let clock = TestClock::at(NOW);
    let profile = Profile {
        late_per_mille: 0,
        ..Profile::demo()
    };
    let server = started(DemoServer::builder(profile).clock(clock.clock()));
    let target = "/cameras/v1/alerts?page_size=50";
    let mut now = NOW;
    let pages = read_all(&server, target, "notifications", || {
        now += 1_000;
        clock.set(now);
    });
    let expected: Vec<_> = server
        .organisation()
        .notifications(NOW - 3_600..=NOW)
        .map(|r| r.text())
        .collect();
    assert_eq!(pages.join(","), expected.join(","));
}

#[test]
fn only_visible_records_are_sent() {
    let clock = TestClock::at(NOW);
    let server = server_at(&clock);
    let target = format!(
        "/core/v1/audit_log?start_time={}&end_time={}&page_size=200",
        NOW - 60,
        NOW + 60
    );
    let early = get(&server, &target).json()["audit_logs"]
        .as_array()
        .unwrap()
        .len();
    clock.set(NOW + 86_400);
    let settled = get(&server, &target).json()["audit_logs"]
        .as_array()
        .unwrap()
        .len();
    let all = server
        .organisation()
        .audit_logs(NOW - 60..=NOW + 60, TimeBase::Event)
        .count();
    assert!(early < settled, "{early} and {settled}");
    assert_eq!(settled, all);
}

#[test]
fn window_ends_are_inclusive_or_exclusive_as_set() {
    let burst = Burst {
        source: Source::Notifications,
        at: NOW,
        seconds: 3,
        records_per_second: 1,
    };
    let profile = Profile {
        bursts: vec![burst],
        late_per_mille: 0,
        ..Profile::empty()
    };
    let target = format!("/cameras/v1/alerts?start_time={NOW}&end_time={}", NOW + 2);
    let mut counts = Vec::new();
    for (start_inclusive, end_inclusive) in
        [(true, true), (true, false), (false, true), (false, false)]
    {
        let ends = WindowEnds {
            start_inclusive,
            end_inclusive,
        };
        let builder = DemoServer::builder(profile.clone()).clock(TestClock::at(NOW + 9).clock());
        let reply = get(&started(builder.window_ends(ends)), &target);
        counts.push(reply.json()["notifications"].as_array().unwrap().len());
    }
    assert_eq!(counts, [3, 2, 2, 1]);
}

#[test]
fn page_tokens_are_valid_for_their_own_query_only() {
    let server = server_at(&TestClock::at(NOW));
    let first = get(&server, "/core/v1/audit_log?page_size=1").json();
    let page_token = first["next_page_token"].as_str().unwrap();
    let continued = |query: &str| get(&server, &format!("/{query}&page_token={page_token}")).status;
    assert_eq!(continued("core/v1/audit_log?page_size=7"), 200);
    assert_eq!(continued("core/v1/audit_log?start_time=1"), 400);
    assert_eq!(
        continued("core/v1/audit_log?use_processed_timestamp=true"),
        400
    );
    assert_eq!(continued("cameras/v1/alerts?page_size=1"), 400);
}

#[test]
fn notifications_can_be_filtered_and_have_signed_links_on_request() {
    let server = server_at(&TestClock::at(NOW));
    let target = "/cameras/v1/alerts?notification_type=motion%2Cunheard_of&include_image_url=true";
    let (first, second) = (get(&server, target).json(), get(&server, target).json());
    let rows = first["notifications"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["notification_type"] == "motion"));
    assert!(rows[0]["image_url"].is_string());
    assert_ne!(
        rows[0]["image_url"],
        second["notifications"][0]["image_url"]
    );
    let none = get(&server, "/cameras/v1/alerts?notification_type=unheard_of");
    assert_eq!(none.body, r#"{"notifications":[],"next_page_token":null}"#);
}
