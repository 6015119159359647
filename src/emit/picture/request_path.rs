//! The way of a request: from a client through the gateway, and the optimiser where there is one, to the server of a model; with what is tried when that fails.

use super::card::{Card, NAME, SMALL, SMALL_CODE as CODE};
use super::layout::{Arrow, Layout, Point, Rect};
use super::{Links, svg, words};
use crate::platform::{Deployment, Handle, HandleId, Platform, ServiceId, Target};

const GAP: i32 = 28;
const ROW: i32 = 76;
const BOX: i32 = 62;
const MARGIN: i32 = 12;
/// Between a handle and the one that is tried when it fails.
const STEP: i32 = 44;
/// From left to right: client, gateway, optimiser, gateway again, server, model.
const WIDTHS: [i32; 6] = [96, 178, 132, 178, 172, 190];
const CLIENT: usize = 0;
const GATEWAY: usize = 1;
const OPTIMISER: usize = 2;
const AGAIN: usize = 3;
const SERVER: usize = 4;
const MODEL: usize = 5;

/// Draws the way of requests for a handle.
pub fn request_path(platform: &Platform, handle: HandleId, links: &Links<'_>) -> String {
    svg::draw(&layout(platform, handle, links))
}

/// Lays the way of requests for a handle out.
pub fn layout(platform: &Platform, handle: HandleId, links: &Links<'_>) -> Layout {
    let handle = &platform[handle];
    let groups = groups(platform, handle);
    let optimised = groups.iter().any(|it| it.via.is_some());
    let mut drawing = Drawing {
        platform,
        links,
        layout: Layout {
            class: "pic-path",
            title: format!("The way of requests for {}", handle.name),
            description: described(platform, &groups),
            ..Layout::default()
        },
        lefts: lefts(optimised),
    };
    drawing.layout.width = drawing.lefts[MODEL] + WIDTHS[MODEL] + MARGIN;
    let mut top = MARGIN;
    let mut above = None;
    for group in &groups {
        let height = pixels(group.handle.targets.len().max(1)) * ROW - (ROW - BOX);
        let at = drawing.group(
            group,
            Rect::new(drawing.lefts[GATEWAY], top, WIDTHS[GATEWAY], height),
            above.is_none(),
        );
        if let Some(above) = above {
            drawing.falls_back(above, at);
        }
        above = Some(at);
        top += height + STEP;
    }
    drawing.layout.height = top - STEP + MARGIN;
    drawing.layout
}

/// A handle with the models behind it.
struct Group<'a> {
    handle: &'a Handle,
    via: Option<ServiceId>,
}

fn groups<'a>(platform: &'a Platform, handle: &'a Handle) -> Vec<Group<'a>> {
    let fallbacks = handle.fallbacks.iter().map(|it| &platform[*it]);
    std::iter::once(handle)
        .chain(fallbacks)
        .map(|handle| Group {
            handle,
            via: handle.via,
        })
        .collect()
}

/// The picture in words.
fn described(platform: &Platform, groups: &[Group<'_>]) -> String {
    let gateway = &platform.gateway_service().title;
    let mut sentences = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let name = &group.handle.name;
        let start = match at {
            0 => format!("A client asks {gateway} for {name}"),
            _ => format!("When that fails, {name} is asked"),
        };
        let via = group.via.map_or(String::new(), |it| {
            format!(
                " through {}, which calls the gateway back",
                platform[it].title
            )
        });
        let ends: Vec<String> = group
            .handle
            .targets
            .iter()
            .map(|it| end(platform, it))
            .collect();
        sentences.push(format!("{start}{via}: {} answers.", ends.join(" or ")));
    }
    sentences.join(" ")
}

fn end(platform: &Platform, target: &Target) -> String {
    let model = &platform[target.model];
    let host = platform[model.service].host;
    format!("{} on {}", model.name, platform[host].name)
}

/// The left edge of each column; without an optimiser its two take no room.
fn lefts(optimised: bool) -> [i32; 6] {
    let mut lefts = [0; 6];
    let mut x = MARGIN;
    for (at, width) in WIDTHS.iter().enumerate() {
        lefts[at] = x;
        if optimised || !(at == OPTIMISER || at == AGAIN) {
            x += width + GAP;
        }
    }
    lefts
}

fn pixels(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / 1000)
}

struct Drawing<'a> {
    platform: &'a Platform,
    links: &'a Links<'a>,
    layout: Layout,
    lefts: [i32; 6],
}

impl Drawing<'_> {
    /// A handle at the gateway and all behind it; returns its box.
    fn group(&mut self, group: &Group<'_>, rect: Rect, first: bool) -> usize {
        let gateway = self.platform.gateway_service();
        let handle = group.handle;
        let mut lines = vec![(gateway.title.clone(), NAME), (handle.name.clone(), CODE)];
        if handle.deprecated.is_some() {
            lines.push(("deprecated".to_owned(), SMALL));
        }
        let href = if first {
            (self.links.service)(gateway)
        } else {
            (self.links.handle)(handle)
        };
        let at =
            Card::new("pic-service pic-gateway", lines)
                .to(href)
                .draw(&mut self.layout, rect, None);
        if first {
            let middle = rect.y + (BOX - 46) / 2;
            let place = Rect::new(self.lefts[CLIENT], middle, WIDTHS[CLIENT], 46);
            let lines = vec![
                ("Client".to_owned(), NAME),
                ("OpenAI API".to_owned(), SMALL),
            ];
            let client =
                Card::new("pic-service pic-client", lines).draw(&mut self.layout, place, None);
            self.arrow(client, at, rect.y + BOX / 2, true);
        }
        for (row, target) in handle.targets.iter().enumerate() {
            self.row(group, target, at, rect.y + pixels(row) * ROW);
        }
        at
    }

    /// The way to one model.
    fn row(&mut self, group: &Group<'_>, target: &Target, from: usize, top: i32) {
        let model = &self.platform[target.model];
        let live = self.platform.model_is_live(model);
        let middle = top + BOX / 2;
        let mut last = from;
        if let Some(via) = group.via {
            let service = &self.platform[via];
            let technique = group
                .handle
                .technique
                .as_deref()
                .map_or("optimiser".to_owned(), |it| format!("technique {it}"));
            let lines = vec![(service.title.clone(), NAME), (technique, SMALL)];
            let card = Card::new("pic-service", lines).to((self.links.service)(service));
            let optimiser = self.place(&card, OPTIMISER, top);
            self.arrow(last, optimiser, middle, live);
            let gateway = self.platform.gateway_service();
            let back = self
                .way_back(target)
                .map_or(model.name.clone(), |it| it.name.clone());
            let lines = vec![(gateway.title.clone(), NAME), (back, CODE)];
            let card =
                Card::new("pic-service pic-gateway", lines).to((self.links.service)(gateway));
            last = self.place(&card, AGAIN, top);
            self.arrow(optimiser, last, middle, live);
        }
        let server = self.place(&self.server(target), SERVER, top);
        self.arrow(last, server, middle, live);
        let end = self.place(&self.model(target), MODEL, top);
        self.arrow(server, end, middle, live);
    }

    fn place(&mut self, card: &Card, column: usize, top: i32) -> usize {
        let rect = Rect::new(self.lefts[column], top, WIDTHS[column], BOX);
        card.draw(&mut self.layout, rect, None)
    }

    fn server(&self, target: &Target) -> Card {
        let model = &self.platform[target.model];
        let service = &self.platform[model.service];
        let host = &self.platform[service.host].name;
        let place = match model.port {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let state = words::service_state(service.state);
        let class = state.map_or("pic-service".to_owned(), |it| {
            format!("pic-service state-{it}")
        });
        let mut lines = vec![(service.title.clone(), NAME), (place, CODE)];
        if let Some(state) = state {
            lines.push((state.to_owned(), SMALL));
        }
        Card::new(&class, lines).to((self.links.service)(service))
    }

    fn model(&self, target: &Target) -> Card {
        let model = &self.platform[target.model];
        let live = self.platform.model_is_live(model);
        let mut notes = Vec::new();
        if model.served_as != model.name {
            notes.push(format!("served as {}", model.served_as));
        }
        if let Some(order) = target.order {
            notes.push(format!("order {order}"));
        }
        if let Some(weight) = target.weight {
            notes.push(format!("weight {weight}"));
        }
        let title = if model.title == model.name {
            "Model"
        } else {
            &model.title
        };
        let mut lines = vec![(title.to_owned(), NAME), (model.name.clone(), CODE)];
        if !live {
            lines.push(("not served today".to_owned(), SMALL));
        } else if !notes.is_empty() {
            lines.push((notes.join(" · "), SMALL));
        }
        Card::new(
            if live {
                "pic-model"
            } else {
                "pic-model state-planned"
            },
            lines,
        )
    }

    /// The route by which an optimiser calls the gateway back for a model.
    fn way_back(&self, target: &Target) -> Option<&Deployment> {
        let prefix = &self.platform.policy.optimiser.as_ref()?.internal_prefix;
        let name = format!("{prefix}{}", self.platform[target.model].name);
        let routes = &self.platform.deployments;
        let at = routes.partition_point(|it| it.name < name);
        routes.get(at).filter(|it| it.name == name)
    }

    /// A straight arrow between two columns.
    fn arrow(&mut self, from: usize, to: usize, y: i32, live: bool) {
        let (start, end) = (
            self.layout.areas[from].rect.right(),
            self.layout.areas[to].rect.x,
        );
        let points = vec![Point { x: start, y }, Point { x: end, y }];
        let class = if live { "pic-call" } else { "pic-call pic-off" }.to_owned();
        self.layout.arrows.push(Arrow {
            from,
            to,
            points,
            class,
        });
    }

    /// The arrow down to what is tried next.
    fn falls_back(&mut self, from: usize, to: usize) {
        let (upper, lower) = (self.layout.areas[from].rect, self.layout.areas[to].rect);
        let x = upper.x + 24;
        let points = vec![
            Point {
                x,
                y: upper.bottom(),
            },
            Point { x, y: lower.y },
        ];
        let class = "pic-call pic-fallback".to_owned();
        self.layout.arrows.push(Arrow {
            from,
            to,
            points,
            class,
        });
        let place = Point {
            x: x + 12,
            y: upper.bottom() + STEP / 2 + 4,
        };
        self.layout
            .label(place, 200, "when that fails", SMALL, None);
    }
}
