//! What colours and lines mean, below the picture: only those that are in it.

use std::collections::BTreeSet;

use super::graph::Graph;
use super::{SMALL, end_of, states};
use crate::emit::picture::layout::{Layout, Point, Rect};
use crate::emit::picture::words;
use crate::platform::Platform;

const LINE: i32 = 22;
const MARGIN: i32 = 6;

/// Adds the legend, and makes the picture as high as it needs.
pub(super) fn add(layout: &mut Layout, platform: &Platform, graph: &Graph) {
    let mut at = Point {
        x: MARGIN,
        y: layout.height + 8,
    };
    for (swatch, word) in entries(platform, graph) {
        let size = swatch.size();
        let room = layout.width - 2 * MARGIN - size.0 - 6;
        let wide = crate::emit::picture::measure::width(
            &crate::emit::picture::measure::clean(&word),
            SMALL.face,
            SMALL.size,
        );
        if at.x > MARGIN && at.x + size.0 + 6 + wide > layout.width - MARGIN {
            at = Point {
                x: MARGIN,
                y: at.y + LINE,
            };
        }
        let rect = Rect::new(at.x, at.y + (LINE - size.1) / 2, size.0, size.1);
        layout.area(rect, None, swatch.round(), swatch.class());
        let text = Point {
            x: rect.right() + 6,
            y: at.y + LINE / 2 + 4,
        };
        layout.label(text, room, &word, SMALL, None);
        at.x = layout.labels.last().map_or(at.x, end_of) + 18;
    }
    layout.height = at.y + LINE + MARGIN;
}

/// A sample of what a word means.
enum Swatch {
    Layer(&'static str),
    Mcp,
    Line(String),
    Reach(String),
    State(&'static str),
}

impl Swatch {
    fn size(&self) -> (i32, i32) {
        match self {
            Self::Layer(_) => (4, 14),
            Self::Line(_) => (20, 2),
            Self::Reach(_) => (16, 12),
            Self::Mcp | Self::State(_) => (22, 14),
        }
    }

    fn round(&self) -> i32 {
        match self {
            Self::Mcp => 7,
            _ => 2,
        }
    }

    fn class(&self) -> String {
        match self {
            Self::Layer(layer) => format!("pic-strip layer-{layer}"),
            Self::Mcp => "pic-service pic-mcp".to_owned(),
            Self::Line(net) => format!("pic-line {net}"),
            Self::Reach(reach) => format!("pic-chip {reach}"),
            Self::State(state) => format!("pic-service state-{state}"),
        }
    }
}

fn entries(platform: &Platform, graph: &Graph) -> Vec<(Swatch, String)> {
    let mut entries = Vec::new();
    for layer in words::LAYERS {
        if graph.nodes.iter().any(|it| it.layer == Some(layer)) {
            let word = words::layer(layer);
            entries.push((Swatch::Layer(word), word.to_owned()));
        }
    }
    if graph.nodes.iter().any(|it| it.layer.is_none()) {
        entries.push((Swatch::Mcp, "MCP server".to_owned()));
    }
    if graph.edges.iter().any(|it| it.network.is_none()) {
        let word = "call within the host".to_owned();
        entries.push((Swatch::Line("net-own".to_owned()), word));
    }
    let networks: BTreeSet<_> = graph.edges.iter().filter_map(|it| it.network).collect();
    for network in networks {
        let class = words::network_class(network, platform, "net");
        entries.push((
            Swatch::Line(class),
            format!("call over {}", platform[network].name),
        ));
    }
    let mut seen = BTreeSet::new();
    for (word, class) in graph.nodes.iter().filter_map(|it| it.reach.as_ref()) {
        if seen.insert(class) {
            let word = match class.as_str() {
                "reach-own" => "port on loopback".to_owned(),
                "reach-all" => "port on all networks".to_owned(),
                _ => format!("port on {word}"),
            };
            entries.push((Swatch::Reach(class.clone()), word));
        }
    }
    entries.extend(
        states(graph)
            .into_iter()
            .map(|it| (Swatch::State(it), it.to_owned())),
    );
    entries
}
