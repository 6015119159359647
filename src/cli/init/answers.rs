//! What the owner says about the house: by flags, and on a terminal by answering.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use super::super::arguments::{Init, Shape};
use super::super::{input, terminal};
use crate::manifest::word::{self, Kind};

/// All that a platform is begun with; every word is one that platform.toml takes.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) name: String,
    pub(super) os: &'static str,
    /// Name and address: the machine of the gateway, then the one with the models.
    pub(super) machines: Vec<(String, Option<String>)>,
    pub(super) user: Option<String>,
    pub(super) models: Vec<String>,
    pub(super) by: String,
    pub(super) today: String,
}

/// What a shape is about.
struct Plan {
    /// What each machine is called unless the owner says otherwise, and what it does.
    machines: &'static [(&'static str, &'static str)],
    /// The model unless the owner names others: one that runs on the least such machine.
    model: &'static str,
    /// Who names models.
    models_of: &'static str,
}

impl Shape {
    fn plan(self) -> Plan {
        match self {
            Self::OneMachine => Plan {
                machines: &[("home", "the machine")],
                model: "llama3.2:3b",
                models_of: "Ollama",
            },
            Self::PiAndGpu => Plan {
                machines: &[
                    ("pi", "the Pi with the gateway"),
                    ("gpu", "the PC with the GPU"),
                ],
                model: "qwen2.5:7b",
                models_of: "Ollama",
            },
            Self::MacPair => Plan {
                machines: &[
                    ("mini", "the Mac with the gateway"),
                    ("studio", "the Mac with the models"),
                ],
                model: "mlx-community/Qwen2.5-7B-Instruct-4bit",
                models_of: "Hugging Face",
            },
        }
    }
}

impl Answers {
    /// Takes the flags and asks for the rest; nothing when something is no answer, which was said then.
    pub(super) fn of(arguments: &Init) -> Option<(Shape, Self)> {
        let today = match arguments.today.or_else(input::today) {
            Some(today) => today.to_string(),
            None => {
                return refuse(
                    "the clock of this machine is before 1970",
                    "give the day by `--today`",
                );
            }
        };
        let asks = io::stdin().is_terminal() && io::stderr().is_terminal();
        let shape = match arguments.shape {
            Some(shape) => shape,
            None if asks => shape()?,
            None => {
                return refuse(
                    "it is not said what there is at home",
                    "add `one-machine`, `pi-and-gpu` or `mac-pair`; on a terminal it is asked for",
                );
            }
        };
        let plan = shape.plan();
        let name = own_name(&arguments.platform);
        let name = answer(
            asks,
            "Name of the platform",
            arguments.name.as_deref(),
            Some(&name),
            &word::NAME,
        )?;
        let machines = machines(asks, arguments, &plan)?;
        let yours = std::env::var("USER").ok().filter(|it| it != "root");
        let user = match (shape, &arguments.user) {
            (Shape::MacPair, given) => {
                let why = "User that services run as, on both";
                Some(answer(
                    asks,
                    why,
                    given.as_deref(),
                    yours.as_deref(),
                    &word::USER,
                )?)
            }
            (_, Some(given)) => Some(answer(asks, "", Some(given), None, &word::USER)?),
            (_, None) => None,
        };
        let models = models(asks, arguments, &plan)?;
        let by = match shape {
            Shape::OneMachine => String::new(),
            Shape::PiAndGpu | Shape::MacPair => {
                let why =
                    "Who approves that the gateway and the model server face the home network";
                answer(
                    asks,
                    why,
                    arguments.by.as_deref(),
                    yours.as_deref(),
                    &word::LINE,
                )?
            }
        };
        let os = match shape {
            Shape::MacPair => "macos",
            Shape::OneMachine if cfg!(target_os = "macos") => "macos",
            Shape::OneMachine | Shape::PiAndGpu => "linux",
        };
        Some((
            shape,
            Self {
                name,
                os,
                machines,
                user,
                models,
                by,
                today,
            },
        ))
    }
}

fn shape() -> Option<Shape> {
    let choices = [
        ("1", Shape::OneMachine, "one machine with Ollama"),
        ("2", Shape::PiAndGpu, "a Raspberry Pi, and a PC with a GPU"),
        ("3", Shape::MacPair, "a pair of Macs"),
    ];
    terminal::note("What is there at home?");
    for (key, _, words) in &choices {
        terminal::note(&format!("  {key}  {words}"));
    }
    loop {
        let typed = typed("1, 2 or 3", Some("1"))?;
        match choices.iter().find(|(key, ..)| *key == typed) {
            Some((_, shape, _)) => return Some(*shape),
            None => terminal::note(&format!("`{typed}` is none of them")),
        }
    }
}

fn machines(asks: bool, arguments: &Init, plan: &Plan) -> Option<Vec<(String, Option<String>)>> {
    if let Some(many) = arguments.host.get(plan.machines.len()) {
        let count = terminal::counted(plan.machines.len(), "machine");
        return refuse(
            &format!("`--host {many}` is one too many"),
            &format!("this shape has {count}; add more in platform.toml"),
        );
    }
    let mut machines: Vec<(String, Option<String>)> = Vec::new();
    for (at, (usual, what)) in plan.machines.iter().enumerate() {
        let given = arguments.host.get(at);
        let (name, address) = match given.map(|it| it.split_once('=')) {
            Some(Some((name, address))) => (Some(name), Some(address)),
            Some(None) => (given.map(String::as_str), None),
            None => (None, None),
        };
        let name = answer(
            asks,
            &format!("Name of {what}"),
            name,
            Some(usual),
            &word::NAME,
        )?;
        if machines.iter().any(|(other, _)| *other == name) {
            return refuse(
                &format!("two machines are called `{name}`"),
                "give each a name of its own",
            );
        }
        let address = if plan.machines.len() > 1 {
            let why = format!("Address of `{name}` in the home network");
            let Some(address) = answer(asks, &why, address, None, &word::ADDRESS) else {
                if !asks && address.is_none() {
                    terminal::note(&format!(
                        "  write `--host {name}={}`",
                        word::ADDRESS.example
                    ));
                }
                return None;
            };
            if machines
                .iter()
                .any(|(_, other)| other.as_ref() == Some(&address))
            {
                return refuse(
                    &format!("two machines have the address {address}"),
                    "give each its own",
                );
            }
            Some(address)
        } else {
            None
        };
        machines.push((name, address));
    }
    Some(machines)
}

fn models(asks: bool, arguments: &Init, plan: &Plan) -> Option<Vec<String>> {
    let why = format!(
        "Models as {} names them, with spaces between",
        plan.models_of
    );
    let models: Vec<String> = match arguments.model.as_slice() {
        [] if asks => typed(&why, Some(plan.model))?
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        [] => vec![plan.model.to_owned()],
        given => given.to_vec(),
    };
    let mut kept: Vec<String> = Vec::new();
    for model in models {
        let model = answer(false, "", Some(&model), None, &word::HANDLE)?;
        if !kept.contains(&model) {
            kept.push(model);
        }
    }
    Some(kept)
}

/// A word of this kind: the one given, or else typed, or else the usual one; nothing when it is none, which was said then.
fn answer(
    asks: bool,
    question: &str,
    given: Option<&str>,
    usual: Option<&str>,
    kind: &Kind,
) -> Option<String> {
    if let Some(given) = given {
        return match kind.check(given) {
            Ok(()) => Some(given.to_owned()),
            Err(flaw) => refuse(
                &format!("`{}` is not {}: {}", shown(given), kind.noun, flaw.what),
                &format!("such as `{}`", kind.example),
            ),
        };
    }
    let usual = usual.filter(|it| kind.check(it).is_ok());
    if !asks {
        return match usual {
            Some(usual) => Some(usual.to_owned()),
            None => refuse(
                &format!("missing: {}", lower(question)),
                "`homelab init --help` names the flag",
            ),
        };
    }
    loop {
        let typed = typed(question, usual)?;
        match kind.check(&typed) {
            Ok(()) => return Some(typed),
            Err(flaw) => terminal::note(&format!(
                "that is not {}: {}; such as `{}`",
                kind.noun, flaw.what, kind.example
            )),
        }
    }
}

/// What is typed, or the usual when the line is empty; nothing at the end of the input.
fn typed(question: &str, usual: Option<&str>) -> Option<String> {
    let hint = usual.map_or_else(String::new, |it| format!(" [{it}]"));
    terminal::ask(&format!("{question}{hint}: "));
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(0) => refuse("there is no answer", "nothing was written"),
        Ok(_) if line.trim().is_empty() => Some(usual.unwrap_or_default().to_owned()),
        Ok(_) => Some(line.trim().to_owned()),
        Err(error) => refuse(
            &format!("cannot read the answer: {error}"),
            "nothing was written",
        ),
    }
}

fn refuse<T>(message: &str, help: &str) -> Option<T> {
    terminal::complain(message, Some(help));
    None
}

fn shown(text: &str) -> String {
    text.chars()
        .map(|it| if it.is_control() { '\u{fffd}' } else { it })
        .take(80)
        .collect()
}

fn lower(question: &str) -> String {
    let mut letters = question.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// The name of the folder that the file is in, as a platform's name.
fn own_name(platform: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let folder = here.join(platform);
    let folder = folder.parent().and_then(Path::file_name);
    folder
        .and_then(|it| slug(&it.to_string_lossy()))
        .unwrap_or_else(|| "home".to_owned())
}

/// A text as a name: lower case, with `-` for whatever a name cannot have; nothing when none of it can stay.
pub(super) fn slug(text: &str) -> Option<String> {
    let parts: Vec<String> = text
        .split(|it: char| !it.is_ascii_alphanumeric())
        .filter(|it| !it.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let name: String = parts.join("-").chars().take(48).collect();
    let name = name.trim_end_matches('-').to_owned();
    word::NAME.check(&name).is_ok().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_are_made_of_what_is_there() {
        let of = |text| slug(text).unwrap_or_default();
        assert_eq!(of("llama3.2:3b"), "llama3-2-3b");
        assert_eq!(of("Qwen2.5-7B-Instruct-4bit"), "qwen2-5-7b-instruct-4bit");
        assert_eq!(of("  "), "");
        assert_eq!(of("über"), "ber");
    }
}
