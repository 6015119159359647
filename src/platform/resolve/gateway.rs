//! The gateway's settings, its key and its search tools.

use crate::backend::Role;
use crate::backend::litellm_keys::{DEPLOYMENT_KEYS, LITELLM_VERSION, Section, SettingKey};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::{Duration, Manifest, Parameter};
use crate::platform::{Gateway, Platform, SearchTool, Value};

use super::reach::Seat;
use super::{Draft, rules};

/// The settings as written; search tools follow once services are known.
pub(super) fn settings(manifest: &Manifest) -> Gateway {
    let it = &manifest.gateway;
    let number = |it: Option<i64>| it.and_then(|it| u32::try_from(it).ok());
    let duration = |it: &Option<Duration>| it.as_ref().and_then(Duration::to_std);
    Gateway {
        key: it.key.as_ref().map(|it| it.env.0.clone()),
        strategy: it.strategy,
        retries: number(it.retries),
        retry_after: duration(&it.retry_after),
        timeout: duration(&it.timeout),
        stream_timeout: duration(&it.stream_timeout),
        cooldown: duration(&it.cooldown),
        allowed_fails: number(it.allowed_fails),
        max_fallbacks: number(it.max_fallbacks),
        json_logs: it.json_logs,
        drop_params: it.drop_params,
        search_tools: Vec::new(),
        database: None,
        cache: None,
        router_settings: it.litellm.router_settings.clone(),
        litellm_settings: it.litellm.litellm_settings.clone(),
        general_settings: it.litellm.general_settings.clone(),
    }
}

impl Draft<'_> {
    pub(super) fn search_tools(&mut self, platform: &mut Platform) {
        let manifest = self.manifest;
        let mut tools = Vec::new();
        for (name, it) in &manifest.gateway.search_tools {
            let place = self
                .root
                .table("gateway")
                .table("search_tools")
                .table(name.as_str());
            let span = place.value("service");
            let Some(id) = self.service(it.service.as_str(), span) else {
                continue;
            };
            self.role(it.service.as_str(), Role::Search, span);
            let gateway = platform.gateway_service();
            let service = &platform[id];
            let Some(url) = self.base(
                platform,
                Seat::of(gateway),
                service,
                service.port(),
                span,
                &gateway.name,
            ) else {
                continue;
            };
            tools.push(SearchTool {
                name: name.0.clone(),
                service: id,
                title: it.title.clone(),
                url,
                variable: None,
                span: place.span(),
            });
        }
        platform.gateway.search_tools = tools;
    }

    /// Reports settings passed through that LiteLLM would ignore, refuse, or read from a field of ours, and fixed parameters that would redirect a request.
    pub(super) fn pass_through(&mut self) {
        let manifest = self.manifest;
        let it = &manifest.gateway.litellm;
        let sections = [
            (Section::Router, &it.router_settings),
            (Section::Litellm, &it.litellm_settings),
            (Section::General, &it.general_settings),
        ];
        for (section, settings) in sections {
            let place = self
                .root
                .table("gateway")
                .table("litellm")
                .table(section.name());
            for (key, value) in settings {
                self.list_with_variable(key, value, place.value(key));
                let found = complaint(section, key).or_else(|| self.doubled(section, key));
                if let Some((message, help)) = found {
                    self.diagnostics.push(
                        Diagnostic::new(&rules::GATEWAY_SETTING, message)
                            .primary(place.key(key), format!("in `{}`", section.name()))
                            .help(help),
                    );
                }
            }
        }
        for (handle, it) in &manifest.handles {
            let handle = handle.as_str();
            let place = self.root.table("handles").table(handle).table("parameters");
            for key in it
                .parameters
                .keys()
                .filter(|key| DEPLOYMENT_KEYS.contains(&key.as_str()))
            {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::GATEWAY_SETTING,
                        format!("`{key}` is no parameter that a handle can fix"),
                    )
                    .primary(
                        place.key(key),
                        "says where a request goes, or how it is tried",
                    )
                    .help("take it out: the platform works it out, or has a field for it"),
                );
            }
        }
    }

    /// What is wrong with a place that is passed through where a service of the platform is one. Without such a service the place is the owner's own: a database or a cache elsewhere.
    fn doubled(&self, section: Section, key: &str) -> Option<(String, String)> {
        let gateway = &self.manifest.gateway;
        let field = match (section, key) {
            (Section::General, "database_url") => gateway.database.as_ref().map(|_| "database"),
            (Section::Litellm, "cache" | "cache_params") => gateway.cache.as_ref().map(|_| "cache"),
            _ => None,
        }?;
        Some((
            format!("`{key}` is worked out from `gateway.{field}`"),
            format!("take it out, or `gateway.{field}`"),
        ))
    }

    /// Reports a variable inside a list: LiteLLM looks one up only where it is a whole value.
    fn list_with_variable(&mut self, key: &str, value: &Parameter, span: Span) {
        if in_list(value, false) {
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::GATEWAY_SETTING,
                    format!("LiteLLM reads no variable inside the list of `{key}`"),
                )
                .primary(span, "`{ env = … }` stands in a list here")
                .help("write the value itself, or a setting that is no list"),
            );
        }
    }

    /// What needs the gateway's environment: its key, and the variables that hold the URLs of search tools.
    pub(super) fn gateway(&mut self, platform: &mut Platform) {
        let place = self.root.table("gateway");
        let gateway = platform.gateway_service();
        if let Some(key) = &platform.gateway.key
            && platform.variable(gateway, key).is_none()
        {
            self.unprovided(key, &gateway.name, place.table("key").value("env"));
        }
        let variables: Vec<Option<String>> = platform
            .gateway
            .search_tools
            .iter()
            .map(|tool| {
                let found = gateway.env.iter().find(
                    |it| matches!(&it.value, Value::Url(to, url) if *to == tool.service && *url == tool.url),
                );
                found.map(|it| it.name.clone())
            })
            .collect();
        for (tool, variable) in platform.gateway.search_tools.iter_mut().zip(variables) {
            tool.variable = variable;
        }
    }
}

/// True when `{ env = … }` stands somewhere below a list.
fn in_list(value: &Parameter, below: bool) -> bool {
    match value {
        Parameter::List(items) => items.iter().any(|it| in_list(it, true)),
        Parameter::Table(table) if below && table.len() == 1 && table.contains_key("env") => true,
        Parameter::Table(table) => table.values().any(|it| in_list(it, below)),
        _ => false,
    }
}

/// What is wrong with a setting that is passed through, and what to do.
fn complaint(section: Section, key: &str) -> Option<(String, String)> {
    match section.key(key) {
        SettingKey::Known => None,
        SettingKey::Written(field) => Some((
            format!("`{key}` has a field of its own"),
            format!("say it with `{field}`"),
        )),
        SettingKey::Elsewhere(other) => Some((
            format!("`{key}` does not belong to `{}`", section.name()),
            format!("move it to `{}`", other.name()),
        )),
        SettingKey::Unknown(near) => Some((
            format!("LiteLLM {LITELLM_VERSION} has no setting `{key}`"),
            near.map_or_else(
                || "it would be ignored without a word; take it out".to_owned(),
                |near| format!("did you mean `{near}`?"),
            ),
        )),
    }
}
