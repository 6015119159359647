//! `homelab reference`: the pages of `docs/reference/`, made from the code.

mod commands;
mod fields;
mod rules;

use std::fs;
use std::path::Path;

use super::arguments::Reference;
use super::{End, terminal};

/// What every page begins with, below its title.
const MADE: &str = "Made by `homelab reference docs/reference`; edits are lost.";

pub(super) fn run(arguments: &Reference) -> End {
    let mut pages = vec![("commands.md".to_owned(), commands::page())];
    pages.extend(fields::pages());
    pages.extend(rules::pages());
    for (name, text) in pages {
        let file = arguments.folder.join(name);
        if let Err(error) = write(&file, &text) {
            terminal::complain(&format!("cannot write `{}`: {error}", file.display()), None);
            return End::Failed;
        }
    }
    End::Well
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text)
}
