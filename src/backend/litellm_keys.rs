//! The settings that LiteLLM knows, as data of one release, and what may be passed through.
//!
//! LiteLLM itself says nothing about a misspelt setting: two of its sections take any key without a word, and the third refuses to start for a key that belongs elsewhere. So the pass-through is checked here, before a file is written.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The release that the list was taken from, and that we compile for.
pub const LITELLM_VERSION: &str = "1.106.2";

/// The list, one setting a line; `tests/real/extract_litellm_keys.py` makes it from the real package.
const LIST: &str = include_str!("litellm_keys.txt");

/// A section of LiteLLM's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Arguments of its router.
    Router,
    /// Attributes of its module.
    Litellm,
    /// Settings of its proxy server.
    General,
}

/// What a key of the pass-through is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKey {
    /// A setting that LiteLLM reads there.
    Known,
    /// A setting that `platform.toml` has a field for: this one.
    Written(&'static str),
    /// A setting of another section.
    Elsewhere(Section),
    /// No setting; the nearest one, when there is one.
    Unknown(Option<&'static str>),
}

/// Settings that the language itself writes, each with the field of `platform.toml` to use.
///
/// A setting that LiteLLM would read in two sections stands in both: given beside ours, which one wins is a matter of its version.
const WRITTEN: &[(Section, &str, &str)] = &[
    (Section::Router, "routing_strategy", "gateway.strategy"),
    (Section::Router, "num_retries", "gateway.retries"),
    (Section::Router, "retry_after", "gateway.retry_after"),
    (Section::Router, "timeout", "gateway.timeout"),
    (Section::Router, "stream_timeout", "gateway.stream_timeout"),
    (Section::Router, "cooldown_time", "gateway.cooldown"),
    (Section::Router, "allowed_fails", "gateway.allowed_fails"),
    (Section::Router, "max_fallbacks", "gateway.max_fallbacks"),
    (Section::Router, "fallbacks", "handles.<name>.fallbacks"),
    (Section::Litellm, "num_retries", "gateway.retries"),
    (Section::Litellm, "request_timeout", "gateway.timeout"),
    (Section::Litellm, "allowed_fails", "gateway.allowed_fails"),
    (Section::Litellm, "max_fallbacks", "gateway.max_fallbacks"),
    (Section::Litellm, "fallbacks", "handles.<name>.fallbacks"),
    (Section::Litellm, "json_logs", "gateway.json_logs"),
    (Section::Litellm, "drop_params", "gateway.drop_params"),
    (Section::Litellm, "model_list", "handles"),
    (Section::General, "master_key", "gateway.key"),
    (Section::General, "search_tools", "gateway.search_tools"),
];

/// Parameters of a deployment that say where a request goes and how it is tried: no handle may fix them.
///
/// LiteLLM hands every other one on to the server.
pub const DEPLOYMENT_KEYS: &[&str] = &[
    "api_base",
    "api_key",
    "base_url",
    "cooldown_time",
    "custom_llm_provider",
    "max_retries",
    "messages",
    "mock_response",
    "mock_timeout",
    "model",
    "model_info",
    "num_retries",
    "order",
    "stream",
    "stream_timeout",
    "timeout",
    "weight",
];

impl Section {
    /// Its name in LiteLLM's configuration, and below `gateway.litellm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Router => "router_settings",
            Self::Litellm => "litellm_settings",
            Self::General => "general_settings",
        }
    }

    /// What a key is in this section.
    pub fn key(self, key: &str) -> SettingKey {
        let written = |section| {
            WRITTEN
                .iter()
                .find(|(it, name, _)| *it == section && *name == key)
        };
        if let Some((_, _, field)) = written(self) {
            return SettingKey::Written(field);
        }
        if self.keys().contains(&key) {
            return SettingKey::Known;
        }
        let others = [Self::General, Self::Router, Self::Litellm];
        for other in others.into_iter().filter(|it| *it != self) {
            if let Some((_, _, field)) = written(other) {
                return SettingKey::Written(field);
            }
            if other.keys().contains(&key) {
                return SettingKey::Elsewhere(other);
            }
        }
        SettingKey::Unknown(self.near(key))
    }

    /// The settings that LiteLLM reads in this section, ordered by name.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Router => &KEYS.0,
            Self::Litellm => &KEYS.1,
            Self::General => &KEYS.2,
        }
    }

    fn near(self, key: &str) -> Option<&'static str> {
        near(self.keys(), key)
    }
}

/// The nearest of some names, when one is near enough to have been meant.
pub fn near(names: &[&'static str], key: &str) -> Option<&'static str> {
    // A long name is no typo of anything we know, and comparing it costs time.
    if key.len() > 80 {
        return None;
    }
    names
        .iter()
        .map(|it| (strsim::jaro_winkler(it, key), *it))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, near)| near)
}

/// What the list says behind a word at the start of a line, ordered by name: `top`, `retry_policy`, `provider` and others that `tests/real/extract_litellm_keys.py` explains.
pub fn listed(kind: &str) -> &'static [&'static str] {
    LISTED.get(kind).map_or(&[], Vec::as_slice)
}

/// True when LiteLLM takes this prefix of a model for a provider.
pub fn is_provider(prefix: &str) -> bool {
    listed("provider").binary_search(&prefix).is_ok()
}

/// The provider of a model that LiteLLM knows without a prefix.
pub fn provider_of(model: &str) -> Option<&'static str> {
    PROVIDERS.get(model).copied()
}

/// True for an address that tells LiteLLM the provider of a model without a prefix.
pub fn is_known_endpoint(base: &str) -> bool {
    let trimmed = |it: &str| {
        let it = it.split_once("://").map_or(it, |(_, rest)| rest);
        it.trim_end_matches('/').to_owned()
    };
    let base = trimmed(base);
    listed("endpoint").iter().any(|it| {
        let known = trimmed(it);
        base == known || base.starts_with(&format!("{known}/"))
    })
}

/// A part of a deployment whose fields have types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `litellm_params`.
    Params,
    /// `model_info`.
    Info,
}

/// The values that a typed field takes, one letter for each sort; nothing for a field that takes any.
///
/// `n` null, `b` true or false, `i` a whole number, `f` one with a fraction, `d` digits as text, `w` other text, `a` a day as text, `t` a day, `l` a list of texts, `L` another list, `m` a map.
pub fn takes(part: Part, field: &str) -> Option<&'static str> {
    let types = match part {
        Part::Params => &TYPES.0,
        Part::Info => &TYPES.1,
    };
    types.get(field).copied()
}

/// The only words that a field of `model_info` takes, when there are such.
pub fn only_words(field: &str) -> Vec<&'static str> {
    let words = listed("model_info_word").iter();
    words
        .filter_map(|it| it.split_once(' '))
        .filter(|(name, _)| *name == field)
        .map(|(_, word)| word)
        .collect()
}

type Map = HashMap<&'static str, &'static str>;

static LISTED: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut listed: HashMap<&str, Vec<&str>> = HashMap::new();
    for (kind, rest) in LIST.lines().filter_map(|line| line.split_once(' ')) {
        listed.entry(kind).or_default().push(rest);
    }
    listed
});

static PROVIDERS: LazyLock<Map> = LazyLock::new(|| {
    let pairs = listed("model").iter().filter_map(|it| it.split_once(' '));
    pairs.map(|(provider, model)| (model, provider)).collect()
});

static TYPES: LazyLock<(Map, Map)> = LazyLock::new(|| {
    let of = |kind| {
        let fields = listed(kind).iter();
        fields.filter_map(|it| it.split_once(' ')).collect()
    };
    (of("param"), of("model_info"))
});

type Keys = Vec<&'static str>;

static KEYS: LazyLock<(Keys, Keys, Keys)> = LazyLock::new(|| {
    let of = |section: Section| {
        LIST.lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(it, _)| *it == section.name())
            .map(|(_, key)| key)
            .collect()
    };
    (
        of(Section::Router),
        of(Section::Litellm),
        of(Section::General),
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_of_this_release() {
        let head = LIST.lines().next().unwrap_or_default();
        assert!(
            head.starts_with(&format!("# LiteLLM {LITELLM_VERSION},")),
            "{head}"
        );
        for section in [Section::Router, Section::Litellm, Section::General] {
            assert!(section.keys().len() > 40, "{section:?}");
            assert!(section.keys().is_sorted(), "{section:?}");
        }
    }

    #[test]
    fn models_and_types_are_in_the_list() {
        assert!(is_provider("ollama_chat") && !is_provider("olama"));
        assert_eq!(provider_of("gpt-4o"), Some("openai"));
        assert_eq!(provider_of("qwen3:8b"), None);
        assert_eq!(takes(Part::Params, "tpm"), Some("nbid"));
        assert_eq!(takes(Part::Params, "temperature"), None);
        assert_eq!(only_words("tier"), ["free", "paid"]);
        assert!(is_known_endpoint("https://api.groq.com/openai/v1"));
        assert!(!is_known_endpoint("http://192.0.2.10:8080/v1"));
        assert!(listed("provider").is_sorted());
    }

    #[test]
    fn what_we_write_is_what_litellm_reads() {
        for (section, key, _) in WRITTEN {
            assert!(section.keys().contains(key), "{key}");
        }
    }

    #[test]
    fn a_key_is_told_from_its_neighbours() {
        let check =
            |section: Section, key, expected| assert_eq!(section.key(key), expected, "{key}");
        check(Section::Router, "enable_pre_call_checks", SettingKey::Known);
        check(
            Section::Router,
            "num_retries",
            SettingKey::Written("gateway.retries"),
        );
        check(
            Section::Router,
            "health_check_interval",
            SettingKey::Elsewhere(Section::General),
        );
        check(
            Section::General,
            "drop_params",
            SettingKey::Written("gateway.drop_params"),
        );
        check(
            Section::Litellm,
            "sucess_callback",
            SettingKey::Unknown(Some("success_callback")),
        );
        check(Section::General, "zebra", SettingKey::Unknown(None));
    }
}
