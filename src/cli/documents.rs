//! Shell completions and the man page, from the definition of the flags.

use std::io;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::CommandLine;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The script that completes commands and flags in `shell`.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), NAME, &mut script);
    script
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
    notes_section(&command).to_writer(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// Each command with its usage, what it does, and its example.
fn commands_section(command: &clap::Command) -> Roff {
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
            push_lines(&mut roff, text);
        }
    }
    roff
}

/// The end of the help: settings and exit codes.
fn notes_section(command: &clap::Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NOTES"]);
    if let Some(text) = command.get_after_long_help() {
        push_lines(&mut roff, text);
    }
    roff
}

fn push_lines(roff: &mut Roff, text: &StyledStr) {
    for line in text.to_string().lines() {
        roff.text([roman(line)]);
    }
}

fn usage_of(command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}
