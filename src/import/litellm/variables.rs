//! References to variables: where LiteLLM does not look for them, and where they are still empty when it does.

use super::super::report::Findings;
use super::super::rules;
use super::super::tree::{Node, Value};
use super::{Config, Surroundings};
use crate::diagnostic::{Diagnostic, Span};

const PREFIX: &str = "os.environ/";

/// Keys whose value is used as it stands, so that `${NAME}` in it is a mistake.
const LITERAL: &[&str] = &[
    "api_base",
    "api_key",
    "base_url",
    "database_url",
    "master_key",
    "model",
];

pub(super) fn check(config: &Config<'_>, surroundings: &Surroundings, findings: &mut Findings) {
    let mut walk = Walk {
        config,
        surroundings,
        findings,
        file: 0,
    };
    for file in &config.files {
        walk.file = file.file;
        for entry in file.node.entries() {
            walk.node(&entry.key, &entry.node, false);
        }
    }
}

struct Walk<'a> {
    config: &'a Config<'a>,
    surroundings: &'a Surroundings,
    findings: &'a mut Findings,
    file: usize,
}

impl Walk<'_> {
    fn node(&mut self, key: &str, node: &Node, is_item: bool) {
        match &node.value {
            Value::Text(text) => self.text(key, text, node.span, is_item),
            Value::List(items) => {
                for item in items {
                    self.node(key, item, true);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    self.node(&entry.key, &entry.node, false);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, key: &str, text: &str, span: Span, is_item: bool) {
        let nested = |what: &str, help: &str| {
            Diagnostic::new(&rules::NESTED_VARIABLE, what)
                .primary(span, "stays as it stands")
                .help(help)
        };
        if let Some(name) = text.strip_prefix(PREFIX) {
            if is_item {
                let found = nested(
                    "LiteLLM looks up no variable in a list",
                    "write the value itself, or a setting that is no list",
                );
                self.findings.push(self.file, found);
            } else {
                self.variable(key, name, span);
            }
        } else if text.contains(PREFIX) {
            let found = nested(
                "LiteLLM looks up no variable inside a text",
                "put the whole value into the variable, and write `os.environ/NAME` alone",
            );
            self.findings.push(self.file, found);
        } else if text.starts_with("os.environ") || text.starts_with("os.getenv") {
            let found = nested(
                "a variable is written `os.environ/NAME`",
                "write it like that",
            );
            self.findings.push(self.file, found);
        } else if LITERAL.contains(&key) && (text.contains("${") || is_shell_variable(text)) {
            let found = nested(
                "LiteLLM is no shell and looks up no `$NAME`",
                "write `os.environ/NAME` as the whole value",
            );
            self.findings.push(self.file, found);
        }
    }

    fn variable(&mut self, key: &str, name: &str, span: Span) {
        let given = &self.surroundings.variables;
        let is_given = given.as_ref().is_some_and(|it| it.contains(name));
        if is_given {
            return;
        }
        let late = self.config.map("environment_variables");
        let late = late.and_then(|it| Some((it.file, it.node.entry(name)?)));
        if let Some((file, entry)) = late {
            let mut found = Diagnostic::new(
                &rules::LATE_VARIABLE,
                format!("`{name}` is still empty when it is read here"),
            )
            .primary(span, "looked up first")
            .help("set it in the environment of LiteLLM, in its unit or env file");
            if file == self.file {
                found = found.secondary(entry.key_span, "set after that");
            }
            // An address may be empty, a model may not.
            self.findings.refused |= key == "model";
            self.findings.push(self.file, found);
        } else if given.is_some() {
            self.findings.push(
                self.file,
                Diagnostic::new(
                    &rules::UNSET_VARIABLE,
                    format!("no given file sets `{name}`"),
                )
                .primary(span, "empty without a word")
                .help("set it in the env file of LiteLLM"),
            );
        }
    }
}

fn is_shell_variable(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|it| {
        !it.is_empty()
            && it
                .bytes()
                .all(|it| it.is_ascii_uppercase() || it == b'_' || it.is_ascii_digit())
    })
}
