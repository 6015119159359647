//! A model does what its server cannot.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Mode, ModelState, Platform};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unserved-mode",
        severity: Severity::Error,
        summary: "a model does what its server cannot",
        why: "The server has no endpoint for it, so every request fails: Ollama for one neither transcribes nor draws.",
        bad: concat!(
            home!(),
            r#"
[services.ollama]
kind = "ollama"
host = "pi"

[models.whisper]
service = "ollama"
mode = "audio-transcription"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.speech]
kind = "generic"
host = "pi"
state = "planned"

[models.whisper]
service = "speech"
mode = "audio-transcription"
state = "planned"
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for model in &platform.models {
        let service = &platform[model.service];
        let modes = service.kind.modes;
        if model.state == ModelState::Retired || modes.is_empty() || modes.contains(&model.mode) {
            continue;
        }
        let verb = verb(model.mode);
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` does not {verb}, and `{}` is to", service.name, model.name),
            )
            .primary(
                words::value(document, &["models", &model.name, "mode"]),
                format!("{} has no endpoint for it", service.kind.title),
            )
            .secondary(service.span, "its server")
            .help(format!(
                "serve it by a program that can {verb}; until there is one, declare that service as planned"
            )),
        );
    }
}

fn verb(mode: Mode) -> &'static str {
    match mode {
        Mode::Chat => "chat",
        Mode::Completion => "complete text",
        Mode::Embedding => "make embeddings",
        Mode::Rerank => "rerank",
        Mode::ImageGeneration => "draw",
        Mode::AudioTranscription => "transcribe",
        Mode::AudioSpeech => "speak",
    }
}
