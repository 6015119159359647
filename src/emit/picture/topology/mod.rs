//! The platform as a whole: hosts with their services and ports, and who calls whom.

mod graph;
mod grid;
mod legend;
mod route;
mod tools;

use super::layout::{Arrow, Label, Layout, Point, Rect, Style};
use super::measure::{self, Face};
use super::{Links, svg, words};
use crate::platform::Platform;

use graph::{Card, Graph, Node};
use grid::{Grid, NODE_WIDTH, PAD, Room};
use route::{LEFT_IN, LEFT_OUT, Lane, RIGHT_IN, RIGHT_OUT, Routes, Side};

const HOST: Style = Style::new(Face::Bold, 15, "pic-name");
const NAME: Style = Style::new(Face::Bold, 13, "pic-name");
const SMALL: Style = Style::new(Face::Plain, 11, "pic-quiet");
const STATE: Style = Style::new(Face::Bold, 10, "pic-state-text");
const CODE: Style = Style::new(Face::Mono, 10, "pic-code");

/// Draws the topology.
pub fn topology(platform: &Platform, links: &Links<'_>) -> String {
    svg::draw(&layout(platform, links))
}

/// Lays the topology out.
pub fn layout(platform: &Platform, links: &Links<'_>) -> Layout {
    let graph = Graph::of(platform, links);
    let grid = Grid::of(&graph, platform.gateway_service().host);
    let routes = Routes::of(&graph, &grid);
    let room = Room::of(&graph, &grid, &routes);
    let mut layout = Layout {
        id: Some("topology-call"),
        class: "pic-topology",
        title: format!("Topology of {}", platform.title),
        description: format!(
            "{}, {}, {} and {}. Each host is a box with its services and MCP servers in it; arrows lead from the one that calls to the one that is called.",
            words::count(platform.machines().count(), "host"),
            words::count(platform.services.len(), "service"),
            words::count(platform.mcp.len(), "MCP server"),
            words::count(platform.calls.len(), "call"),
        ),
        width: room.width,
        height: room.height,
        ..Layout::default()
    };
    let mut hosts = Vec::with_capacity(graph.cards.len());
    for (card, rect) in graph.cards.iter().zip(&room.cards) {
        hosts.push(draw_card(&mut layout, platform, card, *rect));
    }
    let first = layout.areas.len();
    for (node, rect) in graph.nodes.iter().zip(&room.nodes) {
        draw_node(&mut layout, node, *rect, hosts[node.card]);
    }
    // Pieces of boxes stand between the boxes themselves.
    let boxes: Vec<usize> = (first..layout.areas.len())
        .filter(|it| !layout.areas[*it].part)
        .collect();
    for (edge, way) in graph.edges.iter().zip(&routes.ways) {
        let mut class = match edge.network {
            Some(network) => format!(
                "pic-call {}",
                words::network_class(network, platform, "net")
            ),
            None => "pic-call net-own".to_owned(),
        };
        if !edge.live {
            class.push_str(" pic-off");
        }
        layout.arrows.push(Arrow {
            from: boxes[edge.from],
            to: boxes[edge.to],
            points: points(&graph, &routes, &room, (edge.from, edge.to), way),
            class,
        });
    }
    legend::add(&mut layout, platform, &graph);
    layout
}

/// Draws a host and what it says about itself; returns its box.
fn draw_card(layout: &mut Layout, platform: &Platform, card: &Card, rect: Rect) -> usize {
    let state = words::host_state(card.state);
    let class = match state {
        Some(state) => format!("pic-host state-{state}"),
        None => "pic-host".to_owned(),
    };
    let at = layout.area(rect, None, 10, class);
    layout.areas[at].href.clone_from(&card.href);
    layout.areas[at].says.clone_from(&card.says);
    let (left, right) = (rect.x + PAD, rect.right() - PAD);
    let mut room = right - left;
    if let Some(state) = state {
        let end = Point {
            x: right,
            y: rect.y + 25,
        };
        room -= layout.label_before(end, 90, state, STATE, Some(at)) + 8;
    }
    layout.label(
        Point {
            x: left,
            y: rect.y + 26,
        },
        room,
        &card.title,
        HOST,
        Some(at),
    );
    layout.label(
        Point {
            x: left,
            y: rect.y + 43,
        },
        right - left,
        &card.line,
        SMALL,
        Some(at),
    );
    let mut x = left;
    for (network, address) in &card.addresses {
        let class = format!(
            "pic-chip {}",
            words::network_class(*network, platform, "reach")
        );
        match chip(
            layout,
            at,
            Point { x, y: rect.y + 51 },
            right - x,
            address,
            &class,
        ) {
            Some(width) => x += width + 6,
            None => break,
        }
    }
    if card.nodes.is_empty() {
        let place = Point {
            x: left,
            y: rect.y + grid::HEAD + 16,
        };
        layout.label(place, right - left, "no services", SMALL, Some(at));
    }
    at
}

/// A small box with a word in it; nothing where too little of it would be seen.
fn chip(
    layout: &mut Layout,
    of: usize,
    at: Point,
    room: i32,
    text: &str,
    class: &str,
) -> Option<i32> {
    let text = measure::elide(&measure::clean(text), CODE.face, CODE.size, room - 10);
    if text.is_empty() || text == "…" {
        return None;
    }
    let width = measure::width(&text, CODE.face, CODE.size) + 10;
    let part = layout.part(Rect::new(at.x, at.y, width, 15), of, 4, class);
    layout.label(
        Point {
            x: at.x + 5,
            y: at.y + 11,
        },
        width - 10,
        &text,
        CODE,
        Some(part),
    );
    Some(width)
}

/// Draws a box in its host.
fn draw_node(layout: &mut Layout, node: &Node, rect: Rect, host: usize) {
    let state = node.state;
    let (mut class, round) = match node.layer {
        Some(_) => ("pic-service".to_owned(), 6),
        None => ("pic-service pic-mcp".to_owned(), 14),
    };
    if let Some(state) = state {
        class.push_str(" state-");
        class.push_str(state);
    }
    let at = layout.area(rect, Some(host), round, class);
    layout.areas[at].href.clone_from(&node.href);
    layout.areas[at].says.clone_from(&node.says);
    layout.areas[at].key.clone_from(&node.key);
    if let Some(layer) = node.layer {
        let strip = Rect::new(rect.x + 1, rect.y + 5, 4, rect.height - 10);
        let class = format!("pic-strip layer-{}", words::layer(layer));
        layout.part(strip, at, 2, class);
    }
    let (left, right) = (rect.x + 12, rect.right() - 8);
    // The ports stand at the right of the first line, the state or the reach at that of the second.
    let mut end = right;
    end -= ports(
        layout,
        at,
        node,
        Point {
            x: right,
            y: rect.y + 5,
        },
    );
    layout.label(
        Point {
            x: left,
            y: rect.y + 17,
        },
        end - left,
        &node.name,
        NAME,
        Some(at),
    );
    let mut end = right;
    let below = Point {
        x: right,
        y: rect.y + 32,
    };
    if let Some(state) = state {
        end -= layout.label_before(below, 90, state, STATE, Some(at)) + 8;
    } else if let Some((reach, _)) = &node.reach {
        end -= layout.label_before(below, 90, reach, SMALL, Some(at)) + 8;
    }
    let place = Point {
        x: left,
        y: rect.y + 32,
    };
    let room = end - left;
    let line = match &node.more {
        Some(more) => format!("{} · {more}", node.line),
        None => node.line.clone(),
    };
    let line = if measure::width(&measure::clean(&line), SMALL.face, SMALL.size) <= room {
        &line
    } else {
        &node.line
    };
    layout.label(place, room, line, SMALL, Some(at));
}

/// The ports of a box, right-aligned; returns the room they take.
fn ports(layout: &mut Layout, at: usize, node: &Node, end: Point) -> i32 {
    let most = NODE_WIDTH / 2;
    let wide = |text: &str| measure::width(text, CODE.face, CODE.size) + 10;
    let mut shown: Vec<String> = Vec::new();
    let mut taken = 0;
    for (index, chip) in node.chips.iter().enumerate() {
        let left = node.chips.len() - index - 1;
        let rest = if left > 0 {
            wide(&format!("+{left}")) + 4
        } else {
            0
        };
        if taken + wide(chip) + 4 + rest > most {
            shown.push(format!("+{}", node.chips.len() - index));
            break;
        }
        taken += wide(chip) + 4;
        shown.push(chip.clone());
    }
    let class = match &node.reach {
        Some((_, reach)) => format!("pic-chip {reach}"),
        None => "pic-chip".to_owned(),
    };
    let total: i32 = shown.iter().map(|it| wide(it) + 4).sum();
    let mut x = end.x - total + 4;
    for text in &shown {
        if let Some(width) = chip(
            layout,
            at,
            Point { x, y: end.y },
            end.x - x + 1,
            text,
            &class,
        ) {
            x += width + 4;
        }
    }
    if total == 0 { 0 } else { total + 4 }
}

/// The corners of a call's way.
fn points(
    graph: &Graph,
    routes: &Routes,
    room: &Room,
    (from, to): (usize, usize),
    way: &route::Way,
) -> Vec<Point> {
    let pin = |node: usize, side: Side, pins: (i32, i32)| {
        let rect = room.nodes[node];
        match side {
            Side::Left => Point {
                x: rect.x,
                y: rect.y + pins.0,
            },
            Side::Right => Point {
                x: rect.right(),
                y: rect.y + pins.1,
            },
        }
    };
    let start = pin(from, way.leaves, (LEFT_OUT, RIGHT_OUT));
    let end = pin(to, way.arrives, (LEFT_IN, RIGHT_IN));
    let mut points = vec![start];
    let mut at = start;
    for wire in &way.wires {
        let wire = &routes.wires[*wire];
        let place = room.track(graph, routes, wire.lane, wire.track);
        match wire.lane {
            Lane::Channel(_) => at.y = place,
            Lane::Gutter(_) | Lane::Host(_) => at.x = place,
        }
        points.push(at);
    }
    points.push(Point { x: at.x, y: end.y });
    points.push(end);
    points.dedup();
    points
}

/// The words of states in the order of the legend.
const STATES: [&str; 6] = [
    "planned",
    "possible",
    "experimental",
    "disabled",
    "template",
    "retired",
];

/// Words about states for the legend: only those that are in the picture.
fn states(graph: &Graph) -> Vec<&'static str> {
    let hosts = graph.cards.iter().map(|it| words::host_state(it.state));
    let shown: Vec<&str> = hosts
        .chain(graph.nodes.iter().map(|it| it.state))
        .flatten()
        .collect();
    STATES.into_iter().filter(|it| shown.contains(it)).collect()
}

/// A label's right end, for what stands beside it.
fn end_of(label: &Label) -> i32 {
    label.bounds().right()
}
