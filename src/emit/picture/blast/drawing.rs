//! The blast radius as a picture: what is down, and beside it what stops and what works in part.

use super::{Extent, Impact};
use crate::emit::picture::card::{CODE, Card, NAME, SMALL, TINY};
use crate::emit::picture::layout::{Arrow, Layout, Point, Rect};
use crate::emit::picture::{Links, svg, words};
use crate::platform::{HostId, Platform, ServiceId};

const MARGIN: i32 = 6;
const DOWN: i32 = 180;
const LANE: i32 = 48;
const BOX: i32 = 208;
const HEIGHT: i32 = 40;
const GAP: i32 = 8;
const PAD: i32 = 12;
const HEAD: i32 = 30;
const COLUMNS: usize = 3;
/// More boxes than this are counted, not drawn.
const MOST: usize = 60;

/// What is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// A service.
    Service(ServiceId),
    /// A host with all services on it.
    Host(HostId),
}

/// Draws what is lost when something is down.
pub fn picture(platform: &Platform, down: Down, impact: &Impact, links: &Links<'_>) -> String {
    svg::draw(&layout(platform, down, impact, links))
}

/// Lays out what is lost when something is down.
pub fn layout(platform: &Platform, down: Down, impact: &Impact, links: &Links<'_>) -> Layout {
    let (title, line, href) = match down {
        Down::Service(id) => {
            let it = &platform[id];
            (&it.title, "service is down", (links.service)(it))
        }
        Down::Host(id) => {
            let it = &platform[id];
            (&it.title, "host is down", (links.host)(it))
        }
    };
    let left = MARGIN + DOWN + LANE;
    let columns = i32::try_from(COLUMNS).unwrap_or(1);
    let width = 2 * PAD + columns * BOX + (columns - 1) * GAP;
    let mut layout = Layout {
        class: "pic-blast",
        title: format!("What stops working without {title}"),
        width: left + width + MARGIN,
        height: MARGIN,
        ..Layout::default()
    };
    let mut frames = Vec::new();
    let mut said = Vec::new();
    for (extent, word) in [(Extent::Wholly, "Stops"), (Extent::Partly, "Works in part")] {
        let cards = cards(platform, impact, extent, links);
        if cards.is_empty() {
            continue;
        }
        said.push(format!("{}: {}", word, cards.len()));
        frames.push(frame(
            &mut layout,
            (extent, word),
            &cards,
            Rect::new(left, 0, width, 0),
        ));
    }
    if frames.is_empty() {
        let rect = Rect::new(left, layout.height, width, HEIGHT + 12);
        let text = vec![
            ("Nothing else stops".to_owned(), NAME),
            ("nothing that runs depends on it".to_owned(), SMALL),
        ];
        frames.push(Card::new("pic-frame pic-fine", text).draw(&mut layout, rect, None));
        layout.height = rect.bottom() + GAP;
    }
    layout.description = if said.is_empty() {
        "Nothing else stops.".to_owned()
    } else {
        format!("{}.", said.join(", "))
    };
    let top = layout.areas[frames[0]].rect.y;
    let card = Card::new(
        "pic-down",
        vec![(title.clone(), NAME), (line.to_owned(), SMALL)],
    )
    .to(href);
    let from = card.draw(&mut layout, Rect::new(MARGIN, top, DOWN, HEIGHT + 12), None);
    for to in frames {
        let arrow = arrow(&layout, from, to);
        layout.arrows.push(arrow);
    }
    layout.height += MARGIN - GAP;
    layout
}

/// A frame with boxes in it, below what is there; returns its box.
fn frame(
    layout: &mut Layout,
    (extent, word): (Extent, &str),
    cards: &[Card],
    place: Rect,
) -> usize {
    let shown = &cards[..cards.len().min(MOST)];
    let more = cards.len() - shown.len();
    let rows = i32::try_from(shown.len().div_ceil(COLUMNS)).unwrap_or(0);
    let tail = if more > 0 { 22 } else { 0 };
    let height = HEAD + rows * (HEIGHT + GAP) - GAP + PAD + tail;
    let class = match extent {
        Extent::Wholly => "pic-frame pic-stops",
        Extent::Partly => "pic-frame pic-impaired",
    };
    let rect = Rect::new(place.x, layout.height, place.width, height);
    let at = layout.area(rect, None, 10, class);
    let text = format!("{word} ({})", cards.len());
    layout.label(
        Point {
            x: rect.x + PAD,
            y: rect.y + 20,
        },
        rect.width - 2 * PAD,
        &text,
        NAME,
        Some(at),
    );
    let mut y = rect.y + HEAD;
    for row in shown.chunks(COLUMNS) {
        let mut x = rect.x + PAD;
        for card in row {
            card.draw(layout, Rect::new(x, y, BOX, HEIGHT), Some(at));
            x += BOX + GAP;
        }
        y += HEIGHT + GAP;
    }
    if more > 0 {
        let text = format!("and {more} more");
        layout.label(
            Point {
                x: rect.x + PAD,
                y: y + 10,
            },
            rect.width - 2 * PAD,
            &text,
            SMALL,
            Some(at),
        );
    }
    layout.height = rect.bottom() + GAP;
    at
}

/// What is lost to this extent, handles first: they are what clients notice.
fn cards(platform: &Platform, impact: &Impact, extent: Extent, links: &Links<'_>) -> Vec<Card> {
    let mut cards = Vec::new();
    for (id, _) in impact.handles.iter().filter(|it| it.1 == extent) {
        let it = &platform[*id];
        let text = vec![(it.name.clone(), CODE), ("handle".to_owned(), TINY)];
        cards.push(Card::new("pic-service", text).to((links.handle)(it)));
    }
    for (id, _) in impact.services.iter().filter(|it| it.1 == extent) {
        let it = &platform[*id];
        let line = format!(
            "service, {}, on {}",
            words::layer(it.layer),
            platform[it.host].name
        );
        let text = vec![(it.title.clone(), NAME), (line, TINY)];
        cards.push(Card::new("pic-service", text).to((links.service)(it)));
    }
    for (id, _) in impact.mcp.iter().filter(|it| it.1 == extent) {
        let it = &platform[*id];
        let text = vec![
            (it.registry_name.clone(), NAME),
            ("MCP server".to_owned(), TINY),
        ];
        cards.push(Card::new("pic-service pic-mcp", text).to((links.mcp)(it)));
    }
    cards
}

/// From what is down to a frame: straight to the first, round a corner to one below.
fn arrow(layout: &Layout, from: usize, to: usize) -> Arrow {
    let (start, end) = (layout.areas[from].rect, layout.areas[to].rect);
    let y = start.y + start.height / 2;
    let mut points = vec![Point {
        x: start.right(),
        y,
    }];
    let aim = if (end.y..end.bottom()).contains(&y) {
        y
    } else {
        end.y + HEAD / 2
    };
    if aim != y {
        let x = start.right() + LANE / 2;
        points.extend([Point { x, y }, Point { x, y: aim }]);
    }
    points.push(Point { x: end.x, y: aim });
    Arrow {
        from,
        to,
        points,
        class: "pic-call pic-loss".to_owned(),
    }
}
