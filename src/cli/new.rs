//! `homelab new`: the documents that a new service begins with.

use std::fs;
use std::io;
use std::path::{Component, Path};

use super::arguments::{New, NewCommand, NewService};
use super::{End, file, input, terminal};
use crate::diagnostic::near_name;
use crate::emit::pages::scaffold;

pub(super) fn run(arguments: &New) -> End {
    match &arguments.command {
        NewCommand::Service(arguments) => service(arguments),
    }
}

fn service(arguments: &NewService) -> End {
    let Some(reading) = input::load(&arguments.input) else {
        return End::Failed;
    };
    if reading.checked.platform.is_none() {
        return input::show(&arguments.input, reading).end;
    }
    let Some(platform) = &reading.checked.platform else {
        return End::Found;
    };
    let name = &arguments.name;
    let Some(service) = platform.services.iter().find(|it| it.name == *name) else {
        let known = platform.services.iter().map(|it| it.name.as_str());
        let help = near_name(name, known).map_or_else(
            || format!("write `[services.{name}]` with its `kind`, `host` and `port` first; `state = \"planned\"` builds nothing for it"),
            |near| format!("did you mean `{near}`?"),
        );
        terminal::complain(
            &format!("there is no service `{name}` in platform.toml"),
            Some(&help),
        );
        return End::Failed;
    };
    let own = || format!("services/{name}");
    let folder = service.folder.clone().unwrap_or_else(own);
    let below = Path::new(&folder);
    let mut parts = below.components();
    if !parts.all(|it| matches!(it, Component::Normal(_))) {
        let message = format!("`{folder}` is no folder below that of platform.toml");
        terminal::complain(&message, Some("change the service's `folder`"));
        return End::Failed;
    }
    let up = format!(
        "{}generated/docs/",
        "../".repeat(below.components().count())
    );
    let beside = arguments.input.platform.parent().unwrap_or(Path::new(""));
    let folder = beside.join(below);
    for page in scaffold(platform, service, &up) {
        let path = folder.join(&page.path);
        match begin(&path, &page.text) {
            Ok(is_new) => {
                let what = if is_new { "written" } else { "kept as it is" };
                if input::talks(&arguments.input)
                    && !terminal::say(&format!("{}: {what}\n", path.display()))
                {
                    return End::Failed;
                }
            }
            Err(error) => {
                terminal::complain(&format!("cannot write `{}`: {error}", path.display()), None);
                return End::Failed;
            }
        }
    }
    if input::talks(&arguments.input) {
        terminal::note(
            "`homelab build` writes its unit, its health check, its restart and its pages; what only you know is marked in the documents",
        );
    }
    End::Well
}

/// Writes a document where there is none; false when there is one, which is not looked into.
fn begin(path: &Path, text: &str) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    file::replace(path, None, text)
}
