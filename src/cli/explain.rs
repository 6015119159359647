//! `homelab explain`: what a rule is about.

use std::fmt::Write as _;

use crate::compile;
use crate::diagnostic::{Rule, near_name};

use super::arguments::Explain;
use super::{End, terminal};

pub(super) fn run(arguments: &Explain) -> End {
    let Some(name) = &arguments.rule else {
        return said(&catalogue());
    };
    if let Some(rule) = compile::rules().find(|rule| rule.name == name) {
        return said(&page(rule));
    }
    let near = near_name(name, compile::rules().map(|rule| rule.name));
    let help = near.map_or_else(
        || "`homelab explain` lists all rules".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    terminal::complain(&format!("there is no rule `{name}`"), Some(&help));
    End::Failed
}

fn said(text: &str) -> End {
    if terminal::say(text) {
        End::Well
    } else {
        End::Failed
    }
}

fn catalogue() -> String {
    let width = compile::rules()
        .map(|rule| rule.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for rule in compile::rules() {
        let _ = writeln!(text, "{:<width$}  {}", rule.name, rule.summary);
    }
    text
}

fn page(rule: &Rule) -> String {
    let indented = |text: &str| -> String {
        text.trim_matches('\n')
            .lines()
            .map(|line| format!("    {line}\n"))
            .collect()
    };
    format!(
        "{} ({})\n\n{}.\n\n{}\n\nbad:\n\n{}\ngood:\n\n{}",
        rule.name,
        rule.severity.word(),
        rule.summary,
        rule.why,
        indented(rule.bad),
        indented(rule.good)
    )
}
