//! What a topology shows: hosts, what stands in them, and who calls whom; on a very large platform summed up, so that it stays a picture.

use std::collections::{BTreeMap, BTreeSet};

use super::tools;
use crate::emit::picture::Links;
use crate::emit::picture::words;
use crate::platform::{
    Bind, Host, HostId, HostState, Layer, McpId, NetworkId, Platform, Service, ServiceId,
};

/// With more services than this, a host shows one box for each layer.
const MOST_SERVICES: usize = 600;

/// With more calls than this too: nobody follows one among so many.
const MOST_CALLS: usize = 3000;

/// With more hosts than this, a host shows a single box.
const MOST_LAYERED_HOSTS: usize = 60;

/// A host with more services than this is drawn in several pieces.
const MOST_IN_A_PIECE: usize = 24;

/// What is drawn.
pub(super) struct Graph {
    pub(super) cards: Vec<Card>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

/// A host, or a piece of one with very many services.
pub(super) struct Card {
    pub(super) host: HostId,
    /// How many boxes the first piece has: pieces of one host stay together.
    pub(super) size: usize,
    pub(super) title: String,
    pub(super) line: String,
    /// Its addresses, with the network of each.
    pub(super) addresses: Vec<(NetworkId, String)>,
    pub(super) state: HostState,
    pub(super) says: String,
    pub(super) href: Option<String>,
    /// Its nodes, in the order they are drawn.
    pub(super) nodes: Vec<usize>,
}

/// A box in a host.
pub(super) struct Node {
    pub(super) card: usize,
    pub(super) name: String,
    pub(super) line: String,
    /// What stands behind the line where there is room.
    pub(super) more: Option<String>,
    pub(super) chips: Vec<String>,
    /// Where it listens, in a word, and the class of that.
    pub(super) reach: Option<(String, String)>,
    /// Nothing for an MCP server, which has none.
    pub(super) layer: Option<Layer>,
    /// The word of its state, when it is not simply in use.
    pub(super) state: Option<&'static str>,
    pub(super) says: String,
    pub(super) href: Option<String>,
    pub(super) key: Option<String>,
}

/// A call, or several between the same boxes.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) network: Option<NetworkId>,
    pub(super) live: bool,
}

impl Graph {
    pub(super) fn of(platform: &Platform, links: &Links<'_>) -> Self {
        let mut graph = Self {
            cards: Vec::new(),
            nodes: Vec::new(),
            edges: Vec::new(),
        };
        let detail = Detail::of(platform);
        let mut places = Places::default();
        for host in &platform.hosts {
            let first = graph.cards.len();
            graph.card(platform, host, links);
            match detail {
                Detail::Services => graph.services(platform, host, links, &mut places),
                Detail::Layers => graph.layers(platform, host, &mut places),
                Detail::Hosts => graph.whole(platform, host, &mut places),
            }
            let size = graph.cards[first].nodes.len();
            for card in &mut graph.cards[first..] {
                card.size = size;
            }
        }
        graph.calls(platform, &places.services);
        tools::calls(&mut graph.edges, platform, &places);
        graph
    }

    fn card(&mut self, platform: &Platform, host: &Host, links: &Links<'_>) {
        let os = if host.elsewhere {
            "providers"
        } else {
            words::os(host.os)
        };
        let release = host.release.as_deref().unwrap_or(os);
        let line = if host.title == host.name {
            release.to_owned()
        } else {
            format!("{} · {release}", host.name)
        };
        let addresses: Vec<(NetworkId, String)> = host
            .addresses
            .iter()
            .map(|(network, address, _)| {
                (*network, format!("{} {address}", platform[*network].name))
            })
            .collect();
        let mut says = format!("Host {}, {release}", host.title);
        for (_, address) in &addresses {
            says.push_str(", ");
            says.push_str(address);
        }
        if let Some(state) = words::host_state(host.state) {
            says.push_str(", ");
            says.push_str(state);
        }
        self.cards.push(Card {
            host: host.id,
            size: 0,
            title: host.title.clone(),
            line,
            addresses,
            state: host.state,
            says,
            href: (links.host)(host),
            nodes: Vec::new(),
        });
    }

    fn push(&mut self, node: Node) -> usize {
        let at = self.nodes.len();
        self.cards[node.card].nodes.push(at);
        self.nodes.push(node);
        at
    }

    fn services(
        &mut self,
        platform: &Platform,
        host: &Host,
        links: &Links<'_>,
        places: &mut Places,
    ) {
        let mut services: Vec<&Service> = platform.services_on(host.id).collect();
        services.sort_by_key(|it| (it.layer, it.id));
        let services = services.into_iter().map(Seated::Service);
        let tools = platform
            .mcp
            .iter()
            .filter(|it| tools::host_of(platform, it) == host.id);
        let seated: Vec<Seated> = services.chain(tools.map(|it| Seated::Mcp(it.id))).collect();
        let pieces = seated.len().div_ceil(MOST_IN_A_PIECE).max(1);
        let size = seated.len().div_ceil(pieces).max(1);
        for (piece, seated) in seated.chunks(size).enumerate() {
            if piece > 0 {
                self.card(platform, host, links);
            }
            if let (Some(card), true) = (self.cards.last_mut(), pieces > 1) {
                card.title = format!("{} ({} of {pieces})", host.title, piece + 1);
            }
            let card = self.cards.len() - 1;
            for it in seated {
                match it {
                    Seated::Service(service) => {
                        let node = self.service(platform, service, links);
                        places.services.insert(service.id, node);
                    }
                    Seated::Mcp(id) => {
                        let node = self.push(tools::node(platform, &platform[*id], links, card));
                        places.tools.insert(*id, node);
                    }
                }
            }
        }
    }

    fn service(&mut self, platform: &Platform, service: &Service, links: &Links<'_>) -> usize {
        self.push(Node {
            card: self.cards.len() - 1,
            name: service.title.clone(),
            line: if service.title == service.name {
                service.kind.title.to_owned()
            } else {
                service.name.clone()
            },
            more: models(platform, service),
            chips: words::ports(service),
            reach: service_reach(platform, service),
            layer: Some(service.layer),
            state: words::service_state(service.state),
            says: says(platform, service),
            href: (links.service)(service),
            key: Some(service.name.clone()),
        })
    }

    fn layers(&mut self, platform: &Platform, host: &Host, places: &mut Places) {
        let mut layers: BTreeMap<Layer, Vec<&Service>> = BTreeMap::new();
        for service in platform.services_on(host.id) {
            layers.entry(service.layer).or_default().push(service);
        }
        for (layer, services) in layers {
            self.sum(platform, layer, words::layer(layer), &services, places);
        }
    }

    fn whole(&mut self, platform: &Platform, host: &Host, places: &mut Places) {
        let services: Vec<&Service> = platform.services_on(host.id).collect();
        let Some(first) = services.iter().map(|it| it.layer).min() else {
            return;
        };
        self.sum(platform, first, "of all layers", &services, places);
    }

    /// One box for several services.
    fn sum(
        &mut self,
        platform: &Platform,
        layer: Layer,
        of: &str,
        services: &[&Service],
        places: &mut Places,
    ) {
        let live = services.iter().filter(|it| platform.is_live(it)).count();
        let name = words::count(services.len(), "service");
        let node = Node {
            card: self.cards.len() - 1,
            line: format!("{of}, {live} running"),
            more: None,
            chips: Vec::new(),
            reach: None,
            layer: Some(layer),
            state: None,
            says: format!("{name} {of}, {live} running"),
            name,
            href: None,
            key: None,
        };
        let at = self.push(node);
        places
            .services
            .extend(services.iter().map(|it| (it.id, at)));
    }

    fn calls(&mut self, platform: &Platform, places: &BTreeMap<ServiceId, usize>) {
        let mut seen = BTreeSet::new();
        for call in &platform.calls {
            let (from, to) = (places[&call.from], places[&call.to]);
            if from == to || !seen.insert((from, to)) {
                continue;
            }
            let across = platform[call.from].host != platform[call.to].host;
            self.edges.push(Edge {
                from,
                to,
                network: call.network.filter(|_| across),
                live: platform.is_live(&platform[call.from])
                    && platform.is_live(&platform[call.to]),
            });
        }
    }
}

/// What stands in a host.
enum Seated<'a> {
    Service(&'a Service),
    Mcp(McpId),
}

/// The box of each thing that has one.
#[derive(Default)]
pub(super) struct Places {
    pub(super) services: BTreeMap<ServiceId, usize>,
    /// Empty where services are summed up.
    pub(super) tools: BTreeMap<McpId, usize>,
}

/// How much a topology shows.
#[derive(Clone, Copy)]
enum Detail {
    Services,
    Layers,
    Hosts,
}

impl Detail {
    fn of(platform: &Platform) -> Self {
        let boxes = platform.services.len() + platform.mcp.len();
        if boxes <= MOST_SERVICES && platform.calls.len() <= MOST_CALLS {
            Self::Services
        } else if platform.hosts.len() <= MOST_LAYERED_HOSTS {
            Self::Layers
        } else {
            Self::Hosts
        }
    }
}

/// How many models a service has, when it has some.
fn models(platform: &Platform, service: &Service) -> Option<String> {
    let models = platform.models_of(service.id).count();
    (models > 0).then(|| words::count(models, "model"))
}

/// Where it listens, in a word, and the class of that; nothing for a service without ports.
fn service_reach(platform: &Platform, service: &Service) -> Option<(String, String)> {
    if service.ports.is_empty() && service.ranges.is_empty() && service.slots.is_empty() {
        return None;
    }
    Some(match &service.bind {
        Bind::Loopback => ("loopback".to_owned(), "reach-own".to_owned()),
        Bind::All => ("all networks".to_owned(), "reach-all".to_owned()),
        Bind::Network(network, _) => (
            platform[*network].name.clone(),
            words::network_class(*network, platform, "reach"),
        ),
        Bind::Address(address) => (address.clone(), "reach-all".to_owned()),
    })
}

fn says(platform: &Platform, service: &Service) -> String {
    let name = if service.title == service.name {
        service.title.clone()
    } else {
        format!("{} ({})", service.title, service.name)
    };
    let host = &platform[service.host].name;
    let mut says = format!("{name}, {} on {host}", words::layer(service.layer));
    if let Some(state) = words::service_state(service.state) {
        says.push_str(", ");
        says.push_str(state);
    }
    let ports = words::ports(service);
    if !ports.is_empty() {
        says.push_str(", port ");
        says.push_str(&ports.join(", "));
    }
    if let Some((reach, _)) = service_reach(platform, service) {
        says.push_str(", listens on ");
        says.push_str(&reach);
    }
    let calls: Vec<&str> = platform
        .calls_of(service.id)
        .map(|it| platform[it.to].name.as_str())
        .collect();
    if !calls.is_empty() {
        says.push_str(", calls ");
        says.push_str(&words::some(&calls, 12));
    }
    let callers = platform.callers_of(service.id).count();
    if callers > 0 {
        says.push_str(", called by ");
        says.push_str(&words::count(callers, "service"));
    }
    says
}
