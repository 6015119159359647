//! Handwritten Markdown gives a service a port that it does not have.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::markdown::Row;
use crate::lint::mentions::Mentions;
use crate::lint::{Check, Lint, Page, Pages};
use crate::platform::{Platform, Service};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "stale-port-in-document",
        severity: Severity::Warning,
        summary: "handwritten Markdown gives a service a port that it does not have",
        why: "A port that is written by hand in two places is wrong in one of them after the next change. Sentences such as `Chat (port 3000)`, rows of tables with a column for ports, and ranges such as `ports 8100-8119` are held against the platform.",
        bad: concat!(
            home!(),
            r#"
# docs/notes.md:
# | service | port |
# | --- | --- |
# | LiteLLM | 4001 |
"#
        ),
        good: concat!(
            home!(),
            r#"
# docs/notes.md:
# | service | port |
# | --- | --- |
# | LiteLLM | 4000 |
#
# The printer is on port 631; LiteLLM was on port 4001 and has moved.
"#
        ),
    },
    check: Check::Page(check),
};

fn check(platform: &Platform, pages: &Pages, found: &mut [Diagnostics]) {
    let mentions = Mentions::of(platform);
    for (page, diagnostics) in pages.pages.iter().zip(found) {
        if !page.source.text().to_ascii_lowercase().contains("port") {
            continue;
        }
        for row in &page.rows {
            in_row(page, row, &mentions, diagnostics);
        }
        for span in page.sentences() {
            if !page.tells_of_past(span.start) {
                in_sentence(platform, page, span, &mentions, diagnostics);
            }
        }
    }
}

/// A row that names a service in one cell and ports under a heading that says so.
fn in_row(page: &Page, row: &Row, mentions: &Mentions<'_>, diagnostics: &mut Diagnostics) {
    let named: Vec<&Service> = row
        .cells
        .iter()
        .filter_map(|(words, _)| mentions.exact(words))
        .collect();
    let [service] = named.as_slice() else {
        return;
    };
    let columns = row.headings.iter().zip(&row.cells);
    let ports = columns.filter(|(heading, _)| matches!(heading.as_str(), "port" | "ports"));
    for (_, (_, span)) in ports {
        let words = page.words(*span);
        for (at, first, last) in numbers(words) {
            let is_right = has(service, first, last);
            if !is_right && !page.tells_of_past(span.start) {
                let at = Span::new(span.start + at.start, span.start + at.end);
                diagnostics.push(finding(service, first, last, at));
            }
        }
    }
}

/// `Chat on port 3000`, `ports 8100-8119`.
fn in_sentence(
    platform: &Platform,
    page: &Page,
    sentence: Span,
    mentions: &Mentions<'_>,
    diagnostics: &mut Diagnostics,
) {
    let words = page.words(sentence);
    let lower = words.to_ascii_lowercase();
    for (at, _) in lower.match_indices("port") {
        let begins = !lower[..at].ends_with(|it: char| it.is_alphanumeric() || "-_.".contains(it));
        let rest = &lower[at + 4..];
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        let number = rest.trim_start_matches([' ', '`', '*', ':']);
        if !begins
            || number.len() == rest.len()
            || !number.starts_with(|it: char| it.is_ascii_digit())
        {
            continue;
        }
        let from = words.len() - number.len();
        let Some((found, first, last)) =
            numbers(&words[from..]).next().filter(|it| it.0.start == 0)
        else {
            continue;
        };
        let before = mentions.just_before(&words[..at]);
        let service = match (first == last, before) {
            (true, Some(service)) if !is_known(platform, first) => Some(service),
            (false, before) => before
                .filter(|it| !it.ranges.is_empty())
                .or_else(|| owner_of_range(platform, first))
                .or_else(|| mentions.only(words).filter(|it| !it.ranges.is_empty())),
            _ => None,
        };
        if let Some(service) = service.filter(|it| can_tell(it) && !has(it, first, last)) {
            let start = sentence.start + from;
            let at = Span::new(start + found.start, start + found.end);
            diagnostics.push(finding(service, first, last, at));
        }
    }
}

/// True when the platform says anything of the service's ports.
fn can_tell(service: &Service) -> bool {
    !(service.ports.is_empty() && service.slots.is_empty() && service.ranges.is_empty())
}

/// The service from whose ranges a port would be taken.
fn owner_of_range(platform: &Platform, port: u16) -> Option<&Service> {
    let within = |it: &&Service| {
        it.ranges
            .iter()
            .any(|it| (it.first..=it.last).contains(&port))
    };
    platform.services.iter().find(within)
}

/// True when something on the platform has the port, so that the sentence may be about that.
fn is_known(platform: &Platform, port: u16) -> bool {
    platform.services.iter().any(|it| has(it, port, port))
}

/// True when a service has a port, may give it to a model, or has all of several.
fn has(service: &Service, first: u16, last: u16) -> bool {
    let given = |port: u16| {
        service.ports.iter().any(|it| it.number == port)
            || service.slots.iter().any(|it| it.port == port)
    };
    if first == last {
        let mut ranges = service.ranges.iter();
        return given(first) || ranges.any(|it| (it.first..=it.last).contains(&first));
    }
    let mut ranges = service.ranges.iter();
    let is_range = ranges.any(|it| (it.first, it.last) == (first, last));
    let lowest = service.ranges.iter().map(|it| it.first).min();
    let highest = service.ranges.iter().map(|it| it.last).max();
    is_range || (lowest, highest) == (Some(first), Some(last)) || (first..=last).all(given)
}

/// The numbers of a text that can be ports, and ranges of them; several characters long, and no part of a word.
fn numbers(text: &str) -> impl Iterator<Item = (Range<usize>, u16, u16)> {
    let digits = |from: usize| {
        let rest = &text[from..];
        rest.find(|it: char| !it.is_ascii_digit())
            .unwrap_or(rest.len())
    };
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text[at..].find(|it: char| it.is_ascii_digit()) {
            let start = at + found;
            let end = start + digits(start);
            at = end;
            let within = |it: char| it.is_alphanumeric() || "._/:".contains(it);
            if text[..start].ends_with(within) {
                continue;
            }
            let Ok(first) = text[start..end].parse::<u16>() else {
                continue;
            };
            let tail = &text[end..];
            let dash = ["-", "–", " - ", " – ", " to "]
                .iter()
                .find(|it| tail.starts_with(**it));
            if let Some(dash) = dash {
                let second = end + dash.len();
                let stop = second + digits(second);
                if let Ok(last) = text[second..stop].parse::<u16>()
                    && last > first
                {
                    at = stop;
                    return Some((start..stop, first, last));
                }
            }
            // `8000m` is no port, and neither is `3.11`.
            let mut next = tail.chars();
            let (one, two) = (next.next(), next.next());
            let goes_on = one.is_some_and(|it| it.is_alphanumeric() || it == '_' || it == '%')
                || (one == Some('.') && two.is_some_and(|it| it.is_ascii_digit()));
            if !goes_on {
                return Some((start..end, first, first));
            }
        }
        None
    })
}

fn finding(service: &Service, first: u16, last: u16, span: Span) -> Diagnostic {
    let noun = if first == last {
        format!("port {first}")
    } else {
        format!("ports {first}-{last}")
    };
    let ports = service.ports.iter().map(|it| it.number.to_string());
    let ranges = service
        .ranges
        .iter()
        .map(|it| format!("{}-{}", it.first, it.last));
    let right: Vec<String> = ports.chain(ranges).collect();
    Diagnostic::new(
        &LINT.rule,
        format!("`{}` does not have {noun}", service.name),
    )
    .primary(span, "platform.toml says otherwise")
    .help(if right.is_empty() {
        "`homelab port list` shows who has which".to_owned()
    } else {
        format!("it has {}", right.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn only_whole_numbers_are_ports() {
        let check = |text, expected: &[(u16, u16)]| {
            let found: Vec<_> = numbers(text).map(|it| (it.1, it.2)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "8100-8119, 8120–8139 and 9000.",
            &[(8100, 8119), (8120, 8139), (9000, 9000)],
        );
        check("v1.82 3.11 8000m 192.168.1.71 70000 /8080", &[]);
        check("`4000` **4020**", &[(4000, 4000), (4020, 4020)]);
    }
}
