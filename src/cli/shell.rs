//! `homelab completions` and `homelab man`: what a shell and `man` want to know, made from the arguments.

use std::fs;

use clap::CommandFactory;

use super::arguments::{Completions, Homelab, Man};
use super::{End, terminal};

pub(super) fn completions(arguments: &Completions) -> End {
    let mut text = Vec::new();
    let mut command = Homelab::command();
    clap_complete::generate(arguments.shell, &mut command, "homelab", &mut text);
    said(&text)
}

pub(super) fn man(arguments: &Man) -> End {
    // `help` has nothing to say that the pages do not.
    let command = Homelab::command().disable_help_subcommand(true);
    if let Some(folder) = &arguments.out {
        let written =
            fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
        return match written {
            Ok(()) => End::Well,
            Err(error) => {
                let folder = folder.display();
                terminal::complain(&format!("cannot write to `{folder}`: {error}"), None);
                End::Failed
            }
        };
    }
    let mut text = Vec::new();
    match clap_mangen::Man::new(command).render(&mut text) {
        Ok(()) => said(&text),
        Err(error) => {
            terminal::complain(&format!("cannot make the page: {error}"), None);
            End::Failed
        }
    }
}

fn said(text: &[u8]) -> End {
    if terminal::say(&String::from_utf8_lossy(text)) {
        End::Well
    } else {
        End::Failed
    }
}
