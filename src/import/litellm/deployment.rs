//! Entries of `model_list`: what LiteLLM drops, what it refuses, and where requests would go.

use std::collections::HashMap;

use super::super::report::Findings;
use super::super::rules;
use super::super::scalar;
use super::super::tree::{Entry, KeyValue, Node, Style, Value};
use super::super::words;
use super::{Config, ignored};
use crate::backend::litellm_keys::{self, Part, Section};
use crate::diagnostic::{Diagnostic, Severity, Span};

/// An entry of `model_list`.
#[derive(Debug)]
pub(in crate::import) struct Deployment<'a> {
    /// The number of its file.
    pub(in crate::import) file: usize,
    /// The entry.
    pub(in crate::import) node: &'a Node,
    /// Its name, when it is text.
    pub(in crate::import) name: Option<&'a str>,
    /// Why LiteLLM goes on without it.
    pub(in crate::import) is_dropped: bool,
}

/// Keys of an entry beside `litellm_params`.
const KEYS: &[&str] = &[
    "blocked",
    "guardrails",
    "litellm_params",
    "max_parallel_requests",
    "model_info",
    "model_name",
    "order",
    "rpm",
    "tpm",
    "weight",
];

/// Parameters that have no type in the list, for finding out what was meant.
const PARAMETERS: &[&str] = &[
    "allowed_fails",
    "allowed_fails_policy",
    "api_base",
    "api_key",
    "api_version",
    "base_url",
    "cooldown_time",
    "custom_llm_provider",
    "drop_params",
    "extra_body",
    "extra_headers",
    "frequency_penalty",
    "keep_alive",
    "max_completion_tokens",
    "max_parallel_requests",
    "max_retries",
    "max_tokens",
    "mock_response",
    "model",
    "model_info",
    "num_ctx",
    "num_retries",
    "organization",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "stop",
    "stream",
    "stream_timeout",
    "temperature",
    "timeout",
    "top_p",
];

/// What belongs into `model_info`, and is sent to the server from `litellm_params`.
const INFORMATION: &[&str] = &[
    "access_groups",
    "disable_background_health_check",
    "health_check_model",
    "health_check_timeout",
    "max_input_tokens",
    "max_output_tokens",
    "mode",
    "supports_function_calling",
    "supports_reasoning",
    "supports_response_schema",
    "supports_vision",
];

impl<'a> Deployment<'a> {
    /// An entry of `model_list`.
    pub(super) fn new(file: usize, node: &'a Node) -> Self {
        Self {
            file,
            node,
            name: node.text_at("model_name"),
            is_dropped: false,
        }
    }

    /// Its `litellm_params`.
    pub(in crate::import) fn params(&self) -> Option<&'a Node> {
        self.node.at("litellm_params").filter(|it| it.is_map())
    }

    /// Its `model_info`.
    pub(in crate::import) fn info(&self) -> Option<&'a Node> {
        self.node.at("model_info").filter(|it| it.is_map())
    }

    /// Where its name stands.
    pub(in crate::import) fn span(&self) -> Span {
        let name = self.node.at("model_name");
        name.map_or(self.node.span, |it| it.span)
    }

    /// The provider that LiteLLM speaks to it by; nothing when it is unknown.
    pub(in crate::import) fn provider(&self) -> Option<&'a str> {
        let params = self.params()?;
        if let Some(provider) = params.text_at("custom_llm_provider") {
            return Some(provider);
        }
        let model = params.text_at("model")?;
        match model.split_once('/') {
            Some((prefix, _)) if litellm_keys::is_provider(prefix) => Some(prefix),
            _ => provider_of_bare(model),
        }
    }

    /// Reports what is wrong with it alone.
    pub(super) fn check(&mut self, config: &Config<'_>, findings: &mut Findings) {
        if !self.is_whole(findings) {
            self.is_dropped = true;
            return;
        }
        let Some(params) = self.params() else {
            return;
        };
        self.name_is_text(findings);
        self.keys(params, findings);
        let typed = self.types(Part::Params, params, findings)
            & self
                .info()
                .is_none_or(|it| self.types(Part::Info, it, findings));
        let named = self.has_text_keys(params, findings)
            & self
                .info()
                .is_none_or(|it| self.has_text_keys(it, findings));
        let provided = self.has_provider(params, findings);
        self.is_dropped |= !typed || !named || !provided;
        if !self.is_dropped {
            self.base(config, params, findings);
        }
    }

    /// Whether it has what the loader takes without asking.
    fn is_whole(&self, findings: &mut Findings) -> bool {
        let refuse = |findings: &mut Findings, span, message: &str, label: &str| {
            findings.push(
                self.file,
                Diagnostic::new(&rules::REFUSED_SETTING, message).primary(span, label),
            );
            false
        };
        let first = first_key(self.node).unwrap_or(self.node.span);
        if !self.node.is_map() {
            return refuse(
                findings,
                self.node.span,
                "an entry of `model_list` is a map",
                "no map",
            );
        }
        if self.node.at("model_name").is_none() {
            return refuse(
                findings,
                first,
                "a deployment has no `model_name`",
                "needs a `model_name`",
            );
        }
        if let Some(info) = self.node.entry("model_info").filter(|it| !it.node.is_map()) {
            let message = format!(
                "`model_info` is {}, and LiteLLM needs a map",
                info.node.noun()
            );
            return refuse(
                findings,
                info.key_span,
                &message,
                "take it out, or write what it should say",
            );
        }
        let Some(params) = self.params() else {
            return refuse(
                findings,
                self.span(),
                "a deployment has no `litellm_params`",
                "needs `litellm_params` with a `model`",
            );
        };
        match params.at("model").map(|it| (&it.value, it.span)) {
            None => refuse(
                findings,
                first_key(params).unwrap_or(params.span),
                "a deployment has no `model`",
                "needs a `model` such as `openai/qwen3-8b`",
            ),
            Some((
                Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Date,
                span,
            )) => refuse(
                findings,
                span,
                "the `model` of a deployment is no text",
                "LiteLLM looks for `ollama` in it and ends",
            ),
            Some(_) => true,
        }
    }

    fn name_is_text(&mut self, findings: &mut Findings) {
        let Some(name) = self.node.at("model_name") else {
            return;
        };
        if self.name.is_some() {
            return;
        }
        self.is_dropped = true;
        findings.refused = true;
        let written = findings.source(self.file).words(name.span);
        let mut found = not_text(written, name, "`model_name`");
        found.severity = Severity::Error;
        findings.push(self.file, found);
    }

    /// Keys that do not belong where they stand.
    fn keys(&self, params: &Node, findings: &mut Findings) {
        for entry in self.node.entries() {
            let key = entry.key.as_str();
            if KEYS.contains(&key) {
                continue;
            }
            let belongs = if PARAMETERS.contains(&key)
                || litellm_keys::takes(Part::Params, key).is_some()
            {
                Some("litellm_params")
            } else if INFORMATION.contains(&key) || litellm_keys::takes(Part::Info, key).is_some() {
                Some("model_info")
            } else {
                None
            };
            findings.push(
                self.file,
                match belongs {
                    Some(place) => Diagnostic::new(
                        &rules::MISPLACED_SETTING,
                        format!("`{key}` stands beside `litellm_params`"),
                    )
                    .primary(entry.key_span, "ignored here")
                    .help(format!("move it into `{place}`")),
                    None => ignored(
                        key,
                        entry.key_span,
                        litellm_keys::near(KEYS, key),
                        "a deployment has no",
                    ),
                },
            );
        }
        for entry in params.entries() {
            self.parameter(entry, findings);
        }
    }

    fn parameter(&self, entry: &Entry, findings: &mut Findings) {
        let key = entry.key.as_str();
        if INFORMATION.contains(&key) {
            findings.push(
                self.file,
                Diagnostic::new(
                    &rules::MISPLACED_SETTING,
                    format!("`{key}` says what the model is, not how it is asked"),
                )
                .primary(entry.key_span, "sent to the server with every request")
                .help("move it into `model_info`"),
            );
            return;
        }
        if PARAMETERS.contains(&key) || litellm_keys::takes(Part::Params, key).is_some() {
            return;
        }
        let near = meant(key);
        if let Some(near) = near {
            findings.push(
                self.file,
                Diagnostic::new(
                    &rules::IGNORED_SETTING,
                    format!("LiteLLM has no parameter `{key}`"),
                )
                .primary(entry.key_span, "sent to the server as it stands")
                .help(format!("did you mean `{near}`?")),
            );
        }
    }

    /// Whether each value is of the type of its field.
    fn types(&self, part: Part, node: &Node, findings: &mut Findings) -> bool {
        let mut right = true;
        for entry in node.entries() {
            let Some(mask) = litellm_keys::takes(part, &entry.key) else {
                continue;
            };
            let words = match part {
                Part::Info => litellm_keys::only_words(&entry.key),
                Part::Params => Vec::new(),
            };
            if fits(&entry.node, mask, &words) {
                continue;
            }
            right = false;
            let found = self.wrong_type(
                entry,
                mask,
                &words,
                findings.source(self.file).words(entry.node.span),
            );
            findings.push(self.file, found);
        }
        right
    }

    /// Whether each name is text, as Python's keywords are.
    fn has_text_keys(&self, node: &Node, findings: &mut Findings) -> bool {
        let mut entries = node.entries().iter();
        let Some(entry) = entries.find(|it| it.key_value == KeyValue::Other) else {
            return true;
        };
        let name = self.name.unwrap_or("a deployment");
        findings.push(
            self.file,
            Diagnostic::new(
                &rules::DROPPED_DEPLOYMENT,
                format!("`{name}` is dropped: the key `{}` is no text", entry.key),
            )
            .primary(entry.key_span, "no text in YAML 1.1")
            .help("put it in quotes"),
        );
        false
    }

    fn wrong_type(&self, entry: &Entry, mask: &str, words: &[&str], written: &str) -> Diagnostic {
        let key = &entry.key;
        let name = self.name.unwrap_or("a deployment");
        let wants = wanted(mask, words);
        let mut help = if words.is_empty() {
            format!("write {wants}")
        } else {
            format!(
                "LiteLLM has taken the name for itself: write {wants}, or give your own a name of your own, such as `home_{key}`"
            )
        };
        let is_word = entry.node.style == Style::Plain && !entry.node.is_list();
        if is_word && mask.contains('w') && !written.is_empty() {
            help = format!("put it in quotes: `{key}: \"{written}\"`");
        }
        Diagnostic::new(
            &rules::DROPPED_DEPLOYMENT,
            format!(
                "`{name}` is dropped: `{key}` is {}, and LiteLLM takes {wants}",
                noun(&entry.node)
            ),
        )
        .primary(entry.node.span, format!("not {wants}"))
        .help(help)
    }

    /// Whether LiteLLM knows how to speak to it.
    fn has_provider(&self, params: &Node, findings: &mut Findings) -> bool {
        let name = self.name.unwrap_or("a deployment");
        let drop = |findings: &mut Findings, span, message: String, help: String| {
            findings.push(
                self.file,
                Diagnostic::new(&rules::DROPPED_DEPLOYMENT, message)
                    .primary(span, "LiteLLM knows no such provider")
                    .help(help),
            );
            false
        };
        if let Some(custom) = params.at("custom_llm_provider")
            && let Some(provider) = custom.as_text()
        {
            if litellm_keys::is_provider(provider) || provider.starts_with("os.environ/") {
                return true;
            }
            let help = near_provider(provider);
            return drop(
                findings,
                custom.span,
                format!("`{name}` is dropped: `{provider}` is no provider"),
                help,
            );
        }
        let Some(node) = params.at("model") else {
            return true;
        };
        let Some(model) = node.as_text() else {
            findings.push(
                self.file,
                Diagnostic::new(
                    &rules::DROPPED_DEPLOYMENT,
                    format!("`{name}` is dropped: its `model` is {}", node.noun()),
                )
                .primary(node.span, "no text"),
            );
            return false;
        };
        let base = params.text_at("api_base").unwrap_or_default();
        let prefix = model.split_once('/').map(|(prefix, _)| prefix);
        let known = model.starts_with("os.environ/")
            || prefix.is_some_and(litellm_keys::is_provider)
            || provider_of_bare(model).is_some()
            || litellm_keys::is_known_endpoint(base)
            // Its value is not known here, and might be such an endpoint.
            || base.starts_with("os.environ/");
        if known {
            return true;
        }
        let help = match prefix {
            Some(prefix) => near_provider(prefix),
            None if base.is_empty() => "write `ollama_chat/…` for Ollama, `openai/…` for any other server with OpenAI's API".to_owned(),
            None => format!("write `openai/{model}` when the server has OpenAI's API, `ollama_chat/{model}` for Ollama"),
        };
        let message = match prefix {
            Some(prefix) => format!("`{name}` is dropped: `{prefix}` is no provider"),
            None => format!("`{name}` is dropped: `{model}` says no provider"),
        };
        drop(findings, node.span, message, help)
    }

    /// Where requests go when nobody says where.
    fn base(&self, config: &Config<'_>, params: &Node, findings: &mut Findings) {
        let given = |key: &str| {
            params
                .at(key)
                .is_some_and(|it| it.as_text().is_some_and(|it| !it.trim().is_empty()))
        };
        let elsewhere = [
            "configurable_clientside_auth_params",
            "litellm_credential_name",
            "mock_response",
            "use_litellm_proxy",
        ];
        if given("api_base")
            || given("base_url")
            || elsewhere.iter().any(|it| params.at(it).is_some())
        {
            return;
        }
        let (Some(provider), Some(node)) = (self.provider(), params.at("model")) else {
            return;
        };
        let Some(model) = node.as_text() else {
            return;
        };
        let variable = |name: &str| {
            let set = config.map("environment_variables");
            set.is_some_and(|it| it.node.at(name).is_some())
        };
        let everywhere = config.setting(Section::Litellm, "api_base").is_some();
        let short = model.split_once('/').map_or(model, |(_, short)| short);
        let span = params
            .at("api_base")
            .or(params.at("base_url"))
            .map_or(node.span, |it| it.span);
        let (severity, what) = match provider {
            "openai" | "text-completion-openai" | "custom_openai"
                if !everywhere
                    && !is_public(short)
                    && !variable("OPENAI_API_BASE")
                    && !variable("OPENAI_BASE_URL") =>
            {
                (Severity::Error, "goes to the public API of OpenAI")
            }
            "hosted_vllm" if !everywhere && !variable("HOSTED_VLLM_API_BASE") => (
                Severity::Warning,
                "goes to the public API of OpenAI, unless HOSTED_VLLM_API_BASE is set",
            ),
            "ollama" | "ollama_chat" if !variable("OLLAMA_API_BASE") => {
                (Severity::Warning, "LiteLLM starts an Ollama of its own")
            }
            _ => return,
        };
        let mut found = Diagnostic::new(
            &rules::MISSING_BASE,
            format!("`{}` has no `api_base`", self.name.unwrap_or("a deployment")),
        )
        .primary(span, what)
        .help("write `api_base` with the address of the server; OpenAI's API also needs `/v1` at its end");
        found.severity = severity;
        findings.push(self.file, found);
    }
}

/// Reports ids that several deployments have.
pub(super) fn duplicate_ids(deployments: &[Deployment<'_>], findings: &mut Findings) {
    let mut seen: HashMap<&str, (usize, Span)> = HashMap::new();
    for deployment in deployments.iter().filter(|it| !it.is_dropped) {
        let Some(id) = deployment.info().and_then(|it| it.at("id")) else {
            continue;
        };
        let Some(text) = id.as_text() else {
            continue;
        };
        if let Some((file, first)) = seen.get(text) {
            let mut found = Diagnostic::new(
                &rules::DUPLICATE_DEPLOYMENT_ID,
                format!("the id `{text}` is given twice"),
            )
            .primary(id.span, "given again")
            .help("give each deployment an id of its own");
            if *file == deployment.file {
                found = found.secondary(*first, "given already");
            }
            findings.push(deployment.file, found);
        } else {
            seen.insert(text, (deployment.file, id.span));
        }
    }
}

/// The finding for a name that became something else than text.
pub(super) fn not_text(written: &str, node: &Node, what: &str) -> Diagnostic {
    if let Some(surprise) = scalar::surprise(written).filter(|_| node.style == Style::Plain) {
        return words::surprise(written, node.span, surprise);
    }
    Diagnostic::new(
        &rules::DROPPED_DEPLOYMENT,
        format!("{what} is {}, and LiteLLM takes text", node.noun()),
    )
    .primary(node.span, "no text")
    .help("put it in quotes")
}

fn first_key(node: &Node) -> Option<Span> {
    node.entries().first().map(|it| it.key_span)
}

/// A known parameter that differs by a letter, a case or a dash.
fn meant(key: &str) -> Option<&'static str> {
    if key.len() < 5 || key.len() > 60 {
        return None;
    }
    let plain = |it: &str| it.replace(['-', '_'], "").to_ascii_lowercase();
    let typed = plain(key);
    let same = PARAMETERS.iter().find(|it| plain(it) == typed);
    same.or_else(|| {
        PARAMETERS
            .iter()
            .find(|it| it.len() > 5 && strsim::damerau_levenshtein(it, key) == 1)
    })
    .copied()
}

/// The provider of a model without a known prefix.
fn provider_of_bare(model: &str) -> Option<&'static str> {
    let replicate = model
        .split_once(':')
        .is_some_and(|(_, version)| version.len() == 64);
    if model == "*"
        || model.contains("ft:gpt-3.5-turbo")
        || model.contains("ft:gpt-4")
        || model.starts_with("gpt-image")
    {
        return Some("openai");
    }
    if replicate {
        return Some("replicate");
    }
    litellm_keys::provider_of(model)
}

/// True for models that OpenAI serves itself.
fn is_public(model: &str) -> bool {
    let families = [
        "gpt-",
        "chatgpt-",
        "text-embedding-",
        "dall-e",
        "whisper-",
        "tts-",
        "o1",
        "o3",
        "o4",
        "ft:",
        "omni-moderation",
        "text-moderation",
        "davinci",
        "babbage",
        "codex-",
        "computer-use",
        "sora-",
        "responses/",
        "realtime",
    ];
    let oss = model.starts_with("gpt-oss");
    model.contains('*')
        || litellm_keys::provider_of(model).is_some_and(|it| it == "openai")
        || (!oss && families.iter().any(|it| model.starts_with(it)))
}

fn near_provider(prefix: &str) -> String {
    litellm_keys::near(litellm_keys::listed("provider"), prefix).map_or_else(
        || "write `openai/…` for a server with OpenAI's API, `ollama_chat/…` for Ollama".to_owned(),
        |near| format!("did you mean `{near}`?"),
    )
}

/// Whether pydantic takes a value for a type with this mask.
fn fits(node: &Node, mask: &str, words: &[&str]) -> bool {
    let has = |letter: char| mask.contains(letter);
    let is_whole = |it: f64| it.fract() == 0.0;
    match &node.value {
        Value::Null => has('n'),
        Value::Boolean(_) => has('b'),
        Value::Integer(0 | 1) => has('i') || has('b'),
        Value::Integer(_) => has('i'),
        Value::Float(number) => has('f') || (has('i') && is_whole(*number)),
        Value::Date => has('t'),
        Value::Text(text) if text.starts_with("os.environ/") => true,
        Value::Text(text) => {
            has('w')
                || words.contains(&text.as_str())
                || (has('d') && is_number(text.trim(), has('f')))
                || (has('b') && is_truth(text))
                || (has('a')
                    && text.len() >= 10
                    && matches!(scalar::resolve(&text[..floor(text, 10)]), Some(Value::Date)))
        }
        Value::List(items) => {
            has('l') && (has('L') || items.iter().all(|it| it.as_text().is_some() || it.is_map()))
        }
        Value::Map(_) => has('m'),
    }
}

/// The texts that pydantic takes for a number.
fn is_number(text: &str, with_fraction: bool) -> bool {
    if with_fraction {
        return text.parse::<f64>().is_ok();
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !whole.is_empty()
        && whole.bytes().all(|it| it.is_ascii_digit())
        && fraction.bytes().all(|it| it == b'0')
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The texts that pydantic takes for a truth value.
fn is_truth(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "t" | "f" | "y" | "n" | "1" | "0"
    )
}

fn wanted(mask: &str, words: &[&str]) -> String {
    if !words.is_empty() {
        let words: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
        return words.join(" or ");
    }
    let has = |letter: char| mask.contains(letter);
    if has('a') && has('t') && !has('w') {
        "a moment"
    } else if has('w') {
        "text"
    } else if has('f') {
        "a number"
    } else if has('i') {
        "a whole number"
    } else if has('b') {
        "`true` or `false`"
    } else if has('l') {
        "a list of texts"
    } else {
        "a map"
    }
    .to_owned()
}

fn noun(node: &Node) -> String {
    match (
        &node.value,
        node.items().iter().find(|it| it.as_text().is_none()),
    ) {
        (Value::List(_), Some(item)) => format!("a list with {}", item.noun()),
        (Value::Float(it), _) if it.fract() != 0.0 => "a fraction".to_owned(),
        _ => node.noun().to_owned(),
    }
}
