//! What the gateway routes to, worked out from handles, models and the way there.

use std::collections::BTreeMap;
use std::time::Duration;

use hashbrown::HashMap;
use smol_str::{SmolStr, format_smolstr};

use crate::backend::upstream_name;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::Parameter;
use crate::platform::{
    Deployment, Handle, HandleId, HostState, Model, Platform, Service, ServiceId, Target,
    Visibility,
};

use super::reach::{self, Seat, way};
use super::{Draft, rules};

/// The routes of one handle.
#[derive(Default)]
struct Routes {
    /// Those by its own name.
    outer: Vec<Deployment>,
    /// Those by which an optimiser calls back for it.
    back: Vec<Deployment>,
}

impl Draft<'_> {
    pub(super) fn deployments(&mut self, platform: &mut Platform) {
        let shared = &*platform;
        let routes = self.each(shared.handles.len(), |draft, at| {
            draft.routes(shared, &shared[HandleId::new(at)])
        });
        let mut deployments: Vec<Deployment> = Vec::with_capacity(routes.len());
        let mut internal: BTreeMap<SmolStr, Deployment> = BTreeMap::new();
        for route in routes {
            deployments.extend(route.outer);
            for back in route.back {
                let Some(inner) = internal.get_mut(&back.name) else {
                    internal.insert(back.name.clone(), back);
                    continue;
                };
                // The inner call must not be cut before the outer one that waits for it.
                inner.timeout = inner.timeout.max(back.timeout);
                inner.stream_timeout = inner.stream_timeout.max(back.stream_timeout);
            }
        }
        self.internal_clashes(platform, &deployments, &internal);
        deployments.extend(internal.into_values());
        deployments.sort_by(|one, two| (&one.name, &one.id).cmp(&(&two.name, &two.id)));
        self.variable_clashes(platform, &deployments);
        let routes = deployments.iter().enumerate();
        platform.lookup.routes = routes.map(|(at, it)| (it.handle, at)).collect();
        platform.deployments = deployments;
    }

    /// The routes of one handle to its models that are live.
    fn routes(&mut self, platform: &Platform, handle: &Handle) -> Routes {
        let mut routes = Routes::default();
        if handle.alias_of.is_some() {
            return routes;
        }
        let live: Vec<&Target> = handle
            .targets
            .iter()
            .filter(|it| platform.model_is_live(&platform[it.model]))
            .collect();
        for target in &live {
            let model = &platform[target.model];
            let direct = |draft: &mut Self| draft.direct(platform, handle, model, handle.span);
            if let Some(via) = handle.via {
                let outer = self.through(platform, handle, target, via, live.len());
                routes.outer.extend(outer);
                let name = format_smolstr!("{}{}", internal_prefix(platform), model.name);
                routes.back.push(Deployment {
                    id: name.clone(),
                    name,
                    internal: true,
                    variable: variable_stem(&model.name),
                    timeout: longer(handle.timeout, platform.gateway.timeout),
                    stream_timeout: longer(handle.stream_timeout, platform.gateway.stream_timeout),
                    ..direct(self)
                });
            } else {
                let several = live.len() > 1;
                routes.outer.push(Deployment {
                    id: id(&handle.name, model, several),
                    variable: stem(&handle.name, model, several),
                    order: target.order,
                    weight: target.weight,
                    timeout: handle.timeout,
                    stream_timeout: handle.stream_timeout,
                    parameters: handle.parameters.clone(),
                    ..direct(self)
                });
            }
        }
        routes
    }

    /// The route straight to a model's server.
    fn direct(
        &mut self,
        platform: &Platform,
        handle: &Handle,
        model: &Model,
        span: Span,
    ) -> Deployment {
        let service = &platform[model.service];
        let base = self.gateway_base(platform, service, model.port, span);
        Deployment {
            name: handle.name.as_str().into(),
            id: handle.name.as_str().into(),
            handle: handle.id,
            internal: handle.visibility == Visibility::Internal,
            model: model.id,
            service: service.id,
            url: (base + &service.base_path).into(),
            selector: model.served_as.as_str().into(),
            provider: service.kind.provider(model.mode),
            variable: SmolStr::default(),
            key: service.key.clone(),
            order: None,
            weight: None,
            timeout: None,
            stream_timeout: None,
            parameters: BTreeMap::new(),
        }
    }

    /// The route through an optimiser, which calls the gateway back by the model's internal name.
    fn through(
        &mut self,
        platform: &Platform,
        handle: &Handle,
        target: &Target,
        via: ServiceId,
        targets: usize,
    ) -> Option<Deployment> {
        let model = &platform[target.model];
        let service = &platform[via];
        if upstream_name(&model.name) != model.name {
            let cut = &model.name[..model.name.len() - upstream_name(&model.name).len()];
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::STRIPPED_NAME,
                    format!("`{}` would cut `{cut}` off `{}`", service.name, model.name),
                )
                .primary(model.span, "this name begins like a technique or plugin")
                .secondary(handle.span, "and this handle sends it there")
                .help("rename the model, or give the handle `via = \"direct\"`"),
            );
            return None;
        }
        let base = self.gateway_base(platform, service, service.port(), handle.span);
        let several = targets > 1;
        let mut parameters = handle.parameters.clone();
        if let (Some(technique), Some(field)) = (&handle.technique, service.kind.technique_field) {
            parameters.insert(field.to_owned(), Parameter::Text(technique.clone()));
        }
        Some(Deployment {
            name: handle.name.as_str().into(),
            id: id(&handle.name, model, several),
            handle: handle.id,
            internal: handle.visibility == Visibility::Internal,
            model: model.id,
            service: via,
            url: (base + &service.base_path).into(),
            selector: model.name.as_str().into(),
            provider: service.kind.litellm_provider,
            variable: format_smolstr!("OPTILLM_{}", stem(&handle.name, model, several)),
            key: service.key.clone(),
            order: target.order,
            weight: target.weight,
            timeout: handle.timeout,
            stream_timeout: handle.stream_timeout,
            parameters,
        })
    }

    /// The URL at which the gateway reaches a service, without a path; reports when it does not.
    fn gateway_base(
        &mut self,
        platform: &Platform,
        service: &Service,
        port: Option<u16>,
        span: Span,
    ) -> String {
        let gateway = platform.gateway_service();
        let found = self.base(
            platform,
            Seat::of(gateway),
            service,
            port,
            span,
            &gateway.name,
        );
        found.unwrap_or_default()
    }

    /// The URL at which somebody on a host reaches a service, without a path; reports when there is none.
    pub(super) fn base(
        &mut self,
        platform: &Platform,
        from: Seat,
        service: &Service,
        port: Option<u16>,
        span: Span,
        caller: &str,
    ) -> Option<String> {
        if let Some(url) = &service.url {
            return Some(url.clone());
        }
        if platform[from.host(platform)].state == HostState::Template {
            // It has no address yet: what it calls is worked out once it has one.
            return None;
        }
        let Some(way) = way(platform, from, service.id) else {
            if !self.unreachable.insert((from, service.id)) {
                return None;
            }
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::UNREACHABLE_SERVICE,
                    format!("`{caller}` cannot reach `{}`", service.name),
                )
                .primary(span, from.label(platform))
                .secondary(
                    service.bind_span,
                    reach::obstacle(platform, from, service.id),
                )
                .help(format!(
                    "let `{}` listen on a network that both hosts are on, or put both on one host",
                    service.name
                )),
            );
            return None;
        };
        if port.is_none() {
            if !self.unreachable.insert((from, service.id)) {
                return None;
            }
            self.diagnostics.push(rules::portless(service, span));
            return None;
        }
        Some(way.url(port.map(|port| way.port(service, port))))
    }

    fn internal_clashes(
        &mut self,
        platform: &Platform,
        deployments: &[Deployment],
        internal: &BTreeMap<SmolStr, Deployment>,
    ) {
        for deployment in deployments {
            if let Some(other) = internal.get(&deployment.name) {
                let model = &platform[other.model];
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::ROUTE_LOOP,
                        format!(
                            "`{}` is the internal name of `{}`",
                            deployment.name, model.name
                        ),
                    )
                    .primary(
                        platform[deployment.handle].span,
                        "this handle takes the same name",
                    )
                    .secondary(model.span, "this model is called back by it")
                    .help("rename the handle, or choose another `internal_prefix`"),
                );
            }
        }
    }

    fn variable_clashes(&mut self, platform: &Platform, deployments: &[Deployment]) {
        let mut seen = HashMap::<&str, &Deployment>::with_capacity(deployments.len());
        for deployment in deployments {
            if let Some(other) = seen.insert(&deployment.variable, deployment) {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::VARIABLE_CLASH,
                        format!(
                            "`{}` and `{}` both make the variable `{}`",
                            other.name,
                            deployment.name,
                            deployment.base_variable()
                        ),
                    )
                    .primary(platform[deployment.handle].span, "makes it again")
                    .secondary(platform[other.handle].span, "makes it already")
                    .help("rename one of them: dots, dashes and case are lost in a variable"),
                );
            }
        }
    }
}

/// A handle's own limit, when it is longer than the gateway's.
fn longer(handle: Option<Duration>, gateway: Option<Duration>) -> Option<Duration> {
    handle.filter(|it| gateway.is_some_and(|gateway| *it > gateway))
}

fn internal_prefix(platform: &Platform) -> &str {
    platform
        .policy
        .optimiser
        .as_ref()
        .map_or("router-", |it| &it.internal_prefix)
}

fn id(handle: &str, model: &Model, several: bool) -> SmolStr {
    if several {
        format_smolstr!("{handle}@{}", model.name)
    } else {
        handle.into()
    }
}

fn stem(handle: &str, model: &Model, several: bool) -> SmolStr {
    if several {
        format_smolstr!("{}_{}", variable_stem(handle), variable_stem(&model.name))
    } else {
        variable_stem(handle)
    }
}

/// A name in the letters of a variable: upper case, and `_` for all that is no letter or digit.
pub(super) fn variable_stem(name: &str) -> SmolStr {
    let stem: SmolStr = name
        .chars()
        .map(|it| {
            if it.is_ascii_alphanumeric() {
                it.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    // A variable cannot start with a digit.
    if stem.starts_with(|it: char| it.is_ascii_digit()) {
        format_smolstr!("_{stem}")
    } else {
        stem
    }
}
