//! The handwritten documents of a new service, begun: its contract, its role, and what an agent must know.
//!
//! What changes (addresses, ports, values) is not copied: it stands on the pages about the platform, and these documents lead there. What only the owner knows is asked for in words that say what belongs there.

use super::integrations::why;
use super::markdown::{Words, Writer, code, code_or_none, link, listed, text};
use super::{Page, service_path, to_handle, to_host, to_service, words};
use crate::backend::{Endpoint, Layer, Role};
use crate::platform::{Platform, Service, Value};

/// Returns the documents that a service begins with; `up` leads from their folder to the folder of pages, such as `../../generated/docs/`.
pub fn scaffold(platform: &Platform, service: &Service, up: &str) -> Vec<Page> {
    let begun = [
        ("SERVICE_SPEC.md", spec(platform, service, up)),
        ("ARCHITECTURE.md", architecture(platform, service, up)),
        ("AGENTS.md", agents(platform, service, up)),
    ];
    begun
        .into_iter()
        .map(|(path, text)| Page::new(path, &service.title, text))
        .collect()
}

/// What the owner is asked to write in its place.
fn ask(page: &mut Writer, section: &str, what: &str) {
    page.section(section);
    page.paragraph(format!("*To be written: {what}.*"));
}

/// The page that has the addresses, ports and values of a service.
fn its_page(service: &Service, up: &str) -> Words<'static> {
    link(
        &format!("the page about {}", service.name),
        &format!("{up}{}", service_path(service)),
    )
}

fn spec(platform: &Platform, service: &Service, up: &str) -> String {
    let mut page = Writer::titled(&format!("{}: service spec", service.title));
    page.paragraph(format!(
        "What this service promises. Its addresses, ports, start command and values are made from platform.toml and stand on {}.",
        its_page(service, up)
    ));
    page.section("Purpose");
    match &service.notes {
        Some(notes) => page.paragraph(text(notes)),
        None => page.paragraph(
            "*To be written: what it does in two sentences, and who would miss it first.*",
        ),
    }
    let host = &platform[service.host];
    page.section("Run");
    page.list([
        format!("program: {}", text(service.kind.title)),
        format!("host: {}", to_host(up, host)),
        format!("started by {}", words::managed_by(service.managed_by)),
        format!("user: {}", code(&service.run.user)),
        format!("started again {}", words::restart(service.run.restart)),
        format!("env file: {}", code_or_none(service.env_file.as_deref())),
    ]);
    page.section("Endpoints");
    if service.endpoints.is_empty() {
        page.paragraph("platform.toml asks for none; `endpoints` says which it must offer.");
    } else {
        page.list(service.endpoints.iter().map(|it| code(request(*it))));
    }
    page.section("Health");
    if service.health.is_empty() {
        page.paragraph(format!(
            "Nothing is known that can be asked; `health` below `[services.{}]` says what is.",
            text(&service.name)
        ));
    } else {
        page.list(service.health.iter().map(words::health));
    }
    page.section("Environment");
    let variables: Vec<_> = service
        .env
        .iter()
        .map(|it| {
            let from = match &it.value {
                Value::Secret(id) => format!("secret {}", code(&platform[*id].name)).into(),
                Value::FillIn(_) => "filled in on the host".into(),
                _ => "platform.toml".into(),
            };
            let required = if it.required { "yes" } else { "no" };
            [code(&it.name), from, required.into(), why(it)]
        })
        .collect();
    page.table(
        ["Variable", "From", "Required", "Why"],
        &variables,
        "It reads no variable.",
    );
    ask(
        &mut page,
        "Failure",
        "how it fails, how that shows, and what to do first",
    );
    page.finish()
}

fn architecture(platform: &Platform, service: &Service, up: &str) -> String {
    let gateway = platform.gateway_service();
    let mut page = Writer::titled(&format!("{}: architecture", service.title));
    page.section("Role");
    let rule = match service.kind.role {
        Role::Gateway => "Clients call it for models, by handle.".to_owned(),
        Role::Optimiser => format!(
            "It stands between {} and a model, and nobody else calls it.",
            to_service(up, gateway)
        ),
        Role::ModelServer => format!(
            "It serves models; clients reach them through {}, never directly.",
            to_service(up, gateway)
        ),
        Role::Provider => format!(
            "It is a provider in the internet; what is asked of it leaves the house, and clients reach it through {}, never directly.",
            to_service(up, gateway)
        ),
        Role::Database => "It keeps what its callers must not forget.".to_owned(),
        Role::Cache => "It keeps what its callers may forget.".to_owned(),
        Role::Search | Role::Client | Role::Other => format!(
            "Where it needs a model it calls {}, never a model server.",
            to_service(up, gateway)
        ),
    };
    page.paragraph(format!("Layer: {}. {rule}", layer(service.layer)));
    page.section("Who calls it");
    let callers = platform.callers_of(service.id);
    let callers: Vec<Words> = callers
        .map(|call| to_service(up, &platform[call.from]))
        .collect();
    links(&mut page, callers, "No service calls it.");
    page.section("What it calls");
    let called = platform.calls_of(service.id);
    let called: Vec<Words> = called
        .map(|call| to_service(up, &platform[call.to]))
        .collect();
    links(&mut page, called, "It calls no service.");
    page.section("Handles that end at it");
    let handles = platform.handles.iter().filter(|handle| {
        let mut routes = platform.deployments.iter();
        routes.any(|it| it.handle == handle.id && platform[it.model].service == service.id)
    });
    let handles: Vec<Words> = handles.map(|it| to_handle(up, it)).collect();
    links(&mut page, handles, "None.");
    ask(
        &mut page,
        "Decisions",
        "why this program and not another, and what would make us change it",
    );
    page.finish()
}

fn links(page: &mut Writer, links: Vec<Words>, none: &str) {
    if links.is_empty() {
        page.paragraph(none);
    } else {
        page.list(links);
    }
}

fn agents(platform: &Platform, service: &Service, up: &str) -> String {
    let name = &service.name;
    let mut page = Writer::titled(&format!("{}: notes for agents", service.title));
    page.paragraph(format!(
        "Read [SERVICE_SPEC.md](SERVICE_SPEC.md) and [ARCHITECTURE.md](ARCHITECTURE.md) first; {} has what changes, and {} the rules in force.",
        its_page(service, up),
        link("the decisions", &format!("{up}decisions.md"))
    ));
    page.section("Do");
    let mut tasks = vec![
        format!(
            "Change facts below `[services.{}]` in platform.toml, then run `homelab lint` and `homelab build`; commit what they write.",
            text(name)
        ),
        "Refer to secrets by name; their values are on the host only.".to_owned(),
    ];
    if service.id != platform.policy.gateway {
        tasks.push(format!(
            "Ask {} for models, by handle.",
            to_service(up, platform.gateway_service())
        ));
    }
    page.list(tasks);
    page.section("Do not");
    page.list([
        "Edit anything below `generated/`: the next build refuses to overwrite it.".to_owned(),
        format!(
            "Change or reuse a port; `homelab port migrate {}` does it on purpose, with a reason.",
            text(name)
        ),
        "Let it listen beyond its own host without an `approval`.".to_owned(),
        "Install into the system's Python.".to_owned(),
    ]);
    page.section("Secrets it needs");
    let secrets = service.env.iter().filter_map(|it| match &it.value {
        Value::Secret(id) => Some(code(&platform[*id].name).to_string()),
        _ => None,
    });
    let secrets: std::collections::BTreeSet<String> = secrets.collect();
    page.paragraph(listed(secrets));
    ask(
        &mut page,
        "What went wrong before",
        "each trap in one line, with the command that shows it",
    );
    page.finish()
}

fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Interface => "interface",
        Layer::Gateway => "gateway",
        Layer::Inference => "inference",
        Layer::Tools => "tools",
        Layer::Data => "data",
        Layer::Observability => "observability",
    }
}

fn request(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::ChatCompletions => "POST /v1/chat/completions",
        Endpoint::Completions => "POST /v1/completions",
        Endpoint::Embeddings => "POST /v1/embeddings",
        Endpoint::Responses => "POST /v1/responses",
        Endpoint::Messages => "POST /v1/messages",
        Endpoint::ImagesGenerations => "POST /v1/images/generations",
        Endpoint::AudioTranscriptions => "POST /v1/audio/transcriptions",
        Endpoint::AudioSpeech => "POST /v1/audio/speech",
        Endpoint::Rerank => "POST /v1/rerank",
        Endpoint::Models => "GET /v1/models",
        Endpoint::Health => "GET /health",
    }
}
