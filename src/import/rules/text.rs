//! Rules about foreign texts as such.

use crate::diagnostic::{Rule, Severity};

pub(in crate::import) static YAML_SYNTAX: Rule = Rule {
    name: "yaml-syntax",
    severity: Severity::Error,
    summary: "a YAML file cannot be read",
    why: "The program that reads the file refuses all of it. Found are wrong indentation and quotes, references to anchors that are not there, values that refer to themselves, tags and documents that the program does not take, and aliases that stand for more than any configuration needs.",
    bad: "model_list:\n  - model_name: \"chat\n    litellm_params: {}\n",
    good: super::litellm::SOUND,
};

pub(in crate::import) static BROKEN_FILE: Rule = Rule {
    name: "broken-file",
    severity: Severity::Error,
    summary: "a JSON file or property list cannot be read",
    why: "The program that reads the file refuses all of it, and most say so only in a log.",
    bad: "{\"mcpServers\": {\"fetch\": {\"command\": \"uvx\"}}\n",
    good: "{\"mcpServers\": {\"fetch\": {\"command\": \"uvx\"}}}\n",
};

pub(in crate::import) static YAML_DUPLICATE_KEY: Rule = Rule {
    name: "yaml-duplicate-key",
    severity: Severity::Error,
    summary: "a key is written twice in a YAML map",
    why: "PyYAML keeps the last one and throws the first away without a word: a second `model_list` takes all models of the first with it.",
    bad: concat!(
        "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: http://192.0.2.10:11434\n",
        "litellm_settings:\n  drop_params: true\nlitellm_settings:\n  json_logs: true\n"
    ),
    good: concat!(
        "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: http://192.0.2.10:11434\n",
        "litellm_settings:\n  drop_params: true\n  json_logs: true\n"
    ),
};

pub(in crate::import) static YAML_1_1_VALUE: Rule = Rule {
    name: "yaml-1-1-value",
    severity: Severity::Warning,
    summary: "an unquoted word is something else in YAML 1.1",
    why: "LiteLLM reads YAML 1.1: `no`, `on` and `off` are truth values, `22:30` is 1350, `017` is 15. Where a text was meant, a name is no longer the name that clients ask for.",
    bad: "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: http://192.0.2.10:11434\n      max_tokens: 0100\n",
    good: "model_list:\n  - model_name: chat\n    litellm_params:\n      model: ollama_chat/qwen3:8b\n      api_base: http://192.0.2.10:11434\n      max_tokens: 100\n",
};

pub(in crate::import) static UNRECOGNISED_FILE: Rule = Rule {
    name: "unrecognised-file",
    severity: Severity::Error,
    summary: "nothing in the file says what it is",
    why: "Files are told by what they hold, not by their names. Of one that nobody knows nothing can be said, and nothing is guessed.",
    bad: "colour: blue\n",
    good: super::litellm::SOUND,
};

pub(in crate::import) static NOT_CARRIED_OVER: Rule = Rule {
    name: "not-carried-over",
    severity: Severity::Note,
    summary: "something of an imported file has no place in platform.toml",
    why: "Nothing is dropped in silence: what platform.toml has no words for, or what only the owner can say, is listed with the reason. `homelab import --check` does not look for it.",
    bad: "",
    good: super::litellm::SOUND,
};
