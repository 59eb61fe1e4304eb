//! A long read gets through expiring tokens, other users of the limit and cut connections; when it has to
//! give up, it says where to go on.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use verkada_audit_logs::demo::{
    DailyCycle, DemoServer, DemoServerBuilder, Fault, FaultPlan, Profile, RequestInfo, SeenRequest,
    WindowEnds,
};
use verkada_audit_logs::pull::{self, Outcome, RestartHint};
use verkada_audit_logs::{Error, ErrorKind, Source, VerkadaApi};

use crate::support::range::{DAY, MIDNIGHT, Range, Read, client, stopped_at};
use crate::support::raw_server::{AUDIT_LOGS, NOTIFICATIONS};

/// A pace at which only a few requests are under way at a time.
const FEW_AT_A_TIME: u32 = 6_000;

/// Four records in three seconds, so that every edge of a slice has some on it or near it.
fn dense() -> Profile {
    Profile {
        audit_logs_per_day: 115_200.0,
        notifications_per_day: 115_200.0,
        daily_cycle: DailyCycle::Flat,
        twins_per_mille: 300,
        ..Profile::demo()
    }
}

fn server() -> DemoServerBuilder {
    DemoServer::builder(dense())
        .latency(Duration::from_millis(3))
        .clock(stopped_at(MIDNIGHT + DAY))
}

fn audit_logs() -> Range {
    Range::of(MIDNIGHT, 15_000)
        .only(Source::AuditLogs)
        .in_slices_of(600)
}

/// Returns the lines of a read that nothing disturbs.
async fn undisturbed(range: &Range) -> String {
    let server = server().start().unwrap();
    let in_one_piece = range.clone().in_slices_of(range.end - range.start);
    let api = client(&server).build().unwrap();
    in_one_piece.read(&api).await.whole()
}

/// Goes wrong for those list requests that `picks` chooses by their number, from 1.
fn for_lists(picks: impl Fn(u64) -> bool + Send + Sync + 'static, fault: Fault) -> FaultPlan {
    let lists = AtomicU64::new(0);
    Arc::new(move |request: &RequestInfo<'_>| {
        let is_list = request.path != "/token";
        let number = lists.fetch_add(u64::from(is_list), Ordering::SeqCst) + 1;
        (is_list && picks(number)).then(|| fault.clone())
    })
}

/// Drops the connection of every eighth list request, beginning with number `first`, unless the same page has met
/// that before: what is cut time and again is given up.
fn cut_once(first: u64) -> FaultPlan {
    let lists = AtomicU64::new(0);
    let cut = Mutex::new(HashSet::new());
    Arc::new(move |request: &RequestInfo<'_>| {
        if request.path == "/token" {
            return None;
        }
        let number = lists.fetch_add(1, Ordering::SeqCst) + 1;
        let is_picked = number % 8 == first % 8;
        (is_picked && cut.lock().unwrap().insert(request.query.to_vec())).then_some(Fault::Drop)
    })
}

fn too_many(retry_after: Option<&str>) -> Fault {
    let retry_after = retry_after.map(|value| ("retry-after".to_owned(), value.to_owned()));
    Fault::StatusWith {
        status: 429,
        headers: retry_after.into_iter().collect(),
        body: r#"{"id":"zz04","message":"Too Many Requests","data":null}"#.to_owned(),
    }
}

#[tokio::test]
async fn requests_for_the_source_that_is_printed_first_go_first() {
    let server = server().start().unwrap();
    let pace = 12_000;
    let api = client(&server).max_requests_per_minute(pace);
    let range = Range::of(MIDNIGHT, 20_000);
    range.read(&api.build().unwrap()).await.whole();
    let requests = server.requests();
    let audit_logs = requests.iter().filter(|request| request.path == AUDIT_LOGS);
    let fortieth = audit_logs.map(|request| request.number).nth(39).unwrap();
    let earlier = requests
        .iter()
        .filter(|request| request.number < fortieth && request.path == NOTIFICATIONS);
    // Ten requests go out at once, whatever they are.
    assert!(earlier.count() <= 10, "{fortieth}");
}

#[track_caller]
fn failure(read: &Read) -> (&Error, RestartHint) {
    let source = &read.report.sources[0];
    match &source.outcome {
        Outcome::Failed(pull::Error::Api(error)) => (error, source.rest.unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_that_expires_many_times_is_replaced_by_one_request_each_time() {
    let range = audit_logs();
    let server = server().tokens_expire_after(12).start().unwrap();
    let api = client(&server).max_requests_per_minute(FEW_AT_A_TIME);
    let api = api.build().unwrap();
    let text = range.read(&api).await.whole();
    assert!(text == undisturbed(&range).await);
    let stats = server.stats();
    let pages = stats.audit_log_requests - stats.unauthorized;
    assert!(pages / 12 >= 6, "{stats:?}");
    assert!(
        stats.token_requests <= 1 + pages / 12,
        "more tokens than expiries: {stats:?}"
    );
    assert!(
        stats.unauthorized > pages / 12,
        "no two requests met an expired token at once: {stats:?}"
    );
}

#[tokio::test]
async fn bursts_of_429_from_another_user_do_not_end_the_read() {
    let range = audit_logs();
    let whole = undisturbed(&range).await;
    for (fault, picks) in [
        (too_many(None), [5..9_u64, 30..50]),
        (too_many(Some("0")), [1..20, 40..60]),
        (too_many(Some("1")), [9..10, 33..36]),
    ] {
        let refused = picks.clone().map(|numbers| numbers.count() as u64);
        let plan = for_lists(
            move |number| picks.iter().any(|numbers| numbers.contains(&number)),
            fault,
        );
        let server = server().fault(plan).start().unwrap();
        let api = client(&server).build().unwrap();
        assert!(range.read(&api).await.whole() == whole);
        assert_eq!(api.statistics().rate_limited, refused.iter().sum::<u64>());
    }
}

/// Index of the first request that is followed by a pause of at least `wait`.
fn first_pause(requests: &[SeenRequest], wait: Duration) -> Option<usize> {
    let mut pairs = requests.windows(2);
    pairs.position(|pair| pair[1].at.duration_since(pair[0].at) >= wait)
}

#[tokio::test]
async fn one_429_makes_every_request_pause() {
    for (retry_after, pause) in [(None, 500), (Some("1"), 1_000)] {
        let plan = for_lists(|number| number == 20, too_many(retry_after));
        let server = server().fault(plan).start().unwrap();
        let api = client(&server).first_retry_wait(Duration::from_millis(100));
        audit_logs().read(&api.build().unwrap()).await.whole();
        let requests = server.requests();
        let refused = requests.iter().position(|seen| seen.status == Some(429));
        let refused = refused.unwrap();
        let paused = first_pause(&requests[refused..], Duration::from_millis(pause / 2));
        // Those that were under way by then come through.
        assert!(paused.is_some_and(|after| after < 10), "{paused:?}");
    }
}

#[tokio::test]
async fn a_429_that_persists_ends_the_read_when_patience_is_over() {
    // Long enough that more slices are to come when the limit is hit: then the oldest slices are read first.
    let range = Range {
        end: MIDNIGHT + 60_000,
        ..audit_logs()
    };
    let plan = for_lists(|number| number > 40, too_many(None));
    let server = server().fault(plan).start().unwrap();
    let api = client(&server)
        .max_requests_per_minute(FEW_AT_A_TIME)
        .rate_limit_patience(Duration::from_millis(150));
    let read = range.read(&api.build().unwrap()).await;
    let (error, hint) = failure(&read);
    assert!(matches!(error.kind(), ErrorKind::RateLimited), "{error:?}");
    assert!(server.stats().rejected_too_many > 4, "it gave up too soon");
    let printed = read.text.lines().count();
    assert!(
        printed > 0 && hint.start > range.start,
        "{printed} lines, {hint:?}"
    );
    assert!(undisturbed(&range).await.starts_with(&read.text));
}

#[tokio::test]
async fn a_page_that_is_cut_short_in_any_slice_is_read_again() {
    let range = audit_logs();
    let whole = undisturbed(&range).await;
    for first in 1..=8 {
        let server = server().fault(cut_once(first)).start().unwrap();
        let api = client(&server).build().unwrap();
        assert!(range.read(&api).await.whole() == whole);
        assert!(server.stats().audit_log_requests as usize > whole.lines().count() / 200 * 9 / 8);
    }
}

/// Fails every request for audit logs whose window reaches beyond `second`.
fn beyond(second: i64) -> FaultPlan {
    Arc::new(move |request: &RequestInfo<'_>| {
        let end = request.query.iter().find(|(name, _)| name == "end_time");
        let end: Option<i64> = end.and_then(|(_, value)| value.parse().ok());
        let is_beyond = request.path == AUDIT_LOGS && end.is_some_and(|end| end > second);
        is_beyond.then_some(Fault::Status(500))
    })
}

async fn read_from(api: &VerkadaApi, range: &Range, start: i64) -> String {
    let rest = Range {
        start,
        ..range.clone()
    };
    rest.read(api).await.whole()
}

#[tokio::test]
async fn a_failing_slice_prints_what_is_older_and_hints_at_the_start_to_carry_on_from() {
    let mut repeated = 0;
    for seed in 0..6 {
        for (start_inclusive, end_inclusive) in
            [(true, true), (true, false), (false, true), (false, false)]
        {
            let ends = WindowEnds {
                start_inclusive,
                end_inclusive,
            };
            let profile = Profile { seed, ..dense() };
            let of = |plan: FaultPlan| {
                DemoServer::builder(profile.clone())
                    .window_ends(ends)
                    .fault(plan)
                    .start()
                    .unwrap()
            };
            let sound = of(Arc::new(|_: &RequestInfo<'_>| None));
            let failing = of(beyond(MIDNIGHT + 1_000));
            let range = Range::of(MIDNIGHT, 2_000)
                .only(Source::AuditLogs)
                .in_slices_of(37);
            let api = client(&sound).build().unwrap();
            let whole = read_from(&api, &range, range.start).await;
            let read = range.read(&client(&failing).build().unwrap()).await;
            let (error, hint) = failure(&read);
            assert!(matches!(error.kind(), ErrorKind::Unavailable), "{error:?}");
            assert!(!read.text.is_empty() && whole.starts_with(&read.text));
            let rest = read_from(&api, &range, hint.start).await;
            let twice = (read.text.len() + rest.len()) - whole.len();
            assert!(whole.ends_with(&rest));
            assert!(twice == 0 || hint.repeats_start, "{hint:?} {ends:?}");
            repeated += u32::from(hint.repeats_start);
        }
    }
    assert!(repeated < 6, "the start is usually exact: {repeated} of 24");
}

/// The limit twenty times as high, and a client that takes the same twenty times more than usual.
#[tokio::test]
async fn at_full_pace_the_limit_is_never_met() {
    let server = server()
        .enforce_rate_limit(true)
        .rate_limit(500, Duration::from_secs(5))
        .start()
        .unwrap();
    let api = client(&server).page_size(1).max_requests_per_minute(5_600);
    let range = Range::of(MIDNIGHT, 500)
        .only(Source::AuditLogs)
        .in_slices_of(100);
    let lines = range.read(&api.build().unwrap()).await.whole();
    assert!(lines.lines().count() > 550, "too few to reach the limit");
    let stats = server.stats();
    assert_eq!(stats.rejected_too_many, 0, "{stats:?}");
    assert!(
        stats.most_requests_in_interval > 300,
        "it did not get near the limit: {stats:?}"
    );
}
