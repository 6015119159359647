//! `homelab status`: what is alive, and where it differs from the file.

mod here;
mod keys;
mod table;

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use super::arguments::{Format, Input, Status, StatusFormat};
use super::{End, input, terminal};
use crate::diagnostic::near_name;
use crate::platform::{Host, HostId, Platform};
use crate::status::{Report, Scope, World, survey};

use keys::Keys;

pub(super) fn run(arguments: &Status) -> End {
    let platform = match read(arguments) {
        Ok(platform) => platform,
        Err(end) => return end,
    };
    match look(arguments, &platform) {
        Ok(report) => show(arguments, &report),
        Err(end) => end,
    }
}

/// Reads the platform; where there is none, shows why.
fn read(arguments: &Status) -> Result<Platform, End> {
    let input = Input {
        platform: arguments.platform.clone(),
        format: Format::Full,
        deny_warnings: false,
        quiet: false,
        today: None,
        max_size: arguments.max_size,
    };
    let mut reading = input::load(&input).ok_or(End::Failed)?;
    match reading.checked.platform.take() {
        Some(platform) => Ok(platform),
        None => Err(input::show(&input, reading).end),
    }
}

/// Asks everything once.
fn look(arguments: &Status, platform: &Platform) -> Result<Report, End> {
    let here = match &arguments.here {
        Some(name) => Some(host(platform, name)?),
        None if arguments.elsewhere => None,
        None => here::this_host(platform),
    };
    let hosts: Result<Vec<HostId>, End> = arguments
        .host
        .iter()
        .map(|name| host(platform, name).map(|it| it.id))
        .collect();
    let keys = Keys::of(arguments, platform, here)?;
    let world = World {
        here,
        limit: arguments.timeout,
        key: &|name| keys.find(name),
        runs: &runs,
    };
    let scope = Scope {
        hosts: hosts?,
        checks: true,
    };
    let shows =
        io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|it| it != "dumb");
    let report = survey(platform, &world, &scope, &|done, all| {
        if shows {
            progress(&format!("asked {done} of {all}"));
        }
    });
    if shows {
        progress("");
    }
    Ok(report)
}

/// The host of this name; complains when there is none.
fn host<'a>(platform: &'a Platform, name: &str) -> Result<&'a Host, End> {
    platform.hosts.find(name).ok_or_else(|| {
        let known = platform.hosts.iter().map(|it| it.name.as_str());
        let help = near_name(name, known).map(|near| format!("did you mean `{near}`?"));
        terminal::complain(&format!("there is no host `{name}`"), help.as_deref());
        End::Failed
    })
}

/// Writes over the line of before.
fn progress(words: &str) {
    // Nobody needs it.
    let _ = write!(io::stderr().lock(), "\r\x1b[K{words}");
}

/// Whether what starts services says that a unit runs.
fn runs(manager: &str, unit: &str) -> bool {
    let quiet = |command: &mut Command| {
        let command = command.stdin(Stdio::null()).stderr(Stdio::null());
        command.output().ok()
    };
    match manager {
        "systemd" => {
            let unit = format!("{unit}.service");
            let mut command = Command::new("systemctl");
            let output = quiet(command.args(["is-active", "--quiet", "--", &unit]));
            output.is_some_and(|it| it.status.success())
        }
        "launchd" => {
            let mut command = Command::new("launchctl");
            let output = quiet(command.args(["print", &format!("system/{unit}")]));
            output.is_some_and(|it| String::from_utf8_lossy(&it.stdout).contains("state = running"))
        }
        _ => false,
    }
}

fn show(arguments: &Status, report: &Report) -> End {
    let text = match arguments.format {
        StatusFormat::Json => crate::emit::json::to_json(report),
        StatusFormat::Table => table::render(report, &terminal::style()),
    };
    match (terminal::say(&text), report.agrees) {
        (_, false) => End::Found,
        (true, true) => End::Well,
        (false, true) => End::Failed,
    }
}
