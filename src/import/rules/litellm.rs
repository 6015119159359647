//! Rules about the configuration of LiteLLM.

use crate::diagnostic::{Rule, Severity};

/// The smallest configuration, for the examples: one model on one machine.
macro_rules! sound {
    ($($rest:literal),*) => {
        concat!(
            "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: http://192.0.2.10:11434\n",
            $($rest),*
        )
    };
}

pub(super) const SOUND: &str = sound!();

pub(in crate::import) static IGNORED_SETTING: Rule = Rule {
    name: "ignored-setting",
    severity: Severity::Warning,
    summary: "LiteLLM has no such setting and ignores it",
    why: "It takes a misspelt key without a word in most sections, so what it should do is not done.",
    bad: sound!("litellm_settings:\n  drop_parms: true\n"),
    good: sound!("litellm_settings:\n  drop_params: true\n"),
};

pub(in crate::import) static MISPLACED_SETTING: Rule = Rule {
    name: "misplaced-setting",
    severity: Severity::Warning,
    summary: "a setting stands in a section where LiteLLM does not read it",
    why: "Each setting is read in one section and ignored in the others; `health_check_interval` in `router_settings` even keeps LiteLLM from starting.",
    bad: sound!("general_settings:\n  drop_params: true\n"),
    good: sound!("litellm_settings:\n  drop_params: true\n"),
};

pub(in crate::import) static REFUSED_SETTING: Rule = Rule {
    name: "refused-setting",
    severity: Severity::Error,
    summary: "LiteLLM does not start with this",
    why: "It is one of the few things that LiteLLM checks, and it ends at once: an unknown routing strategy, a fallback with two names, an entry without `litellm_params`, an included file that is not there.",
    bad: sound!("router_settings:\n  routing_strategy: round-robin\n"),
    good: sound!("router_settings:\n  routing_strategy: simple-shuffle\n"),
};

pub(in crate::import) static DEAD_RETRY_KEY: Rule = Rule {
    name: "dead-retry-key",
    severity: Severity::Warning,
    summary: "a retry or failure policy names an error that LiteLLM does not know",
    why: "A policy has one key for each sort of error, such as `TimeoutErrorRetries`; any other is taken without a word and does nothing.",
    bad: sound!("router_settings:\n  retry_policy:\n    TimeoutRetries: 2\n"),
    good: sound!("router_settings:\n  retry_policy:\n    TimeoutErrorRetries: 2\n"),
};

pub(in crate::import) static DROPPED_DEPLOYMENT: Rule = Rule {
    name: "dropped-deployment",
    severity: Severity::Error,
    summary: "LiteLLM drops this deployment and starts without it",
    why: "A value that the type of its field refuses, a `model_info` key that LiteLLM has taken for itself (`tier`, `blocked`), or a model of no known provider: LiteLLM writes one error to its log and goes on, and clients are told that there is no such model.",
    bad: sound!("    model_info:\n      tier: gold\n"),
    good: sound!("    model_info:\n      home_tier: gold\n"),
};

pub(in crate::import) static DANGLING_ALIAS: Rule = Rule {
    name: "dangling-alias",
    severity: Severity::Error,
    summary: "an alias stands for a model that is not there",
    why: "LiteLLM lists the alias among its models and fails every request for it.",
    bad: sound!("router_settings:\n  model_group_alias:\n    gpt-4o: chatt\n"),
    good: sound!("router_settings:\n  model_group_alias:\n    gpt-4o: chat\n"),
};

pub(in crate::import) static LIST_VALUED_ALIAS: Rule = Rule {
    name: "list-valued-alias",
    severity: Severity::Error,
    summary: "an alias is given a list",
    why: "An alias stands for one name. With a list every request for it fails; several deployments get one name by having the same `model_name`.",
    bad: sound!("router_settings:\n  model_group_alias:\n    gpt-4o: [chat]\n"),
    good: sound!("router_settings:\n  model_group_alias:\n    gpt-4o: chat\n"),
};

pub(in crate::import) static DANGLING_FALLBACK: Rule = Rule {
    name: "dangling-fallback",
    severity: Severity::Error,
    summary: "a fallback names a model that is not there",
    why: "LiteLLM checks neither the name that falls back nor the one that should step in; when the time comes there is nothing to ask.",
    bad: sound!("router_settings:\n  fallbacks:\n    - chat: [spare]\n"),
    good: sound!(
        "  - model_name: spare\n    litellm_params:\n      model: ollama_chat/qwen3:4b\n      api_base: http://192.0.2.11:11434\nrouter_settings:\n  fallbacks:\n    - chat: [spare]\n"
    ),
};

pub(in crate::import) static COMMENTED_OUT_DEPLOYMENT: Rule = Rule {
    name: "commented-out-deployment",
    severity: Severity::Error,
    summary: "something points to a deployment that is commented out",
    why: "The deployment was switched off and what leads to it was not: requests that come this way fail.",
    bad: sound!(
        "#  - model_name: spare\n#    litellm_params:\n#      model: ollama_chat/qwen3:4b\nrouter_settings:\n  fallbacks:\n    - chat: [spare]\n"
    ),
    good: sound!(
        "#  - model_name: spare\n#    litellm_params:\n#      model: ollama_chat/qwen3:4b\n"
    ),
};

pub(in crate::import) static LATE_VARIABLE: Rule = Rule {
    name: "late-variable",
    severity: Severity::Error,
    summary: "a variable is read before `environment_variables` sets it",
    why: "LiteLLM looks up every `os.environ/` first and sets what `environment_variables` says after that, so the reference is empty.",
    bad: "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: os.environ/OLLAMA_URL\nenvironment_variables:\n  OLLAMA_URL: http://192.0.2.10:11434\n",
    good: sound!("environment_variables:\n  OTEL_SERVICE_NAME: gateway\n"),
};

pub(in crate::import) static NESTED_VARIABLE: Rule = Rule {
    name: "nested-variable",
    severity: Severity::Error,
    summary: "`os.environ/` stands where LiteLLM does not look for it",
    why: "A variable is looked up only where `os.environ/NAME` is the whole value of a key. Inside a longer text or as an item of a list it stays as it is, and is sent like that.",
    bad: "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: http://os.environ/OLLAMA_HOST:11434\n",
    good: "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: os.environ/OLLAMA_URL\n",
};

pub(in crate::import) static UNSET_VARIABLE: Rule = Rule {
    name: "unset-variable",
    severity: Severity::Warning,
    summary: "a variable is read that no given env file sets",
    why: "An unset variable is empty without a word: an empty address sends prompts to the public API, an empty `model` keeps LiteLLM from starting.",
    bad: "",
    good: SOUND,
};

pub(in crate::import) static MISSING_BASE: Rule = Rule {
    name: "missing-base",
    severity: Severity::Error,
    summary: "a local model has no `api_base`",
    why: "Without an address LiteLLM sends `openai/…` to the public API of OpenAI, prompts and key included, and starts an Ollama of its own for `ollama/…`.",
    bad: "model_list:\n  - model_name: chat\n    litellm_params:\n      model: openai/qwen3-8b\n      api_key: none\n",
    good: "model_list:\n  - model_name: chat\n    litellm_params:\n      model: openai/qwen3-8b\n      api_base: http://192.0.2.10:8080/v1\n      api_key: none\n",
};

pub(in crate::import) static DUPLICATE_DEPLOYMENT_ID: Rule = Rule {
    name: "duplicate-deployment-id",
    severity: Severity::Warning,
    summary: "two deployments have the same id",
    why: "Cooldowns, limits and lookups go by id: what one of them does counts for the other.",
    bad: sound!(
        "    model_info:\n      id: one\n  - model_name: spare\n    litellm_params:\n      model: ollama_chat/qwen3:4b\n      api_base: http://192.0.2.11:11434\n    model_info:\n      id: one\n"
    ),
    good: sound!(
        "    model_info:\n      id: one\n  - model_name: spare\n    litellm_params:\n      model: ollama_chat/qwen3:4b\n      api_base: http://192.0.2.11:11434\n    model_info:\n      id: two\n"
    ),
};

pub(in crate::import) static LONE_DEPLOYMENT_COOLDOWN: Rule = Rule {
    name: "lone-deployment-cooldown",
    severity: Severity::Warning,
    summary: "a cooldown can lock out a model that has one deployment and no fallback",
    why: "LiteLLM never leaves a lone deployment alone, until `allowed_fails` is anything but its default of 3 or a failure policy is set: from then on a few failures lock the model out, and there is nothing else to ask.",
    bad: sound!("router_settings:\n  allowed_fails: 1\n"),
    good: sound!("router_settings:\n  allowed_fails: 3\n"),
};

pub(in crate::import) static LITERAL_CREDENTIAL: Rule = Rule {
    name: "literal-credential",
    severity: Severity::Error,
    summary: "a key or password is written into a file",
    why: "Such files are committed, copied and shown. An import puts the name of a variable in its place and never copies the value.",
    bad: sound!(
        "general_settings:\n  master_key: sk-",
        "4f1d0a7be29c6358d1f0b7a4\n"
    ),
    good: sound!("general_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY\n"),
};

pub(in crate::import) static WELL_KNOWN_CREDENTIAL: Rule = Rule {
    name: "well-known-credential",
    severity: Severity::Error,
    summary: "a key or password that everybody knows",
    why: "It stands in guides and examples and is the first that anybody tries: a gateway with `sk-1234` is open.",
    bad: sound!("general_settings:\n  master_key: sk-1234\n"),
    good: sound!("general_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY\n"),
};
