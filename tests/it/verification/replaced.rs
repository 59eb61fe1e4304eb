//! Files that the run itself replaces are refused, because their lines would be lost.

use std::fs;
use std::os::unix::fs::symlink;

use super::verify;
use crate::support::program::{KEY, Program};

/// The content of an archive.
const LINES: &str = "{\"created\":1788739300}\n";

#[test]
fn a_file_that_the_run_would_replace_is_refused_and_stays() {
    let program = Program::asking("http://127.0.0.1:1", KEY);
    program.write("audit.jsonl", LINES);
    symlink("audit.jsonl", program.path("link")).unwrap();
    for flag in ["--metrics-file", "--token-file"] {
        for (replaced, compared) in [("audit.jsonl", "audit.jsonl"), ("./audit.jsonl", "link")] {
            let ended = verify(&program, &[flag, replaced, "other.jsonl", compared]);
            ended.refuses(2, &[flag, "audit.jsonl", "give each its own"]);
        }
    }
    let arguments = [
        "--checkpoint",
        "audit.jsonl",
        "--output",
        "o",
        "audit.jsonl",
    ];
    verify(&program, &arguments).refuses(2, &["--checkpoint", "audit.jsonl"]);
    // Nor is it replaced if another mistake is found first.
    for wrong in [&["--page-size", "0"][..], &["--evnt", "x"]] {
        let arguments = [wrong, &["--metrics-file", "audit.jsonl", "audit.jsonl"]].concat();
        verify(&program, &arguments).refuses(2, &[]);
    }
    assert_eq!(program.files(), ["audit.jsonl", "link"]);
    assert_eq!(
        fs::read_to_string(program.path("audit.jsonl")).unwrap(),
        LINES
    );
}
