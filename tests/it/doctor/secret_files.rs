//! Paths that are given for the file with the key, and are none.

use std::fs;

use super::examine;
use crate::support::program::Program;

#[test]
fn nobody_is_told_to_change_the_mode_of_a_folder() {
    let program = Program::bare().with("VERKADA_BASE_URL", "http://127.0.0.1:1");
    fs::create_dir(program.path("folder")).unwrap();
    let examined = examine(&program, &["--api-key-file", "folder"]);
    examined
        .finds("settings", "fail", &["--api-key-file: folder", "directory"])
        .finds("secret files", "ok", &["folder (not a regular file)"])
        .has_only("warn", &[])
        .ends_with(2);
}
