//! From settings to a platform: names, fallbacks, what the gateway does, its environment, and the other sections.

use std::collections::BTreeMap;

use super::super::toml::Toml;
use super::super::tree::{Node, Url, Value};
use super::In;
use super::carry::{Carry, duration};
use super::names::FALLBACKS;
use super::settings::ENTERPRISE;
use crate::backend::litellm_keys::{self, Section, SettingKey};
use crate::diagnostic::Span;
use crate::manifest::word;

impl Carry<'_, '_> {
    pub(super) fn aliases(&mut self) {
        let Some(aliases) = self.config.setting(Section::Router, "model_group_alias") else {
            return;
        };
        for entry in aliases.node.entries() {
            let place = (aliases.file, entry.key_span);
            let what = format!("alias `{}`", entry.key);
            let target = entry.node.as_text().or(entry.node.text_at("model"));
            let Some(target) = target.and_then(|it| self.draft.handles.get(it)).cloned() else {
                self.leave(
                    place.0,
                    place.1,
                    what,
                    "it stands for nothing that was carried over",
                );
                continue;
            };
            if word::HANDLE.check(&entry.key).is_err()
                || self.draft.handles.contains_key(&entry.key)
                || !self.draft.take_name("handle", &entry.key)
            {
                self.leave(
                    place.0,
                    place.1,
                    what,
                    "no handle can have this name, or one has it already",
                );
                continue;
            }
            let mut handle = target;
            handle.fallbacks.clear();
            if entry.node.at("hidden").map(|it| &it.value) == Some(&Value::Boolean(true)) {
                handle.fields.insert("visibility", Toml::text("internal"));
            }
            self.draft.handles.insert(entry.key.clone(), handle);
        }
    }

    pub(super) fn fallbacks(&mut self) {
        let in_router = self.config.setting(Section::Router, "fallbacks");
        let outside = self.config.setting(Section::Litellm, "fallbacks");
        if let (Some(_), Some(outside)) = (in_router, outside) {
            let what = "`litellm_settings.fallbacks`";
            self.leave(
                outside.file,
                outside.node.span,
                what,
                "LiteLLM reads those of `router_settings`",
            );
        }
        let list = in_router.or(outside);
        let Some(list) = list else {
            return;
        };
        for entry in list.node.items().iter().flat_map(Node::entries) {
            if !self.draft.handles.contains_key(&entry.key) {
                self.leave(
                    list.file,
                    entry.key_span,
                    format!("the fallbacks of `{}`", entry.key),
                    "no handle of this name was carried over",
                );
                continue;
            }
            for target in entry.node.items() {
                let Some(name) = target.as_text() else {
                    self.leave(
                        list.file,
                        target.span,
                        format!("a fallback of `{}`", entry.key),
                        "it is no name",
                    );
                    continue;
                };
                let what = format!("the fallback from `{}` to `{name}`", entry.key);
                if !self.draft.handles.contains_key(name) {
                    self.leave(
                        list.file,
                        target.span,
                        what,
                        "no handle of this name was carried over",
                    );
                } else if self.leads_to(name, &entry.key) {
                    self.leave(
                        list.file,
                        target.span,
                        what,
                        "with it fallbacks would go round in a circle",
                    );
                } else if let Some(handle) = self.draft.handles.get_mut(&entry.key)
                    && !handle.fallbacks.iter().any(|it| it == name)
                {
                    handle.fallbacks.push(name.to_owned());
                }
            }
        }
    }

    /// Whether fallbacks lead from one handle to another.
    fn leads_to(&self, from: &str, to: &str) -> bool {
        let mut seen = std::collections::HashSet::new();
        let mut next = vec![from];
        while let Some(name) = next.pop() {
            if name == to {
                return true;
            }
            if seen.insert(name) {
                let handle = self.draft.handles.get(name);
                next.extend(
                    handle
                        .iter()
                        .flat_map(|it| it.fallbacks.iter().map(String::as_str)),
                );
            }
        }
        false
    }

    pub(super) fn settings(&mut self) {
        for section in [Section::Router, Section::Litellm, Section::General] {
            let Some(map) = self.config.map(section.name()) else {
                continue;
            };
            for entry in map.node.entries().iter().filter(|it| !it.node.is_null()) {
                self.setting(section, map.file, &entry.key, entry.key_span, &entry.node);
            }
        }
    }

    fn setting(&mut self, section: Section, file: usize, key: &str, span: Span, node: &Node) {
        let own = section.keys().contains(&key);
        let what = format!("`{}.{key}`", section.name());
        if !own {
            // LiteLLM does not read it there; where it would, it is carried to.
            let home = [Section::General, Section::Router, Section::Litellm]
                .into_iter()
                .find(|it| it.keys().contains(&key));
            return match home {
                Some(home) if self.config.setting(home, key).is_none() => {
                    self.setting(home, file, key, span, node);
                }
                _ => self.leave(file, span, what, "LiteLLM does not read it"),
            };
        }
        match key {
            "model_group_alias" | "fallbacks" | "search_tools" | "model_list" => return,
            _ if section == Section::General && ENTERPRISE.contains(&key) => {
                return self.leave(
                    file,
                    span,
                    what,
                    "LiteLLM takes it from holders of a licence only, and ends",
                );
            }
            "master_key" => return self.master_key(node),
            _ => {}
        }
        if let SettingKey::Written(field) = section.key(key) {
            let carried = field
                .strip_prefix("gateway.")
                .is_some_and(|field| self.field(field, node));
            if !carried {
                self.leave(
                    file,
                    span,
                    what,
                    "platform.toml has a field for it that takes no such value",
                );
            }
            return;
        }
        let value = match key {
            "default_fallbacks" => self.default_fallbacks(node),
            _ if FALLBACKS.contains(&key) => self.other_fallbacks(file, node),
            "retry_policy" | "allowed_fails_policy" => policy(key, node),
            _ => self.value(file, key, node),
        };
        match value {
            Some(value) => {
                let passed = self.draft.passed.entry(section.name()).or_default();
                passed.insert(key.to_owned(), value);
            }
            None => self.leave(
                file,
                span,
                what,
                "its value has no form that can be passed through",
            ),
        }
    }

    fn master_key(&mut self, node: &Node) {
        let reference = node.as_text().and_then(|it| it.strip_prefix("os.environ/"));
        let name = reference.unwrap_or("LITELLM_MASTER_KEY").to_owned();
        if reference.is_none() {
            self.draft.notes.push("the gateway's key: it is read from the variable LITELLM_MASTER_KEY now; put a new one there, the old one is known".to_owned());
        }
        if self.draft.gateway_variable(&name) {
            self.draft.gateway.insert("key", Toml::one("env", name));
        }
    }

    /// Gives a field of the gateway its value; false when it takes no such value.
    fn field(&mut self, field: &str, node: &Node) -> bool {
        let number = |most: i64| {
            node.as_integer()
                .filter(|it| (0..=most).contains(it))
                .map(Toml::Integer)
        };
        let (field, value) = match field {
            "strategy" => {
                let known = [
                    "simple-shuffle",
                    "least-busy",
                    "latency-based-routing",
                    "cost-based-routing",
                    "usage-based-routing-v2",
                ];
                (
                    "strategy",
                    node.as_text()
                        .filter(|it| known.contains(it))
                        .map(Toml::text),
                )
            }
            "retries" => ("retries", number(20)),
            "allowed_fails" => ("allowed_fails", number(10_000)),
            "max_fallbacks" => ("max_fallbacks", number(100)),
            "retry_after" => ("retry_after", duration(node)),
            "timeout" => ("timeout", duration(node)),
            "stream_timeout" => ("stream_timeout", duration(node)),
            "cooldown" => ("cooldown", duration(node)),
            "json_logs" => ("json_logs", node.as_boolean().map(Toml::Boolean)),
            "drop_params" => ("drop_params", node.as_boolean().map(Toml::Boolean)),
            _ => return false,
        };
        let Some(value) = value else {
            return false;
        };
        // The router's own settings come first and win, as they do in LiteLLM.
        self.draft.gateway.entry(field).or_insert(value);
        true
    }

    fn default_fallbacks(&mut self, node: &Node) -> Option<Toml> {
        let names: Vec<&str> = node.items().iter().filter_map(Node::as_text).collect();
        let kept = names
            .into_iter()
            .filter(|it| self.draft.handles.contains_key(*it));
        let kept: Vec<&str> = kept.collect();
        (!kept.is_empty()).then(|| Toml::texts(kept))
    }

    /// Fallbacks of another sort, without names that lead nowhere.
    fn other_fallbacks(&mut self, file: usize, node: &Node) -> Option<Toml> {
        let mut kept = Vec::new();
        for entry in node.items().iter().flat_map(Node::entries) {
            let has = |it: &&str| self.draft.handles.contains_key(*it);
            let names: Vec<&str> = entry
                .node
                .items()
                .iter()
                .filter_map(Node::as_text)
                .filter(has)
                .collect();
            if self.draft.handles.contains_key(&entry.key) && !names.is_empty() {
                kept.push(Toml::Table(BTreeMap::from([(
                    entry.key.clone(),
                    Toml::texts(names),
                )])));
            } else {
                self.leave(
                    file,
                    entry.key_span,
                    format!("other fallbacks of `{}`", entry.key),
                    "they lead to nothing that was carried over",
                );
            }
        }
        (!kept.is_empty()).then_some(Toml::List(kept))
    }

    pub(super) fn environment(&mut self) {
        let Some(map) = self.config.map("environment_variables") else {
            return;
        };
        for entry in map.node.entries() {
            if word::ENV_NAME.check(&entry.key).is_err() {
                self.leave(
                    map.file,
                    entry.key_span,
                    format!("the variable `{}`", entry.key),
                    "the system gives it a meaning of its own, or it is no name",
                );
                continue;
            }
            let secret = self.credential(map.file, entry.node.span).is_some()
                || crate::syntax::secrets::promise(&entry.key).is_some();
            let reference = entry
                .node
                .as_text()
                .is_some_and(|it| it.starts_with("os.environ/"));
            if secret || reference {
                self.draft.gateway_variable(&entry.key);
                continue;
            }
            let value = match &entry.node.value {
                Value::Text(text) => Toml::text(text),
                Value::Integer(number) => Toml::Integer(*number),
                Value::Boolean(truth) => Toml::Boolean(*truth),
                _ => {
                    self.leave(
                        map.file,
                        entry.key_span,
                        format!("the variable `{}`", entry.key),
                        "its value is no text",
                    );
                    continue;
                }
            };
            self.draft
                .gateway_service()
                .env
                .insert(entry.key.clone(), value);
        }
    }

    pub(super) fn search_tools(&mut self) {
        for list in self.config.section("search_tools") {
            for tool in list.node.items() {
                let name = tool
                    .text_at("search_tool_name")
                    .unwrap_or_default()
                    .to_owned();
                let params = tool.at("litellm_params");
                let provider = params.and_then(|it| it.text_at("search_provider"));
                let base = params
                    .and_then(|it| it.text_at("api_base"))
                    .unwrap_or_default();
                let url = self
                    .resolved(base)
                    .and_then(Url::parse)
                    .filter(|it| !it.is_secure);
                let place = url.as_ref().and_then(|it| self.draft.place_of(it));
                let (Some("searxng"), Some((host, port))) = (provider, place) else {
                    self.leave(
                        list.file,
                        tool.span,
                        format!("search tool `{name}`"),
                        "a platform has a SearXNG of its own, at an address that is known",
                    );
                    continue;
                };
                let service = self.draft.service_at(&host, port, "searxng", "searxng");
                if word::NAME.check(&name).is_ok()
                    && self.draft.services[&service].kind == "searxng"
                {
                    self.draft.search_tools.insert(name, service);
                } else {
                    self.leave(list.file, tool.span, format!("search tool `{name}`"), "a search tool has a name of lower case letters, digits and dashes, and a service of its own");
                }
            }
        }
    }

    pub(super) fn mcp_servers(&mut self) {
        let Some(map) = self.config.map("mcp_servers") else {
            return;
        };
        for entry in map.node.entries() {
            let place = In {
                file: map.file,
                node: &entry.node,
            };
            super::super::mcp::server(&entry.key, entry.key_span, place, true, self.draft);
        }
    }

    /// Sections that have no place.
    pub(super) fn sections(&mut self) {
        let carried = [
            "model_list",
            "litellm_settings",
            "router_settings",
            "general_settings",
            "environment_variables",
            "include",
            "search_tools",
            "mcp_servers",
        ];
        for file in &self.config.files {
            for entry in file.node.entries().iter().filter(|it| !it.node.is_null()) {
                let known = litellm_keys::listed("top").contains(&entry.key.as_str());
                if known && !carried.contains(&entry.key.as_str()) {
                    self.draft.leave(
                        file.file,
                        entry.key_span,
                        format!("section `{}`", entry.key),
                        "platform.toml has no words for it",
                    );
                }
            }
        }
    }
}

/// A policy without keys that LiteLLM does not know.
fn policy(kind: &str, node: &Node) -> Option<Toml> {
    let known = litellm_keys::listed(kind);
    let entries = node.entries().iter();
    let kept: BTreeMap<String, Toml> = entries
        .filter(|it| known.contains(&it.key.as_str()))
        .filter_map(|it| Some((it.key.clone(), Toml::Integer(it.node.as_integer()?))))
        .collect();
    (!kept.is_empty()).then_some(Toml::Table(kept))
}
