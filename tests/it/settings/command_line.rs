//! Flags and variables that select records, `.env` files, signals, and systems that lack something.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::program::{BINARY, Ended, KEY, Program};
use crate::support::raw_server::{AUDIT_LOGS, RawServer, Reply};
use crate::support::say_left_out;

const NOTHING: [&str; 0] = [];

/// Holds one audit log for each name.
fn server_with_events(names: &[&str]) -> RawServer {
    let records: Vec<_> = names
        .iter()
        .map(|name| format!(r#"{{"event_name":"{name}"}}"#))
        .collect();
    RawServer::holding(&records.join(","), "")
}

/// The event names that were printed.
fn events(ended: &Ended) -> Vec<String> {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut names: Vec<_> = ended
        .lines()
        .iter()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["event_name"].as_str().unwrap().to_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn excluded_events_are_left_out_and_all_others_are_kept() {
    let server = server_with_events(&["Live Stream Started", "Login", "User Created"]);
    let program = Program::asking_raw(&server);
    let kept = |arguments: &[&str]| events(&program.run(arguments));
    assert_eq!(kept(&[]), ["Live Stream Started"]);
    assert_eq!(
        kept(&["--exclude-event", " login "]),
        ["Live Stream Started", "User Created"]
    );
    assert_eq!(
        kept(&[
            "--exclude-event",
            "Login,user created",
            "--exclude-event",
            "x"
        ]),
        ["Live Stream Started"]
    );
    let program = Program::asking_raw(&server).with("EXCLUDED_EVENTS", "Live Stream Started");
    let kept = |arguments: &[&str]| events(&program.run(arguments));
    assert_eq!(kept(&[]), ["Login", "User Created"]);
    assert_eq!(
        kept(&["--event", "Live Stream Started"]),
        ["Live Stream Started"]
    );
    assert_eq!(kept(&["--all-events"]).len(), 3);
}

#[test]
fn the_nearest_layer_that_names_events_counts_alone() {
    let server = server_with_events(&["A", "B", "C"]);
    let program = Program::asking_raw(&server).with("INTERESTED_EVENTS", "A");
    program.write(".env", "EXCLUDED_EVENTS=A,B\n");
    assert_eq!(events(&program.run(NOTHING)), ["A"]);
    assert_eq!(events(&program.run(["--exclude-event", "A"])), ["B", "C"]);
    let program = Program::asking_raw(&server);
    program.write(".env", "EXCLUDED_EVENTS=A,B\n");
    assert_eq!(events(&program.run(NOTHING)), ["C"]);
}

#[test]
fn events_that_are_both_wanted_and_excluded_are_refused() {
    let program = Program::bare().with("VERKADA_API_KEY", KEY);
    for other in [&["--event", "B"][..], &["--all-events"]] {
        let arguments = [&["--exclude-event", "A"], other].concat();
        program
            .run(arguments)
            .refuses(2, &["--exclude-event", other[0]]);
    }
    let both = Program::bare()
        .with("VERKADA_API_KEY", KEY)
        .with("INTERESTED_EVENTS", "A")
        .with("EXCLUDED_EVENTS", "B");
    let names = ["INTERESTED_EVENTS", "EXCLUDED_EVENTS"];
    both.run(NOTHING).refuses(2, &names);
    program.write(".env", "INTERESTED_EVENTS=A\nEXCLUDED_EVENTS=B\n");
    program.run(NOTHING).refuses(2, &names);
}

#[test]
fn a_list_of_events_in_another_notation_is_refused_with_the_right_form() {
    let lists = [
        "\"Live Stream Started\",\"Archive Action Taken\"",
        "Login,\"Logout\"",
        "'Login'",
        "“Login”",
        "[Login]",
        "[\"Login\",\"Logout\"]",
        "{Login}",
        "Login;Logout",
        "Login|Logout",
        "Login\nLogout",
        "Login\\nLogout",
        "Login\tLogout",
    ];
    let words = ["without quotes", "Live Stream Started,Archive"];
    for list in lists {
        for variable in ["INTERESTED_EVENTS", "EXCLUDED_EVENTS"] {
            let program = Program::bare()
                .with("VERKADA_API_KEY", KEY)
                .with(variable, list);
            program.run(NOTHING).refuses(2, &words).says(&[variable]);
        }
        for flag in ["--event", "--exclude-event"] {
            let program = Program::bare().with("VERKADA_API_KEY", KEY);
            program.run([flag, list]).refuses(2, &words).says(&[flag]);
        }
    }
    let program = Program::bare().with("VERKADA_API_KEY", KEY);
    for types in ["\"motion\"", "motion tamper", "motion;tamper", "[motion]"] {
        program
            .run(["--notification-type", types])
            .refuses(2, &["--notification-type", "separated by commas"]);
    }
}

#[test]
fn a_span_is_read_by_event_time_until_now() {
    for (span, seconds) in [("2h", 7_200), ("90m", 5_400), ("1d 12h", 129_600)] {
        let server = RawServer::holding("", "");
        let before = chrono::Utc::now().timestamp();
        Program::asking_raw(&server)
            .run(["--since", span, "--page-size", "200"])
            .quietly();
        let after = chrono::Utc::now().timestamp();
        let asked = server.seen_at(AUDIT_LOGS);
        let time =
            |name: &str, at: usize| -> i64 { asked[at].parameter(name).unwrap().parse().unwrap() };
        let starts = (0..asked.len()).map(|at| time("start_time", at)).min();
        let ends = (0..asked.len()).map(|at| time("end_time", at)).max();
        let (start, end) = starts.zip(ends).unwrap();
        assert_eq!(end - start, seconds);
        assert!((before..=after).contains(&end), "{end}");
        for request in &asked {
            let processed = request.parameter("use_processed_timestamp");
            assert_ne!(processed.as_deref(), Some("true"));
        }
    }
}

#[test]
fn the_advice_after_a_failed_span_can_be_followed() {
    let server = RawServer::issuing_tokens(|_, _| Reply::error(400, "no"));
    let ended = Program::asking_raw(&server).run(["--since", "10m"]);
    assert_eq!(ended.code, Some(5));
    // The flags cannot stand beside each other.
    ended.says(&["with --start ", "in place of --since"]);
    let ended = Program::asking_raw(&server).run(["--start", "1789401600", "--end", "1789402200"]);
    assert!(!ended.stderr.contains("--since"), "{}", ended.stderr);
}

#[test]
fn a_time_that_begins_with_a_minus_is_named() {
    let program = Program::bare().with("VERKADA_API_KEY", KEY);
    for (arguments, words) in [
        (&["--start", "-2h"][..], ["--start", "“-2h”", "--since 2h"]),
        (&["--start=-2h"], ["--start", "“-2h”", "--since 2h"]),
        (&["--end", "-1"], ["--end", "-1", "before 1970"]),
        (
            &["--end", "-yesterday"],
            ["--end", "“-yesterday”", "not a time"],
        ),
        (&["--since", "-2h"], ["--since", "“-2h”", "write 2h"]),
        (&["--since", "-v"], ["--since", "“-v”", "write 2h"]),
        (&["--since", "2"], ["--since", "“2”", "write 2h"]),
        (&["--since", "90M"], ["--since", "“90M”", "months"]),
        (
            &["--since", "2h", "--start", "1"],
            ["--since", "--start", ""],
        ),
        (&["--since", "2h", "--end", "1"], ["--since", "--end", ""]),
        (&["--start", "1", "--end"], ["--end", "", ""]),
        (&["--page-size", "-many"], ["--page-size", "“-many”", "200"]),
        (
            &["--interval-minutes", "-x"],
            ["--interval-minutes", "“-x”", ""],
        ),
    ] {
        program.run(arguments).refuses(2, &words);
    }
}

#[test]
fn a_key_file_that_is_missing_is_named() {
    let program = Program::bare();
    for path in [
        "/etc/verkada/api-ky",
        "api-ky",
        "/run/secrets/verkada/of-the-organisation/in-europe/api-key",
    ] {
        program
            .run(["--api-key-file", path])
            .refuses(2, &["--api-key-file", path, "No such file"]);
        let program = Program::bare().with("VERKADA_API_KEY_FILE", path);
        program
            .run(NOTHING)
            .refuses(2, &["VERKADA_API_KEY_FILE", path]);
    }
}

#[test]
fn a_key_is_never_cut() {
    let server = RawServer::holding("", "");
    for value in ["k1$abc", "\"k1$abc\"", "k1${abc}", "k1$", "k1\\"] {
        let program = Program::bare().with("VERKADA_BASE_URL", server.base_url());
        program.write(".env", format!("A=b\nVERKADA_API_KEY={value}\n"));
        let ended = program
            .run(NOTHING)
            .refuses(2, &["line 2", "single quotes"]);
        assert!(!ended.stderr.contains("k1"), "{}", ended.stderr);
    }
    let program = Program::bare()
        .with("VERKADA_BASE_URL", server.base_url())
        .with("abc", "SUBSTITUTED");
    program.write(
        ".env",
        "VERKADA_API_KEY='k1$abc\\'\n# it's mine\nOTHER=$abc\n",
    );
    // The library takes the backslash before the quote for an escape, so this one is refused as well.
    program.run(NOTHING).refuses(2, &["line 1"]);
    program.write(
        ".env",
        "VERKADA_API_KEY='k1$abc'\n# it's mine\nOTHER=$abc\n",
    );
    program.run(NOTHING).quietly();
    let keys = server.seen_at("/token");
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].header("x-api-key"), Some("k1$abc"));
}

#[test]
fn lines_that_set_nothing_of_ours_do_not_matter() {
    let server = RawServer::holding("", "");
    let program = Program::bare();
    let text = format!(
        "two words\nMOTD=it's open\nOTHER=$HOME\\\nLATIN=\u{e9}\nVERKADA_API_KEY=a-key\nVERKADA_BASE_URL={}\n",
        server.base_url()
    );
    let latin: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    program.write(".env", latin);
    program.run(NOTHING).quietly();
}

#[test]
fn an_env_file_that_cannot_be_used_is_a_warning_unless_something_is_missing() {
    let server = RawServer::holding("", "");
    let complete = Program::asking_raw(&server);
    let keyless = Program::bare().with("VERKADA_BASE_URL", server.base_url());
    for program in [&complete, &keyless] {
        program.write(".env", "VERKADA_REGION=eu\0\n");
    }
    let ended = complete
        .run(NOTHING)
        .says(&["WARN", ".env holds a NUL byte"]);
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(0), 1));
    keyless
        .run(NOTHING)
        .refuses(2, &["no API key", ".env holds a NUL byte"]);
    // A link that leads nowhere.
    for program in [&complete, &keyless] {
        fs::remove_file(program.path(".env")).unwrap();
        symlink("missing", program.path(".env")).unwrap();
    }
    let ended = complete.run(NOTHING).says(&["WARN", ".env cannot be read"]);
    assert_eq!(ended.code, Some(0));
    keyless
        .run(NOTHING)
        .refuses(2, &["no API key", ".env cannot be read"]);
}

#[test]
fn an_env_file_of_another_user_is_ignored_with_a_warning() {
    let server = RawServer::holding("", "");
    let program = Program::asking_raw(&server);
    program.write(".env", "VERKADA_MAX_REQUESTS_PER_MINUTE=no number\n");
    if chown(program.path(".env"), Some(65_534), None).is_err() {
        say_left_out("only root can give a file to another user");
        return;
    }
    // The search ends there: the file further up is not read instead.
    let folder = program.path("below");
    fs::create_dir(&folder).unwrap();
    let run = |name: &str| {
        let mut command = program.command(NOTHING);
        Ended::from(command.current_dir(program.path(name)).output().unwrap())
    };
    for name in [".", "below"] {
        let ended = run(name).says(&["WARN", "another user (uid 65534)", "chown"]);
        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(0), 1));
    }
    fs::write(folder.join(".env"), "").unwrap();
    chown(folder.join(".env"), Some(65_534), None).unwrap();
    fs::write(program.path(".env"), "VERKADA_API_KEY=far").unwrap();
    let keyless = Program::bare().with("VERKADA_BASE_URL", server.base_url());
    let mut command = keyless.command(NOTHING);
    let ended = Ended::from(command.current_dir(&folder).output().unwrap());
    ended.refuses(2, &["no API key", "another user"]);
}

#[test]
fn an_env_file_may_be_a_pipe() {
    let server = RawServer::holding("", "");
    let program = Program::bare().with("VERKADA_BASE_URL", server.base_url());
    program.make_pipe(".env");
    let child = program.spawn(NOTHING);
    fs::write(program.path(".env"), "VERKADA_API_KEY=through-a-pipe\n").unwrap();
    Ended::from(child.wait_with_output().unwrap()).quietly();
    let keys = server.seen_at("/token");
    assert_eq!(keys[0].header("x-api-key"), Some("through-a-pipe"));
}

/// A server whose audit logs never come.
fn stalling_server() -> RawServer {
    RawServer::issuing_tokens(|_, _| Reply::Stall(Vec::new()))
}

/// Sends signals, in turn, to a run that waits for an answer, after it was started by `shell` words.
fn signalled(prefix: &str, signals: &[&str]) -> Option<i32> {
    let server = stalling_server();
    let program = Program::asking_raw(&server);
    let mut child = Command::new("sh")
        .args(["-c", &format!("{prefix} exec {BINARY}")])
        .current_dir(program.path("."))
        .env_clear()
        .env("VERKADA_BASE_URL", server.base_url())
        .env("VERKADA_API_KEY", KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while server.seen_at(AUDIT_LOGS).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    for name in signals {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", child.id())])
            .status();
        assert!(sent.unwrap().success());
    }
    child.wait().unwrap().code()
}

#[test]
fn a_hangup_stops_a_run_in_good_order() {
    if is_ignored("HUP") {
        say_left_out("SIGHUP is ignored here, and the program would ignore it as well");
        return;
    }
    assert_eq!(signalled("", &["HUP"]), Some(129));
}

#[test]
fn a_signal_that_the_parent_ignored_stays_ignored() {
    if !fs::exists("/proc/self/status").unwrap() {
        say_left_out("only Linux says which signals are ignored");
        return;
    }
    for ignored in ["HUP", "INT"] {
        let prefix = format!("trap '' {ignored};");
        assert_eq!(
            signalled(&prefix, &[ignored, "TERM"]),
            Some(143),
            "{ignored}"
        );
    }
    assert_eq!(signalled("trap '' TERM;", &["TERM"]), Some(143));
}

/// Reports whether a process that this one starts ignores the signal.
fn is_ignored(name: &str) -> bool {
    // A process that ignores the signal lives on and ends by itself.
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} $$")])
        .status();
    status.unwrap().success()
}

#[test]
fn too_few_open_files_are_said_in_one_line() {
    let program = Program::bare();
    // With fewer than 4 the system cannot even load the program.
    for limit in [5, 6, 7, 8, 9, 12, 16, 31] {
        // With JSON a second line says that the run has finished.
        for (arguments, start, lines) in [
            ("--demo", "error: ", 1),
            ("--demo --log-format json", "{", 2),
        ] {
            let ended = program.shell(&format!("ulimit -n {limit} && exec {BINARY} {arguments}"));
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
            assert_eq!(ended.stderr.lines().count(), lines, "{}", ended.stderr);
            assert!(ended.stderr.starts_with(start), "{}", ended.stderr);
            ended.says(&["only", "files may be open", "ulimit -n"]);
        }
    }
    let ended = program.shell(&format!("ulimit -n 32 && exec {BINARY} --demo"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn a_thread_that_cannot_be_started_is_said_in_one_line() {
    // The limit does not hold for root, so the program is run as a user who has no other processes.
    let as_user = "setpriv --reuid=65533 --clear-groups prlimit --nproc=1";
    let can = Command::new("sh")
        .args(["-c", &format!("{as_user} {BINARY} --version")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !can.unwrap().success() {
        say_left_out("this user cannot run the program as another one");
        return;
    }
    let program = Program::bare().with("VERKADA_API_KEY", KEY);
    for arguments in ["", "--demo"] {
        let script = format!("cd / && {as_user} {BINARY} {arguments}");
        program
            .shell(&script)
            .refuses(1, &["no thread can be started", "ulimit -u"]);
    }
}

#[test]
fn help_and_version_survive_closed_and_full_streams() {
    let program = Program::bare();
    for (script, code) in [
        ("--help >&-", 0),
        ("--version | true", 0),
        ("--help 2>&-", 0),
        ("--unknown 2>&-", 2),
        ("--unknown 2>/dev/full", 2),
        ("--unknown >&- 2>&- <&-", 2),
        ("--demo 2>/dev/full >/dev/null", 0),
        ("--help >/dev/full", 1),
        ("--version >/dev/full", 1),
        ("--demo >/dev/full", 1),
        ("--demo >/dev/full 2>/dev/full", 1),
    ] {
        if script.contains("/dev/full") && !fs::exists("/dev/full").unwrap() {
            continue;
        }
        let ended = program.shell(&format!("{BINARY} {script}"));
        assert_eq!(ended.code, Some(code), "{script}: {}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}

#[test]
fn the_summary_of_the_flags_fits_a_screen() {
    let summary = Program::bare().run(["-h"]).quietly().stdout;
    assert!(
        summary.lines().count() <= 50,
        "{} lines",
        summary.lines().count()
    );
    let whole = Program::bare().run(["--help"]).quietly().stdout;
    for words in [
        "--since <SPAN>",
        "--exclude-event <NAME>",
        "[env: EXCLUDED_EVENTS]",
        "129  stopped by SIGHUP",
    ] {
        assert!(whole.contains(words), "no “{words}”");
    }
}
