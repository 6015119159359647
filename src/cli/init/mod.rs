//! `homelab init`: a first platform.toml, by a few questions or by flags.
//!
//! What is written is a platform like any other: small, sound, and its owner's from then on.

mod answers;

use std::path::Path;

use serde::Serialize;

use super::arguments::{Init, Shape};
use super::{End, file, terminal};
use crate::compile;
use crate::emit::template::Template;
use crate::manifest;
use answers::Answers;

/// The schema that the new file names, for editors.
const SCHEMA: &str = "platform.schema.json";

static ONE_MACHINE: Template = Template::toml(include_str!("one-machine.toml.j2"));
static PI_AND_GPU: Template = Template::toml(include_str!("pi-and-gpu.toml.j2"));
static MAC_PAIR: Template = Template::toml(include_str!("mac-pair.toml.j2"));

/// What a template sees.
#[derive(Debug, Serialize)]
struct Seen {
    schema: String,
    name: String,
    gateway: Machine,
    server: Option<Machine>,
    models: Vec<Model>,
    by: String,
    today: String,
}

/// A machine of the new platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Machine {
    name: String,
    os: &'static str,
    user: Option<String>,
    address: Option<String>,
    /// Where the service that is ours runs.
    folder: String,
    env_file: String,
}

/// A model of the new platform, and its handle of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Model {
    name: String,
    id: String,
    port: u16,
    /// What it is for stands in the name of every embedding model that owners run.
    embeds: bool,
}

pub(super) fn run(arguments: &Init) -> End {
    let path = &arguments.platform;
    if std::fs::symlink_metadata(path).is_ok() {
        let message = format!("`{}` is there already, and is not touched", path.display());
        terminal::complain(&message, Some("`--platform FILE` writes another one"));
        return End::Failed;
    }
    let Some((shape, answers)) = Answers::of(arguments) else {
        return End::Failed;
    };
    let template = match shape {
        Shape::OneMachine => &ONE_MACHINE,
        Shape::PiAndGpu => &PI_AND_GPU,
        Shape::MacPair => &MAC_PAIR,
    };
    let text = match template.render(&seen(shape, answers)) {
        Ok(text) => text,
        Err(error) => {
            terminal::complain(&terminal::chain(&error), None);
            return End::Failed;
        }
    };
    write(path, &text)
}

fn seen(shape: Shape, answers: Answers) -> Seen {
    let folder = match shape {
        Shape::MacPair => "/opt/mlx",
        Shape::OneMachine | Shape::PiAndGpu => "/opt/ollama",
    };
    let mut machines = answers.machines.into_iter();
    let mut next = |folder: &str| {
        machines.next().map(|(name, address)| Machine {
            env_file: format!("/etc/{}/litellm.env", answers.name),
            name,
            os: answers.os,
            user: answers.user.clone(),
            address,
            folder: folder.to_owned(),
        })
    };
    let gateway = next("/opt/litellm").expect("every shape has a machine for the gateway");
    Seen {
        schema: format!("./{SCHEMA}"),
        name: answers.name.clone(),
        server: next(folder),
        gateway,
        models: models(&answers.models),
        by: answers.by,
        today: answers.today,
    }
}

/// The models, each with a name of its own and the next port.
fn models(ids: &[String]) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    for (id, port) in ids.iter().zip(8100..) {
        let last = id.rsplit('/').next().unwrap_or(id);
        let name = answers::slug(last).unwrap_or_else(|| "model".to_owned());
        let is_taken = |name: &str| models.iter().any(|it| it.name == name);
        let numbered = (2..).map(|it| format!("{name}-{it}"));
        let name = std::iter::once(name.clone())
            .chain(numbered)
            .find(|it| !is_taken(it))
            .unwrap_or(name);
        models.push(Model {
            name,
            id: id.clone(),
            embeds: id.to_lowercase().contains("embed"),
            port,
        });
    }
    models
}

fn write(path: &Path, text: &str) -> End {
    let schema = path.with_file_name(SCHEMA);
    let of_schema = manifest::schema_text(&compile::schema());
    // The schema first: a platform whose schema is missing would be read without it, and nobody would see why.
    let before = std::fs::read_to_string(&schema).ok();
    let files = [
        (schema.as_path(), before.as_deref(), of_schema.as_str()),
        (path, None, text),
    ];
    for (path, before, text) in files {
        if let Err(error) = file::replace(path, before, text) {
            terminal::complain(&format!("cannot write `{}`: {error}", path.display()), None);
            return End::Failed;
        }
    }
    let platform = if path == Path::new("platform.toml") {
        String::new()
    } else {
        format!(" --platform {}", path.display())
    };
    let told = format!(
        "{}: written, and {SCHEMA} beside it for your editor\n\nRead it, then:\n  homelab lint{platform}\n  homelab build{platform}\n",
        path.display()
    );
    if terminal::say(&told) {
        End::Well
    } else {
        End::Failed
    }
}
