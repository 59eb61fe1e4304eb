//! Free space where a run would write. The scenarios mount small file systems, for which a superuser is needed.

use std::fs;

use super::Examined;
use crate::support::program::Program;

/// The three kinds of files, in the folder that something is mounted on.
const FILES: &str = "--checkpoint small/c --output small/o --metrics-file small/acme.prom --demo";

/// Examines a set-up whose files are in a file system in memory, mounted with `options`, after `prepare` was run. `None`
/// where this user may mount nothing.
fn examine_in(options: &str, prepare: &str) -> Option<Examined> {
    let program = Program::bare();
    fs::create_dir(program.path("small")).unwrap();
    let mount = format!("-t tmpfs -o {options} none small && {prepare}");
    let run = program.mounting(&mount)?;
    Some(Examined::of(run(&format!("doctor {FILES}"))))
}

#[test]
fn a_full_disk_fails_as_a_run_would() {
    let program = Program::bare();
    fs::create_dir(program.path("small")).unwrap();
    let mount = "-t tmpfs -o size=64k none small && head -c 64k /dev/zero > small/filler";
    let Some(run) = program.mounting(mount) else {
        return;
    };
    let examined = Examined::of(run(&format!("doctor {FILES}")));
    let words = ["/small", "no space is left", "make room"];
    examined
        .finds("checkpoint", "fail", &words)
        .finds("output", "fail", &words)
        .finds(
            "metrics file",
            "warn",
            &["cannot be written", "no space is left"],
        )
        .has_only("fail", &["checkpoint", "output"])
        .ends_with(2);
    let ended = run(FILES);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let output = "--output small/o --demo";
    Examined::of(run(&format!("doctor {output}"))).ends_with(1);
    let ended = run(&format!("{output} --start 2026-09-14 --end 2026-09-15"));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
}

#[test]
fn a_disk_that_takes_no_more_files_fails_unless_the_file_is_there() {
    let Some(examined) = examine_in("size=128m,nr_inodes=2", "touch small/o") else {
        return;
    };
    let words = ["/small", "takes no more files"];
    examined
        .finds("checkpoint", "fail", &words)
        .finds("output", "ok", &["small/o can be appended to"])
        .finds("metrics file", "warn", &words);
}

#[test]
fn little_space_is_a_warning() {
    let Some(examined) = examine_in("size=1m", "true") else {
        return;
    };
    let words = ["1.0 MiB", "are left in the folder", "/small", "make room"];
    examined
        .finds("checkpoint", "warn", &words)
        .finds("output", "warn", &words)
        .finds("output", "warn", &["small/o can be created"])
        .finds("metrics file", "warn", &words)
        .ends_with(0);
}

#[test]
fn space_enough_is_not_mentioned() {
    let Some(examined) = examine_in("size=128m", "true") else {
        return;
    };
    examined
        .finds("checkpoint", "ok", &["small/c"])
        .finds("output", "ok", &["small/o can be created"])
        .finds("metrics file", "ok", &["small/acme.prom can be written"])
        .ends_with(0);
}

#[test]
fn a_device_has_no_space_that_could_be_short() {
    let Some(examined) = examine_in("size=1m", "mkfifo small/o") else {
        return;
    };
    examined.finds("output", "ok", &["small/o can be appended to"]);
}

#[test]
fn a_token_that_was_not_asked_for_is_no_reason_to_overlook_a_full_disk() {
    let program = Program::bare().with("VERKADA_API_KEY", "key");
    fs::create_dir(program.path("small")).unwrap();
    let mount = "-t tmpfs -o size=64k none small && head -c 64k /dev/zero > small/filler";
    let Some(run) = program.mounting(mount) else {
        return;
    };
    let arguments = "doctor --base-url http://127.0.0.1:1 --token-file small/token.json";
    let examined = Examined::of(run(arguments));
    let words = ["cannot be written", "no space is left", "/small"];
    examined.finds("token file", "warn", &words).ends_with(4);
}
