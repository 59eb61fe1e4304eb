//! Another format from run to run with one checkpoint: it goes by the records, so nothing is repeated or lost.

use std::fs;

use tokio::sync::watch;
use verkada_audit_logs::Source;
use verkada_audit_logs::demo::{DailyCycle, DemoServer, Profile};
use verkada_audit_logs::pull::{
    Checkpoint, EventFilter, Faults, Format, Moment, Output, Period, Printer, Progress, Pull,
    record_text,
};

use crate::support::program::Program;
use crate::support::range::{Range, client};

const START: i64 = 1_789_000_200;
const END: i64 = START + 4 * 1_800;

fn server() -> DemoServer {
    let profile = Profile {
        audit_logs_per_day: 20_000.0,
        notifications_per_day: 5_000.0,
        daily_cycle: DailyCycle::Flat,
        twins_per_mille: 100,
        ..Profile::demo()
    };
    DemoServer::builder(profile).start().unwrap()
}

/// The records in `lines`, sorted.
fn sorted_records(lines: &str) -> Vec<String> {
    let records = lines.lines().map(|line| record_text(line).unwrap());
    let mut records: Vec<_> = records.map(std::borrow::Cow::into_owned).collect();
    records.sort();
    records
}

#[test]
fn another_format_from_run_to_run_repeats_and_loses_nothing() {
    let server = server();
    let program = Program::asking_demo(&server).with("VERKADA_MAX_REQUESTS_PER_MINUTE", "60000");
    let range = |end: i64, more: &str| {
        let arguments = format!("--all-events --start {START} --end {end} {more}");
        program.run(arguments.split_whitespace()).quietly().stdout
    };
    let formats = ["raw", "ocsf", "envelope", "raw"];
    for (number, format) in (1..).zip(formats) {
        let more = format!("--checkpoint progress.json --output out.jsonl --format {format}");
        range(START + number * 1_800, &more);
    }
    let lines = fs::read_to_string(program.path("out.jsonl")).unwrap();
    for beginning in ["{\"id\":", "{\"category_uid\":", "{\"details\":"] {
        assert!(lines.lines().any(|line| line.starts_with(beginning)));
    }
    let records = sorted_records(&lines);
    assert!(records.len() > 1_000);
    assert!(records == sorted_records(&range(END, "")));
}

/// Runs that die after the write of one slice, or before it, and print in another format each time.
#[tokio::test]
async fn a_killed_run_and_the_next_in_another_format_print_everything_once() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let (checkpoint, out) = (folder.path().join("checkpoint"), folder.path().join("out"));
    let run = async |format: Format, dies: Option<(Moment, u32)>| {
        let checkpoint = Checkpoint::open(&checkpoint, server.base_url()).unwrap();
        let output = Output::append(&out).unwrap();
        let faults = Faults {
            dies,
            ..Faults::default()
        };
        let printer = Printer::new(output, Some(checkpoint))
            .with_format(format, "h".to_owned())
            .with_faults(faults);
        let pull = Pull {
            now: END + 86_400,
            period: Period::Range {
                start: START,
                end: END,
            },
            sources: Source::ALL.to_vec(),
            filter: EventFilter::All,
            interval_seconds: 900,
            overlap_seconds: 1_800,
            accept_gap_to: None,
            measures_times: false,
        };
        let api = client(&server).build().unwrap();
        let (progress, _) = watch::channel(Progress::default());
        let (_never, stop) = watch::channel(false);
        // A run that dies on purpose reports a failure.
        pull.run(&api, printer, &progress, stop).await.unwrap();
    };
    let moments = [Moment::BeforeSave, Moment::BeforeWrite, Moment::AfterSave];
    let formats = [Format::Envelope, Format::Ocsf, Format::Raw];
    for (format, moment) in formats
        .into_iter()
        .cycle()
        .zip(moments.into_iter().cycle().take(7))
    {
        run(format, Some((moment, 1))).await;
    }
    run(Format::Ocsf, None).await;
    let lines = fs::read_to_string(&out).unwrap();
    let api = client(&server).build().unwrap();
    let whole = Range::of(START, END - START).read(&api).await.whole();
    assert!(sorted_records(&lines) == sorted_records(&whole));
}
