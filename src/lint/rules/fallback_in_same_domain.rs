//! All fallbacks of a handle fail together with it.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Handle, HandleId, HostId, Mode, Platform, Service, ServiceId, Visibility};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "fallback-in-same-domain",
        severity: Severity::Warning,
        summary: "all fallbacks of a handle fail together with it",
        why: "A fallback on the same server or host is down when the first is: it helps only against a model that alone misbehaves.",
        bad: concat!(
            home!(),
            r#"
[hosts.box]
os = "linux"
addresses = { lan = "192.0.2.11" }

[services.vino]
kind = "openvino"
host = "pi"

[services.far]
kind = "openvino"
host = "box"
bind = "lan"
approval = { reason = "the gateway is on another host", by = "the owner", when = "2026-01-01" }

[models.ov-large]
service = "vino"

[models.ov-small]
service = "vino"

[models.ov-far]
service = "far"

[handles.ov-large]
fallbacks = ["ov-small"]

[handles.ov-small]

[handles.ov-far]
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.box]
os = "linux"
addresses = { lan = "192.0.2.11" }

[services.vino]
kind = "openvino"
host = "pi"

[services.far]
kind = "openvino"
host = "box"
bind = "lan"
approval = { reason = "the gateway is on another host", by = "the owner", when = "2026-01-01" }

[models.ov-large]
service = "vino"

[models.ov-small]
service = "vino"

[models.ov-far]
service = "far"

[handles.ov-large]
fallbacks = ["ov-small", "ov-far"]

[handles.ov-small]

[handles.ov-far]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let linked = platform
        .handles
        .iter()
        .filter(|it| !it.fallbacks.is_empty());
    let mut candidates = None;
    for handle in linked {
        let Some(own) = domain(platform, handle) else {
            continue;
        };
        let fallbacks = handle
            .fallbacks
            .iter()
            .map(|it| domain(platform, &platform[*it]));
        let Some(fallbacks) = fallbacks.collect::<Option<Vec<Domain>>>() else {
            continue;
        };
        if fallbacks.iter().any(|it| it.host != own.host) {
            continue;
        }
        let candidates = candidates.get_or_insert_with(|| platform_candidates(platform));
        let mode = mode(platform, handle);
        let better = candidates
            .get(&mode)
            .and_then(|found| found.iter().find(|(host, _)| Some(**host) != own.host));
        let Some((_, better)) = better else {
            continue;
        };
        let server = own
            .server
            .filter(|_| fallbacks.iter().all(|it| it.server == own.server));
        let place = match (server, own.host) {
            (Some(server), _) => format!("server `{}`", platform[server].name),
            (None, Some(host)) => format!("host `{}`", platform[host].name),
            (None, None) => continue,
        };
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("the fallbacks of `{}` fail together with it", handle.name),
            )
            .primary(
                words::value(document, &["handles", &handle.name, "fallbacks"]),
                format!("all on {place}, like the handle itself"),
            )
            .help(format!(
                "add `\"{}\"`, which is on another host",
                platform[*better].name
            )),
        );
    }
}

/// What must be up for a handle to answer, where that is one thing.
struct Domain {
    /// The server; nothing when there are several, or when each of its models is a process of its own.
    server: Option<ServiceId>,
    /// The host; nothing when there are several.
    host: Option<HostId>,
}

/// The failure domain of a handle's live models; nothing when none is live.
fn domain(platform: &Platform, handle: &Handle) -> Option<Domain> {
    let live = handle
        .targets
        .iter()
        .map(|it| &platform[it.model])
        .filter(|it| platform.model_is_live(it));
    let services: Vec<&Service> = live.map(|it| &platform[it.service]).collect();
    let first = *services.first()?;
    let one_server = services.iter().all(|it| it.id == first.id) && !first.kind.one_model_per_port;
    Some(Domain {
        server: one_server.then_some(first.id),
        host: services
            .iter()
            .all(|it| it.host == first.host)
            .then_some(first.host),
    })
}

fn mode(platform: &Platform, handle: &Handle) -> Option<&'static str> {
    let model = handle.targets.first().map(|it| platform[it.model].mode)?;
    Some(match model {
        Mode::Chat => "chat",
        Mode::Completion => "completion",
        Mode::Embedding => "embedding",
        Mode::Rerank => "rerank",
        Mode::ImageGeneration => "image",
        Mode::AudioTranscription => "transcription",
        Mode::AudioSpeech => "speech",
    })
}

/// For each mode and host a handle that answers there: at most one per host, so that looking for one elsewhere is quick.
fn platform_candidates(
    platform: &Platform,
) -> BTreeMap<Option<&'static str>, BTreeMap<HostId, HandleId>> {
    let mut candidates: BTreeMap<_, BTreeMap<HostId, HandleId>> = BTreeMap::new();
    let public = |it: &&Handle| it.visibility == Visibility::Public && it.deprecated.is_none();
    for handle in platform.own_handles().filter(public) {
        if let Some(Domain {
            host: Some(host), ..
        }) = domain(platform, handle)
        {
            let hosts = candidates.entry(mode(platform, handle)).or_default();
            hosts.entry(host).or_insert(handle.id);
        }
    }
    candidates
}
