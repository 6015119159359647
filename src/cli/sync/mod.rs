//! `homelab sync`: what a server has, compared with what platform.toml says of it, and the edit that would settle it.
//!
//! The file is the truth: where both know a model and differ, that is told and nothing is changed. What is proposed was checked: with it the file has no finding that it had not before.

mod arguments;
mod edit;
mod plan;

use std::collections::BTreeMap;
use std::ops::Range;

use super::arguments::{Format, Input};
use super::input::Reading;
use super::output::{Change, Difference};
use super::status::keys::Keys;
use super::{End, file, fix, input, status, terminal};
use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Source, near_name};
use crate::import::offers;
use crate::ledger::Lock;
use crate::lint;
use crate::platform::{Platform, Service};
use crate::status::{World, catalogue};
use crate::syntax;

pub(super) use arguments::Sync;
use edit::Edited;
use plan::{Heard, Place, Plan, short};

pub(super) fn run(arguments: &Sync) -> End {
    match sync(arguments) {
        Ok(end) | Err(end) => end,
    }
}

fn sync(arguments: &Sync) -> Result<End, End> {
    let look = &arguments.look;
    let input = Input {
        platform: look.platform.clone(),
        format: Format::Full,
        deny_warnings: false,
        quiet: false,
        today: None,
        max_size: look.max_size,
    };
    let reading = input::load(&input).ok_or(End::Failed)?;
    let (Some(document), Some(platform), Some(promised)) = (
        &reading.checked.document,
        &reading.checked.platform,
        &reading.lock,
    ) else {
        return Err(input::show(&input, reading).end);
    };
    let service = service(platform, &arguments.service)?;
    let nothing = Lock::default();
    let place = Place {
        document,
        platform,
        service,
        lock: promised.promises.next.as_ref().unwrap_or(&nothing),
        range: range(service, arguments.range.as_deref())?,
    };
    let (heard, whole) = match &arguments.from {
        Some(path) => (vec![from_file(arguments, path)?], true),
        None => ask(arguments, platform, service)?,
    };
    let plan = place.plan(heard, whole);
    settle(arguments, &input, &reading, &place, plan)
}

/// The service that is meant: by its name, or by its kind where it is the only one of it.
fn service<'a>(platform: &'a Platform, word: &str) -> Result<&'a Service, End> {
    let has_models =
        |it: &&Service| it.kind.role == Role::ModelServer && !platform[it.host].elsewhere;
    let servers = || platform.services.iter().filter(has_models);
    let by_name = servers().find(|it| it.name == word);
    let mut of_kind = servers().filter(|it| it.kind.name == word);
    if let Some(found) = by_name.or_else(|| of_kind.next()) {
        if by_name.is_some() || of_kind.next().is_none() {
            return Ok(found);
        }
        let of_kind = servers().filter(|it| it.kind.name == word);
        let names: Vec<&str> = of_kind.map(|it| it.name.as_str()).collect();
        let help = format!("name one of them: {}", names.join(", "));
        terminal::complain(
            &format!("there are several services of kind `{word}`"),
            Some(&help),
        );
        return Err(End::Failed);
    }
    let known = || servers().map(|it| it.name.as_str());
    let help = match near_name(word, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "servers of models are: {}",
            known().collect::<Vec<_>>().join(", ")
        ),
    };
    let message = if platform.services.find(word).is_some() {
        format!("`{word}` serves no models of its own")
    } else {
        format!("there is no service or kind `{word}` that serves models")
    };
    terminal::complain(&message, Some(&help));
    Err(End::Failed)
}

/// The range of this name; complains when the service has none.
fn range<'a>(service: &Service, name: Option<&'a str>) -> Result<Option<&'a str>, End> {
    let Some(name) = name else {
        return Ok(None);
    };
    if service.ranges.iter().any(|it| it.name == name) {
        return Ok(Some(name));
    }
    let known = || service.ranges.iter().map(|it| it.name.as_str());
    let help = match near_name(name, known()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if service.ranges.is_empty() => None,
        None => Some(format!("it has {}", known().collect::<Vec<_>>().join(", "))),
    };
    let message = format!("`{}` has no range of ports `{name}`", service.name);
    terminal::complain(&message, help.as_deref());
    Err(End::Failed)
}

fn from_file(arguments: &Sync, path: &std::path::Path) -> Result<Heard, End> {
    let name = path.display().to_string();
    let fail = |why: &str| {
        terminal::complain(&format!("cannot read `{name}`: {why}"), None);
        End::Failed
    };
    let limit = arguments.look.max_size;
    let bytes = input::bytes(path, limit).map_err(|error| fail(&error.to_string()))?;
    let source = syntax::read(name.clone(), bytes, limit);
    let source = source.map_err(|unread| fail(&short(&unread.diagnostic.message)))?;
    let offers = offers(&source).map_err(|why| fail(&short(&why)))?;
    Ok(Heard { port: None, offers })
}

/// Asks the server itself. Its lists are whole where one port has all of its models.
fn ask(
    arguments: &Sync,
    platform: &Platform,
    service: &Service,
) -> Result<(Vec<Heard>, bool), End> {
    let look = &arguments.look;
    let here = status::here(look, platform)?;
    let keys = Keys::of(look, platform, here)?;
    let world = World {
        here,
        limit: look.timeout,
        key: &|name| keys.find(name),
        runs: &|_, _| false,
    };
    let many = service.kind.one_model_per_port;
    let mut heard = Vec::new();
    let mut failed = Vec::new();
    let mut reachable = false;
    for list in catalogue(platform, service, &world) {
        reachable |= list.url.is_some();
        let url = list.url.unwrap_or_default();
        let read = list.answer.and_then(|bytes| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            offers(&Source::new(url.as_str(), text)).map_err(|why| short(&why))
        });
        match read {
            Ok(offers) => heard.push(Heard {
                port: many.then_some(list.port),
                offers,
            }),
            // Where each model has a port of its own, one that is not loaded is no news.
            Err(_) if many && list.silent => {}
            Err(why) if url.is_empty() => failed.push(why),
            Err(why) => failed.push(format!("{}: {why}", short(&url))),
        }
    }
    if heard.is_empty() || !many && !failed.is_empty() {
        let why = failed.first().map_or_else(
            || "nothing listens at any of its ports".to_owned(),
            Clone::clone,
        );
        let message = format!("`{}` does not say what it has: {why}", service.name);
        let host = &platform[service.host].name;
        let help = if reachable {
            "start it, or give its list with `--from FILE`".to_owned()
        } else {
            format!(
                "run this on `{host}`, with `--here {host}` when the machine has another name, or give its list with `--from FILE`"
            )
        };
        terminal::complain(&message, Some(&help));
        return Err(End::Failed);
    }
    for why in &failed {
        terminal::note(why);
    }
    Ok((heard, !many))
}

/// Lessens the plan until the file has no finding that it had not before, then shows or writes it.
fn settle(
    arguments: &Sync,
    input: &Input,
    before: &Reading,
    place: &Place<'_>,
    mut plan: Plan,
) -> Result<End, End> {
    let known = counted(before);
    let mut renamed = false;
    let after = loop {
        if plan.has_no_edit() {
            break None;
        }
        let edited = match edit::apply(place.document, place.platform, place.service, &plan) {
            Ok(edited) => edited,
            Err(model) => {
                let at = plan.turns.iter().position(|it| it.model == model);
                let turn = plan.turns.remove(at.ok_or(End::Failed)?);
                plan.tell(left(
                    &turn,
                    "its words in the file are for a hand to change",
                ));
                continue;
            }
        };
        let Edited { text, blocks } = edited;
        let source = Source::new(before.source.name(), text);
        let after = input::with_lock(input, source).ok_or(End::Failed)?;
        if !renamed {
            renamed = true;
            if rename(&mut plan, after.checked.platform.as_ref()) {
                continue;
            }
        }
        let mut known = known.clone();
        let fresh = after.checked.diagnostics.iter();
        let fresh: Vec<&Diagnostic> = fresh.filter(|it| !take(&mut known, it)).collect();
        if fresh.is_empty() {
            break Some(after);
        }
        lessen(&mut plan, &fresh, &blocks)?;
    };
    finish(arguments, before, after.as_ref(), &plan)
}

/// How often the file has each finding.
fn counted(reading: &Reading) -> BTreeMap<(&'static str, String), usize> {
    let mut known = BTreeMap::new();
    for it in &reading.checked.diagnostics {
        *known.entry((it.rule.name, it.message.clone())).or_default() += 1;
    }
    known
}

/// Whether a finding was there before; each is there as often as it was.
fn take(known: &mut BTreeMap<(&'static str, String), usize>, it: &Diagnostic) -> bool {
    match known.get_mut(&(it.rule.name, it.message.clone())) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

/// Gives new handles the names that the scheme of the policy has for them; true when one has another name now.
fn rename(plan: &mut Plan, platform: Option<&Platform>) -> bool {
    let Some(platform) = platform else {
        return false;
    };
    let mut taken: Vec<String> = platform.handles.iter().map(|it| it.name.clone()).collect();
    let mut changed = false;
    for add in &mut plan.adds {
        let handle = add.handle.as_ref();
        let Some(handle) = handle.and_then(|it| platform.handles.find(it)) else {
            continue;
        };
        let Some(right) = lint::right_name(platform, handle) else {
            continue;
        };
        changed = true;
        add.handle = (!taken.contains(&right)).then(|| right.clone());
        taken.push(right);
    }
    changed
}

/// Takes out what a finding is about: first the handle of a new model, then the model, then what would be retired.
fn lessen(plan: &mut Plan, fresh: &[&Diagnostic], blocks: &[Vec<Range<usize>>]) -> Result<(), End> {
    let mut guilty: BTreeMap<usize, String> = BTreeMap::new();
    for finding in fresh {
        let labels = finding.primary.iter().chain(&finding.secondary);
        let starts: Vec<usize> = labels.map(|it| it.span.start).collect();
        let holds = |range: &Range<usize>| starts.iter().any(|it| range.contains(it));
        let owners = blocks.iter().enumerate();
        let owners = owners.filter(|(_, ranges)| ranges.iter().any(holds));
        for (owner, _) in owners {
            guilty
                .entry(owner)
                .or_insert_with(|| short(&finding.message));
        }
    }
    if guilty.is_empty() {
        let why = fresh.first().map_or(String::new(), |it| short(&it.message));
        if plan.turns.is_empty() {
            let message = format!("with the new models platform.toml would have a finding: {why}");
            terminal::complain(&message, Some("nothing is written"));
            return Err(End::Failed);
        }
        for turn in std::mem::take(&mut plan.turns) {
            plan.tell(left(&turn, &why));
        }
        return Ok(());
    }
    for (at, why) in guilty.into_iter().rev() {
        let shown = short(&plan.adds[at].offer.id);
        let no_handle = format!("`{shown}` gets no handle: ");
        if plan.adds[at].handle.take().is_some() {
            plan.tell(format!("{no_handle}{why}"));
        } else {
            plan.adds.remove(at);
            plan.forget(&no_handle);
            plan.tell(format!("`{shown}` is new: {why}"));
        }
    }
    Ok(())
}

/// What is said of a model whose state only the owner can change.
fn left(turn: &plan::Turn, why: &str) -> String {
    let is = if turn.to == "retired" {
        "is not there any more"
    } else {
        "is there now"
    };
    format!("`{}` {is}: {why}", turn.model)
}

/// Shows what differs, and writes it when asked to.
fn finish(
    arguments: &Sync,
    before: &Reading,
    after: Option<&Reading>,
    plan: &Plan,
) -> Result<End, End> {
    if plan.is_empty() {
        return said(
            &format!("{} has what the file says\n", arguments.service),
            End::Well,
        );
    }
    let mut shown = String::new();
    if let Some(after) = after {
        let difference = Difference {
            path: before.source.name().to_owned(),
            change: Change::Text {
                disk: fix::hidden(before).into_bytes(),
                built: fix::hidden(after),
            },
        };
        shown.push_str(&difference.diff().unwrap_or_default());
    }
    let told = plan.told();
    if !told.is_empty() {
        shown.push_str("for you to decide:\n");
        for words in &told {
            shown.push_str("  ");
            shown.push_str(words);
            shown.push('\n');
        }
    }
    let left = if told.is_empty() {
        End::Well
    } else {
        End::Found
    };
    let Some(after) = after.filter(|_| arguments.write) else {
        if after.is_some() {
            shown.push_str("`--write` writes it\n");
        }
        return said(&shown, End::Found);
    };
    if !terminal::say(&shown) {
        return Err(End::Failed);
    }
    let path = &arguments.look.platform;
    let written = file::replace(path, Some(before.source.text()), after.source.text());
    written.map_err(|error| {
        terminal::complain(&format!("cannot write `{}`: {error}", path.display()), None);
        End::Failed
    })?;
    said("written; `homelab build` makes the rest of it\n", left)
}

fn said(text: &str, end: End) -> Result<End, End> {
    if terminal::say(text) {
        Ok(end)
    } else {
        Err(End::Failed)
    }
}
