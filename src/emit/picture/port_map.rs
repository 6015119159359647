//! The ports of a host: who has which, what is free in each range, and what must not be given again.

use std::collections::BTreeMap;

use super::card::{Card, NAME, PORT, SMALL, TINY};
use super::layout::{Layout, Point, Rect};
use super::{Links, svg, words};
use crate::platform::{
    Bind, HostId, ModelState, Owner, Platform, PortRange, Service, ServiceState,
};

const WIDTH: i32 = 908;
const MARGIN: i32 = 6;
const GAP: i32 = 8;
const HEIGHT: i32 = 42;
const TITLE: i32 = 30;
/// How many stand in a row: single ports, and those of a range.
const WIDE: usize = 5;
const NARROW: usize = 8;
/// In a longer range, free ports beside each other are one box.
const LONG: u16 = 64;

/// Draws the ports of a host. `former` are ports that were given once, with who had them, as `platform.lock` remembers them.
pub fn port_map(
    platform: &Platform,
    host: HostId,
    links: &Links<'_>,
    former: &[(u16, &str)],
) -> String {
    svg::draw(&layout(platform, host, links, former))
}

/// Lays the ports of a host out.
pub fn layout(
    platform: &Platform,
    host: HostId,
    links: &Links<'_>,
    former: &[(u16, &str)],
) -> Layout {
    let ports = Ports::of(platform, host, links, former);
    let mut layout = Layout {
        class: "pic-ports",
        title: format!("Ports of {}", platform[host].title),
        width: WIDTH,
        height: MARGIN,
        ..Layout::default()
    };
    let mut free = 0;
    let single = ports.single();
    if !single.is_empty() {
        heading(&mut layout, "Ports", "");
        rows(&mut layout, &single, WIDE);
    }
    for (service, range) in &ports.ranges {
        let (cards, left) = ports.in_range(range);
        free += left;
        let name = format!(
            "{} · {} {}–{}",
            service.title, range.name, range.first, range.last
        );
        let purpose = range.purpose.as_deref().unwrap_or_default();
        let more = match purpose {
            "" => format!("{left} free"),
            purpose => format!("{purpose} · {left} free"),
        };
        heading(&mut layout, &name, &more);
        rows(&mut layout, &cards, NARROW);
    }
    if layout.labels.is_empty() {
        let place = Point {
            x: MARGIN,
            y: MARGIN + 14,
        };
        layout.label(
            place,
            WIDTH - 2 * MARGIN,
            "No port is given on this host.",
            SMALL,
            None,
        );
        layout.height += 24;
    }
    layout.description = format!(
        "{} given, {} that must not be given again, {free} free in {}.",
        words::count(ports.taken.len(), "port"),
        ports.former.len(),
        words::count(ports.ranges.len(), "range"),
    );
    layout.height += MARGIN;
    layout
}

/// Who has which port of a host.
struct Ports<'a> {
    taken: BTreeMap<u16, Card>,
    former: BTreeMap<u16, Card>,
    ranges: Vec<(&'a Service, &'a PortRange)>,
}

impl<'a> Ports<'a> {
    fn of(platform: &'a Platform, host: HostId, links: &Links<'_>, former: &[(u16, &str)]) -> Self {
        let mut ports = Self {
            taken: BTreeMap::new(),
            former: BTreeMap::new(),
            ranges: Vec::new(),
        };
        for service in platform.services_on(host) {
            ports.service(platform, service, links);
        }
        ports
            .ranges
            .sort_by_key(|(_, range)| (range.first, range.last));
        for migration in &platform.migrations {
            let on_it = match (&migration.host, &migration.owner) {
                (Some(name), _) => *name == platform[host].name,
                (None, Owner::Service(name)) => platform
                    .services
                    .find(name)
                    .is_some_and(|it| it.host == host),
                (None, Owner::Model(name)) => platform
                    .models
                    .find(name)
                    .is_some_and(|it| platform[it.service].host == host),
            };
            if let (Some(from), true) = (migration.from, on_it) {
                ports.once(from, migration.owner.name());
            }
        }
        for (number, owner) in former {
            ports.once(*number, owner);
        }
        let taken = &ports.taken;
        ports.former.retain(|number, _| !taken.contains_key(number));
        ports
    }

    fn service(&mut self, platform: &'a Platform, service: &'a Service, links: &Links<'_>) {
        self.ranges
            .extend(service.ranges.iter().map(|it| (service, it)));
        if service.state == ServiceState::Retired {
            for port in &service.ports {
                self.once(port.number, &service.name);
            }
            return;
        }
        let state = words::service_state(service.state);
        let reach = match &service.bind {
            Bind::Loopback => "loopback".to_owned(),
            Bind::All => "all networks".to_owned(),
            Bind::Network(network, _) => platform[*network].name.clone(),
            Bind::Address(address) => address.clone(),
        };
        let class = match &service.bind {
            Bind::Loopback => "pic-port reach-own".to_owned(),
            Bind::Network(network, _) => {
                format!(
                    "pic-port {}",
                    words::network_class(*network, platform, "reach")
                )
            }
            Bind::All | Bind::Address(_) => "pic-port reach-all".to_owned(),
        };
        let class = state.map_or(class.clone(), |it| format!("{class} state-{it}"));
        let card = |number: u16, name: &str| {
            let text = vec![(number.to_string(), PORT), (name.to_owned(), TINY)];
            let mut card = Card::new(&class, text).to((links.service)(service));
            card.says = match state {
                Some(state) => format!("Port {number}, {name}, {state}"),
                None => format!("Port {number}, {name}, on {reach}"),
            };
            card
        };
        for port in &service.ports {
            let name = match port.name.as_str() {
                "main" => service.name.clone(),
                name => format!("{} · {name}", service.name),
            };
            self.taken.insert(port.number, card(port.number, &name));
        }
        if !service.kind.one_model_per_port {
            return;
        }
        for model in platform.models_of(service.id) {
            match (model.port, model.state) {
                (Some(number), ModelState::Retired) => self.once(number, &model.name),
                (Some(number), _) => {
                    self.taken.insert(number, card(number, &model.name));
                }
                (None, _) => {}
            }
        }
    }

    /// A port that somebody had once.
    fn once(&mut self, number: u16, owner: &str) {
        let mut card = Card::new(
            "pic-port state-retired",
            vec![(number.to_string(), PORT), (format!("was {owner}"), TINY)],
        );
        card.says = format!("Port {number}, once of {owner}, is not given again");
        self.former.insert(number, card);
    }

    /// The ports beside all ranges.
    fn single(&self) -> Vec<Card> {
        let in_range = |number: u16| {
            self.ranges
                .iter()
                .any(|(_, it)| (it.first..=it.last).contains(&number))
        };
        let mut all: BTreeMap<u16, &Card> = self.former.iter().map(|it| (*it.0, it.1)).collect();
        all.extend(self.taken.iter().map(|it| (*it.0, it.1)));
        all.into_iter()
            .filter(|it| !in_range(it.0))
            .map(|it| it.1.clone())
            .collect()
    }

    /// The ports of a range, and how many of them are free.
    fn in_range(&self, range: &PortRange) -> (Vec<Card>, usize) {
        let mut cards = Vec::new();
        let mut free = 0;
        let mut next = u32::from(range.first);
        let long = range.last - range.first >= LONG;
        let mut given: BTreeMap<u16, &Card> = self
            .former
            .range(range.first..=range.last)
            .map(|it| (*it.0, it.1))
            .collect();
        given.extend(
            self.taken
                .range(range.first..=range.last)
                .map(|it| (*it.0, it.1)),
        );
        let mut gap = |cards: &mut Vec<Card>, first: u32, end: u32| {
            free += usize::try_from(end - first).unwrap_or(0);
            if long && end - first > 1 {
                let text = format!("{first}–{}", end - 1);
                let says = format!("Ports {first} to {}, free", end - 1);
                cards.push(free_card(text, format!("{} free", end - first), says));
            } else {
                cards.extend((first..end).map(|it| {
                    free_card(
                        it.to_string(),
                        "free".to_owned(),
                        format!("Port {it}, free"),
                    )
                }));
            }
        };
        for (number, card) in given {
            gap(&mut cards, next, u32::from(number));
            cards.push(card.clone());
            next = u32::from(number) + 1;
        }
        gap(&mut cards, next, u32::from(range.last) + 1);
        (cards, free)
    }
}

fn free_card(number: String, word: String, says: String) -> Card {
    let mut card = Card::new("pic-port pic-free", vec![(number, PORT), (word, TINY)]);
    card.says = says;
    card
}

fn heading(layout: &mut Layout, text: &str, more: &str) {
    let y = layout.height + 18;
    let room = WIDTH - 2 * MARGIN;
    let taken = layout.label(Point { x: MARGIN, y }, room * 2 / 3, text, NAME, None);
    let x = MARGIN + taken + 10;
    layout.label(Point { x, y }, WIDTH - MARGIN - x, more, SMALL, None);
    layout.height += TITLE;
}

/// Boxes in rows of so many.
fn rows(layout: &mut Layout, cards: &[Card], across: usize) {
    let columns = i32::try_from(across).unwrap_or(1);
    let width = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns;
    for row in cards.chunks(across) {
        let mut x = MARGIN;
        for card in row {
            card.draw(layout, Rect::new(x, layout.height, width, HEIGHT), None);
            x += width + GAP;
        }
        layout.height += HEIGHT + GAP;
    }
    layout.height += GAP;
}
