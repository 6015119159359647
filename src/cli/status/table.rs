//! A report for people: a line for each probe, then what differs, by cause and with what would mend it.

use std::fmt::Write as _;

use crate::cli::report::Style;
use crate::cli::terminal::counted;
use crate::status::{Answered, Cause, Drift, FileState, Report, State};

/// What colours a word.
struct Paint {
    bold: &'static str,
    red: &'static str,
    green: &'static str,
    dim: &'static str,
    plain: &'static str,
}

impl Paint {
    fn of(style: &Style) -> Self {
        if style.colour {
            Self {
                bold: "\x1b[1m",
                red: "\x1b[31m",
                green: "\x1b[32m",
                dim: "\x1b[2m",
                plain: "\x1b[0m",
            }
        } else {
            Self {
                bold: "",
                red: "",
                green: "",
                dim: "",
                plain: "",
            }
        }
    }
}

/// The report as text.
pub(super) fn render(report: &Report, style: &Style) -> String {
    let paint = Paint::of(style);
    let from = report.from.as_deref().unwrap_or("elsewhere");
    let mut text = format!(
        "{}{}{}, seen from {from}\n",
        paint.bold, report.platform, paint.plain
    );
    let mut group = "";
    for probe in &report.probes {
        let heading = if probe.what == "check" {
            "checks"
        } else {
            &probe.host
        };
        if heading != group {
            group = heading;
            text.push_str(heading);
            text.push('\n');
        }
        row(&mut text, probe, &paint);
    }
    text.push_str(&sums(report));
    differences(&mut text, &report.drift, &paint);
    text
}

fn row(text: &mut String, probe: &Answered, paint: &Paint) {
    let name = match probe.port {
        _ if probe.what == "check" => probe.title.clone(),
        Some(port) => format!("{} :{port}", probe.service),
        None => probe.service.clone(),
    };
    let Paint {
        red,
        green,
        dim,
        plain,
        ..
    } = paint;
    let words = &probe.words;
    // Writing to a string cannot fail.
    let _ = match probe.state {
        State::Well => {
            let took = probe.milliseconds.map(|it| format!("{it} ms"));
            let took = took.unwrap_or_default();
            let line = format!("  {green}well{plain}  {name:<32} {took}");
            writeln!(text, "{}", line.trim_end())
        }
        State::Away => writeln!(text, "  {dim}away  {name}{plain}\n        {words}"),
        State::Skip => writeln!(text, "  {dim}skip  {name}{plain}\n        {words}"),
        State::Sick => {
            let url = probe.url.as_deref().unwrap_or_default();
            writeln!(
                text,
                "  {red}SICK{plain}  {name}\n        {words}\n        {url}"
            )
        }
    };
}

fn sums(report: &Report) -> String {
    let counts = report.counts;
    let mut text = format!(
        "{} well, {} sick, {} away, {} skipped\n",
        counts.well, counts.sick, counts.away, counts.skipped
    );
    let read = report.models.iter().filter(|it| it.state == State::Well);
    let read = read.count();
    if !report.models.is_empty() {
        let all = counted(report.models.len(), "list");
        let _ = writeln!(text, "{read} of {all} of models read");
    }
    for list in report.models.iter().filter(|it| it.state == State::Skip) {
        let _ = writeln!(text, "  {} :{}: {}", list.service, list.port, list.words);
    }
    if !report.files.is_empty() {
        let same = report.files.iter();
        let same = same.filter(|it| it.state == FileState::Same).count();
        let all = counted(report.files.len(), "file");
        let _ = writeln!(text, "{same} of {all} as generated");
    }
    for file in report
        .files
        .iter()
        .filter(|it| it.state == FileState::Unknown)
    {
        let _ = writeln!(text, "  {} on {}: {}", file.path, file.host, file.words);
    }
    for host in &report.unread {
        let _ = writeln!(text, "  files of {}: {}", host.host, host.words);
    }
    text
}

fn differences(text: &mut String, drift: &[Drift], paint: &Paint) {
    let Paint {
        bold, red, plain, ..
    } = paint;
    text.push('\n');
    if drift.is_empty() {
        text.push_str("nothing differs from platform.toml\n");
        return;
    }
    let count = counted(drift.len(), "difference");
    let _ = writeln!(text, "{bold}{count} from platform.toml{plain}");
    let mut group: Option<Cause> = None;
    for (at, it) in drift.iter().enumerate() {
        if group != Some(it.cause) {
            group = Some(it.cause);
            let _ = writeln!(text, "{red}{}{plain}", it.cause.title());
        }
        let _ = writeln!(text, "  {}", it.what);
        // What one command mends stands together above it.
        let next = drift.get(at + 1).filter(|next| next.cause == it.cause);
        if next.is_some_and(|next| (&next.command, &next.help) == (&it.command, &it.help)) {
            continue;
        }
        if let Some(command) = &it.command {
            let _ = writeln!(text, "      $ {command}");
        }
        if let Some(help) = &it.help {
            let _ = writeln!(text, "      {help}");
        }
    }
}
