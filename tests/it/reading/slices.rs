//! A read in slices prints the same lines as one undivided read, for few additional requests.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use verkada_audit_logs::demo::{
    Burst, DailyCycle, DemoServer, Profile, Source as DemoSource, WindowEnds,
};
use verkada_audit_logs::{Source, TimeBase, VerkadaApi, Window};

use crate::support::range::{DAY, HOUR, MIDNIGHT, Range, client, stopped_at};

const CASES: u32 = 48;

/// An organisation and a way to read it.
#[derive(Clone, Debug)]
struct Case {
    profile: Profile,
    seconds: i64,
    first_slice: i64,
    page_size: u32,
    ends: WindowEnds,
    requests_per_minute: u32,
    /// Seconds from the end of the range to the read. Soon after it, late records do not show yet.
    read_after: i64,
}

fn any_ends() -> impl Strategy<Value = WindowEnds> {
    (any::<bool>(), any::<bool>()).prop_map(|(start_inclusive, end_inclusive)| WindowEnds {
        start_inclusive,
        end_inclusive,
    })
}

/// Page size, records a day and length, chosen such that small pages do not take more requests than large ones.
fn any_size() -> impl Strategy<Value = (u32, f64, i64)> {
    (
        select(vec![1_u32, 7, 200]),
        select(vec![0.0, 330.0, 30_000.0, 1_000_000.0, 17_280_000.0]),
    )
        .prop_flat_map(|(page_size, per_day): (u32, f64)| {
            let records = f64::from(page_size.min(30)) * 250.0;
            let longest = (records * DAY as f64 / per_day).min(40.0 * DAY as f64) as i64;
            (Just(page_size), Just(per_day), 2..=longest.max(3))
        })
}

fn any_bursts(seconds: i64, page_size: u32) -> impl Strategy<Value = Vec<Burst>> {
    let most = match page_size {
        200 => 5_000,
        7 => 300,
        _ => 40,
    };
    let burst =
        (0..=seconds, 1..=2_u32, any::<bool>()).prop_map(move |(at, lasts, is_audit)| Burst {
            source: if is_audit {
                DemoSource::AuditLogs
            } else {
                DemoSource::Notifications
            },
            at: MIDNIGHT + at,
            seconds: lasts,
            records_per_second: most,
        });
    prop::collection::vec(burst, 0..=2)
}

fn any_case() -> impl Strategy<Value = Case> {
    any_size().prop_flat_map(|(page_size, per_day, seconds)| {
        (
            any::<u64>(),
            any_bursts(seconds, page_size),
            any_ends(),
            1..seconds.min(2_000),
            select(vec![60_000_u32, 1_000_000]),
            select(vec![0, 30, DAY]),
        )
            .prop_map(
                move |(seed, bursts, ends, first_slice, requests_per_minute, read_after)| Case {
                    profile: Profile {
                        seed,
                        audit_logs_per_day: per_day,
                        notifications_per_day: per_day / 6.0,
                        daily_cycle: DailyCycle::Flat,
                        bursts,
                        late_per_mille: 200,
                        twins_per_mille: 300,
                        ..Profile::quiet()
                    },
                    seconds,
                    first_slice,
                    page_size,
                    ends,
                    requests_per_minute,
                    read_after,
                },
            )
    })
}

fn server(case: &Case) -> DemoServer {
    DemoServer::builder(case.profile.clone())
        .window_ends(case.ends)
        .clock(stopped_at(MIDNIGHT + case.seconds + case.read_after))
        .start()
        .unwrap()
}

async fn undivided(api: &VerkadaApi, range: &Range) -> String {
    let window = Window::new(range.start, range.end, TimeBase::Event).unwrap();
    let mut records = api.audit_logs(window).await.unwrap();
    records.extend(api.notifications(window).await.unwrap());
    records
        .iter()
        .map(|record| record.to_line() + "\n")
        .collect()
}

async fn check(case: &Case) {
    let server = server(case);
    let range = Range {
        ..Range::of(MIDNIGHT, case.seconds).in_slices_of(case.first_slice)
    };
    let sliced = client(&server)
        .page_size(case.page_size)
        .max_requests_per_minute(case.requests_per_minute)
        .build()
        .unwrap();
    // Page sizes must not matter either.
    let whole = undivided(&client(&server).build().unwrap(), &range).await;
    let text = range.read(&sliced).await.whole();
    assert!(text == whole, "{}", first_difference(&text, &whole));
}

fn first_difference(sliced: &str, whole: &str) -> String {
    let at = sliced
        .lines()
        .zip(whole.lines())
        .position(|(left, right)| left != right);
    let (left, right) = (sliced.lines().count(), whole.lines().count());
    format!("{left} lines in slices and {right} in one piece differ from line {at:?} on")
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn slices_print_what_one_undivided_read_prints(case in any_case()) {
        block_on(check(&case));
    }
}

/// Every meaning of the ends, with records on every edge, beside a second that holds 5,000.
#[tokio::test]
async fn slices_meet_exactly_whether_or_not_window_ends_count() {
    for (start_inclusive, end_inclusive) in
        [(true, true), (true, false), (false, true), (false, false)]
    {
        let ends = WindowEnds {
            start_inclusive,
            end_inclusive,
        };
        let burst = Burst {
            source: DemoSource::AuditLogs,
            at: MIDNIGHT + 40,
            seconds: 1,
            records_per_second: 5_000,
        };
        let profile = Profile {
            audit_logs_per_day: 3.0 * DAY as f64,
            notifications_per_day: DAY as f64,
            daily_cycle: DailyCycle::Flat,
            twins_per_mille: 500,
            bursts: vec![burst],
            ..Profile::quiet()
        };
        for first_slice in [1, 40, 41, 59] {
            check(&Case {
                profile: profile.clone(),
                seconds: 60,
                first_slice,
                page_size: 200,
                ends,
                requests_per_minute: 60_000,
                read_after: DAY,
            })
            .await;
        }
    }
}

/// Requests for lists, and lines.
async fn cost(profile: Profile, range: &Range, requests_per_minute: u32) -> (u64, u64) {
    let server = DemoServer::builder(profile)
        .latency(Duration::from_millis(5))
        .start()
        .unwrap();
    // Slow, so that a busy machine does not have more slices under way than at the usual pace.
    let api = client(&server)
        .max_requests_per_minute(requests_per_minute)
        .build()
        .unwrap();
    let lines = range.read(&api).await.whole().lines().count() as u64;
    (server.stats().requests() - 1, lines)
}

#[tokio::test]
async fn an_empty_year_costs_few_requests_and_prints_nothing() {
    let year = Range::of(MIDNIGHT - 400 * DAY, 365 * DAY);
    let (requests, lines) = cost(Profile::empty(), &year, 6_000).await;
    assert_eq!(lines, 0);
    // 52 weeks, the first ones shorter, of two sources.
    assert!(requests <= 2 * 65, "{requests} requests");
}

#[tokio::test]
async fn a_quiet_day_costs_a_handful_of_requests() {
    let day = Range::of(MIDNIGHT - 10 * DAY, DAY);
    let (requests, lines) = cost(Profile::quiet(), &day, 1_200).await;
    assert!(lines > 250, "{lines} lines");
    assert!(requests <= 2 * 7, "{requests} requests for {lines} lines");
}

#[tokio::test]
async fn a_daily_burst_does_not_shorten_every_slice() {
    let start = MIDNIGHT - 20 * DAY;
    let burst = |day: i64| Burst {
        source: DemoSource::AuditLogs,
        at: start + day * DAY + 9 * HOUR,
        seconds: 1,
        records_per_second: 700,
    };
    let profile = Profile {
        bursts: (0..7).map(burst).collect(),
        ..Profile::quiet()
    };
    let week = Range::of(start, 7 * DAY).only(Source::AuditLogs);
    let (requests, lines) = cost(profile, &week, 3_000).await;
    assert!(lines > 7 * (700 + 250), "{lines} lines");
    assert!(requests <= 60, "{requests} requests for {lines} lines");
}

#[tokio::test]
async fn a_busy_organisation_costs_less_than_five_percent_more_requests_than_full_pages() {
    let denser = Profile {
        audit_logs_per_day: 600_000.0,
        ..Profile::demo()
    };
    let ranges = [
        (Profile::demo(), 2 * DAY),
        (denser.clone(), 2 * HOUR),
        (denser, 5 * HOUR),
    ];
    for (profile, seconds) in ranges {
        let range = Range::of(MIDNIGHT - 10 * DAY + 6 * HOUR, seconds).only(Source::AuditLogs);
        let (requests, lines) = cost(profile, &range, 6_000).await;
        let needed = lines as f64 / 200.0;
        assert!(
            (requests as f64) < needed * 1.05,
            "{requests} requests for {lines} lines"
        );
    }
}
