//! The way of a request: from a client through the gateway, and the optimiser where there is one, to the server of a model; with what is tried when that fails.

use super::card::{Card, NAME, SMALL, SMALL_CODE as CODE};
use super::layout::{Arrow, Layout, Point, Rect};
use super::{Links, svg, words};
use crate::platform::{Handle, HandleId, Platform, ServiceId, Target};

const GAP: i32 = 44;
const ROW: i32 = 74;
const BOX: i32 = 60;
const MARGIN: i32 = 6;
/// Between a handle and the one that is tried when it fails.
const STEP: i32 = 40;
/// How far the call of an optimiser and its call back lie apart.
const APART: i32 = 24;
/// From left to right: client, gateway, server, model. An optimiser stands above the servers and calls the gateway back.
const WIDTHS: [i32; 4] = [104, 204, 204, 208];
const CLIENT: usize = 0;
const GATEWAY: usize = 1;
const SERVER: usize = 2;
const MODEL: usize = 3;

/// Draws the way of requests for a handle.
pub fn request_path(platform: &Platform, handle: HandleId, links: &Links<'_>) -> String {
    svg::draw(&layout(platform, handle, links))
}

/// Lays the way of requests for a handle out.
pub fn layout(platform: &Platform, handle: HandleId, links: &Links<'_>) -> Layout {
    let handle = &platform[handle];
    let groups = groups(platform, handle);
    let mut drawing = Drawing {
        platform,
        links,
        layout: Layout {
            class: "pic-path",
            title: format!("The way of requests for {}", handle.name),
            description: described(platform, &groups),
            ..Layout::default()
        },
    };
    drawing.layout.width = left(MODEL) + WIDTHS[MODEL] + MARGIN;
    let mut top = MARGIN;
    let mut above = None;
    for group in &groups {
        let height = pixels(group.rows()) * ROW - (ROW - BOX);
        let at = drawing.group(
            group,
            Rect::new(left(GATEWAY), top, WIDTHS[GATEWAY], height),
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

impl Group<'_> {
    /// How many rows it takes: one for each model, and one more for each on whose way an optimiser is.
    fn rows(&self) -> usize {
        let each = if self.via.is_some() { 2 } else { 1 };
        each * self.handle.targets.len().max(1)
    }
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

/// The left edge of a column.
fn left(column: usize) -> i32 {
    MARGIN + WIDTHS[..column].iter().map(|it| it + GAP).sum::<i32>()
}

fn pixels(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / 1000)
}

/// The name by which an optimiser calls the gateway back for a model.
fn called_back<'a>(platform: &'a Platform, target: &Target) -> &'a str {
    let model = &platform[target.model].name;
    let optimiser = platform.policy.optimiser.as_ref();
    let prefix = optimiser.map_or("", |it| it.internal_prefix.as_str());
    let name = format!("{prefix}{model}");
    let routes = &platform.deployments;
    let at = routes.partition_point(|it| it.name < name);
    let route = routes.get(at).filter(|it| it.name == name);
    route.map_or(model, |it| &it.name)
}

struct Drawing<'a> {
    platform: &'a Platform,
    links: &'a Links<'a>,
    layout: Layout,
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
        let at = Card::new("pic-service pic-gateway", lines)
            .to(href)
            .draw_from_top(&mut self.layout, rect, BOX, None);
        if first {
            let middle = rect.y + (BOX - 46) / 2;
            let place = Rect::new(left(CLIENT), middle, WIDTHS[CLIENT], 46);
            let lines = vec![
                ("Client".to_owned(), NAME),
                ("OpenAI API".to_owned(), SMALL),
            ];
            let client =
                Card::new("pic-service pic-client", lines).draw(&mut self.layout, place, None);
            self.arrow(client, at, rect.y + BOX / 2, true);
        }
        let mut top = rect.y;
        for target in &handle.targets {
            if let Some(via) = group.via {
                self.optimiser(group, (via, target), at, top);
                top += ROW;
            }
            self.row(target, at, top);
            top += ROW;
        }
        at
    }

    /// The way through an optimiser, and its call back.
    fn optimiser(
        &mut self,
        group: &Group<'_>,
        (via, target): (ServiceId, &Target),
        from: usize,
        top: i32,
    ) {
        let service = &self.platform[via];
        let model = &self.platform[target.model];
        let live = self.platform.model_is_live(model);
        let technique = group.handle.technique.as_deref();
        let technique = technique.map_or("optimiser".to_owned(), |it| format!("technique {it}"));
        let lines = vec![(service.title.clone(), NAME), (technique, SMALL)];
        let card = Card::new("pic-service", lines).to((self.links.service)(service));
        let optimiser = self.place(&card, SERVER, top);
        let middle = top + BOX / 2;
        self.arrow(from, optimiser, middle - APART / 2, live);
        self.arrow(optimiser, from, middle + APART / 2, live);
        // What the optimiser asks for stands in the gateway's box, where the way goes on.
        let back = called_back(self.platform, target);
        let left = left(GATEWAY) + 8;
        let room = WIDTHS[GATEWAY] - 16;
        let below = top + ROW + BOX / 2;
        let said = "called back for";
        self.layout.label(
            Point {
                x: left,
                y: below - 4,
            },
            room,
            said,
            SMALL,
            Some(from),
        );
        self.layout.label(
            Point {
                x: left,
                y: below + 11,
            },
            room,
            back,
            CODE,
            Some(from),
        );
    }

    /// The way to one model.
    fn row(&mut self, target: &Target, from: usize, top: i32) {
        let live = self.platform.model_is_live(&self.platform[target.model]);
        let middle = top + BOX / 2;
        let server = self.place(&self.server(target), SERVER, top);
        self.arrow(from, server, middle, live);
        let end = self.place(&self.model(target), MODEL, top);
        self.arrow(server, end, middle, live);
    }

    fn place(&mut self, card: &Card, column: usize, top: i32) -> usize {
        let rect = Rect::new(left(column), top, WIDTHS[column], BOX);
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

    /// A straight arrow between two columns.
    fn arrow(&mut self, from: usize, to: usize, y: i32, live: bool) {
        let (one, two) = (self.layout.areas[from].rect, self.layout.areas[to].rect);
        let (start, end) = if one.x < two.x {
            (one.right(), two.x)
        } else {
            (one.x, two.right())
        };
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
