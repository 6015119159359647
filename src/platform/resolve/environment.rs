//! The environment of every service: what the owner wrote, what its kind always writes, and what the gateway's routes need; and from all that, who calls whom.

use std::collections::BTreeMap;

use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::backend::SettingValue;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::{self, ValueEntry};
use crate::platform::{Call, Origin, Platform, Service, ServiceId, Value, Variable};

use super::place::Place;
use super::reach::{Seat, way};
use super::variables::Variables;
use super::{Draft, rules};

impl Draft<'_> {
    pub(super) fn environment(&mut self, platform: &mut Platform) {
        self.tunings();
        let shared = &*platform;
        let environments = self.each(shared.services.len(), |draft, at| {
            draft.environment_of(shared, &shared[ServiceId::new(at)])
        });
        for (service, env) in platform.services.values_mut().zip(environments) {
            service.env = env;
            default_env_file(service);
        }
    }

    fn environment_of(&mut self, platform: &Platform, service: &Service) -> Vec<Variable> {
        let written = self.written(service.id);
        let (it, place) = (written.fields, written.place.table("env"));
        let tuned = it.tuning.as_ref().map(|name| {
            let span = written.place.value("tuning");
            self.tuned(name.as_str(), span)
        });
        let mut env = self.variables(platform, &service.name, Seat::of(service), &it.env, place);
        if let Some(mut tuned) = tuned {
            tuned.extend(env.into_vec());
            env = tuned;
        }
        self.forbidden(service, &env);
        self.settings(platform, service, &mut env);
        if service.id == platform.policy.gateway {
            if !service.kind.is_homelab() {
                self.route_variables(platform, &mut env);
            }
            self.route_keys(platform, &env);
            self.store_variables(platform, &mut env);
        }
        if service.container.is_some() {
            copy_variables(&mut env);
        }
        env.into_vec()
    }

    /// Reports what a tuning cannot say: the same words would mean something else for each service.
    fn tunings(&mut self) {
        let manifest = self.manifest;
        for (name, tuning) in &manifest.tunings {
            let place = self.root.table("tunings").table(name.as_str()).table("env");
            for (variable, value) in &tuning.env {
                if matches!(value, manifest::Value::Source(_)) {
                    self.conflict(
                        format!("`{}` has no plain value in a tuning", variable.0),
                        place.value(variable.as_str()),
                        "this belongs to a service",
                    );
                }
            }
        }
    }

    /// The variables of a tuning, as if they stood in the service that names it.
    fn tuned(&mut self, name: &str, span: Span) -> Variables {
        let Some(tuning) = self.tuning(name, span) else {
            return Variables::default();
        };
        let place = self.root.table("tunings").table(name).table("env");
        let plain = tuning.env.iter().filter_map(|(variable, value)| {
            Some(Variable {
                name: variable.0.clone(),
                value: Value::Text(value.plain()?),
                required: true,
                origin: Origin::Owner,
                span: place.value(variable.as_str()),
            })
        });
        plain.collect()
    }

    /// The variables that the owner wrote, by name.
    pub(super) fn variables(
        &mut self,
        platform: &Platform,
        reader: &str,
        seat: Seat,
        written: &BTreeMap<manifest::EnvName, manifest::Value>,
        place: Place<'_>,
    ) -> Variables {
        let mut env = Vec::with_capacity(written.len());
        for (name, value) in written {
            let span = place.value(name.as_str());
            let (value, required) = match value {
                manifest::Value::Source(entry) => {
                    let Some(value) = self.sourced(platform, reader, seat, entry, span) else {
                        self.lost.insert((reader.to_owned(), name.0.to_string()));
                        continue;
                    };
                    (value, entry.required.unwrap_or(true))
                }
                plain => (Value::Text(plain.plain().unwrap_or_default()), true),
            };
            env.push(Variable {
                name: name.0.clone(),
                value,
                required,
                origin: Origin::Owner,
                span,
            });
        }
        let env: Variables = env.into_iter().collect();
        self.own_variables(&env, reader);
        env
    }

    /// A value with a source; reports a choice that was not made and names that nothing has.
    pub(super) fn sourced(
        &mut self,
        platform: &Platform,
        reader: &str,
        seat: Seat,
        entry: &ValueEntry,
        span: Span,
    ) -> Option<Value> {
        let chosen = [
            entry.secret.is_some(),
            entry.url.is_some(),
            entry.handle.is_some(),
            entry.env.is_some(),
            entry.fill_in.is_some(),
        ];
        if chosen.iter().filter(|it| **it).count() != 1 {
            self.conflict(
                "a value needs exactly one of `secret`, `url`, `handle`, `env` and `fill_in`",
                span,
                "say where it comes from",
            );
            return None;
        }
        if entry.url.is_none() && (entry.port.is_some() || entry.path.is_some()) {
            self.conflict(
                "`port` and `path` go with `url` only",
                span,
                "there is no `url` here",
            );
            return None;
        }
        if let Some(secret) = &entry.secret {
            return self.secret(secret.as_str(), span).map(Value::Secret);
        }
        if let Some(handle) = &entry.handle {
            return self.handle(handle, span).map(Value::Handle);
        }
        if let Some(name) = &entry.env {
            return Some(Value::Variable(name.0.clone()));
        }
        if let Some(words) = &entry.fill_in {
            return Some(Value::FillIn(words.clone()));
        }
        let id = self.service(entry.url.as_ref()?.as_str(), span)?;
        let service = &platform[id];
        let port = match &entry.port {
            Some(name) => Some(self.named_port(service, name.as_str(), span)?),
            None => service.port(),
        };
        let base = self.base(platform, seat, service, port, span, reader)?;
        let path = entry.path.as_deref().unwrap_or("");
        Some(Value::Url(id, (base + path).into()))
    }

    fn named_port(&mut self, service: &Service, name: &str, span: Span) -> Option<u16> {
        let found = service
            .ports
            .iter()
            .find(|it| it.name == name)
            .map(|it| it.number);
        if found.is_none() {
            let known: Vec<_> = service.ports.iter().map(|it| it.name.as_str()).collect();
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::UNKNOWN_NAME,
                    format!("`{}` has no single port `{name}`", service.name),
                )
                .primary(span, "no port there has this name")
                .help(format!("its ports are: {}", known.join(", "))),
            );
        }
        found
    }

    /// Reports variables that are said to be another one which the environment does not have.
    fn own_variables(&mut self, env: &Variables, reader: &str) {
        for variable in env.iter() {
            if let Value::Variable(name) = &variable.value
                && (!env.contains(name) || *name == variable.name)
            {
                self.unprovided(name, reader, variable.span);
            }
        }
    }

    /// Reports a variable that nobody provides.
    pub(super) fn unprovided(&mut self, name: &str, reader: &str, span: Span) {
        if self.lost.contains(&(reader.to_owned(), name.to_owned())) {
            return;
        }
        self.diagnostics.push(
            Diagnostic::new(
                &rules::UNPROVIDED_VARIABLE,
                format!("the environment of `{reader}` has no `{name}`"),
            )
            .primary(span, "nobody provides it")
            .help(format!("add `{name} = …` to the `env` of `{reader}`")),
        );
    }

    fn forbidden(&mut self, service: &Service, env: &Variables) {
        for (name, why) in service.kind.forbidden_env {
            if let Some(variable) = env.get(name) {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::FORBIDDEN_VARIABLE,
                        format!(
                            "`{name}` must not be in the environment of `{}`",
                            service.name
                        ),
                    )
                    .primary(variable.span, *why)
                    .help("take it out of this environment"),
                );
            }
        }
    }

    /// Adds what the service's kind always writes, where the owner wrote nothing.
    fn settings(&mut self, platform: &Platform, service: &Service, env: &mut Variables) {
        env.reserve(service.kind.env.len());
        for setting in service.kind.env {
            if env.contains(setting.name) {
                continue;
            }
            let Some(value) = self.setting(platform, service, setting.value) else {
                continue;
            };
            env.add(Variable {
                name: SmolStr::new_static(setting.name),
                value,
                required: true,
                origin: Origin::Kind(setting.why),
                span: service.span,
            });
        }
    }

    fn setting(
        &mut self,
        platform: &Platform,
        service: &Service,
        value: SettingValue,
    ) -> Option<Value> {
        let address = service.listen_address();
        let text = match value {
            SettingValue::Text(text) => SmolStr::new_static(text),
            SettingValue::Bind => address.into(),
            SettingValue::Port => service.listen_port()?.to_smolstr(),
            SettingValue::BindPort => {
                if address.contains(':') {
                    format_smolstr!("[{address}]:{}", service.listen_port()?)
                } else {
                    format_smolstr!("{address}:{}", service.listen_port()?)
                }
            }
            SettingValue::StateDirectory => service.run.state_directory.as_deref()?.into(),
            SettingValue::Config(name) => service.own_config(name)?.into(),
            SettingValue::GatewayUrl(path) => return self.gateway_url(platform, service, path),
            SettingValue::GatewaySearchUrl => {
                let tool = platform.gateway.search_tools.first()?;
                return self.gateway_url(platform, service, &format!("/v1/search/{}", tool.name));
            }
            SettingValue::TextWithSearch(text) => {
                platform.gateway.search_tools.first()?;
                SmolStr::new_static(text)
            }
            SettingValue::GatewaySearchKey => {
                platform.gateway.search_tools.first()?;
                return self.gateway_key(platform).map(Value::Secret);
            }
            SettingValue::GatewayKey => return self.gateway_key(platform).map(Value::Secret),
        };
        Some(Value::Text(text))
    }

    fn gateway_url(&mut self, platform: &Platform, service: &Service, path: &str) -> Option<Value> {
        let gateway = platform.gateway_service();
        let base = self.base(
            platform,
            Seat::of(service),
            gateway,
            gateway.port(),
            service.span,
            &service.name,
        )?;
        Some(Value::Url(gateway.id, (base + path).into()))
    }

    /// The secret that is the gateway's key.
    fn gateway_key(&mut self, platform: &Platform) -> Option<crate::platform::SecretId> {
        let variable = self.manifest.gateway.key.as_ref()?;
        let gateway = self.written(platform.policy.gateway).fields;
        match gateway.env.get(variable.env.as_str())? {
            manifest::Value::Source(entry) => {
                let name = entry.secret.as_ref()?;
                platform.secrets.find(name.as_str()).map(|it| it.id)
            }
            _ => None,
        }
    }

    /// Adds what LiteLLM's routes read: base URL and model of each deployment.
    fn route_variables(&mut self, platform: &Platform, env: &mut Variables) {
        let mut routes = Vec::with_capacity(2 * platform.deployments.len());
        for deployment in &platform.deployments {
            let span = platform[deployment.handle].span;
            let values = [
                (
                    deployment.base_variable(),
                    Value::Url(deployment.service, deployment.url.clone()),
                ),
                (
                    deployment.model_variable(),
                    Value::Text(deployment.litellm_model()),
                ),
            ];
            for (name, value) in values {
                // Two routes with one variable were reported as such already.
                if let Some(other) = env.get(&name).filter(|it| it.origin == Origin::Owner) {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &rules::VARIABLE_CLASH,
                            format!(
                                "`{name}` is the variable of the route `{}`",
                                deployment.name
                            ),
                        )
                        .primary(other.span, "written here as well")
                        .secondary(span, "this handle makes it")
                        .help("take it out: its value follows from the handle"),
                    );
                    continue;
                }
                routes.push(Variable {
                    name,
                    value,
                    required: true,
                    origin: Origin::Route(deployment.name.clone()),
                    span,
                });
            }
        }
        env.extend(routes);
    }

    /// Reports keys of routes that the gateway is not given.
    fn route_keys(&mut self, platform: &Platform, env: &Variables) {
        for deployment in &platform.deployments {
            if let Some(key) = &deployment.key
                && !env.contains(key)
            {
                let span = platform[deployment.handle].span;
                self.unprovided(key, &platform.gateway_service().name, span);
            }
        }
    }

    /// Works out who calls whom: what is said, and what environment, kind and routes imply.
    pub(super) fn calls(&mut self, platform: &mut Platform) {
        let mut wanted: Vec<((ServiceId, ServiceId), Span)> = Vec::new();
        let gateway = platform.policy.gateway;
        for service in &platform.services {
            let written = self.written(service.id);
            let (said, place) = (&written.fields.calls, written.place);
            // Of a call that is said twice, the last place counts.
            for (at, name) in said.iter().enumerate().rev() {
                let span = place.item("calls", at);
                if let Some(to) = self.service(name.as_str(), span) {
                    wanted.push(((service.id, to), span));
                }
            }
            for variable in &service.env {
                if let Value::Url(to, _) = variable.value {
                    wanted.push(((service.id, to), variable.span));
                }
            }
            if service.kind.calls_gateway && service.id != gateway {
                wanted.push(((service.id, gateway), service.span));
            }
        }
        for deployment in &platform.deployments {
            let span = platform[deployment.handle].span;
            wanted.push(((gateway, deployment.service), span));
        }
        for (store, span) in self.stores_of(platform) {
            wanted.push(((gateway, store), span));
        }
        for tool in &platform.gateway.search_tools {
            wanted.push(((gateway, tool.service), tool.span));
        }
        // What is said stands before what follows from something, and of two the first counts.
        wanted.sort_by_key(|(ends, _)| *ends);
        wanted.dedup_by_key(|(ends, _)| *ends);
        self.follow_calls(platform, &wanted);
    }

    fn follow_calls(&mut self, platform: &mut Platform, wanted: &[((ServiceId, ServiceId), Span)]) {
        let shared = &*platform;
        let calls = self.each(wanted.len(), |draft, at| {
            let ((from, to), span) = wanted[at];
            draft.follow_call(shared, from, to, span)
        });
        let calls: Vec<Call> = calls.into_iter().flatten().collect();
        let callers = calls.iter().enumerate().map(|(at, call)| (call.to, at));
        platform.lookup.callers = callers.collect();
        platform.calls = calls;
    }

    /// One call, when both ends are in use; reports when there is no way.
    fn follow_call(
        &mut self,
        platform: &Platform,
        from: ServiceId,
        to: ServiceId,
        span: Span,
    ) -> Option<Call> {
        let source = &platform[from];
        let target = &platform[to];
        let there = platform.is_installed(target) || platform.is_provider(target);
        if from == to || !platform.is_installed(source) || !there {
            return None;
        }
        let way = way(platform, Seat::of(source), to);
        // A kind with one model per port is called on the ports of its models.
        let slots = target.port().is_none() && target.kind.one_model_per_port;
        let url = match &way {
            Some(way) if slots => way.url(None),
            _ => self.base(
                platform,
                Seat::of(source),
                target,
                target.port(),
                span,
                &source.name,
            )?,
        };
        let network = way.and_then(|it| it.network);
        Some(Call {
            from,
            to,
            url,
            network,
            span,
        })
    }
}

/// Gives copies the value of what they are copied from: nothing in a container would copy them at its start.
fn copy_variables(env: &mut Variables) {
    let copies: Vec<SmolStr> = env
        .iter()
        .filter(|it| matches!(it.value, Value::Variable(_)))
        .map(|it| it.name.clone())
        .collect();
    // A copy of a copy needs another round, and a circle ends with the rounds.
    for _ in &copies {
        for name in &copies {
            if let Some(Value::Variable(source)) = env.get(name).map(|it| &it.value)
                && let Some(value) = env.get(source).map(|it| it.value.clone())
                && let Some(copy) = env.get_mut(name)
            {
                copy.value = value;
            }
        }
    }
}

/// Where the environment file of a container lies when nobody says: it has to lie somewhere as soon as there is a secret.
fn default_env_file(service: &mut Service) {
    let filled_in = |it: &Variable| matches!(it.value, Value::Secret(_) | Value::FillIn(_));
    if service.container.is_some()
        && service.env_file.is_none()
        && service.env.iter().any(filled_in)
    {
        service.env_file = Some(format!("/etc/homelab/{}.env", service.name));
    }
}
