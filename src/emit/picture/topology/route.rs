//! The way of each call: along lanes between the hosts, never through a box.
//!
//! Calls of one service share a line like the wires of a net: those that it receives, or those that it makes, whichever are more. A net runs up and down in the gutters between columns of hosts, and left and right in the channels between rows; calls within a host stay in a lane inside it. Nets in one lane take tracks, so that no two lie on each other.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::graph::Graph;
use super::grid::{Grid, Seat};

/// Where calls meet a box, from its upper edge. All differ, and boxes of a row stand at one pitch, so no two calls of different boxes share a line.
pub(super) const LEFT_IN: i32 = 10;
pub(super) const RIGHT_IN: i32 = 16;
pub(super) const LEFT_OUT: i32 = 23;
pub(super) const RIGHT_OUT: i32 = 30;

/// What lies between two rows: more than any row is high.
const ROW: i64 = 1 << 24;

/// How near two nets of one track may come.
const APART: i64 = 14;

/// The side of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Left,
    Right,
}

/// Which calls share a line: those into a box, or those out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Net {
    hub: usize,
    into: bool,
}

/// Where a wire is: the lane of a host, a gutter, a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    Host(usize),
    Gutter(usize),
    Channel(usize),
}

/// A straight piece of a net.
pub(super) struct Wire {
    pub(super) lane: Lane,
    pub(super) track: usize,
    start: i64,
    end: i64,
}

/// The wires that a call takes, from caller to callee, and the sides where it meets the boxes.
pub(super) struct Way {
    pub(super) wires: Vec<usize>,
    pub(super) leaves: Side,
    pub(super) arrives: Side,
}

/// All ways, with the number of tracks in each lane.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) wires: Vec<Wire>,
    pub(super) ways: Vec<Way>,
    pub(super) tracks: BTreeMap<Lane, usize>,
    by_key: BTreeMap<(Net, Lane, usize), usize>,
}

impl Routes {
    pub(super) fn of(graph: &Graph, grid: &Grid) -> Self {
        let mut routes = Self::default();
        let nets = nets(graph);
        for (edge, net) in graph.edges.iter().zip(nets) {
            let (from, to) = (grid.seat(graph, edge.from), grid.seat(graph, edge.to));
            let way = if graph.nodes[edge.from].card == graph.nodes[edge.to].card {
                routes.inside(net, graph.nodes[edge.from].card, from, to)
            } else {
                routes.across(net, from, to)
            };
            routes.ways.push(way);
        }
        routes.assign();
        routes
    }

    fn inside(&mut self, net: Net, card: usize, from: Seat, to: Seat) -> Way {
        let (start, end) = (height(from, LEFT_OUT), height(to, LEFT_IN));
        Way {
            wires: vec![self.wire(net, Lane::Host(card), 0, start, end)],
            leaves: Side::Left,
            arrives: Side::Left,
        }
    }

    fn across(&mut self, net: Net, from: Seat, to: Seat) -> Way {
        let (leaves, arrives) = match to.column.cmp(&from.column) {
            Ordering::Greater => (Side::Right, Side::Left),
            Ordering::Less => (Side::Left, Side::Right),
            Ordering::Equal => (Side::Right, Side::Right),
        };
        let start = height(
            from,
            if leaves == Side::Left {
                LEFT_OUT
            } else {
                RIGHT_OUT
            },
        );
        let end = height(
            to,
            if arrives == Side::Left {
                LEFT_IN
            } else {
                RIGHT_IN
            },
        );
        let (first, last) = (gutter(from, leaves), gutter(to, arrives));
        if first == last {
            let wire = self.wire(net, Lane::Gutter(first), 0, start, end);
            return Way {
                wires: vec![wire],
                leaves,
                arrives,
            };
        }
        // A channel beside the row of the leaf, so that the line of the hub carries the way up and down.
        let (hub, leaf) = if net.into { (to, from) } else { (from, to) };
        let below = match leaf.row.cmp(&hub.row) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => hub.low,
        };
        let channel = leaf.row + usize::from(below);
        let turn = i64::try_from(channel).unwrap_or(i64::MAX / ROW) * ROW;
        let (hub_group, leaf_group) = (0, leaf.row + 1);
        let (first_group, last_group) = if net.into {
            (leaf_group, hub_group)
        } else {
            (hub_group, leaf_group)
        };
        let hub_side = usize::from(if net.into { arrives } else { leaves } == Side::Right);
        let index = |gutter: usize| i64::try_from(gutter).unwrap_or(i64::MAX);
        Way {
            wires: vec![
                self.wire(net, Lane::Gutter(first), first_group, start, turn),
                self.wire(
                    net,
                    Lane::Channel(channel),
                    hub_side,
                    index(first),
                    index(last),
                ),
                self.wire(net, Lane::Gutter(last), last_group, turn, end),
            ],
            leaves,
            arrives,
        }
    }

    /// The wire of a net in a lane, made longer so that it reaches both ends.
    fn wire(&mut self, net: Net, lane: Lane, group: usize, start: i64, end: i64) -> usize {
        let (low, high) = (start.min(end), start.max(end));
        if let Some(at) = self.by_key.get(&(net, lane, group)) {
            let wire = &mut self.wires[*at];
            wire.start = wire.start.min(low);
            wire.end = wire.end.max(high);
            return *at;
        }
        let at = self.wires.len();
        self.wires.push(Wire {
            lane,
            track: 0,
            start: low,
            end: high,
        });
        self.by_key.insert((net, lane, group), at);
        at
    }

    /// Gives each wire the first track of its lane where it meets no other; short ones first, so that they lie nearest.
    fn assign(&mut self) {
        let mut order: Vec<usize> = (0..self.wires.len()).collect();
        order.sort_by_key(|at| {
            let it = &self.wires[*at];
            (it.lane, it.end - it.start, it.start, *at)
        });
        let mut lane = None;
        let mut tracks: Vec<BTreeMap<i64, i64>> = Vec::new();
        for at in order {
            let wire = &mut self.wires[at];
            if lane != Some(wire.lane) {
                lane = Some(wire.lane);
                tracks.clear();
            }
            let apart = if matches!(wire.lane, Lane::Channel(_)) {
                0
            } else {
                APART
            };
            let (start, end) = (wire.start, wire.end + apart);
            let free = |track: &BTreeMap<i64, i64>| {
                track
                    .range(..=end)
                    .next_back()
                    .is_none_or(|(_, last)| *last < start)
            };
            let place = tracks.iter().position(free).unwrap_or_else(|| {
                tracks.push(BTreeMap::new());
                tracks.len() - 1
            });
            tracks[place].insert(start, end);
            wire.track = place;
            self.tracks.insert(wire.lane, tracks.len());
        }
    }
}

/// For each call the net it belongs to.
fn nets(graph: &Graph) -> impl Iterator<Item = Net> {
    let mut degrees: BTreeMap<(usize, bool, bool), usize> = BTreeMap::new();
    let inside = |from: usize, to: usize| graph.nodes[from].card == graph.nodes[to].card;
    for edge in &graph.edges {
        let inside = inside(edge.from, edge.to);
        *degrees.entry((edge.from, false, inside)).or_default() += 1;
        *degrees.entry((edge.to, true, inside)).or_default() += 1;
    }
    graph.edges.iter().map(move |edge| {
        let inside = inside(edge.from, edge.to);
        let into = degrees[&(edge.to, true, inside)] >= degrees[&(edge.from, false, inside)];
        let hub = if into { edge.to } else { edge.from };
        Net { hub, into }
    })
}

/// Where a call meets a box, with all rows on one scale; a channel lies at the multiple of [`ROW`] above its row.
fn height(seat: Seat, pin: i32) -> i64 {
    i64::try_from(seat.row).unwrap_or(i64::MAX / ROW / 2) * ROW
        + ROW / 4
        + i64::from(seat.top + pin)
}

/// The gutter at a side of a column.
fn gutter(seat: Seat, side: Side) -> usize {
    match side {
        Side::Left => seat.column,
        Side::Right => seat.column + 1,
    }
}
