//! Weights or a cache lie outside the volume that they are said to be on.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, words};
use crate::platform::{Host, Model, Origin, Platform, Room, Service, Value, Volume};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "path-outside-volume",
        severity: Severity::Warning,
        summary: "weights or a cache lie outside the volume that they are said to be on",
        why: "The volume says what is kept, backed up and has room. What lies elsewhere fills the system's own disk, and the platform counts a model as shown that may not be there.",
        bad: concat!(
            home!(),
            r#"
[hosts.pi.volumes.models]
path = "/srv/models"
room = "showroom"

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"
source_path = "/srv/models/phi"
cache_path = "/var/cache/phi"
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.pi.volumes.models]
path = "/srv/models"
room = "showroom"

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"
source_path = "/srv/models/phi"
cache_path = "/srv/models/cache/phi"
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for model in &platform.models {
        let host = &platform[platform[model.service].host];
        if host.volumes.is_empty() {
            continue;
        }
        let place = |field: &str| words::value(document, &["models", &model.name, field]);
        // Most lie on their volume, whether it is named or follows from the path.
        let on_it = |path: &str| volume(host, model).is_some_and(|it| is_below(path, &it.path));
        if let Some(path) = model.source_path.as_ref().filter(|it| !on_it(it)) {
            let named = named_volume(document, host, model);
            if named.is_some() || model.volume.is_none() {
                diagnostics.push(finding(model, path, host, named, place("source_path")));
            }
        }
        if let Some(path) = &model.cache_path {
            let shown = |it: &&Volume| it.room == Room::Showroom && is_below(path, &it.path);
            if host.volumes.iter().find(shown).is_none() {
                diagnostics.push(finding(model, path, host, None, place("cache_path")));
            }
        }
    }
    for service in &platform.services {
        cache(document, platform, service, diagnostics);
    }
}

fn finding(
    model: &Model,
    path: &str,
    host: &Host,
    volume: Option<&Volume>,
    span: Span,
) -> Diagnostic {
    let finding = Diagnostic::new(
        &LINT.rule,
        format!("`{path}` is outside the volume of `{}`", model.name),
    );
    match volume {
        Some(volume) => finding
            .primary(span, format!("not below `{}`", volume.path))
            .secondary(volume.span, "the volume it names")
            .help("name the volume that it lies on"),
        None => finding
            .primary(span, "on no volume for models")
            .secondary(host.span, "its volumes are those of this host")
            .help("put it on a volume of its host, or declare the volume that it lies on"),
    }
}

/// Holds the cache that a service's environment names against the volume of the models that are loaded into it.
fn cache(
    document: &Document,
    platform: &Platform,
    service: &Service,
    diagnostics: &mut Diagnostics,
) {
    let mut owned = service.env.iter().filter(|it| it.origin == Origin::Owner);
    let found = owned.find_map(|it| match &it.value {
        Value::Text(text) => Some((cache_path(&it.name, text)?, it)),
        _ => None,
    });
    let Some((path, variable)) = found else {
        return;
    };
    let host = &platform[service.host];
    let downloaded = |it: &&Model| it.repo.is_some() && it.source_path.is_none();
    let mut models = platform.models_of(service.id).filter(downloaded);
    let astray = models.find_map(|model| {
        let volume = named_volume(document, host, model)?;
        (!is_below(&path, &volume.path)).then_some((model, volume))
    });
    if let Some((model, volume)) = astray {
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` loads `{}` into `{path}`", service.name, model.name),
            )
            .primary(variable.span, format!("outside `{}`", volume.path))
            .secondary(volume.span, "the volume that the model is said to be on")
            .help("let the variable name a place on the volume, or the volume this place"),
        );
    }
}

/// Where a Hugging Face library keeps what it loads, by this variable.
fn cache_path(variable: &str, value: &str) -> Option<String> {
    let value = value.trim_end_matches('/');
    match variable {
        "HF_HUB_CACHE" | "HUGGINGFACE_HUB_CACHE" => Some(value.to_owned()),
        "HF_HOME" => Some(format!("{value}/hub")),
        _ => None,
    }
}

/// The volume that a model names, which its paths alone would not tell.
fn named_volume<'p>(document: &Document, host: &'p Host, model: &Model) -> Option<&'p Volume> {
    let volume = volume(host, model)?;
    words::node(document, &["models", &model.name, "volume"])?;
    Some(volume)
}

/// The volume that a model is on.
fn volume<'p>(host: &'p Host, model: &Model) -> Option<&'p Volume> {
    let (name, _) = model.volume.as_ref()?;
    host.volumes.iter().find(|it| it.name == *name)
}

fn is_below(path: &str, volume: &str) -> bool {
    let volume = volume.trim_end_matches('/');
    let rest = path.strip_prefix(volume);
    rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
}
