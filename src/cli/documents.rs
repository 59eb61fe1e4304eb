//! Shell completions and the man page, from the definition of the flags.

use std::io;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use verkada_audit_logs::pull::Format;
use verkada_audit_logs::{Region, Source};

use super::args::CommandLine;
use super::report::LogFormat;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The script that completes commands, flags and their values in `shell`.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut command = CommandLine::command();
    // The flags of a command are set up only now.
    command.build();
    let mut command = with_values(command);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, NAME, &mut script);
    match shell {
        Shell::Bash => with_one_name(&String::from_utf8_lossy(&script)).into_bytes(),
        Shell::Fish => with_values_before_commands(&String::from_utf8_lossy(&script)).into_bytes(),
        _ => script,
    }
}

/// The command with the values of flags that take one of a few. They are for completion alone: a run reads and refuses
/// values with messages of its own.
fn with_values(command: Command) -> Command {
    let command = command.mut_args(|flag| match values(flag.get_id().as_str()) {
        Some(values) => flag.value_parser(values),
        None => flag,
    });
    command.mut_subcommands(with_values)
}

fn values(flag: &str) -> Option<Vec<&'static str>> {
    match flag {
        "format" => Some(Format::ALL.map(Format::flag_value).to_vec()),
        "log_format" => Some(LogFormat::VALUES.to_vec()),
        "only" => Some(Source::ALL.map(Source::flag_value).to_vec()),
        "region" => Some(Region::ALL.map(Region::name).to_vec()),
        _ => None,
    }
}

/// The script for bash with one spelling of the program's name. The generator writes its hyphens in two ways, so that no
/// command would be recognised after it: https://github.com/clap-rs/clap/issues/6421
fn with_one_name(script: &str) -> String {
    let [label, name] = ["__subcmd__", "__"].map(|hyphen| NAME.replace('-', hyphen));
    script.replace(&label, &name)
}

/// The script for fish that completes the value of a flag before any command. The generator's script offers nothing for a
/// command line that cannot be parsed yet, and without the value of its last flag it cannot.
fn with_values_before_commands(script: &str) -> String {
    script.replace(
        "2>/dev/null\n    or return\n",
        "2>/dev/null\n    or return 0\n",
    )
}

/// The man page: the main job with its flags, then the other commands in short, on the same page.
pub(crate) fn man_page() -> io::Result<Vec<u8>> {
    let mut command = CommandLine::command().disable_help_subcommand(true);
    command.build();
    let usages = [format!("{NAME} [OPTIONS]")].into_iter();
    let usages = usages.chain(command.get_subcommands().map(usage_of));
    let usages = usages.collect::<Vec<_>>().join("\n");
    let man = Man::new(command.clone().override_usage(usages));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    commands_section(&command).to_writer(&mut page)?;
    help_sections(&command).to_writer(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// Each command with its usage, what it does, and its example.
fn commands_section(command: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for subcommand in command.get_subcommands() {
        roff.control("TP", []);
        roff.text([bold(usage_of(subcommand))]);
        let about = subcommand
            .get_long_about()
            .or_else(|| subcommand.get_about());
        let texts = [about, subcommand.get_after_help()];
        for (index, text) in texts.into_iter().flatten().enumerate() {
            if index > 0 {
                roff.control("IP", []);
            }
            push_lines(&mut roff, &text.to_string());
        }
    }
    roff
}

/// The end of the help: a section for each part of it, under the name that man pages have for it.
fn help_sections(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let text = command.get_after_long_help();
    let text = text.map(ToString::to_string).unwrap_or_default();
    let mut parts: Vec<_> = text
        .split("\n\n")
        .filter_map(|part| part.split_once(":\n"))
        .collect();
    // Man pages have the exit status first.
    parts.rotate_right(1);
    for (heading, lines) in parts {
        let name = match heading {
            "Exit codes" => "EXIT STATUS".to_owned(),
            "Settings" => "ENVIRONMENT".to_owned(),
            other => other.to_uppercase(),
        };
        roff.control("SH", [name.as_str()]);
        push_lines(&mut roff, lines);
    }
    roff
}

fn push_lines(roff: &mut Roff, text: &str) {
    for line in text.lines() {
        roff.text([roman(line)]);
    }
}

fn usage_of(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}
