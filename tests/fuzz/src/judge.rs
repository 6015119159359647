//! What must be true of the answer to any file.

use homelab::cli::report::{self, Format, Style};
use homelab::compile;
use homelab::diagnostic::{Diagnostics, Source, Span};
use homelab::import::{self, Options, World};
use homelab::syntax;

const FORMATS: [Format; 6] = [
    Format::Full,
    Format::Concise,
    Format::Json,
    Format::Sarif,
    Format::Github,
    Format::Gitlab,
];

/// True when the file is a platform, or what is wrong with the answer to it.
pub fn judge(bytes: &[u8]) -> Result<bool, String> {
    let limit = syntax::DEFAULT_SIZE_LIMIT;
    let source = match syntax::read("platform.toml".to_owned(), bytes.to_vec(), limit) {
        Ok(source) => source,
        Err(unreadable) => {
            let mut diagnostics = Diagnostics::new();
            diagnostics.push(unreadable.diagnostic);
            return shown(&unreadable.source, &diagnostics).map(|()| false);
        }
    };
    let today = "2026-11-21".parse().ok();
    let checked = compile::check(&source, today);
    shown(&source, &checked.diagnostics)?;
    let Some(platform) = checked.platform else {
        if checked.diagnostics.has_errors() {
            return Ok(false);
        }
        return Err("it is no platform, and nobody says why".to_owned());
    };
    if !checked.diagnostics.has_errors() {
        // An error is an answer; only a panic is none.
        let once = compile::emit(&platform, &homelab::ledger::claims(&platform));
        if let (Ok(once), Ok(again)) = (
            once,
            compile::emit(&platform, &homelab::ledger::claims(&platform)),
        ) && once != again
        {
            return Err("building it twice gives other bytes".to_owned());
        }
    }
    Ok(true)
}

/// Whether every place lies in the text, and every report is one that a terminal can show.
fn shown(source: &Source, diagnostics: &Diagnostics) -> Result<(), String> {
    for diagnostic in diagnostics {
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
        let edits = diagnostic.fix.iter().flat_map(|it| &it.edits);
        let spans = labels
            .map(|it| it.span)
            .chain(edits.map(|it| it.span))
            .chain(diagnostic.masked.iter().copied());
        for span in spans {
            if !lies_in(source.text(), span) {
                return Err(format!(
                    "{}: {span:?} is no place in the text",
                    diagnostic.rule.name
                ));
            }
        }
    }
    for format in FORMATS {
        for width in [20, 100] {
            let style = Style {
                width,
                ..Style::default()
            };
            let report = report::render(format, source, diagnostics, &style);
            if report.contains("Failed to read") {
                return Err(format!("{format:?} cannot show its lines"));
            }
            if report.contains(|it: char| it != '\n' && it.is_control()) {
                return Err(format!("{format:?} shows a control character"));
            }
        }
    }
    Ok(())
}

fn lies_in(text: &str, span: Span) -> bool {
    span.start <= span.end && text.is_char_boundary(span.start) && text.is_char_boundary(span.end)
}

/// A key that no output may show, whatever becomes of the file around it.
pub const CANARY: &str = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");

/// True when a foreign file is one that an import knows, or what is wrong with the answer to it.
pub fn judge_import(bytes: &[u8]) -> Result<bool, String> {
    let limit = syntax::DEFAULT_SIZE_LIMIT;
    let Ok(source) = syntax::read("config.yaml".to_owned(), bytes.to_vec(), limit) else {
        return Ok(false);
    };
    let world = World {
        read: &|_, _| None,
        exists: &|_, _| false,
    };
    for offer in import::offers(&source).unwrap_or_default() {
        // What a list says becomes words of a file, so they must be some.
        let text = offer.model("m", "s", offer.port);
        let parsed = syntax::parse(&Source::new("m.toml", text), &mut Diagnostics::new());
        if parsed.is_none_or(|it| it.root().get("models").is_none()) {
            return Err("a model of a list is written as no TOML".to_owned());
        }
    }
    let imported = import::import(&[source], &Options::default(), None, world);
    let mut known = true;
    for found in &imported.checked.reports {
        shown(&found.source, &found.diagnostics)?;
        known &= !found.diagnostics.has_errors();
        for format in FORMATS {
            let style = Style::default();
            let report = report::render(format, &found.source, &found.diagnostics, &style);
            if report.contains(CANARY) {
                return Err(format!("{format:?} shows a key"));
            }
        }
    }
    if imported.text.contains(CANARY) || imported.notes.join("\n").contains(CANARY) {
        return Err("the platform has a key in it".to_owned());
    }
    Ok(known)
}
