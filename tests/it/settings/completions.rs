//! What the shells complete: commands, their flags, and the values of flags that take one of a few.

use crate::support::program::{BINARY, Program};

/// The flags that take one of a few values, and all of these.
const VALUES: [(&str, &[&str]); 4] = [
    ("--format", &["raw", "envelope", "ocsf"]),
    ("--log-format", &["text", "json"]),
    ("--only", &["audit-logs", "notifications"]),
    ("--region", &["us", "eu", "au", "gov", "oh"]),
];

/// The words that bash offers for the last word of `line`.
#[track_caller]
fn offered_by_bash(line: &str) -> Vec<String> {
    let words: Vec<_> = line.split(' ').collect();
    let (last, before) = (words.len() - 1, words[words.len() - 2]);
    let quoted = words.iter().map(|word| format!("'{word}'"));
    let quoted = quoted.collect::<Vec<_>>().join(" ");
    let script = format!(
        "source <({BINARY} completions bash)
        registered=($(complete -p verkada-audit-logs))
        for index in \"${{!registered[@]}}\"; do
            [[ ${{registered[index]}} == -F ]] && function=${{registered[index + 1]}}
        done
        COMP_WORDS=({quoted}) COMP_CWORD={last}
        $function verkada-audit-logs '{}' '{before}'
        printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words[last]
    );
    let program = Program::bare();
    program.write("a-file", "");
    program.write("script", script);
    let ended = program.shell("bash script").quietly();
    let offered = ended.lines().into_iter().filter(|word| !word.is_empty());
    offered.map(str::to_owned).collect()
}

#[test]
fn bash_completes_the_flags_of_each_command() {
    for (line, expected) in [
        ("", "--start"),
        ("verify ", "--start"),
        ("doctor ", "--start"),
    ] {
        let offered = offered_by_bash(&format!("verkada-audit-logs {line}--st"));
        assert_eq!(offered, [expected], "{line}");
    }
    for command in ["completions", "man"] {
        let offered = offered_by_bash(&format!("verkada-audit-logs {command} --"));
        assert_eq!(offered, ["--help"], "{command}");
    }
    let shells = offered_by_bash("verkada-audit-logs completions z");
    assert_eq!(shells, ["zsh"]);
    for line in ["verkada-audit-logs ver", "verkada-audit-logs help ver"] {
        assert_eq!(offered_by_bash(line), ["verify"], "{line}");
    }
}

#[test]
fn bash_completes_the_values_of_flags_and_no_files_in_their_place() {
    for command in ["", "verify ", "doctor "] {
        for (flag, values) in VALUES {
            let line = format!("verkada-audit-logs {command}{flag} ");
            assert_eq!(offered_by_bash(&line), values, "{line}");
        }
        let line = format!("verkada-audit-logs {command}--output a-f");
        assert_eq!(offered_by_bash(&line), ["a-file"], "{line}");
    }
}

/// Neither shell has to be there, so the script itself is looked at.
#[test]
fn zsh_and_fish_complete_the_values_of_flags() {
    let script = |shell: &str| {
        let ended = Program::bare().run(["completions", shell]).quietly();
        ended.stdout
    };
    let [zsh, fish] = ["zsh", "fish"].map(script);
    for (flag, values) in VALUES {
        let in_zsh = format!(":({})'", values.join(" "));
        let lines = |script: &str, start: &str| {
            let lines = script.lines().filter(|line| line.contains(start));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let zsh = lines(&zsh, &format!("{flag}=["));
        assert!(!zsh.is_empty());
        assert!(zsh.iter().all(|line| line.contains(&in_zsh)), "{zsh:?}");
        // In fish the values stand a line each after the flag.
        let name = flag.trim_start_matches("--");
        let values = values.iter().map(|value| format!("{value}\\t''"));
        let in_fish = format!(" -a \"{}\"", values.collect::<Vec<_>>().join("\n"));
        let (_, after) = fish.split_once(&format!(" -l {name} ")).unwrap();
        assert!(after.contains(&in_fish), "{flag}");
    }
    // A command line that ends with a flag is taken for one without a command, so that the value is completed.
    let (_, after) = fish.split_once("argparse -s").unwrap();
    let next = after.lines().nth(1).unwrap();
    assert_eq!(next.trim(), "or return 0");
}
