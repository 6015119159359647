//! One secret is handed to two providers.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{Origin, Platform, SecretId, Value, Variable};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "key-for-two-providers",
        severity: Severity::Warning,
        summary: "one secret is handed to two providers",
        why: "Each provider learns the key of the other, at most one of them takes it, and neither can be changed alone.",
        bad: concat!(
            home!(),
            r#"
[secrets.cloud]
obtain = "the provider's console"

[services.gateway.env]
ANTHROPIC_API_KEY = { secret = "cloud" }
GEMINI_API_KEY = { secret = "cloud" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[secrets.anthropic]
obtain = "the provider's console"

[secrets.gemini]
obtain = "the provider's console"

[services.gateway.env]
ANTHROPIC_API_KEY = { secret = "anthropic" }
GEMINI_API_KEY = { secret = "gemini" }
"#
        ),
    },
    check: Check::Platform(check),
};

/// Beginnings of variables that name a provider, each with the provider.
static PROVIDERS: &[(&str, &str)] = &[
    ("ANTHROPIC_", "Anthropic"),
    ("AZURE_", "Azure"),
    ("CEREBRAS_", "Cerebras"),
    ("COHERE_", "Cohere"),
    ("DEEPSEEK_", "DeepSeek"),
    ("GEMINI_", "Google"),
    ("GOOGLE_", "Google"),
    ("GROQ_", "Groq"),
    ("HF_", "Hugging Face"),
    ("HUGGINGFACE_", "Hugging Face"),
    ("MISTRAL_", "Mistral"),
    ("OPENAI_", "OpenAI"),
    ("OPENROUTER_", "OpenRouter"),
    ("PERPLEXITY_", "Perplexity"),
    ("TOGETHER_", "Together"),
    ("XAI_", "xAI"),
];

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    // Every client sends the gateway's key to the gateway, whatever the variable is called.
    let gateway_key = platform
        .gateway
        .key
        .as_ref()
        .and_then(|it| platform.variable(platform.gateway_service(), it))
        .map(|it| &it.value);
    let services = platform.services.iter().map(|it| &it.env);
    let tools = platform.mcp.iter().map(|it| &it.env);
    for env in services.chain(tools) {
        let mut known: BTreeMap<SecretId, (&str, &Variable)> = BTreeMap::new();
        for variable in env.iter().filter(|it| it.origin == Origin::Owner) {
            let Value::Secret(secret) = variable.value else {
                continue;
            };
            let Some(provider) = provider(&variable.name) else {
                continue;
            };
            if gateway_key == Some(&variable.value) {
                continue;
            }
            let (first, other) = *known.entry(secret).or_insert((provider, variable));
            if first != provider {
                diagnostics.push(
                    Diagnostic::new(
                        &LINT.rule,
                        format!(
                            "`{}` is the key of both {first} and {provider}",
                            platform[secret].name
                        ),
                    )
                    .primary(variable.span, format!("{provider} gets it"))
                    .secondary(other.span, format!("{first} gets it already"))
                    .help("declare a secret for each of them"),
                );
            }
        }
    }
}

fn provider(name: &str) -> Option<&'static str> {
    let key = name.ends_with("_KEY") || name.ends_with("_TOKEN");
    let found = PROVIDERS.iter().find(|(it, _)| name.starts_with(it));
    found.filter(|_| key).map(|(_, provider)| *provider)
}
