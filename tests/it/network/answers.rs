//! Answers that say success and are not quite a page: none of them passes for "nothing happened".

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::program::{BINARY, Ended, KEY, Program, RANGE, every_record_of};
use crate::support::raw_server::{RawServer, Reply, Request};

/// Three ranges, one after the other.
const EDGES: [i64; 4] = [1_789_401_600, 1_789_402_200, 1_789_402_800, 1_789_403_400];

/// The value of `--only` and the key of the list.
const SOURCES: [(&str, &str); 2] = [
    ("audit-logs", "audit_logs"),
    ("notifications", "notifications"),
];

const JSON: &str = "content-type: application/json\r\n";

/// Reads the range with this number and goes on with the checkpoint.
fn run(program: &Program, only: &str, range: usize) -> Ended {
    let [start, end] = [EDGES[range], EDGES[range + 1]].map(|time| time.to_string());
    program.run([
        "--only",
        only,
        "--all-events",
        "--page-size",
        "2",
        "--checkpoint",
        "c.json",
        "--start",
        &start,
        "--end",
        &end,
    ])
}

/// A record of the range that is read, `seconds` after its start.
fn record(request: &Request, seconds: i64) -> String {
    // The requested window may begin earlier, to find late records.
    let end: i64 = request.parameter("end_time").unwrap().parse().unwrap();
    let start = EDGES.into_iter().rfind(|edge| *edge < end - 1).unwrap();
    format!(r#"{{"timestamp":{0},"created":{0}}}"#, start + seconds)
}

/// Has two full pages for each range; answers the page with this number with `body` while it is set to.
fn failing_at(page: usize, body: String, fails: &Arc<AtomicBool>) -> RawServer {
    let fails = Arc::clone(fails);
    RawServer::issuing_tokens(move |request, _| {
        let asked = usize::from(request.parameter("page_token").is_some());
        if fails.load(Ordering::SeqCst) && asked == page {
            return Reply::json(200, &body);
        }
        let of = |seconds: [i64; 2]| seconds.map(|seconds| record(request, seconds)).join(",");
        match asked {
            0 => Reply::page(request, &of([400, 300]), r#""2""#),
            _ => Reply::only_page(request, &of([200, 100])),
        }
    })
}

/// Answers of another shape, in which `LIST` is the key of the list, and what is said of them.
const OTHER_SHAPES: [(&str, &[&str]); 22] = [
    ("{}", &["an empty object"]),
    (
        r#"{"items":[{"n":1}],"cursor":null}"#,
        &["“items” (array)", "“cursor” (null)"],
    ),
    (
        r#"{"ok":false,"error":"ratelimited"}"#,
        &["“ok” (boolean)", "“error” (string)"],
    ),
    (r#"{"alerts":[]}"#, &["“alerts” (array)"]),
    (r#"{"next_page_token":null}"#, &["“next_page_token” (null)"]),
    (r#"{"data":{"LIST":[]}}"#, &["“data” (object)"]),
    (r#"[{"LIST":[]}]"#, &["of type array"]),
    ("null", &["of type null"]),
    (r#"{"LIST":{"n":1}}"#, &["“LIST” is of type object"]),
    (
        r#"{"LIST":[],"error":"shard timeout"}"#,
        &["“error” (string)"],
    ),
    (r#"{"LIST":null,"errors":["a"]}"#, &["“errors” (array)"]),
    (
        r#"{"LIST":[],"message":"try later","next_page_token":null}"#,
        &["“message” (string)"],
    ),
    (r#"{"LIST":[],"success":false}"#, &["“success” (boolean)"]),
    (r#"{"LIST":null,"items":[{"n":1}]}"#, &["“items” (array)"]),
    (
        r#"{"LIST":[1,2]}"#,
        &["full", "“next_page_token”", "“LIST” (array)"],
    ),
    (
        r#"{"LIST":[1,2],"nextPageToken":"a"}"#,
        &["full", "“nextPageToken” (string)"],
    ),
    (r#"{"LIST":[1],"cursor":"a"}"#, &["“cursor” (string)"]),
    // A part of the records beside what says so.
    (
        r#"{"LIST":[1],"error":"shard timeout","next_page_token":null}"#,
        &["“error” (string)"],
    ),
    (
        r#"{"LIST":[1],"next_page_token":null,"partial":true}"#,
        &["“partial” (boolean)"],
    ),
    (
        r#"{"LIST":[1],"next_page_token":"2","success":false}"#,
        &["“success” (boolean)"],
    ),
    (
        r#"{"LIST":[1],"has_more":true,"next_page_token":null}"#,
        &["there is more", "“has_more” (boolean)"],
    ),
    (
        r#"{"LIST":[],"hasMore":true,"next_page_token":""}"#,
        &["there is more", "“hasMore” (boolean)"],
    ),
];

#[test]
fn an_answer_of_another_shape_is_named_and_its_interval_is_not_marked_as_read() {
    for (body, words) in OTHER_SHAPES {
        for ((only, list), page) in SOURCES
            .into_iter()
            .zip([0, 1])
            .chain(SOURCES.into_iter().zip([1, 0]))
        {
            let fails = Arc::new(AtomicBool::new(false));
            let server = failing_at(page, body.replace("LIST", list), &fails);
            let program = Program::asking_raw(&server);
            assert_eq!(run(&program, only, 0).lines().len(), 4);
            let before = fs::read(program.path("c.json")).unwrap();

            fails.store(true, Ordering::SeqCst);
            let ended = run(&program, only, 1);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{body}");
            let words: Vec<_> = words
                .iter()
                .map(|word| word.replace("LIST", list))
                .collect();
            let ended = ended.says(&words.iter().map(String::as_str).collect::<Vec<_>>());
            for value in ["ratelimited", "shard", "later"] {
                assert!(!ended.stderr.contains(value), "{}", ended.stderr);
            }
            assert_eq!(fs::read(program.path("c.json")).unwrap(), before, "{body}");

            fails.store(false, Ordering::SeqCst);
            assert_eq!(run(&program, only, 1).lines().len(), 4, "{body}");
        }
    }
}

/// Reads one source whose only page is `body`.
fn read(only: &str, headers: &'static str, body: impl AsRef<[u8]>) -> Ended {
    let body = body.as_ref().to_owned();
    let server = RawServer::issuing_tokens(move |_, _| Reply::with(200, headers, &body));
    let arguments = [&RANGE[..], &every_record_of(only)].concat();
    Program::asking_raw(&server).run(arguments)
}

#[test]
fn keys_that_came_instead_are_cleaned_and_cut() {
    let escaped: String = KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let long = "x".repeat(1 << 20);
    for (keys, words) in [
        (format!(r#""{KEY}":1"#), "“[redacted]” (number)"),
        (format!(r#""{escaped}":"a""#), "“[redacted]” (string)"),
        (format!(r#""{}{KEY}":1"#, "y".repeat(35)), "“yyy"),
        (
            r#""\u001b[31m\r\nerror: forged\u202e":{}"#.to_owned(),
            "“[31m error: forged” (object)",
        ),
        (format!(r#""{long}":true"#), "xxx…” (boolean)"),
        (
            r#""https://example.com/i?token=SIGNED":1"#.to_owned(),
            "i?[redacted]”",
        ),
        (r#""\ud800":1"#.to_owned(), "(number)"),
        (
            (0..1_000)
                .map(|n| format!(r#""k{n}":{n}"#))
                .collect::<Vec<_>>()
                .join(","),
            "“k7” (number) and 992 more",
        ),
    ] {
        let ended = read("audit-logs", JSON, format!("{{{keys}}}"));
        assert_eq!(ended.code, Some(5));
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
        assert!(ended.stderr.len() < 1_000, "{}", ended.stderr);
        let ended = ended.says(&["it has no “audit_logs”; its keys are", words]);
        for forbidden in ["\u{1b}", "\u{202e}", "SIGNED", "vkd_api_key"] {
            assert!(!ended.stderr.contains(forbidden), "{}", ended.stderr);
        }
    }
}

/// The second at which the middle record of a bad page happened.
const TIME: i64 = 1_789_401_702;

/// A page of which only the middle record is not JSON, and what is printed of it.
fn page_with_a_bad_record(list: &str) -> (Vec<u8>, String) {
    let around = |bad: &[u8]| {
        let newest = format!(
            r#"{{"created":{},"s":"\u0000 \n \ufffd","n":1e400}}"#,
            TIME + 1
        );
        let oldest = format!("{{\"created\":{},\"s\":\"\u{fffd} é\u{7f}\"}}", TIME - 1);
        let start = format!("{newest},{{\"created\":{TIME},\"s\":");
        [start.as_bytes(), bad, b"},", oldest.as_bytes()].concat()
    };
    let bad = around(b"\"a\x00b\tc\nd\xe9 \xf0\x9f\"");
    let start = format!(r#"{{"{list}":["#);
    let body = [start.as_bytes(), &bad, br#"],"next_page_token":null}"#].concat();
    let good = around("\"a\\u0000b\\u0009c\\u000ad\u{fffd} \u{fffd}\"".as_bytes());
    let good = String::from_utf8(good).unwrap().replace("},{", "}\n{");
    let lines: Vec<_> = good.lines().rev().collect();
    (body, lines.join("\n") + "\n")
}

#[test]
fn a_record_with_a_bad_string_is_repaired_and_the_others_are_untouched() {
    for (only, list) in SOURCES {
        let (body, printed) = page_with_a_bad_record(list);
        let ended = read(only, JSON, body);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(0), printed.as_str())
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        let source = list.replace('_', " ");
        ended.says(&[
            "WARN",
            &source,
            "records=1",
            "2026-09-14T16:01:42Z",
            "U+FFFD",
        ]);
    }
}

#[test]
fn a_list_with_many_times_more_elements_than_asked_for_takes_no_memory() {
    let mut body = GzEncoder::new(Vec::new(), Compression::fast());
    body.write_all(br#"{"audit_logs":[0"#).unwrap();
    let zeros = b",0".repeat(1 << 20);
    for _ in 0..30 {
        body.write_all(&zeros).unwrap();
    }
    body.write_all(b"]}").unwrap();
    let body = body.finish().unwrap();
    let server = RawServer::issuing_tokens(move |_, _| {
        Reply::with(200, "content-encoding: gzip\r\n", &body)
    });
    let program = Program::asking_raw(&server);
    // In KiB. The text itself is 60 MiB, and its buffer may be twice as long; its elements would take some GiB.
    let limit = "ulimit -d 400000";
    let range = RANGE.join(" ");
    let ended = program.shell(&format!("{limit}; exec {BINARY} {range} --only audit-logs"));
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    ended.says(&["more than 7400 elements, and 100 were asked for"]);
}
