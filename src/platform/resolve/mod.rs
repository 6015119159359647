//! The only way to make a [`Platform`]: follow every name, fill every default, work out every URL.
//!
//! The steps stand in the order of their files. Each reports all it finds; a value that cannot be followed is left out of the later steps, so that one mistake gives one message. When there is an error in the end, there is no platform.

mod place;
mod written;
mod rules;
mod serve;
mod names;
mod hosts;
mod scheme;
mod services;
mod containers;
mod ports;
mod units;
mod models;
mod handles;
mod reach;
mod deployments;
mod each;
mod loops;
mod merit;
mod environment;
mod variables;
mod commands;
mod gateway;
mod stores;
mod mcp;
mod ops;
mod promises;
mod settings;
mod work;

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Span};
use crate::manifest::{self, Manifest};
use crate::side_by_side::{MANY_SERVICES, both};
use crate::syntax::Document;

use super::{Lookup, Platform, ServiceId, Table};
pub use rules::RULES;

use names::Names;
use place::Place;
use reach::Seat;
use written::Written;

/// Makes the platform that a manifest means, or reports why there is none.
pub fn resolve(
    manifest: &Manifest,
    document: &Document,
    diagnostics: &mut Diagnostics,
) -> Option<Platform> {
    let before = diagnostics.count(crate::diagnostic::Severity::Error);
    let root = Place::root(document);
    let much = manifest.services.len() >= MANY_SERVICES;
    let (names, (services, models, handles)) = both(
        much,
        || Names::of(manifest),
        || {
            let services = Written::all(&manifest.services, root.table("services"));
            let models = Written::all(&manifest.models, root.table("models"));
            let handles = Written::all(&manifest.handles, root.table("handles"));
            (services, models, handles)
        },
    );
    let mut draft = Draft {
        manifest,
        root,
        services: &services,
        models: &models,
        handles: &handles,
        names,
        diagnostics,
        unreachable: BTreeSet::new(),
        lost: BTreeSet::new(),
    };
    draft.consumer_syntax(document);
    draft.pass_through();
    let networks = draft.networks();
    let hosts = draft.hosts();
    let secrets = draft.secrets();
    let policy = draft.policy(&networks);
    let mut services = draft.services(&hosts);
    draft.serves(&networks, &hosts, &mut services);
    let models = draft.models(&services, &hosts);
    draft.ports(&hosts, &services, &models);
    draft.units(&services);
    let handles = draft.handles(&services, &models, policy.as_ref());
    let (migrations, moved, retired) = (draft.migrations(), draft.moved(), draft.retired());
    // From here on every name leads somewhere, or there is no platform to go on with.
    if draft.diagnostics.count(crate::diagnostic::Severity::Error) > before {
        return None;
    }
    let services = Table::new(services);
    let models = Table::new(models);
    let mut platform = Platform {
        lookup: Lookup::of(&services, &models),
        name: manifest.name.0.to_string(),
        title: manifest
            .title
            .clone()
            .unwrap_or_else(|| manifest.name.0.to_string()),
        notes: manifest.notes.clone(),
        policy: policy?,
        networks: Table::new(networks),
        hosts: Table::new(hosts),
        secrets: Table::new(secrets),
        services,
        models,
        handles: Table::new(handles),
        mcp: Table::new(Vec::new()),
        gateway: gateway::settings(manifest),
        deployments: Vec::new(),
        calls: Vec::new(),
        ops: ops::empty(),
        migrations,
        moved,
        retired,
        levels: settings::levels(manifest, draft.root),
        exceptions: settings::exceptions(manifest, draft.root),
        work: Vec::new(),
    };
    draft.search_tools(&mut platform);
    draft.profile_and_limits();
    draft.stores(&mut platform);
    draft.deployments(&mut platform);
    merit::weigh(&mut platform);
    draft.loops(&platform);
    draft.environment(&mut platform);
    draft.calls(&mut platform);
    draft.commands(&mut platform);
    draft.gateway(&mut platform);
    draft.mcp(&mut platform);
    draft.profiles(&mut platform);
    let wished = draft.ops(&mut platform);
    let shared = &platform;
    (platform.ops.restart_order, platform.work) = both(
        much,
        || ops::restart_order(shared, &wished),
        || work::work(shared),
    );
    let errors = draft.diagnostics.count(crate::diagnostic::Severity::Error);
    (errors == before).then_some(platform)
}

/// The state of resolving: what is read, and what was found wrong.
struct Draft<'a> {
    manifest: &'a Manifest,
    root: Place<'a>,
    /// What is written of each service, model and handle, in the order of their ids.
    services: &'a [Written<'a, manifest::Service>],
    models: &'a [Written<'a, manifest::Model>],
    handles: &'a [Written<'a, manifest::Handle>],
    names: Names<'a>,
    diagnostics: &'a mut Diagnostics,
    /// What was reported as out of reach from a host, so that one cause gives one message.
    unreachable: BTreeSet<(Seat, ServiceId)>,
    /// Variables that are written but whose value was reported as wrong, each with whose they are: they are provided.
    lost: BTreeSet<(String, String)>,
}

impl Draft<'_> {
    /// Reports a mistake at one place.
    fn report(
        &mut self,
        rule: &'static Rule,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) {
        self.diagnostics
            .push(Diagnostic::new(rule, message).primary(span, label));
    }

    /// Reports fields that exclude each other, or a choice that was not made.
    fn conflict(&mut self, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report(&rules::CONFLICTING_FIELDS, message, span, label);
    }
}
