//! The page of a service: its contract.

use super::integrations::{value, why};
use super::markdown::{
    Words, Writer, code, code_or_none, joined, listed, number, text, text_or_none,
};
use super::{Book, Page, service_path, to_host, to_service, words};
use crate::backend::Role;
use crate::emit::escape::shell_word;
use crate::emit::picture::blast::Blast;
use crate::emit::process;
use crate::platform::{Handle, Mode, Platform, Service, Visibility, Word};

/// Pages of services lie one folder down.
const UP: &str = "../";

pub(super) fn service(book: &Book, blast: &Blast<'_>, service: &Service) -> Page {
    let platform = book.platform;
    if platform[service.host].elsewhere {
        return provider(platform, service);
    }
    let mut page = Writer::titled(&service.title);
    page.notes(service.notes.as_deref());
    facts(&mut page, platform, service);
    reach(&mut page, platform, service);
    page.section("Health");
    if service.health.is_empty() {
        page.paragraph("Nothing is known that can be asked.");
    } else {
        page.list(service.health.iter().map(words::health));
    }
    run(&mut page, service);
    calls(&mut page, platform, service);
    models(&mut page, platform, service);
    if platform.is_live(service) {
        super::consequences::section(&mut page, platform, UP, &blast.service(service.id));
    }
    page.section("Environment");
    let variables: Vec<_> = service
        .env
        .iter()
        .map(|it| {
            [
                code(&it.name),
                value(UP, platform, it),
                if it.required { "yes" } else { "no" }.into(),
                why(it),
            ]
        })
        .collect();
    page.table(
        ["Variable", "Value", "Required", "Why"],
        &variables,
        "It reads no variable.",
    );
    page.section("To add to it");
    page.paragraph(to_add(service));
    Page::new(service_path(service), &service.title, page.finish())
}

/// The page of a provider in the internet: nothing of it runs here.
fn provider(platform: &Platform, service: &Service) -> Page {
    let mut page = Writer::titled(&service.title);
    page.notes(service.notes.as_deref());
    let url = service.url.as_deref().unwrap_or_default();
    let openai = format!("{url}{}{}", service.base_path, service.kind.openai_path());
    page.list([
        format!("name: {}", code(&service.name)),
        format!(
            "kind: {} ({})",
            code(service.kind.name),
            text(service.kind.title)
        ),
        format!("state: {}", words::service(platform, service)),
        "where: in the internet; what is asked of it leaves the house, and is paid for".to_owned(),
        format!("key: {}", code_or_none(service.key.as_deref())),
        format!("endpoints: {}, as OpenAI's", code(&openai)),
    ]);
    calls(&mut page, platform, service);
    models(&mut page, platform, service);
    Page::new(service_path(service), &service.title, page.finish())
}

fn facts(page: &mut Writer, platform: &Platform, service: &Service) {
    page.begin_list();
    page.fact(["name: ".into(), code(&service.name)]);
    let (kind, title) = (code(service.kind.name), text(service.kind.title));
    page.fact(["kind: ".into(), kind, " (".into(), title, ")".into()]);
    page.fact(["state: ".into(), words::service(platform, service).into()]);
    page.fact(["host: ".into(), to_host(UP, &platform[service.host])]);
    let starter = words::started_by(platform, service);
    page.fact(["started by: ".into(), starter.into()]);
    page.fact(["listens on: ".into(), code(words::bind(platform, service))]);
    let env_file = code_or_none(service.env_file.as_deref());
    page.fact(["env file: ".into(), env_file]);
    if let Some(version) = &service.program_version {
        page.fact(["version: ".into(), code(version)]);
    }
    if !service.pins.is_empty() {
        let pins = listed(service.pins.iter().map(|it| code(it)));
        page.fact(["held back: ".into(), pins]);
    }
    if let Some(it) = &service.approval {
        let (by, when, reason) = (text(&it.by), text(&it.when), text(&it.reason));
        page.fact([
            "approved: for the network, by ".into(),
            by,
            " on ".into(),
            when,
            ": ".into(),
            reason,
        ]);
    }
}

/// How it is reached: every port from everywhere it can be, and a request to copy.
fn reach(page: &mut Writer, platform: &Platform, service: &Service) {
    page.section("How to reach it");
    let ports: Vec<_> = super::ports::of_service(platform, service)
        .map(|(port, name, _)| (name, words::ways(platform, service, port)))
        .collect();
    let rows: Vec<_> = ports
        .iter()
        .flat_map(|(name, ways)| ways.iter().map(move |way| (*name, way)))
        .map(|(name, (from, url))| [code(name), text(from), code(url)])
        .collect();
    page.table(
        ["Port", "From", "URL"],
        &rows,
        "Nobody can say yet: it has no port, or its host no address.",
    );
    let Some((_, url)) = ports.first().and_then(|(_, ways)| ways.last()) else {
        return;
    };
    if let Some(request) = chat(platform, service) {
        page.fenced("sh", &request.curl);
        page.fenced("python", &request.python);
    } else if let Some(request) = health(service, url) {
        page.fenced("sh", &request);
    }
}

/// A chat with the gateway.
fn chat(platform: &Platform, service: &Service) -> Option<Request> {
    if service.id != platform.policy.gateway {
        return None;
    }
    let public = |it: &&Handle| it.visibility == Visibility::Public;
    let asking = Asking::of(platform)?;
    let mut handles = platform.handles.iter().filter(public);
    handles.find_map(|it| asking.for_handle(platform, it))
}

/// The first health check.
fn health(service: &Service, url: &str) -> Option<String> {
    let health = service.health.first()?;
    let base = url.strip_suffix(service.base_path.as_str()).unwrap_or(url);
    let url = [base, &health.path].concat();
    Some(["curl --fail ", &shell_word(&url).ok()?].concat())
}

/// How to ask for a handle, in words to copy.
pub(super) struct Request {
    /// With curl.
    pub(super) curl: String,
    /// With OpenAI's Python client.
    pub(super) python: String,
}

/// What every request to the gateway says, whichever handle it asks for.
pub(super) struct Asking {
    /// The command up to the body.
    curl: String,
    /// The program up to the handle.
    python: String,
}

impl Asking {
    /// How the gateway is asked from furthest away; nothing when it cannot be reached.
    pub(super) fn of(platform: &Platform) -> Option<Self> {
        let gateway = platform.gateway_service();
        let (_, base) = words::ways(platform, gateway, gateway.port()?).pop()?;
        let base = if gateway.base_path.is_empty() {
            base + "/v1"
        } else {
            base
        };
        let url = [&base, "/chat/completions"].concat();
        let key = platform.gateway.key.as_deref();
        let header = key.map_or_else(String::new, |it| {
            format!("  -H \"Authorization: Bearer ${it}\" \\\n")
        });
        let api_key = key.map_or_else(
            || "\"none\"".to_owned(),
            |it| format!("os.environ[{}]", quoted(it)),
        );
        let (url, base) = (shell_word(&url).ok()?, quoted(&base));
        Some(Self {
            curl: format!("curl {url} \\\n{header}  -H 'Content-Type: application/json' \\\n  -d "),
            python: format!(
                "import os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url={base}, api_key={api_key})\nanswer = client.chat.completions.create(\n    model="
            ),
        })
    }

    /// How to ask for a handle whose models chat; nothing when none is live.
    pub(super) fn for_handle(&self, platform: &Platform, handle: &Handle) -> Option<Request> {
        let route = platform
            .routes_of(handle.served_by())
            .find(|it| !it.internal)?;
        if platform[route.model].mode != Mode::Chat {
            return None;
        }
        let model = quoted(&handle.name);
        let messages = r#"{"messages":[{"content":"Hello","role":"user"}],"model":"#;
        let body = [messages, &model, "}"].concat();
        let rest = ",\n    messages=[{\"role\": \"user\", \"content\": \"Hello\"}],\n)\nprint(answer.choices[0].message.content)";
        Some(Request {
            curl: [&self.curl, &*shell_word(&body).ok()?].concat(),
            python: [&self.python, model.as_str(), rest].concat(),
        })
    }
}

/// A string of JSON, which is one of Python too.
fn quoted(words: &str) -> String {
    serde_json::to_string(words).expect("a text is always JSON")
}

fn run(page: &mut Writer, service: &Service) {
    page.section("How it runs");
    let run = &service.run;
    let directory = process::working_directory(service);
    page.begin_list();
    page.fact(["user: ".into(), code(&run.user)]);
    page.fact(["working directory: ".into(), code_or_none(directory)]);
    let (unit, label) = (code(&run.unit), code(&run.label));
    page.fact(["unit: ".into(), unit, ", label: ".into(), label]);
    page.fact(["started again ".into(), words::restart(run.restart).into()]);
    match run.memory {
        Some(memory) => page.fact(["memory: ".into(), words::bytes(memory).into()]),
        None => page.item("memory: no limit"),
    }
    for command in process::commands(service) {
        page.fenced("sh", &command_line(command));
    }
}

fn command_line(command: &[Word]) -> String {
    let words: Vec<String> = command
        .iter()
        .map(|word| match word {
            Word::Text(words) => {
                shell_word(words).map_or_else(|_| "…".to_owned(), std::borrow::Cow::into_owned)
            }
            Word::Variable(name) => format!("\"${name}\""),
        })
        .collect();
    words.join(" ")
}

fn calls(page: &mut Writer, platform: &Platform, service: &Service) {
    page.section("Who calls it");
    let callers: Vec<_> = platform
        .callers_of(service.id)
        .map(|call| [to_service(UP, &platform[call.from]), code(&call.url)])
        .collect();
    page.table(["Caller", "URL"], &callers, "No service calls it.");
    page.section("What it calls");
    let called: Vec<_> = platform
        .calls_of(service.id)
        .map(|call| {
            let callee = &platform[call.to];
            let url = if callee.kind.one_model_per_port {
                joined([code(&call.url), ", with the port of the model".into()])
            } else {
                code(&call.url)
            };
            [to_service(UP, callee), url]
        })
        .collect();
    page.table(["Callee", "URL"], &called, "It calls no service.");
}

fn models(page: &mut Writer, platform: &Platform, service: &Service) {
    let models: Vec<_> = platform
        .models_of(service.id)
        .map(|model| {
            [
                code(&model.name),
                code(&model.served_as),
                number(model.port),
                words::mode(model.mode).into(),
                words::model(platform, model).into(),
                text_or_none(model.notes.as_deref()),
            ]
        })
        .collect();
    if !models.is_empty() {
        page.section("Models");
        page.table(
            ["Model", "Served as", "Port", "Does", "State", "Notes"],
            &models,
            "",
        );
    }
}

fn to_add(service: &Service) -> Words<'static> {
    let name = text(&service.name);
    match service.kind.role {
        Role::Gateway => "A name that it serves is a `[handles.<name>]` in platform.toml, in front of a `[models.<id>]`.".into(),
        _ if !service.ranges.is_empty() => joined([
            "A model is a `[models.<id>]` with `service = \"".into(),
            name,
            "\"` and a port of its own: `homelab port next` finds the lowest free one.".into(),
        ]),
        _ => joined([
            "What it serves, reads or calls is written below `[services.".into(),
            name,
            "]` in platform.toml, then `homelab build`.".into(),
        ]),
    }
}
