//! `homelab status`: what is alive, and where it differs from the file.

mod files;
mod here;
pub(super) mod keys;
mod serve;
mod ssh;
mod table;

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use super::arguments::{Format, Input, Status, StatusCommand, StatusFormat, StatusLook};
use super::{End, input, terminal};
use crate::compile;
use crate::diagnostic::near_name;
use crate::emit::Artifact;
use crate::emit::json::{to_json, to_json_line};
use crate::ledger::{Lock, claims};
use crate::platform::{Host, HostId, Platform};
use crate::status::{Report, Scope, World, survey};

use keys::Keys;

/// What should be.
struct Declared {
    platform: Platform,
    /// What it promises, as the next build writes it down.
    lock: Lock,
}

pub(super) fn run(arguments: &Status) -> End {
    if let Some(StatusCommand::Serve(arguments)) = &arguments.command {
        return serve::run(arguments);
    }
    if arguments.watch {
        return watch(arguments);
    }
    match read(&arguments.look).and_then(|declared| look(arguments, &declared)) {
        Ok(report) => show(arguments, &report),
        Err(end) => end,
    }
}

/// Asks again and again, until nobody reads any more; a file that was broken meanwhile is said and waited for.
fn watch(arguments: &Status) -> End {
    let clears = arguments.format == StatusFormat::Table && io::stdout().is_terminal();
    let mut is_first = true;
    loop {
        let begun = Instant::now();
        match read(&arguments.look).and_then(|declared| look(arguments, &declared)) {
            Ok(report) => {
                let text = match arguments.format {
                    StatusFormat::Json => to_json_line(&report),
                    StatusFormat::Table => table::render(&report, &terminal::style()),
                };
                let clear = if clears { "\x1b[H\x1b[2J" } else { "" };
                if !terminal::say(&format!("{clear}{text}")) {
                    return End::Well;
                }
            }
            Err(end) if is_first => return end,
            Err(_) => {}
        }
        is_first = false;
        thread::sleep(arguments.every.saturating_sub(begun.elapsed()));
    }
}

/// Reads the platform; where there is none, shows why.
fn read(arguments: &StatusLook) -> Result<Declared, End> {
    let input = Input {
        platform: arguments.platform.clone(),
        format: Format::Full,
        deny_warnings: false,
        quiet: false,
        today: None,
        max_size: arguments.max_size,
    };
    let mut reading = input::load(&input).ok_or(End::Failed)?;
    let Some(platform) = reading.checked.platform.take() else {
        return Err(input::show(&input, reading).end);
    };
    let next = reading.lock.and_then(|it| it.promises.next);
    let lock = next.unwrap_or_else(|| claims(&platform));
    Ok(Declared { platform, lock })
}

/// Which host this machine is.
pub(super) fn here<'a>(
    arguments: &StatusLook,
    platform: &'a Platform,
) -> Result<Option<&'a Host>, End> {
    match &arguments.here {
        Some(name) => host(platform, name).map(Some),
        None if arguments.elsewhere => Ok(None),
        None => Ok(here::this_host(platform)),
    }
}

/// Asks everything once.
fn look(arguments: &Status, declared: &Declared) -> Result<Report, End> {
    let platform = &declared.platform;
    let here = here(&arguments.look, platform)?;
    let hosts: Result<Vec<HostId>, End> = arguments
        .host
        .iter()
        .map(|name| host(platform, name).map(|it| it.id))
        .collect();
    let scope = Scope {
        hosts: hosts?,
        checks: true,
    };
    let keys = Keys::of(&arguments.look, platform, here)?;
    let world = World {
        here,
        limit: arguments.look.timeout,
        key: &|name| keys.find(name),
        runs: &runs,
    };
    let shows =
        io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|it| it != "dumb");
    let mut report = survey(platform, &world, &scope, &|done, all| {
        if shows {
            progress(&format!("asked {done} of {all}"));
        }
    });
    if shows && arguments.files {
        progress("looking at files");
    }
    let looked = if arguments.files {
        add_files(arguments, declared, &world, &mut report)
    } else {
        Ok(())
    };
    if shows {
        progress("");
    }
    looked.map(|()| report)
}

/// Holds the installed files against what would be generated now.
fn add_files(
    arguments: &Status,
    declared: &Declared,
    world: &World,
    report: &mut Report,
) -> Result<(), End> {
    let platform = &declared.platform;
    let artifacts = compile::emit(platform, &declared.lock).map_err(|error| {
        let message = format!(
            "cannot say what would be generated: {}",
            terminal::chain(&error)
        );
        terminal::complain(&message, None);
        End::Failed
    })?;
    let built = files::Built::read(&arguments.look.platform, arguments.look.max_size);
    let looked = files::look(arguments, platform, world.here, &artifacts)?;
    let is_stale = |artifact: &Artifact| built.is_stale(artifact);
    crate::status::files::add(report, platform, world, looked, &is_stale);
    Ok(())
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
        "compose" => {
            let mut command = Command::new("docker");
            let file = ["compose", "--file", "/etc/homelab/docker-compose.yml"];
            let output =
                quiet(
                    command
                        .args(file)
                        .args(["ps", "--services", "--status", "running"]),
                );
            let lines = output.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
            lines.is_some_and(|it| it.lines().any(|line| line == unit))
        }
        _ => false,
    }
}

fn show(arguments: &Status, report: &Report) -> End {
    let text = match arguments.format {
        StatusFormat::Json => to_json(report),
        StatusFormat::Table => table::render(report, &terminal::style()),
    };
    match (terminal::say(&text), report.agrees) {
        (_, false) => End::Found,
        (true, true) => End::Well,
        (false, true) => End::Failed,
    }
}
