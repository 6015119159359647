//! Which host stands where, and how much room lanes and boxes take.

use super::graph::{Card, Graph};
use super::route::{Lane, Routes};
use crate::emit::picture::layout::Rect;
use crate::platform::{HostId, HostState};

/// The box of a service.
pub(super) const NODE_WIDTH: i32 = 248;
pub(super) const NODE_HEIGHT: i32 = 40;
/// From one box to the next.
const PITCH: i32 = 48;
/// What a host says about itself, above its services.
pub(super) const HEAD: i32 = 76;
pub(super) const PAD: i32 = 12;
/// A host of which nothing is known but its name: its services and addresses are to come.
const BARE: i32 = 74;
/// What a lane keeps free beside its tracks.
const LANE_PAD: i32 = 16;
/// The least room between two hosts.
const GUTTER: i32 = 24;
/// Around everything.
const MARGIN: i32 = 6;
/// Up to so many hosts stand side by side.
const SIDE_BY_SIDE: usize = 3;
/// The widest picture: a page is better scrolled down than sideways.
const WIDEST: i32 = 2000;

/// Hosts in rows and columns.
pub(super) struct Grid {
    pub(super) columns: usize,
    /// Row and column of each card.
    places: Vec<(usize, usize)>,
    /// The place of each node among those of its card.
    orders: Vec<usize>,
    /// The height of the highest card in each row.
    heights: Vec<i32>,
}

/// Where a box is: its host's row and column, and its upper edge below that of its host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) top: i32,
    /// True when the way below its row is shorter than the one above.
    pub(super) low: bool,
}

impl Grid {
    pub(super) fn of(graph: &Graph, gateway: HostId) -> Self {
        let mut order = order(graph, gateway);
        let columns = columns(graph, &order);
        if order.len() > SIDE_BY_SIDE {
            // The gateway's host in the middle of the first row: all ways to it are short.
            let at = order.iter().position(|it| graph.cards[*it].host == gateway);
            if let Some(at) = at {
                let card = order.remove(at);
                order.insert((columns / 2).min(order.len()), card);
            }
        }
        let rows = order.len().div_ceil(columns);
        let mut places = vec![(0, 0); graph.cards.len()];
        let mut heights = vec![0; rows];
        for (at, card) in order.iter().enumerate() {
            let row = at / columns;
            places[*card] = (row, at % columns);
            heights[row] = heights[row].max(card_height(&graph.cards[*card]));
        }
        let mut orders = vec![0; graph.nodes.len()];
        for card in &graph.cards {
            for (at, node) in card.nodes.iter().enumerate() {
                orders[*node] = at;
            }
        }
        Self {
            columns,
            places,
            orders,
            heights,
        }
    }

    pub(super) fn seat(&self, graph: &Graph, node: usize) -> Seat {
        let (row, column) = self.places[graph.nodes[node].card];
        let top = HEAD + pixels(self.orders[node]) * PITCH;
        let low = 2 * top + NODE_HEIGHT > self.heights[row];
        Seat {
            row,
            column,
            top,
            low,
        }
    }
}

/// The order in which cards fill the rows: few hosts stand from those that call to those that are called; many by size, so that rows are even, and those in use first.
fn order(graph: &Graph, gateway: HostId) -> Vec<usize> {
    let mut order: Vec<usize> = (0..graph.cards.len()).collect();
    if order.len() > SIDE_BY_SIDE {
        order.sort_by_key(|at| {
            let card = &graph.cards[*at];
            (
                card.state != HostState::Live,
                std::cmp::Reverse(card.size),
                *at,
            )
        });
        return order;
    }
    let mut calls = vec![(0, 0); graph.cards.len()];
    for edge in &graph.edges {
        let (from, to) = (graph.nodes[edge.from].card, graph.nodes[edge.to].card);
        if from != to {
            calls[from].0 += 1;
            calls[to].1 += 1;
        }
    }
    order.sort_by_key(|at| {
        let side = match calls[*at] {
            _ if graph.cards[*at].host == gateway => 1,
            (out, into) if out > into => 0,
            (0, 0) => 3,
            _ => 2,
        };
        (side, graph.cards[*at].nodes.is_empty(), *at)
    });
    order
}

/// How many columns make the picture a little wider than high.
fn columns(graph: &Graph, order: &[usize]) -> usize {
    if order.len() <= SIDE_BY_SIDE {
        return order.len().max(1);
    }
    let across = NODE_WIDTH + 2 * PAD + 2 * GUTTER;
    let widest = usize::try_from(WIDEST / across).unwrap_or(1).max(2);
    let badness = |columns: usize| {
        let down: i32 = order
            .chunks(columns)
            .map(|row| {
                row.iter()
                    .map(|it| card_height(&graph.cards[*it]))
                    .max()
                    .unwrap_or(0)
                    + GUTTER
            })
            .sum();
        let across = pixels(columns) * across;
        // The ratio of the sides is 5 to 4 at best.
        (4 * across - 5 * down).abs()
    };
    (2..=widest.min(order.len()))
        .min_by_key(|it| badness(*it))
        .unwrap_or(1)
}

fn card_height(card: &Card) -> i32 {
    if card.nodes.is_empty() && card.addresses.is_empty() {
        return BARE;
    }
    HEAD + pixels(card.nodes.len().max(1)) * PITCH - (PITCH - NODE_HEIGHT) + PAD
}

fn pixels(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / 1000)
}

/// Where lanes, hosts and boxes are, in pixels.
pub(super) struct Room {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) cards: Vec<Rect>,
    pub(super) nodes: Vec<Rect>,
    /// The left edge of each gutter, and the upper one of each channel.
    gutters: Vec<i32>,
    channels: Vec<i32>,
}

impl Room {
    pub(super) fn of(graph: &Graph, grid: &Grid, routes: &Routes) -> Self {
        let tracks = |lane: Lane| routes.tracks.get(&lane).copied().unwrap_or(0);
        let mut lanes = vec![0; grid.columns];
        for (at, (_, column)) in grid.places.iter().enumerate() {
            lanes[*column] = lanes[*column].max(lane_width(tracks(Lane::Host(at))));
        }
        let widths: Vec<i32> = lanes.iter().map(|it| PAD + it + NODE_WIDTH + PAD).collect();
        let (gutters, lefts, width) = spread(&widths, |at| tracks(Lane::Gutter(at)));
        let (channels, tops, height) = spread(&grid.heights, |at| tracks(Lane::Channel(at)));
        let cards: Vec<Rect> = (0..graph.cards.len())
            .map(|at| {
                let (row, column) = grid.places[at];
                Rect::new(
                    lefts[column],
                    tops[row],
                    widths[column],
                    card_height(&graph.cards[at]),
                )
            })
            .collect();
        let nodes = (0..graph.nodes.len())
            .map(|at| {
                let seat = grid.seat(graph, at);
                let left = lefts[seat.column] + PAD + lanes[seat.column];
                Rect::new(left, tops[seat.row] + seat.top, NODE_WIDTH, NODE_HEIGHT)
            })
            .collect();
        Self {
            width,
            height,
            cards,
            nodes,
            gutters,
            channels,
        }
    }

    /// Where a track of a lane lies: across for gutters and hosts, down for channels.
    pub(super) fn track(&self, graph: &Graph, routes: &Routes, lane: Lane, track: usize) -> i32 {
        let tracks = routes.tracks.get(&lane).copied().unwrap_or(0);
        let along = pixels(track) * pitch(tracks);
        match lane {
            Lane::Gutter(at) => self.gutters[at] + GUTTER / 2 + along,
            Lane::Channel(at) => self.channels[at] + GUTTER / 2 + along,
            Lane::Host(card) => {
                let first = graph.cards[card]
                    .nodes
                    .first()
                    .map_or(0, |it| self.nodes[*it].x);
                first - LANE_PAD - along
            }
        }
    }
}

/// Puts things of these sizes in a line, with a gap before, between and after them; returns where each gap and each thing begins, and the length of all.
fn spread(sizes: &[i32], tracks: impl Fn(usize) -> usize) -> (Vec<i32>, Vec<i32>, i32) {
    let (mut gaps, mut things) = (Vec::new(), Vec::new());
    let mut end = 0;
    for (at, size) in sizes.iter().enumerate() {
        gaps.push(end);
        end += gap(tracks(at), at == 0);
        things.push(end);
        end += size;
    }
    gaps.push(end);
    end += gap(tracks(sizes.len()), true);
    (gaps, things, end)
}

/// The room between two hosts with so many tracks.
fn gap(tracks: usize, outer: bool) -> i32 {
    match (tracks, outer) {
        (0, true) => MARGIN,
        (0, false) => GUTTER,
        (tracks, _) => GUTTER + (pixels(tracks) - 1) * pitch(tracks),
    }
}

fn lane_width(tracks: usize) -> i32 {
    match tracks {
        0 => 0,
        _ => LANE_PAD + (pixels(tracks) - 1) * pitch(tracks),
    }
}

/// From one track to the next: the more there are, the closer they lie.
fn pitch(tracks: usize) -> i32 {
    match tracks {
        0..=12 => 8,
        13..=40 => 6,
        _ => 4,
    }
}
