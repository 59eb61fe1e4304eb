//! Facts that an organisation's records show: processed time, lateness, names, pages and windows.

use verkada_audit_logs::demo::{DemoServer, Profile, WindowEnds};

use super::{AUDIT_LOG, SUBJECTS, examine, healthy, server_with_lists};
use crate::support::program::Program;
use crate::support::raw_server::Reply;

#[test]
fn audit_logs_without_processed_time_are_a_warning() {
    let without = AUDIT_LOG.replace(r#""processed_timestamp":"2026-09-14T13:10:05Z","#, "");
    let both = format!("{AUDIT_LOG},{without}");
    for (records, words) in [
        (without.clone(), "1 of 1 have none"),
        (both, "1 of 2 have none"),
    ] {
        let server = server_with_lists(move |request, _| match request.is_for_audit_logs() {
            true => Reply::only_page(request, &records),
            false => healthy(request),
        });
        let examined = examine(&Program::asking_raw(&server), &[]);
        examined
            .finds("processed time", "warn", &[words, "--start and --end"])
            .has_only("warn", &["processed time"])
            .ends_with(0);
    }
    let old = without.replace("2026-09", "2025-07");
    let server = server_with_lists(move |request, _| match request.is_for_audit_logs() {
        true => Reply::only_page(request, &old),
        false => healthy(request),
    });
    let range = ["--start", "2025-07-01", "--end", "2025-08-01"];
    let examined = examine(&Program::asking_raw(&server), &range);
    examined
        .finds("processed time", "ok", &["before 2025-08-12"])
        .ends_with(0);
}

#[test]
fn audit_logs_that_show_by_event_time_alone_are_a_warning() {
    let server = server_with_lists(|request, _| {
        if request.parameter("use_processed_timestamp").is_some() {
            Reply::only_page(request, "")
        } else {
            healthy(request)
        }
    });
    let examined = examine(&Program::asking_raw(&server), &[]);
    examined
        .finds("audit logs", "ok", &["none from"])
        .finds(
            "processed time",
            "warn",
            &["by event time 1", "would print none"],
        )
        .finds("order", "ok", &["by event time"])
        .ends_with(0);
}

#[test]
fn a_quiet_organisation_is_well() {
    let server = DemoServer::builder(Profile::empty()).start().unwrap();
    let examined = examine(&Program::asking_demo(&server), &[]);
    examined
        .finds("audit logs", "ok", &["none from"])
        .finds("lateness", "skip", &["not checked: no audit logs from"])
        .has_only("skip", &SUBJECTS[8..15])
        .ends_with(0);
}

#[test]
fn lateness_beyond_the_overlap_matters_where_event_time_decides() {
    let late = AUDIT_LOG.replace("13:10:05Z", "13:35:00Z");
    let server = server_with_lists(move |request, _| match request.is_for_audit_logs() {
        true => Reply::only_page(request, &late),
        false => healthy(request),
    });
    let program = Program::asking_raw(&server);
    let range = ["--start", "2026-09-14", "--end", "2026-09-15"];
    let with_checkpoint = [&range[..], &["--checkpoint", "c"]].concat();
    examine(&program, &with_checkpoint)
        .finds(
            "lateness",
            "warn",
            &["1500 s (largest of 1)", "--overlap-minutes to 32"],
        )
        .ends_with(0);
    let with_overlap = [&with_checkpoint[..], &["--overlap-minutes", "32"]].concat();
    for arguments in [&range[..], &["--checkpoint", "c"], &with_overlap] {
        examine(&program, arguments).finds("lateness", "ok", &["1500 s (largest of 1)"]);
    }
}

#[test]
fn an_event_name_that_matches_nothing_is_a_warning_with_the_nearest_known_one() {
    let server = server_with_lists(|request, _| healthy(request));
    let program = Program::asking_raw(&server);
    for (arguments, words) in [
        (
            ["--event", "Live Steam Started"],
            [
                "“Live Steam Started”",
                "nearest known name is “Live Stream Started”",
            ],
        ),
        (
            ["--exclude-event", "Usr Login"],
            ["a run keeps 1 of the 1", "“User Login”"],
        ),
        (
            ["--event", "Door Created"],
            ["“Door Created” is a known name", "may be rare"],
        ),
        (
            ["--event", "qqqqqqqq"],
            ["no known name is like “qqqqqqqq”", "--all-events"],
        ),
    ] {
        let examined = examine(&program, &arguments);
        examined.finds("event names", "warn", &words);
        examined.has_only("warn", &["event names"]).ends_with(0);
    }
    for (arguments, words) in [
        (
            &["--event", " live STREAM started "][..],
            "each is on the page; a run keeps 1 of the 1",
        ),
        (
            &["--exclude-event", "Live Stream Started"],
            "a run keeps 0 of the 1",
        ),
        (&["--all-events"], "a run keeps 1 of the 1"),
        (&[], "the three of the default"),
    ] {
        examine(&program, arguments).finds("event names", "ok", &[words]);
    }
    let program = program.with("INTERESTED_EVENTS", "Archive Action Takn");
    examine(&program, &[]).finds("event names", "warn", &["“Archive Action Taken”"]);
}

#[test]
fn a_page_token_is_described_and_only_a_number_is_shown() {
    for (token, words) in [
        ("2", "audit logs the number 2, so very likely a page number"),
        (r#""Mg""#, "audit logs the number 2 in Base64"),
        (r#""0f9e8d7c""#, "audit logs 8 hexadecimal digits"),
    ] {
        let server = server_with_lists(move |request, _| match request.is_for_audit_logs() {
            true => Reply::page(request, AUDIT_LOG, token),
            false => healthy(request),
        });
        let examined = examine(&Program::asking_raw(&server), &["--page-size", "1"]);
        examined.finds("page token", "ok", &[words]).ends_with(0);
    }
    let server = server_with_lists(|request, _| healthy(request));
    let examined = examine(&Program::asking_raw(&server), &[]);
    examined.finds("page token", "skip", &["fits on one page"]);
    examined.finds("order", "ok", &["too few times"]);
}

#[test]
fn window_ends_are_tried_and_only_a_loss_is_a_warning() {
    for (start_inclusive, end_inclusive, words) in [
        (true, true, "both count"),
        (true, false, "the start counts, the end does not"),
        (false, true, "the end counts, the start does not"),
        (false, false, "neither counts"),
    ] {
        let ends = WindowEnds {
            start_inclusive,
            end_inclusive,
        };
        let server = DemoServer::builder(Profile::demo())
            .window_ends(ends)
            .start();
        let server = server.unwrap();
        let program = Program::asking_demo(&server);
        let outcome = if start_inclusive || end_inclusive {
            "ok"
        } else {
            "warn"
        };
        examine(&program, &[])
            .finds("window ends", outcome, &[words])
            .ends_with(0);
        examine(&program, &["--checkpoint", "c"]).finds("window ends", "ok", &[words]);
        let range = ["--start", "2026-09-14", "--end", "2026-09-15"];
        examine(&program, &range).finds("window ends", outcome, &[words]);
    }
}
