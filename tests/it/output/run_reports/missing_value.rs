//! A flag without its value.

use super::last_line;
use crate::support::program::Program;

#[test]
fn the_flag_after_a_missing_path_is_not_taken_for_the_path() {
    let program = Program::bare();
    let ended = program.run(["--metrics-file", "--log-format", "json"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    last_line(&ended);
    assert!(program.files().is_empty(), "{:?}", program.files());
}
