//! The gateway's settings, its key and its search tools.

use smol_str::SmolStr;

use crate::backend::Role;
use crate::backend::litellm_keys::{DEPLOYMENT_KEYS, LITELLM_VERSION, Section, SettingKey};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::{
    self, Budget, Duration, GatewayLimits, Manifest, Parameter, PassThrough, RoutingProfile,
};
use crate::platform::{self, Gateway, Limit, Platform, SearchTool, Value};

use super::reach::Seat;
use super::{Draft, rules};

/// The settings as written; search tools follow once services are known.
pub(super) fn settings(manifest: &Manifest) -> Gateway {
    let it = &manifest.gateway;
    let number = |it: Option<i64>| it.and_then(|it| u32::try_from(it).ok());
    let duration = |it: &Option<Duration>| it.as_ref().and_then(Duration::to_std);
    Gateway {
        key: it.key.as_ref().map(|it| it.env.0.to_string()),
        strategy: it.strategy,
        profile: it.profile.map(profile),
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
        limits: limits(&it.limits),
        router_settings: it.litellm.router_settings.clone(),
        litellm_settings: it.litellm.litellm_settings.clone(),
        general_settings: it.litellm.general_settings.clone(),
    }
}

fn profile(it: RoutingProfile) -> platform::RoutingProfile {
    let part = |it: i64| u32::try_from(it).unwrap_or(0);
    platform::RoutingProfile {
        speed: part(it.speed),
        quality: part(it.quality),
        cost: part(it.cost),
    }
}

fn limits(it: &GatewayLimits) -> platform::GatewayLimits {
    let budget = |it: &Budget| Limit {
        budget: Some(it.budget),
        every: it.every.to_std(),
        requests_per_minute: None,
    };
    let limit = |it: &manifest::Limit| Limit {
        budget: it.budget,
        every: it.every.as_ref().and_then(Duration::to_std),
        requests_per_minute: it.requests_per_minute.and_then(|it| u32::try_from(it).ok()),
    };
    platform::GatewayLimits {
        total: it.total.as_ref().map(budget),
        key: it.key.as_ref().map(limit),
        user: it.user.as_ref().map(budget),
        team: it.team.as_ref().map(limit),
    }
}

impl Draft<'_> {
    /// Reports a profile that does not add up or stands beside a strategy, and limits that nobody would count.
    pub(super) fn profile_and_limits(&mut self) {
        let it = &self.manifest.gateway;
        let place = self.root.table("gateway");
        if let Some(profile) = it.profile {
            let sum = profile.speed + profile.quality + profile.cost;
            if sum != 100 {
                self.conflict(
                    format!("the parts of the profile are {sum} together"),
                    place.key("profile"),
                    "speed, quality and cost are parts of a hundred",
                );
            }
            if it.strategy.is_some() {
                self.conflict(
                    "the gateway has both a `profile` and a `strategy`",
                    place.key("strategy"),
                    "the strategy follows from the profile",
                );
            }
        }
        let limits = &it.limits;
        let given = [
            ("total", limits.total.is_some()),
            ("key", limits.key.is_some()),
            ("user", limits.user.is_some()),
            ("team", limits.team.is_some()),
        ];
        let passed = |it: &PassThrough| it.general_settings.contains_key("database_url");
        if it.database.is_none() && !passed(&it.litellm) {
            for (name, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
                self.conflict(
                    format!("nothing counts the limits of `{name}`"),
                    place.table("limits").key(name),
                    "needs `gateway.database`: LiteLLM counts in its database",
                );
            }
        }
    }

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
                name: name.0.to_string(),
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
        for written in self.handles {
            let it = written.fields;
            let place = written.place.table("parameters");
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
        let limits = &gateway.limits;
        let field = match (section, key) {
            (Section::Litellm, "max_budget" | "budget_duration") => {
                limits.total.as_ref().map(|_| "limits.total")
            }
            (Section::Litellm, "default_key_generate_params") => {
                limits.key.as_ref().map(|_| "limits.key")
            }
            (Section::Litellm, "default_internal_user_params") => {
                limits.user.as_ref().map(|_| "limits.user")
            }
            (Section::Litellm, "default_team_params") => {
                limits.team.as_ref().map(|_| "limits.team")
            }
            (Section::Router, "routing_strategy_args") => gateway.profile.map(|_| "profile"),
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
        let variables: Vec<Option<SmolStr>> = platform
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
