//! The page about commands: what `homelab COMMAND --help` says.

use std::fmt::Write;

use clap::CommandFactory;

use crate::cli::arguments::Homelab;

/// Columns of a help text on the page.
const WIDTH: usize = 90;

pub(super) fn page() -> String {
    let mut homelab = Homelab::command().term_width(WIDTH);
    homelab.build();
    let mut page = format!("# Commands\n\n{}\n", super::MADE);
    section(&mut page, "homelab", &mut homelab.clone());
    for command in homelab.get_subcommands_mut() {
        if !command.is_hide_set() && command.get_name() != "help" {
            let name = format!("homelab {}", command.get_name());
            section(&mut page, &name, command);
        }
    }
    page
}

fn section(page: &mut String, name: &str, command: &mut clap::Command) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "\n## `{name}`\n\n```text\n{}\n```\n",
        lines.join("\n")
    );
}
