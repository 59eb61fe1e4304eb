//! The metrics file, which a run does without if it cannot be written.

use std::fs;

use super::{Examined, examine};
use crate::support::program::Program;

#[test]
fn a_metrics_file_that_cannot_be_written_is_a_warning() {
    let program = Program::bare();
    fs::create_dir(program.path("folder.prom")).unwrap();
    for (path, words) in [
        ("folder.prom", "folder.prom is not a regular file"),
        ("missing/acme.prom", "No such file"),
    ] {
        let examined = examine(&program, &["--demo", "--metrics-file", path]);
        examined
            .finds(
                "metrics file",
                "warn",
                &["cannot be written", words, "another --metrics-file"],
            )
            .has_only("warn", &["metrics file"])
            .ends_with(0);
        // A run says the same.
        let run = program.run(["--demo", "--metrics-file", path]);
        assert_eq!(run.code, Some(0));
        run.says(&["metrics cannot be written", words]);
    }
    let examined = examine(&program, &["--demo", "--metrics-file", "acme.prom"]);
    examined.finds("metrics file", "ok", &["acme.prom can be written"]);
    examine(&program, &["--demo"]).finds("metrics file", "ok", &["none is used"]);
    assert_eq!(program.files(), ["folder.prom"]);
}

#[test]
fn a_metrics_file_that_is_mounted_by_itself_is_named() {
    let program = Program::bare();
    program.write("source", "");
    program.write("mounted", "");
    let Some(mounted) = program.mounting("--bind source mounted") else {
        return;
    };
    let examined = Examined::of(mounted("doctor --demo --metrics-file mounted"));
    examined
        .finds(
            "metrics file",
            "warn",
            &["is a mount point", "mount its folder instead"],
        )
        .ends_with(0);
    mounted("--demo --metrics-file mounted").says(&["metrics cannot be written"]);
}
