//! Lists that change while they are read, under page tokens that are page numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use verkada_audit_logs::demo::{DailyCycle, DemoServer, Paging, Profile, TimeBase};
use verkada_audit_logs::{ErrorKind, Secret, TimeBase as WindowTime, VerkadaApi, Window};

use crate::support::program::{Ended, KEY, Program, RANGE, every_record_of};
use crate::support::raw_server::{RawServer, Reply, Request};

/// The start and the end of [`RANGE`].
const START: i64 = 1_789_401_600;
const END: i64 = START + 600;

/// The two sources, as `--only` names them.
const SOURCES: [&str; 2] = ["audit-logs", "notifications"];

/// A record of either source, `second` seconds after [`START`]. Its link differs from request to request.
fn record(second: i64, request: usize) -> String {
    let time = START + second;
    format!(
        r#"{{"timestamp":{time},"created":{time},"image_url":"https://example.com/?token={request}"}}"#
    )
}

/// The records of these seconds, newest first.
fn from_new_to_old(seconds: impl DoubleEndedIterator<Item = i64>) -> Vec<i64> {
    seconds.rev().collect()
}

/// The page that `request` asks for, of a list whose page tokens are page numbers.
fn numbered_page(request: &Request, number: usize, list: &[i64]) -> Reply {
    let size: usize = request.parameter("page_size").unwrap().parse().unwrap();
    let page = request.parameter("page_token");
    let page: usize = page.map_or(0, |page| page.parse().unwrap());
    let within = |name: &str| request.parameter(name).unwrap().parse::<i64>().unwrap() - START;
    let window = within("start_time")..=within("end_time");
    let list: Vec<_> = list
        .iter()
        .filter(|second| window.contains(second))
        .collect();
    let records = list.iter().skip(page * size).take(size);
    let records: Vec<_> = records.map(|second| record(**second, number)).collect();
    let next = if list.len() > (page + 1) * size {
        format!(r#""{}""#, page + 1)
    } else {
        "null".to_owned()
    };
    Reply::page(request, &records.join(","), &next)
}

/// A server of a list that is `list(n)` when the request with that number comes, counted from 0 for each source.
fn living(list: impl Fn(usize) -> Vec<i64> + Send + Sync + 'static) -> RawServer {
    RawServer::issuing_tokens(move |request, number| numbered_page(request, number, &list(number)))
}

fn arguments<'a>(only: &'a str, page_size: &'a str) -> Vec<&'a str> {
    let fixed = [
        "--max-requests-per-minute",
        "1000000",
        "--page-size",
        page_size,
    ];
    [&RANGE[..], &fixed, &every_record_of(only)].concat()
}

fn read(server: &RawServer, only: &str, page_size: usize) -> Ended {
    Program::asking_raw(server).run(arguments(only, &page_size.to_string()))
}

/// The seconds of the records in `lines`, in the order of the lines.
fn seconds(lines: &str) -> Vec<i64> {
    let second = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        record["created"].as_i64().unwrap() - START
    };
    lines.lines().map(second).collect()
}

/// Requests for lists.
fn requests(server: &RawServer) -> usize {
    let seen = server.seen();
    seen.iter()
        .filter(|request| request.path != "/token")
        .count()
}

#[test]
fn records_that_appear_between_two_pages_repeat_no_others() {
    const RECORDS: i64 = 12;
    for only in SOURCES {
        for page_size in [1, 2, 5, 12] {
            for appearing in [1, 2, 5, 7, 13] {
                let server = living(move |number| {
                    let newest = if number == 0 {
                        RECORDS
                    } else {
                        RECORDS + appearing
                    };
                    from_new_to_old(0..newest)
                });
                let ended = read(&server, only, page_size).quietly();
                // A list that fits on one page has no second one that could show the new records.
                let newest = match page_size {
                    12 => RECORDS,
                    _ => RECORDS + appearing,
                };
                let case = format!("{only}, pages of {page_size}, {appearing} appear");
                assert_eq!(
                    seconds(&ended.stdout),
                    (0..newest).collect::<Vec<_>>(),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn records_that_appear_anywhere_on_the_pages_before_are_not_lost() {
    // Even seconds at first; then two odd ones, wherever they belong.
    let first: Vec<_> = from_new_to_old((0..12).map(|number| 2 * number));
    for page_size in [2, 3, 4] {
        for (one, other) in (0..12).flat_map(|one| (0..one).map(move |other| (one, other))) {
            let first = first.clone();
            let changed = {
                let mut changed = [&first[..], &[2 * one + 1, 2 * other + 1]].concat();
                changed.sort_by_key(|second| -second);
                changed
            };
            let oldest_read = first[2 * page_size - 1];
            let expected: Vec<_> = changed.iter().rev().copied().collect();
            // They appear when two pages have been read.
            let server = living(move |number| {
                if number < 2 {
                    first.clone()
                } else {
                    changed.clone()
                }
            });
            let ended = read(&server, "audit-logs", page_size).quietly();
            let case = format!("pages of {page_size}, {one} and {other} appear");
            assert_eq!(seconds(&ended.stdout), expected, "{case}");
            if 2 * other + 1 < oldest_read && 2 * one + 1 < oldest_read {
                // On pages that are still to come.
                assert_eq!(requests(&server), 14_usize.div_ceil(page_size), "{case}");
            }
        }
    }
}

#[test]
fn twins_at_a_page_border_stay_two_and_cost_one_request() {
    for only in SOURCES {
        // The border of pages of three is between twins; that of pages of two and four is not.
        for (page_size, extra) in [(2, 0), (3, 1), (4, 0), (6, 0)] {
            let server = living(|_| vec![6, 5, 4, 4, 2, 1]);
            let ended = read(&server, only, page_size).quietly();
            assert_eq!(seconds(&ended.stdout), [1, 2, 4, 4, 5, 6]);
            let needed = 6_usize.div_ceil(page_size);
            assert_eq!(requests(&server), needed + extra, "pages of {page_size}");
        }
        // Pages of nothing but twins are compared together with one that cannot look the same when it has shifted.
        for (page_size, most) in [(1, 7 + 2 * 4), (2, 4 + 2 * 2), (3, 3 + 2)] {
            let server = living(|_| vec![6, 4, 4, 4, 4, 4, 1]);
            let ended = read(&server, only, page_size).quietly();
            assert_eq!(seconds(&ended.stdout), [1, 4, 4, 4, 4, 4, 6]);
            let requests = requests(&server);
            assert!(requests <= most, "{requests}, pages of {page_size}");
        }
    }
}

#[test]
fn a_record_that_shifts_is_told_from_a_twin_even_on_a_page_of_twins() {
    for page_size in [1, 2, 3] {
        for changes_at in 1..6 {
            let server = living(move |number| {
                let list = vec![8, 4, 4, 4, 4, 4, 2, 1];
                if number < changes_at {
                    list
                } else {
                    [&[9], &list[..]].concat()
                }
            });
            let ended = read(&server, "notifications", page_size).quietly();
            let printed = seconds(&ended.stdout);
            let case = format!("pages of {page_size}, at request {changes_at}: {printed:?}");
            assert!(printed.starts_with(&[1, 2, 4, 4, 4, 4, 4, 8]), "{case}");
            assert!(printed.len() <= 9, "{case}");
        }
    }
}

#[test]
fn the_library_reads_a_list_that_changes_again_and_gives_up_in_the_end() {
    let read = |server: &RawServer| {
        let client = VerkadaApi::builder(Secret::new(KEY).unwrap())
            .base_url(server.base_url().parse().unwrap())
            .max_requests_per_minute(60_000)
            .page_size(5)
            .build()
            .unwrap();
        let window = Window::new(START, END, WindowTime::Event).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        (
            runtime.block_on(client.audit_logs(window)),
            client.statistics(),
        )
    };
    let server = living(|number| from_new_to_old(0..10 + number.min(1) as i64));
    let (records, statistics) = read(&server);
    assert_eq!(records.unwrap().len(), 11);
    assert_eq!((statistics.shifted_reads, statistics.twin_borders), (1, 0));
    // Two pages that were given up, and one that was compared.
    assert_eq!(statistics.extra_requests, 3);
    assert_eq!(requests(&server), 3 + 3);

    let server = living(|number| from_new_to_old(0..10 + number as i64));
    let (records, statistics) = read(&server);
    let error = records.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::ShiftedPages { page: 2 }),
        "{error}"
    );
    assert_eq!(
        (statistics.shifted_reads, statistics.extra_requests),
        (5, 15)
    );
}

#[test]
fn a_list_that_never_stands_still_is_read_in_shorter_slices() {
    for only in SOURCES {
        // Something is new at every request.
        let server = living(|number| from_new_to_old(0..(60 + number as i64).min(600)));
        let ended = read(&server, only, 5).quietly();
        let printed = seconds(&ended.stdout);
        assert!(printed.len() >= 60);
        assert_eq!(printed, (0..printed.len() as i64).collect::<Vec<_>>());
    }
}

#[test]
fn the_same_page_for_ever_under_new_tokens_ends_the_read_at_the_second() {
    for only in SOURCES {
        for records in [2, 3, 100] {
            let server = RawServer::issuing_tokens(move |request, number| {
                let records: Vec<_> = (0..records).map(|second| record(second, number)).collect();
                Reply::page(request, &records.join(","), &format!(r#""token-{number}""#))
            });
            let ended = read(&server, only, 100);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
            ended.says(&["repeat themselves", "page 2", "Verkada's support"]);
            assert_eq!(requests(&server), 3);
        }
    }
}

/// A list of twenty records. Its page tokens are refused with `status` if `is_refused` says so for the number of the request
/// with a page token, counted from 0, and the length of the window in seconds.
fn refusing(
    status: u16,
    is_refused: impl Fn(usize, i64) -> bool + Send + Sync + 'static,
) -> RawServer {
    let count = std::sync::atomic::AtomicUsize::new(0);
    RawServer::issuing_tokens(move |request, number| {
        let time = |name: &str| request.parameter(name).unwrap().parse::<i64>().unwrap();
        let length = time("end_time") - time("start_time");
        if request.parameter("page_token").is_some()
            && is_refused(count.fetch_add(1, Ordering::SeqCst), length)
        {
            return Reply::error(status, "Invalid page token");
        }
        numbered_page(
            request,
            number,
            &from_new_to_old((0..20).map(|number| 30 * number)),
        )
    })
}

#[test]
fn a_page_token_that_is_refused_in_mid_read_is_not_the_end() {
    let all: Vec<_> = (0..20).map(|number| 30 * number).collect();
    for only in SOURCES {
        for status in [400, 403, 404, 410] {
            let server = refusing(status, |number, _| number == 1);
            let ended = read(&server, only, 6).quietly();
            assert_eq!(seconds(&ended.stdout), all);
            // Three pages, one of them refused, and all four from the first one on.
            assert_eq!(requests(&server), 3 + 4);

            let server = refusing(status, |_, length| length > 200);
            let ended = read(&server, only, 6).quietly();
            assert_eq!(seconds(&ended.stdout), all, "in halves");
            let requests = requests(&server);
            assert!(requests < 20, "{requests}");

            // No page of a quarter needs a page token.
            let server = refusing(status, |_, _| true);
            let ended = read(&server, only, 6).quietly();
            assert_eq!(seconds(&ended.stdout), all, "without any token");
        }
    }
}

#[test]
fn a_page_token_that_is_refused_for_one_second_as_well_is_final() {
    for only in SOURCES {
        for status in [400, 403, 404, 410] {
            let server = RawServer::issuing_tokens(move |request, number| {
                if request.parameter("page_token").is_some() {
                    return Reply::error(status, "Invalid page token");
                }
                let list: Vec<_> = (0..5).map(|_| 7).chain([3, 2, 1]).collect();
                numbered_page(request, number, &list)
            });
            let ended = read(&server, only, 2);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
            ended.says(&[
                "refused page 2",
                &format!("HTTP {status}"),
                "Invalid page token",
                "--page-size",
                "the next run",
                "--accept-gap",
            ]);
            let requests = requests(&server);
            assert!((10..80).contains(&requests), "{requests}");
        }
    }
}

#[test]
fn a_refused_first_page_is_final_at_once() {
    for status in [400, 404, 410] {
        let server = RawServer::issuing_tokens(move |_, _| Reply::error(status, "no"));
        let ended = read(&server, "audit-logs", 10);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
        assert_eq!(requests(&server), 1);
    }
}

#[test]
fn one_record_and_a_new_token_on_every_page_for_ever_ends_the_read() {
    for (only, is_always_the_same) in [("audit-logs", false), ("notifications", true)] {
        let server = RawServer::issuing_tokens(move |request, number| {
            let second = if is_always_the_same { 0 } else { number as i64 };
            Reply::page(
                request,
                &record(second, number),
                &format!(r#""token-{number}""#),
            )
        });
        let ended = read(&server, only, 200);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
        ended.says(&["do not end", "1000 were read", "Verkada's support"]);
        let most = if is_always_the_same { 3_000 } else { 1_000 };
        assert!(requests(&server) <= most);
    }
}

#[test]
fn with_a_checkpoint_nothing_comes_twice_in_two_runs_over_a_list_that_shifts() {
    for only in SOURCES {
        for page_size in ["2", "7"] {
            // Something is new at every third request, in the middle or at the end.
            let server = living(|number| {
                let appeared = (number as i64 / 3).min(20);
                let mut list: Vec<_> = (0..20).map(|number| 20 * number).collect();
                list.extend((0..appeared).map(|number| 20 * ((number * 7) % 20) + 1));
                list.sort_by_key(|second| -second);
                list
            });
            let program = Program::asking_raw(&server);
            let mut arguments = arguments(only, page_size);
            arguments.extend(["--checkpoint", "progress.json", "--output", "records.jsonl"]);
            program.run(&arguments).quietly();
            let first = std::fs::read_to_string(program.path("records.jsonl")).unwrap();
            // The end, so that the overlap is read again.
            arguments[3] = "1789402201";
            program.run(&arguments).quietly();
            let both = std::fs::read_to_string(program.path("records.jsonl")).unwrap();
            let mut printed = seconds(&both);
            assert!(both.starts_with(&first) && printed.len() > first.lines().count());
            printed.sort_unstable();
            assert!(printed.windows(2).all(|two| two[0] < two[1]), "{printed:?}");
            let early = printed.iter().filter(|second| **second % 20 == 0);
            assert_eq!(early.count(), 20);
        }
    }
}

#[test]
fn a_record_that_vanishes_hides_its_neighbour_until_the_next_run() {
    let profile = Profile {
        audit_logs_per_day: 8_000.0,
        daily_cycle: DailyCycle::Flat,
        late_per_mille: 0,
        ..Profile::demo()
    };
    let is_reading = Arc::new(AtomicBool::new(false));
    let (reading, vanishes) = (Arc::clone(&is_reading), Arc::clone(&is_reading));
    let whole: Vec<_> = {
        let server = DemoServer::builder(profile.clone()).start().unwrap();
        let records = server
            .organisation()
            .audit_logs(START..=END, TimeBase::Event);
        records.map(|record| record.text()).collect()
    };
    assert!(whole.len() > 40);
    let newest = whole[0].clone();
    let server = DemoServer::builder(profile)
        .paging(Paging::ByNumber)
        .fault(Arc::new(move |request| {
            let asks_for_more = request.query.iter().any(|(name, _)| name == "page_token");
            reading.fetch_or(asks_for_more, Ordering::SeqCst);
            None
        }))
        .gone(Arc::new(move |record, _| {
            vanishes.load(Ordering::SeqCst) && record.text() == newest
        }))
        .start()
        .unwrap();
    let program = Program::asking_demo(&server);
    let mut arguments = arguments("audit-logs", "20");
    arguments.extend(["--checkpoint", "progress.json"]);
    let first = program.run(&arguments).quietly();
    assert_eq!(first.lines().len(), whole.len() - 1);
    let hidden = &whole[20];
    assert!(!first.lines().contains(&hidden.as_str()));
    arguments[3] = "1789402201";
    let second = program.run(&arguments).quietly();
    assert_eq!(
        second.lines().iter().filter(|line| *line == hidden).count(),
        1
    );
    assert!(
        second
            .lines()
            .iter()
            .all(|line| !first.lines().contains(line))
    );
}
