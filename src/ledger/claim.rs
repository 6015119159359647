//! What the ledger remembers: who has which port, and what became of each handle.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diagnostic::Span;
use crate::platform::{
    Bind, HandleState as Waiting, HostState, ModelState, Owner, Platform, Service, ServiceState,
    Visibility,
};

/// Everything that was ever promised.
#[derive(Debug, Clone, Default)]
pub struct Lock {
    /// Every public handle.
    pub handles: BTreeMap<String, HandleState>,
    /// Every port.
    pub ports: BTreeMap<Key, Claim>,
}

/// A port of a host, and who has it. One port has several such keys when it went from hand to hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The host.
    pub host: String,
    /// The number; TCP, as everything here.
    pub port: u16,
    /// Who has it.
    pub owner: Owner,
}

impl Key {
    /// What no key of this port, or of a later one of the host, comes before.
    fn first(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            // No owner sorts before a model without a name.
            owner: Owner::Model(String::new()),
        }
    }
}

/// How a port is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Where its owner listens: `loopback`, `all`, the name of a network, or an address.
    pub address: String,
    /// The owner's name for it: `main` for the one without.
    pub name: String,
    /// Whether it is in use.
    pub state: State,
    /// Where it stands: in the lock for what was read there, in `platform.toml` for what the platform claims.
    pub span: Span,
}

/// Whether a port is in use; of two, the later one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is.
    Held,
    /// It was, and nobody else gets it.
    Tombstone,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Tombstone => "tombstone",
        }
    }
}

/// What became of a public handle; of two, the later one holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HandleState {
    /// It can be asked.
    Live,
    /// It can be asked, and goes in favour of this one.
    Deprecated(String),
    /// It is gone, for this reason.
    Retired(String),
}

impl Claim {
    /// True when both cannot listen on one port of one host.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.address == other.address || self.address == "all" || other.address == "all"
    }

    /// The owner's words for a port: its name, and that of the port when it has one.
    pub(super) fn owner_text(&self, owner: &Owner) -> String {
        match self.name.as_str() {
            "main" => owner.name().to_owned(),
            name => [owner.name(), ":", name].concat(),
        }
    }
}

impl Lock {
    /// Adds a claim; where one is there, the later state holds.
    pub(super) fn add(&mut self, key: Key, mut claim: Claim) {
        match self.ports.entry(key) {
            Entry::Vacant(place) => {
                place.insert(claim);
            }
            Entry::Occupied(mut place) => {
                claim.state = claim.state.max(place.get().state);
                place.insert(claim);
            }
        }
    }

    /// Adds a handle; where it is there, the later state holds.
    pub(super) fn add_handle(&mut self, name: String, state: HandleState) {
        // Nothing is earlier than to be live.
        let there = self.handles.entry(name).or_insert(HandleState::Live);
        if state > *there {
            *there = state;
        }
    }

    /// Everybody who has or had a port.
    pub fn holders(&self, host: &str, port: u16) -> impl Iterator<Item = (&Key, &Claim)> {
        let host = host.to_owned();
        self.ports
            .range(Key::first(&host, port)..)
            .take_while(move |(key, _)| key.port == port && key.host == host)
    }

    /// Who has or had the ports of a host, in the order of the ports.
    pub fn ports_of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = (&'a Key, &'a Claim)> {
        self.ports
            .range(Key::first(host, 0)..)
            .take_while(move |(key, _)| key.host == host)
    }

    /// True when somebody has or had a port of a host, on whatever address.
    pub fn taken(&self, host: &str, port: u16) -> bool {
        self.holders(host, port).next().is_some()
    }
}

/// What a platform promises: every port and public handle that it declares, but for what waits for a template host or is planned itself. A retired service's ports are tombstones.
pub fn claims(platform: &Platform) -> Lock {
    let (mut ports, mut handles) = (Vec::new(), Vec::new());
    // A template host promises nothing, and what a container keeps to itself is no port of its host.
    let promised = |service: &Service| {
        platform[service.host].state != HostState::Template && service.holds_ports()
    };
    for service in platform.services.iter().filter(|it| promised(it)) {
        let host = &platform[service.host].name;
        for port in &service.ports {
            let key = Key {
                host: host.clone(),
                port: port.number,
                owner: Owner::Service(service.name.clone()),
            };
            let claim = Claim {
                address: address(platform, service),
                name: port.name.clone(),
                state: state(service),
                span: port.span,
            };
            ports.push((key, claim));
        }
    }
    for model in &platform.models {
        let service = &platform[model.service];
        let (Some(port), true) = (model.port, service.kind.one_model_per_port) else {
            continue;
        };
        if !promised(service) {
            continue;
        }
        let key = Key {
            host: platform[service.host].name.clone(),
            port,
            owner: Owner::Model(model.name.clone()),
        };
        let state = match model.state {
            ModelState::Retired => State::Tombstone,
            ModelState::Live | ModelState::Planned => state(service),
        };
        let claim = Claim {
            address: address(platform, service),
            name: "main".to_owned(),
            state,
            span: model.port_span,
        };
        ports.push((key, claim));
    }
    let public = platform
        .handles
        .iter()
        .filter(|it| it.visibility == Visibility::Public && it.state == Waiting::Live);
    for handle in public {
        let mut models = handle.targets.iter().map(|it| &platform[it.model]);
        if !models.any(|it| promised(&platform[it.service])) {
            continue;
        }
        let state = match &handle.deprecated {
            Some(it) => HandleState::Deprecated(platform[it.in_favour_of].name.clone()),
            None => HandleState::Live,
        };
        handles.push((handle.name.clone(), state));
    }
    // To sort many at once is quicker than to find the place of each.
    Lock {
        ports: ports.into_iter().collect(),
        handles: handles.into_iter().collect(),
    }
}

fn state(service: &Service) -> State {
    match service.state {
        ServiceState::Retired => State::Tombstone,
        _ => State::Held,
    }
}

fn address(platform: &Platform, service: &Service) -> String {
    match &service.bind {
        Bind::Loopback => "loopback".to_owned(),
        Bind::All => "all".to_owned(),
        Bind::Network(network, _) => platform[*network].name.clone(),
        Bind::Address(address) => address.clone(),
    }
}
