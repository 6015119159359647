//! Handles and models: what clients ask for, and what answers.

use super::markdown::{
    NONE, Words, Writer, code, code_or_none, joined, listed, number, text, text_or_none,
};
use super::services::Asking;
use super::{Book, Page, handle_path, to_handle, to_service, words};
use crate::platform::{Handle, HandleNames, Model, Platform, Visibility};

pub(super) fn handles(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Handles");
    page.paragraph("A handle is a name that clients ask the gateway for. It is a promise: it is not renamed or dropped without notice.");
    let rows = |visibility: Visibility| -> Vec<_> {
        let handles = platform.handles.iter();
        let handles = handles.filter(|it| it.visibility == visibility);
        handles.map(|it| handle_row(platform, it)).collect()
    };
    let head = ["Handle", "State", "Models", "Fallbacks", "Through", "Notes"];
    page.section("Public");
    page.sparse_table(
        head,
        &rows(Visibility::Public),
        "There is no public handle.",
    );
    page.section("Internal");
    page.paragraph("Only the platform's own services use these.");
    page.sparse_table(
        head,
        &rows(Visibility::Internal),
        "There is no internal handle.",
    );
    page.section("Naming");
    page.paragraph(match platform.policy.handle_names {
        HandleNames::ModelId => "A handle is the canonical id of its model.",
        HandleNames::Free => "A handle may have any name.",
    });
    let naming: Vec<_> = platform
        .policy
        .naming
        .iter()
        .map(|naming| {
            [
                code(&naming.prefix),
                listed(naming.kinds.iter().map(|it| code(it))),
                code_or_none(naming.form.as_deref()),
                text_or_none(naming.notes.as_deref()),
            ]
        })
        .collect();
    page.table(
        ["Prefix", "Kinds", "Form", "Notes"],
        &naming,
        "No prefix has a meaning.",
    );
    let retired = platform.policy.retired_names.iter();
    page.paragraph(format!(
        "Names that must not come back: {}.",
        listed(retired.map(|(name, _)| code(name)))
    ));
    Page::new("handles.md", "Handles", page.finish())
}

fn handle_row<'a>(platform: &'a Platform, handle: &'a Handle) -> [Words<'a>; 6] {
    let alias = handle.alias_of.map(|id| to_handle("", &platform[id]));
    let targets = handle.targets.iter().filter(|_| alias.is_none());
    let targets = targets.map(|target| {
        let model = &platform[target.model];
        let weight = target.weight;
        let weight = weight.map_or_else(String::new, |it| format!(" (weight {it})"));
        joined([
            code(&model.name),
            " on ".into(),
            to_service("", &platform[model.service]),
            weight.into(),
        ])
    });
    let state = match &handle.deprecated {
        Some(it) => {
            let successor = code(&platform[it.in_favour_of].name);
            format!("deprecated: use {successor}").into()
        }
        None if is_served(platform, handle) => "live".into(),
        None => "waits for its model".into(),
    };
    let through = handle.via.map_or(NONE, |id| {
        let optimiser = to_service("", &platform[id]);
        match &handle.technique {
            Some(technique) => format!("{optimiser} with {}", code(technique)).into(),
            None => optimiser,
        }
    });
    [
        to_handle("", handle),
        state,
        alias
            .as_ref()
            .map_or_else(|| listed(targets), |it| format!("those of {it}").into()),
        listed(handle.fallbacks.iter().map(|id| code(&platform[*id].name))),
        through,
        text_or_none(handle.notes.as_deref()),
    ]
}

fn is_served(platform: &Platform, handle: &Handle) -> bool {
    platform.deployments_of(handle.served_by()).next().is_some()
}

/// Pages of handles lie one folder down.
const UP: &str = "../";

/// The page of a handle: what answers, by which route, and how to ask.
pub(super) fn handle(book: &Book, asking: Option<&Asking>, handle: &Handle) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled(&handle.name);
    if handle.title != handle.name {
        page.paragraph(text(&handle.title));
    }
    page.notes(handle.notes.as_deref());
    let seen = match handle.visibility {
        Visibility::Public => "every client",
        Visibility::Internal => "only the platform's own services",
    };
    page.begin_list();
    page.fact(["seen by: ".into(), seen.into()]);
    if let Some(since) = &handle.since {
        page.fact(["promised: since ".into(), text(since)]);
    }
    if let Some(it) = &handle.deprecated {
        let successor = to_handle(UP, &platform[it.in_favour_of]);
        let reason = it.reason.as_deref();
        let reason = reason.map_or("".into(), |it| joined([": ".into(), text(it)]));
        page.fact(["deprecated: use ".into(), successor, reason]);
    }
    let fallbacks = handle
        .fallbacks
        .iter()
        .map(|id| to_handle(UP, &platform[*id]));
    match handle.alias_of {
        Some(id) => page.fact(["stands for: ".into(), to_handle(UP, &platform[id])]),
        None => page.fact(["when it fails: ".into(), listed(fallbacks)]),
    }
    page.section("Models");
    let targets: Vec<_> = handle
        .targets
        .iter()
        .map(|target| {
            let model = &platform[target.model];
            [
                code(&model.name),
                to_service(UP, &platform[model.service]),
                words::model(platform, model).into(),
                number(target.order),
                number(target.weight),
            ]
        })
        .collect();
    page.sparse_table(
        ["Model", "Server", "State", "Order", "Weight"],
        &targets,
        "There is no model.",
    );
    page.section("Routes");
    let routes: Vec<_> = platform
        .routes_of(handle.served_by())
        .map(|it| {
            [
                code(&it.name),
                to_service(UP, &platform[it.service]),
                code(&it.url),
                code(&it.selector),
            ]
        })
        .collect();
    page.table(
        ["Name", "Server", "Base URL", "Sent as"],
        &routes,
        "No route: its models are not live.",
    );
    if let Some(request) = asking.and_then(|it| it.for_handle(platform, handle)) {
        page.section("How to ask");
        page.fenced("sh", &request.curl);
        page.fenced("python", &request.python);
    }
    Page::new(handle_path(handle), &handle.name, page.finish())
}

pub(super) fn models(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Models");
    let models: Vec<_> = platform
        .models
        .iter()
        .map(|it| model_row(platform, it))
        .collect();
    page.sparse_table(
        [
            "Model", "Server", "Port", "Does", "Size", "Context", "State",
        ],
        &models,
        "There is no model.",
    );
    page.section("Where they come from");
    let sources: Vec<_> = platform
        .models
        .iter()
        .filter(|it| {
            let volume = it.volume.as_ref().map(|(name, _)| name);
            let said = [&it.repo, &it.source_path, &it.format, &it.quantisation];
            volume.is_some() || said.into_iter().any(Option::is_some)
        })
        .map(|model| {
            let volume = model.volume.as_ref();
            [
                code(&model.name),
                code_or_none(model.repo.as_deref()),
                code_or_none(model.source_path.as_deref()),
                code_or_none(volume.map(|(name, _)| name.as_str())),
                text_or_none(model.format.as_deref()),
                text_or_none(model.quantisation.as_deref()),
            ]
        })
        .collect();
    page.sparse_table(
        [
            "Model",
            "Repository",
            "Path",
            "Volume",
            "Format",
            "Quantisation",
        ],
        &sources,
        "Of no model is it said.",
    );
    Page::new("models.md", "Models", page.finish())
}

fn model_row<'a>(platform: &'a Platform, model: &'a Model) -> [Words<'a>; 7] {
    let capabilities = model.capabilities.iter().map(|it| words::capability(*it));
    [
        code(&model.name),
        to_service("", &platform[model.service]),
        number(model.port),
        listed([words::mode(model.mode)].into_iter().chain(capabilities)),
        text_or_none(model.parameters.as_deref()),
        number(model.context_length),
        words::model(platform, model).into(),
    ]
}
