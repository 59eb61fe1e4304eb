//! The organisation that a checkpoint is bound to is the one that most records name.

use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::program::{KEY, Program};
use crate::support::raw_server::{RawServer, Reply};

const START: i64 = 1_789_401_600;
const OWN: &str = "5b0d6c3e-0000-4000-8000-000000000001";
const SUPPORT: &str = "00000000-0000-4000-8000-000000000002";
const OTHER: &str = "77777777-0000-4000-8000-000000000003";

fn records(organisations: &[&str]) -> String {
    let records: Vec<_> = organisations
        .iter()
        .enumerate()
        .map(|(number, id)| {
            format!(r#"{{"n":{number},"event_name":"x","organization_id":"{id}"}}"#)
        })
        .collect();
    records.join(",")
}

/// A server whose one page of audit logs may change, and a program that reads it.
struct Stage {
    page: Arc<Mutex<String>>,
    program: Program,
    server: RawServer,
}

impl Stage {
    fn new() -> Self {
        let page = Arc::<Mutex<String>>::default();
        let served = Arc::clone(&page);
        let server = RawServer::issuing_tokens(move |request, _| {
            let audit_logs = if request.is_for_audit_logs() {
                served.lock().unwrap().clone()
            } else {
                String::new()
            };
            Reply::only_page(request, &audit_logs)
        });
        let program = Program::asking(server.base_url(), KEY);
        Self {
            page,
            program,
            server,
        }
    }

    /// Reads `minutes` from the start while the page names `organisations`, and returns the exit code and the errors.
    fn read(&self, minutes: i64, organisations: &[&str]) -> (Option<i32>, String) {
        self.read_with(&self.program, minutes, organisations)
    }

    fn read_with(
        &self,
        program: &Program,
        minutes: i64,
        organisations: &[&str],
    ) -> (Option<i32>, String) {
        *self.page.lock().unwrap() = records(organisations);
        let (start, end) = (START.to_string(), (START + minutes * 60).to_string());
        let fixed = [
            "--all-events",
            "--checkpoint",
            "c",
            "--start",
            &start,
            "--end",
            &end,
        ];
        let ended = program.run(fixed);
        assert_eq!(ended.stdout.is_empty(), ended.code != Some(0));
        (ended.code, ended.stderr)
    }

    fn bound_to(&self) -> Value {
        let text = fs::read_to_string(self.program.path("c")).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        state["organization_id"].clone()
    }
}

#[test]
fn a_support_row_neither_binds_a_checkpoint_nor_locks_it() {
    let stage = Stage::new();
    assert_eq!(stage.read(10, &[SUPPORT, OWN, OWN]).0, Some(0));
    assert_eq!(stage.bound_to(), OWN);
    assert_eq!(stage.read(20, &[SUPPORT, SUPPORT, OWN, OTHER]).0, Some(0));
    assert_eq!(stage.bound_to(), OWN);
    // No record names it: this is another organisation.
    let before = fs::read(stage.program.path("c")).unwrap();
    let (code, stderr) = stage.read(30, &[OTHER, OTHER]);
    assert_eq!(code, Some(2), "{stderr}");
    let belongs = format!("belongs to organisation {OWN}, and this key reads {OTHER}");
    assert!(stderr.contains(&belongs), "{stderr}");
    assert_eq!(fs::read(stage.program.path("c")).unwrap(), before);
}

#[test]
fn a_new_key_is_judged_by_the_same_rule() {
    let stage = Stage::new();
    assert_eq!(stage.read(10, &[OWN]).0, Some(0));
    let with_key = |key: &str| {
        let program = Program::asking(stage.server.base_url(), key);
        program.write("c", fs::read(stage.program.path("c")).unwrap());
        program
    };
    let read = |key, organisations: &[&str]| {
        let (code, _) = stage.read_with(&with_key(key), 20, organisations);
        code
    };
    assert_eq!(read("rotated", &[SUPPORT, SUPPORT, OWN]), Some(0));
    assert_eq!(read("foreign", &[SUPPORT, OTHER]), Some(2));
}

#[test]
fn only_an_organisation_in_the_form_of_one_is_shown() {
    let long = "a".repeat(65);
    for (id, shown) in [
        (OTHER, OTHER),
        (&*"a".repeat(64), &*"a".repeat(64)),
        (&long, "of another form"),
        ("vkd_api_key", "of another form"),
        ("", "this key reads ;"),
    ] {
        let stage = Stage::new();
        assert_eq!(stage.read(10, &[OWN]).0, Some(0));
        let (code, stderr) = stage.read(20, &[id]);
        assert_eq!(code, Some(2));
        assert!(stderr.contains(shown), "{id}: {stderr}");
        assert_eq!(
            stderr.contains(id),
            shown == id || id.is_empty(),
            "{stderr}"
        );
    }
}

#[test]
fn a_failed_look_up_of_the_organisation_gets_the_advice_of_every_other_request() {
    for (status, code, advice) in [
        (401, 3, "check that the key"),
        (403, 3, "the key needs the permission"),
        (404, 5, "check --region and --base-url"),
    ] {
        let server = RawServer::start(move |request, _| match request.path.as_str() {
            // Only notifications are read, and the key is new to the checkpoint.
            "/token" if status != 401 => Reply::token("token-0"),
            _ => Reply::error(status, "no"),
        });
        let program = Program::asking(server.base_url(), KEY);
        let only = ["--checkpoint", "c", "--only", "notifications"];
        let ended = program.run(only);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        ended.says(&[advice]);
    }
}
