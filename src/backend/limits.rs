//! What programs limit or leave out unless told otherwise, and releases that must not run: data with its source.

use super::Kind;

/// What a server of several models limits by itself.
#[derive(Debug)]
pub struct Limits {
    /// The name of its kind.
    kind: &'static str,
    /// The variable that sets the context of every model.
    pub context_variable: &'static str,
    /// The request parameter that sets it for one request.
    pub context_parameter: &'static str,
    /// What holds when nobody sets it, in words.
    pub context_default: &'static str,
    /// The variable that says how many models stay loaded.
    pub loaded_variable: &'static str,
}

/// Ollama chooses its context by the memory of the GPU: 4k below 24 GiB, 32k below 48 GiB, 256k from there.
static LIMITS: &[Limits] = &[Limits {
    kind: "ollama",
    context_variable: "OLLAMA_CONTEXT_LENGTH",
    context_parameter: "num_ctx",
    context_default: "4,096 tokens on a GPU with less than 24 GiB",
    loaded_variable: "OLLAMA_MAX_LOADED_MODELS",
}];

/// Parameters of OpenAI's API that LiteLLM 1.106.2 does not hand on, by the prefix it speaks to the server with: what its `OllamaChatConfig.get_supported_openai_params` leaves out.
static DROPPED: &[(&str, &[&str])] = &[(
    "ollama_chat",
    &[
        "logit_bias",
        "logprobs",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "top_logprobs",
        "user",
    ],
)];

/// Releases that must not run: package, version, why.
static BAD_RELEASES: &[(&str, &str, &str)] = &[
    (
        "litellm",
        "1.82.7",
        "a malicious release that stole credentials (BerriAI/litellm#24518)",
    ),
    (
        "litellm",
        "1.82.8",
        "a malicious release that stole credentials (BerriAI/litellm#24518)",
    ),
];

impl Kind {
    /// What it limits by itself, when that is known.
    pub fn limits(&self) -> Option<&'static Limits> {
        LIMITS.iter().find(|it| it.kind == self.name)
    }
}

/// True when LiteLLM does not hand on this parameter to servers that it speaks to with this prefix.
pub fn is_dropped(provider: &str, parameter: &str) -> bool {
    DROPPED
        .iter()
        .any(|(it, names)| *it == provider && names.contains(&parameter))
}

/// Why a release of a package must not run.
pub fn bad_release(package: &str, version: &str) -> Option<&'static str> {
    let version = version.trim_start_matches('v');
    BAD_RELEASES
        .iter()
        .find(|(name, bad, _)| *name == package && *bad == version)
        .map(|(_, _, why)| *why)
}
