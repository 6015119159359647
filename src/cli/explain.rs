//! `homelab explain`: what a rule is about, and where the reader's own file breaks it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, Rule, near_name};
use crate::syntax;

use super::arguments::Explain;
use super::report::{self, Format, plain};
use super::{End, input, terminal};

/// The file that is looked at when none is named.
const USUAL: &str = "platform.toml";

/// Columns that a summary needs beside the name of its rule; with fewer it stands below.
const BESIDE: usize = 40;

pub(super) fn run(arguments: &Explain) -> End {
    let width = terminal::style().width;
    let Some(name) = &arguments.rule else {
        return said(&catalogue(width));
    };
    if let Some(rule) = super::rules().find(|rule| rule.name == name) {
        let mut text = page(rule, width);
        if let Some(file) = file(arguments) {
            match own_lines(rule, &file, arguments) {
                Some(own) => text.push_str(&own),
                None => return End::Failed,
            }
        }
        return said(&text);
    }
    let near = near_name(name, super::rules().map(|rule| rule.name));
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

/// Every rule with its severity and summary, in columns where there is room for them.
fn catalogue(width: usize) -> String {
    let longest = super::rules()
        .map(|rule| rule.name.len())
        .max()
        .unwrap_or(0);
    let indent = longest + 11;
    let mut text = String::new();
    for rule in super::rules() {
        let severity = rule.severity.word();
        // Writing to a string cannot fail.
        let _ = if width >= indent + BESIDE {
            let summary = plain::wrap(rule.summary, width - indent);
            let summary = summary.replace('\n', &format!("\n{:indent$}", ""));
            writeln!(text, "{:<longest$}  {severity:<7}  {summary}", rule.name)
        } else {
            let summary = plain::wrap(rule.summary, width - 4).replace('\n', "\n    ");
            writeln!(text, "{} ({severity})\n    {summary}", rule.name)
        };
    }
    text
}

fn page(rule: &Rule, width: usize) -> String {
    let indented = |text: &str| {
        text.trim_matches('\n')
            .lines()
            .fold(String::new(), |mut all, line| {
                if !line.is_empty() {
                    all.push_str("    ");
                    all.push_str(line);
                }
                all.push('\n');
                all
            })
    };
    format!(
        "{} ({})\n\n{}\n\n{}\n\nbad:\n\n{}\ngood:\n\n{}",
        rule.name,
        rule.severity.word(),
        plain::wrap(&format!("{}.", rule.summary), width),
        plain::wrap(rule.why, width),
        indented(rule.bad),
        indented(rule.good)
    )
}

/// The reader's file: the one that was named, else the usual one when it is here.
fn file(arguments: &Explain) -> Option<PathBuf> {
    let usual = || Some(PathBuf::from(USUAL)).filter(|it| it.is_file());
    arguments.platform.clone().or_else(usual)
}

/// What the reader's file has to do with a rule; nothing when it cannot be read.
fn own_lines(rule: &Rule, file: &Path, arguments: &Explain) -> Option<String> {
    let name = file.display().to_string();
    let limit = syntax::DEFAULT_SIZE_LIMIT;
    let (source, checked) = input::inspect(file, name, limit, arguments.today)?;
    let mut own = Diagnostics::new();
    // What is secret for another rule is not shown for this one.
    let mut masked = Vec::new();
    for diagnostic in checked.diagnostics {
        masked.extend(diagnostic.masked.iter().copied());
        if diagnostic.rule.name == rule.name {
            own.push(diagnostic);
        }
    }
    let own = own.into_iter().fold(Diagnostics::new(), |mut all, mut it| {
        it.masked.append(&mut masked);
        all.push(it);
        all
    });
    let name = plain::line(source.name());
    if own.is_empty() {
        let text = if checked.platform.is_some() {
            format!("\n{name} does not break it.\n")
        } else {
            format!(
                "\n{name} has mistakes that come first, so not every rule was looked at: `homelab lint` shows them.\n"
            )
        };
        return Some(text);
    }
    let report = report::render(Format::Full, &source, &own, &terminal::style());
    Some(format!("\nin {name}:\n\n{report}"))
}
